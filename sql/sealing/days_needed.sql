-- From when to when what follows needs the sealed days; both null: all of them.
set variable spendgate_needed = [$needed_from::timestamptz, $needed_to::timestamptz]
