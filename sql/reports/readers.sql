-- What the published file holds for readers, and what is said of it.

-- name: tables
-- One row per table and view for readers, in the order in which one gets to know them: what it is, and whether it tells
-- of now.
with places as (
    select
        schema_name,
        place
    from (values ('mart', 1), ('ops', 2), ('core', 3), ('raw', 4)) as schemas (schema_name, place)
),

described as (
    select
        schema_name,
        view_name as table_name,
        comment
    from duckdb_views()
    where database_name = current_database() and not internal
    union all
    select
        schema_name,
        table_name,
        comment
    from duckdb_tables()
    where database_name = current_database() and not internal and not temporary
)

select
    described.schema_name || '.' || described.table_name as table_name,
    described.comment
from described
inner join places using (schema_name)
order by
    places.place,
    described.table_name;

-- name: comments
-- One row per table, and per column of it, of which something is said: the statement that says it of the tables of an
-- exported file, which are in use.
select
    format(
        'comment on table "{}"."{}" is ''{}''',
        of_tables.schema_name,
        of_tables.table_name,
        replace(of_tables.comment, '''', '''''')
    ) as statement
from (
    select
        database_name,
        schema_name,
        view_name as table_name,
        comment
    from duckdb_views()
    union all
    select
        database_name,
        schema_name,
        table_name,
        comment
    from duckdb_tables()
) as of_tables
inner join duckdb_tables() as exported
    on
        exported.database_name = 'exported'
        and of_tables.schema_name = exported.schema_name
        and of_tables.table_name = exported.table_name
where of_tables.database_name = 'published' and of_tables.comment is not null
union all
select
    format(
        'comment on column "{}"."{}"."{}" is ''{}''',
        of_columns.schema_name,
        of_columns.table_name,
        of_columns.column_name,
        replace(of_columns.comment, '''', '''''')
    ) as statement
from duckdb_columns() as of_columns
inner join duckdb_tables() as exported
    on
        exported.database_name = 'exported'
        and of_columns.schema_name = exported.schema_name
        and of_columns.table_name = exported.table_name
where of_columns.database_name = 'published' and of_columns.comment is not null;

-- name: rows
-- The rows of one of them, attached as published. Filled in by export.py: the name of a table cannot be bound.
select *
from published.$table;

-- name: schema
-- Room for a schema in an exported file. Filled in by export.py.
create schema if not exists exported.$schema;
