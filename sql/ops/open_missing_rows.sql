-- One row per reference row that has vanished and is open.
select
    table_name,
    id,
    file_id
from ops.open_missing_rows
order by
    table_name,
    id
