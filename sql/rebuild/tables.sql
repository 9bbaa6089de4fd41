-- One row per table.
select schema_name || '.' || table_name as table_name
from duckdb_tables()
where not temporary
order by table_name
