-- Refused lines, fetched from their file and handed over as Arrow.
insert into refused_texts by name
select * from some_texts
