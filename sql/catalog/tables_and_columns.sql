-- One row per column of a table; views can be replaced and do not count.
select
    columns.schema_name || '.' || columns.table_name as table_name,
    columns.column_name
from duckdb_columns() as columns
semi join duckdb_tables() as tables using (table_oid, database_oid)
where columns.database_name <> 'temp'
