-- One row: how many records the CSV text has, and how many of them have more or fewer fields than there are columns.
select
    count(*) as rows,
    count(*) filter (is_doubtful) as doubtful
from csv_rows
