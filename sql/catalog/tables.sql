-- One row per table of the warehouse.
select schema_name || '.' || table_name as table_name
from duckdb_tables()
where not temporary and database_name = current_database()
order by table_name
