"""Taking the published tables away: a database that needs nothing else, or a Parquet or CSV file per table.

Belongs here: which tables and rows go, and writing them. Does not: what the tables say (`sql/`), how one is asked.

Every view becomes a table, worked out once over all of history: an opening balance is right though its months were not
asked for.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
from duckdb import ColumnExpression, ConstantExpression, Expression, SQLExpression

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.known_brands import require_brands
from assets.engine.out_place import require_place
from assets.engine.rows_as_files import FILE_WRITERS
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import sql

LEFT_BEHIND = ("ops.sealed_files", "ops.migrations", "ops.revision", "raw.ad_events", "raw.event_files")
"""What is about the file itself, and the events before they were charged."""

FOR_ANY_BRAND = ("core.global_ad_pricing", "core.utc_offsets")
"""They name no brand, and nothing that belongs to one."""

MONTH = ("local_month", "last_day(local_month)")
DAY = ("local_date", "local_date")
WHEN_RECORDED = ("recorded_at", "recorded_at")
WHEN_DECIDED = ("decided_at", "decided_at")
WHEN_IT_HAPPENED = ("occurred_at", "occurred_at")

PLACED_IN_TIME = {
    "mart.account": MONTH,
    "mart.campaign_performance": DAY,
    "mart.daily_ad_spend": DAY,
    "mart.daily_budget": DAY,
    "mart.daily_spend": DAY,
    "mart.hourly_spend": ("local_hour", "local_hour"),
    "mart.monthly_spend": MONTH,
    "mart.overspend": (
        "starts_on",
        "starts_on + case period when 'DAY' then 0 when 'WEEK' then 6 when 'MONTH' then 30 else 99999 end",
    ),
    "mart.restatements": DAY,
    "mart.statement": MONTH,
    "ops.audit_trail": WHEN_RECORDED,
    "ops.budget_findings": WHEN_DECIDED,
    "ops.campaign_status_changes": WHEN_DECIDED,
    "ops.campaign_status_periods": ("from_at", "coalesce(to_at, 'infinity'::timestamptz)"),
    "ops.closed_months": MONTH,
    "ops.decisions": WHEN_DECIDED,
    "ops.delivered_files": WHEN_RECORDED,
    "core.corrections": WHEN_IT_HAPPENED,
    "core.transactions": WHEN_IT_HAPPENED,
    "core.unpriced": WHEN_IT_HAPPENED,
    "raw.payments": ("paid_at", "paid_at"),
    "raw.rejected_rows": WHEN_RECORDED,
}
"""When a row of a table begins and ends: it is wanted if any day of that is. All other tables tell how things stand, or
what holds in general, and are taken whole."""


@dataclass(frozen=True)
class Wanted:
    """Which rows are taken away.

    Attributes:
        first: the first day, local where the table has local days, else in UTC; None: from ever.
        last: the last one; None: until now.
        brands: only these, and nothing that belongs to another; None: all.
    """

    first: date | None = None
    last: date | None = None
    brands: tuple[int, ...] | None = None


def export(root: DataRoot, file: Path, wanted: Wanted, tell: Callable[[str, int], None]) -> None:
    """Write the published tables to `file`, a .duckdb, or to the folder `file`, a file per table.

    What was there is replaced when all of it is written: in one step where it is a file.

    Args:
        root: whose tables.
        file: `x.duckdb`, or a folder `x.parquet` or `x.csv`.
        wanted: which rows.
        tell: is told each table and how many rows it has, once it is written.

    Raises:
        SpendgateError: nothing is published, `file` says no format, something else of the name is there, or a brand is
            none.
    """
    write = WRITERS.get(file.suffix)
    if write is None:
        raise SpendgateError(f"{file} says no format: let it end in {', '.join(WRITERS)}")
    _require_replaceable(root, file)
    with _beside(file) as part, _open(root) as connection:
        require_brands(connection, wanted.brands)
        names = [name for name, _ in connection.execute(sql("reports.readers", "tables")).fetchall()]
        connection.execute("use memory")  # DuckDB writes nothing by a relation while a read-only database is in use
        write(connection, _tables(connection, names, wanted), part, tell)
        connection.close()
        if file.is_dir():
            shutil.rmtree(file)
        part.replace(file)


def _require_replaceable(root: DataRoot, file: Path) -> None:
    """Hold that nothing goes that an export has not made, before the work is done."""
    require_place(root, file)
    if file.suffix == ".duckdb":
        ours = not file.exists() or file.is_file()
    else:
        ours = not file.exists() or (file.is_dir() and all(each.suffix == file.suffix for each in file.iterdir()))
    if not ours:
        raise SpendgateError(f"{file} is no export: name another place, or remove it yourself")


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A place on the same disk, gone afterwards with what is left in it."""
    with tempfile.TemporaryDirectory(prefix=".export-", dir=file.parent) as folder:
        yield Path(folder) / file.name


