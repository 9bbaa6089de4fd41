-- No row yet of a CSV text that is read one by one.
create or replace temp table delivered_rows as
select *
from text_rows
limit 0
