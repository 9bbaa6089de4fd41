-- One row per column of every table, in order.
select
    schema_name || '.' || table_name as table_name,
    column_name,
    data_type,
    comment,
    is_nullable
from duckdb_columns()
order by
    table_name,
    column_index
