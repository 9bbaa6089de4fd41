-- One row: how many records the CSV text has.
select count(*) as rows
from csv_rows
