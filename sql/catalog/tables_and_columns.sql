-- One row per column of a table, in order; views can be replaced and do not count.
select
    columns.schema_name || '.' || columns.table_name as table_name,
    columns.column_name,
    columns.data_type
from duckdb_columns() as columns
semi join duckdb_tables() as tables using (table_oid, database_oid)
where columns.database_name = current_database()
order by
    table_name,
    columns.column_index
