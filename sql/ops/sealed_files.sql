-- One row per immutable Parquet file that holds rows of one table and day. Reads sealed_now.
insert into ops.sealed_files
select
    table_name,
    day,
    name,
    rows,
    spend,
    transactions,
    $recorded_at::timestamptz as recorded_at,
    sha256,
    bytes
from sealed_now
