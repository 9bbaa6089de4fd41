-- Sound reference rows, handed over as Arrow text; every text fits its type, that has been checked.
insert into delivered by name
select * from sound_rows
