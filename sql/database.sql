-- What DuckDB tells of the warehouse file.

-- name: columns
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
    column_index;

-- name: tables
-- One row per table of the warehouse.
select schema_name || '.' || table_name as table_name
from duckdb_tables()
where not temporary and database_name = current_database()
order by table_name;

-- name: table_columns
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
    columns.column_index;

-- name: memory_limit
-- One row: so many percent of the machine's memory, and never less than half a GiB. DuckDB knows how much there is, in
-- a container too, and would take 80 % of it.
select
    format_bytes(
        greatest(
            parse_formatted_bytes(current_setting('memory_limit'))::bigint * $percent // 80, 512 * 1024 * 1024
        )
    ) as memory_limit;

-- name: blocks
-- One row: how many blocks of the file are in use, and how many are free.
select
    used_blocks,
    free_blocks
from pragma_database_size()
where database_name = current_database();
