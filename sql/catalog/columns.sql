-- One row per column of a table, in order.
select
    column_name,
    data_type,
    comment,
    is_nullable
from duckdb_columns()
where database_name = current_database() and schema_name = $schema and table_name = $table_name
order by column_index
