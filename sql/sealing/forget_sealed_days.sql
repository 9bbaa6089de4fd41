-- What was written to sealed files. Gives up its room, in memory and on the disk.
drop table sealed_days
