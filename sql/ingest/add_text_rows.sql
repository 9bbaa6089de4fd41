-- Rows of reference data read one by one, handed over as Arrow.
insert into delivered_rows by name
select * from text_rows
