-- Rows of events read one by one, handed over as Arrow.
insert into event_texts by name
select * from text_rows
