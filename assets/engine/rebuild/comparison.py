"""Two warehouses, table by table.

Belongs here: by what they are held against each other. Does not: what is done about a difference (`rebuild`).
"""

from dataclasses import dataclass

import duckdb

from assets.engine.errors import first_line
from assets.engine.rebuild.replay import rows_of
from assets.engine.warehouse.sealed_tables import names_lost_day


@dataclass(frozen=True)
class Comparison:
    """A table in the live and in the rebuilt warehouse: its rows, and those that the other one has not.

    Attributes:
        rows_live: None: the live one cannot be read, since a sealed day is lost, and `why_not` says which.
    """

    table: str
    rows_live: int | None
    rows_rebuilt: int
    only_live: int = 0
    only_rebuilt: int = 0
    why_not: str = ""


def compare(live: duckdb.DuckDBPyConnection, rebuilt: duckdb.DuckDBPyConnection, table: str) -> Comparison:
    """Compare by a digest of all rows; where it differs, row by row."""
    rows_rebuilt, digest_rebuilt = digest(rows_of(rebuilt, table))
    try:
        rows_live, digest_live = digest(rows_of(live, table))
    except duckdb.InvalidInputException as error:
        if not names_lost_day(error):
            raise
        return Comparison(table, None, rows_rebuilt, why_not=first_line(error))
    if (rows_live, digest_live) == (rows_rebuilt, digest_rebuilt):
        return Comparison(table, rows_live, rows_rebuilt)
    rebuilt.register("live_rows", rows_of(live, table).to_arrow_table())
    ours, theirs = rows_of(rebuilt, table), rebuilt.table("live_rows")
    only_live, only_rebuilt = len(theirs.except_(ours)), len(ours.except_(theirs))
    rebuilt.unregister("live_rows")
    return Comparison(table, rows_live, rows_rebuilt, only_live, only_rebuilt)


def digest(rows: duckdb.DuckDBPyRelation) -> tuple[int, int | None]:
    """How many rows there are, and a sum over all their values: the same for the same rows, in whatever order."""
    count, values = rows.set_alias("row").aggregate("count(*), sum(hash(row))").fetchall()[0]
    return count, values