@contextmanager
def _open(root: DataRoot) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_published(root):
        pass  # it is there, and of this version
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
        connection.execute("set variable spendgate_data = $folder", {"folder": str(root.path)})
        _attach(connection, root.published_file, "published", "read_only")
        connection.execute("use published")
        yield connection


def _attach(connection: duckdb.DuckDBPyConnection, file: Path, name: str, how: str) -> None:
    path = str(file).replace("'", "''")
    connection.execute(f"attach '{path}' as {name} ({how})")


def _tables(connection: duckdb.DuckDBPyConnection, names: list[str], wanted: Wanted) -> "Tables":
    for name in names:
        if name in LEFT_BEHIND:
            continue
        rows = connection.sql(sql("reports.readers", "rows").replace("$table", name))
        if wanted.brands is not None and "brand_id" not in rows.columns and name not in FOR_ANY_BRAND:
            continue
        yield name, _only_wanted(rows, wanted, PLACED_IN_TIME.get(name))


def _only_wanted(
    rows: duckdb.DuckDBPyRelation, wanted: Wanted, time: tuple[str, str] | None
) -> duckdb.DuckDBPyRelation:
    if wanted.brands is not None and "brand_id" in rows.columns:
        rows = rows.filter(ColumnExpression("brand_id").isin(*map(ConstantExpression, wanted.brands)))
    if time and wanted.first:
        rows = rows.filter(SQLExpression(time[1]) >= ConstantExpression(wanted.first))
    if time and wanted.last:
        rows = rows.filter(SQLExpression(time[0]) < ConstantExpression(wanted.last + timedelta(days=1)))
    return rows.project(*map(_plain, rows.columns, rows.types))


def _plain(name: str, type_: duckdb.sqltypes.DuckDBPyType) -> Expression:
    """An enum as text: its type would stay behind."""
    column = ColumnExpression(name)
    return column.cast("VARCHAR").alias(name) if type_.id == "enum" else column


Tables = Iterator[tuple[str, duckdb.DuckDBPyRelation]]


def _write_database(
    connection: duckdb.DuckDBPyConnection, tables: Tables, file: Path, tell: Callable[[str, int], None]
) -> None:
    _attach(connection, file, "exported", "storage_version 'v1.5.0'")  # what every supported release reads
    connection.execute("use exported")
    for name, rows in tables:
        connection.execute(sql("reports.readers", "schema").replace("$schema", name.partition(".")[0]))
        rows.create(name)
        tell(name, len(connection.table(name)))
    for (statement,) in connection.execute(sql("reports.readers", "comments")).fetchall():
        connection.execute(statement)
    connection.execute("checkpoint exported")


def _write_folder(_: duckdb.DuckDBPyConnection, tables: Tables, folder: Path, tell: Callable[[str, int], None]) -> None:
    folder.mkdir()
    for name, rows in tables:
        tell(name, FILE_WRITERS[folder.suffix](rows, folder / f"{name}{folder.suffix}"))


WRITERS = {".duckdb": _write_database, **dict.fromkeys(FILE_WRITERS, _write_folder)}
