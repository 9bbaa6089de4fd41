-- The zone of times that do not say in which one they are.
set variable spendgate_local_zone = $zone
