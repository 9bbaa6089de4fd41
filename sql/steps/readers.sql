-- What a reader asks, before it is run.

-- name: parsed_query
-- One row: a reader's query as the parser sees it, before any of it runs: why it cannot be taken for statements that
-- select, how many those are, the functions that stand for a table with their schemas, all functions, and all tables.
with parsed as (
    select json_serialize_sql($query) as tree
)

select
    tree ->> 'error_type' as fault,
    json_array_length(tree -> 'statements') as statements,
    list_transform(
        json_extract(tree, '$..function'), lambda f: [lower(f ->> 'schema'), lower(f ->> 'function_name')]
    ) as table_functions,
    list_transform(json_extract_string(tree, '$..function_name'), lambda name: lower(name)) as functions,
    json_extract_string(tree, '$..table_name') as tables
from parsed;
