-- One row per row of a Parquet file of reference data, its values as they are typed in it.
create or replace temp table delivered_rows as
select
    file_row_number + 1 as line_number,
    null::varchar as fault,
    * exclude (file_row_number)
from read_parquet($path, file_row_number = true, hive_partitioning = false)
