-- Rows of payments read one by one, handed over as Arrow.
insert into payment_texts by name
select * from text_rows
