"""The tables that are sealed day by day, and how the warehouse shows their files.

Belongs here: which tables, and the macros `sealed.<table>()` over the files that can be read. Does not: writing the
files (`sealing.seal`), and whether they are whole (`sealing.files`).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from assets.engine.warehouse.statements import sql


@dataclass(frozen=True)
class SealedTable:
    """A table whose rows leave for files, day by day.

    Attributes:
        file: the SQL file of the view over what is hot and sealed, with `days_to_seal` and `remove_sealed`.
        sums: the sums noted of each file, spend and transactions, as aggregates.
    """

    file: str
    sums: str


TABLES = {
    "ad_events": SealedTable("raw.ad_events", "any_value(null::decimal(38, 9)), any_value(null::bigint)"),
    "transactions": SealedTable(
        "core.transactions",
        "sum(amount) filter (transaction_type <> 'PAYMENT'), count(*) filter (transaction_type = 'COST')",
    ),
    "daily_spend": SealedTable("mart.daily_spend", "sum(spend), sum(transactions)"),
    "monthly_spend": SealedTable("mart.monthly_spend", "sum(spend), sum(transactions)"),
}
"""What is sealed."""

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

NEVER = datetime.max.replace(tzinfo=UTC)
"""Later than any day: who needs sealed days from then on needs none, though a statement names the tables."""


def define_sealed_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Let `sealed.<table>()` show the files that belong to the warehouse and can be read."""
    for table in TABLES:
        rows = connection.execute(sql("ops.sealed_files", "readable_of_table"), {"table_name": table}).fetchall()
        first, *others = [f"'{name}'" for (name,) in rows] or [""]
        template = sql("steps.sealing", "show_files" if first else "show_no_files")
        filled = template.replace("$table", table).replace("$first", first).replace("$others", ", ".join(others))
        connection.execute(filled)
    for table in ("daily_spend", "monthly_spend"):
        newest = connection.execute(sql("ops.sealed_files", "newest_day"), {"table_name": table}).fetchall()[0][0]
        if newest:
            through = str(newest + timedelta(days=1))
            connection.execute(
                sql("steps.sealing", "sealed_through").replace("$table", table).replace("$through", through)
            )


def note_data_root(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Let a copy that lies somewhere else know where the sealed files are."""
    quoted = "'" + str(folder).replace("'", "''") + "'"
    connection.execute(sql("steps.sealing", "written_in").replace("$folder", quoted))


@contextmanager
def days_needed(
    connection: duckdb.DuckDBPyConnection, needed_from: datetime, needed_to: datetime = NEVER
) -> Iterator[None]:
    """Say which instants the block needs of the sealed days, both included.

    A lost day that is not among them is passed over, one that is ends the statement with what to do.
    """
    connection.execute(sql("steps.sealing", "days_needed"), {"needed_from": needed_from, "needed_to": needed_to})
    try:
        yield
    finally:
        # a transaction that failed takes no statement: what it failed of is told, and its rollback needs all days again
        with suppress(duckdb.TransactionException):
            need_all_days(connection)


def need_all_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Let what follows need every sealed day, as it does outside a block of `days_needed`."""
    connection.execute(sql("steps.sealing", "days_needed"), {"needed_from": None, "needed_to": None})


def names_lost_day(error: BaseException) -> bool:
    """Whether a statement ended because it needed a sealed day that cannot be read."""
    return isinstance(error, duckdb.InvalidInputException) and "cannot be read: sealed/" in str(error)
