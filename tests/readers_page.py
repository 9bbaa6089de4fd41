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


def cell(text: str | None) -> str:
    """Text as it stands in a cell of a table."""
    return (text or "").replace("|", "\\|")


def page() -> str:
    """The page as it has to be."""
    with empty_warehouse() as warehouse:
        tables = warehouse.execute(sql("reports.readers", "tables")).fetchall()
        columns = warehouse.execute(sql("reports.readers", "columns")).fetchall()
        macros = warehouse.execute(sql("reports.readers", "macros")).fetchall()
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
