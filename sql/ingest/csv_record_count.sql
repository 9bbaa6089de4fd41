-- One row: how many records the CSV file has.
select count(*) as records
from csv_records
