"""Prints `docs/dictionary.md` from what the warehouse says of itself, so that page and tables cannot differ.

uv run python -m tests.readers_page > docs/dictionary.md
"""

import sys
from itertools import groupby

from assets.engine.warehouse.schema import empty_warehouse
from assets.engine.warehouse.statements import sql

HEAD = """# Data dictionary

Every table and view for readers, with its columns: those of `mart` are what most questions need, `ops` tells of
statuses, decisions and deliveries, `core` is the ledger and the versions of reference data, `raw` what was delivered.
What is in the schemas `internal` and `sealed` makes them work and may change with any version.

Printed from the comments in the database by `uv run python -m tests.readers_page`; any DuckDB client shows them too.
"""


COLUMNS = """
-- One row per column of a table or view for readers, in order.
select
    schema_name || '.' || table_name as table_name,
    column_name,
    lower(data_type) as data_type,
    comment
from duckdb_columns()
where database_name = current_database() and schema_name in ('mart', 'ops', 'core', 'raw')
order by
    table_name,
    column_index
"""

MACROS = """
-- One row per table macro for readers: its parameters, and what it gives.
select
    schema_name || '.' || function_name as macro_name,
    array_to_string(parameters, ', ') as parameters,
    comment
from duckdb_functions()
where
    database_name = current_database()
    and function_type = 'table_macro'
    and schema_name in ('mart', 'ops')
    and comment is not null
    and function_name not in ('with_what_holds')
order by macro_name
"""


def cell(text: str | None) -> str:
    """Text as it stands in a cell of a table."""
    return (text or "").replace("|", "\\|")


def page() -> str:
    """The page as it has to be."""
    with empty_warehouse() as warehouse:
        tables = warehouse.execute(sql("reports.readers", "tables")).fetchall()
        columns = warehouse.execute(COLUMNS).fetchall()
        macros = warehouse.execute(MACROS).fetchall()
    of_table = {name: list(rows) for name, rows in groupby(columns, key=lambda row: row[0])}
    lines = [HEAD, "| table | what it is |", "|---|---|"]
    lines += [f"| [{name}](#{name.replace('.', '')}) | {cell(comment)} |" for name, comment in tables]
    lines += ["", "Where the file is attached to another database, `use` it before these:", ""]
    lines += ["| macro | what it gives |", "|---|---|"]
    lines += [f"| `{name}({parameters})` | {cell(comment)} |" for name, parameters, comment in macros]
    for name, comment in tables:
        lines += ["", f"## {name}", "", comment or "", "", "| column | type | meaning |", "|---|---|---|"]
        lines += [f"| {column} | {cell(type_)} | {cell(meaning)} |" for _, column, type_, meaning in of_table[name]]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
