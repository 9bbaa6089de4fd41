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
from duckdb import ColumnExpression, ConstantExpression, Expression

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.rows_as_text import write_csv
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import sql

OF_NOW = ("mart.brand_budget", "mart.budgets", "ops.campaign_status", "ops.freshness")
"""They tell how things stand, not what happened on a day: no dates narrow them."""

LEFT_BEHIND = ("ops.sealed_files", "ops.migrations", "ops.revision", "raw.ad_events", "raw.event_files")
"""What is about the file itself, and the events before they were charged."""

FOR_ANY_BRAND = ("core.global_ad_pricing", "core.utc_offsets")
"""They name no brand, and nothing that belongs to one."""

DAYS = ("local_date", "local_month", "local_hour", "occurred_at", "starts_on", "from_at", "decided_at", "paid_at")
"""The column whose day places a row in time: the first of these that a table has."""


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
        SpendgateError: nothing is published, or `file` says no format.
    """
    write = WRITERS.get(file.suffix)
    if write is None:
        raise SpendgateError(f"{file} says no format: let it end in {', '.join(WRITERS)}")
    with _beside(file) as part, _open(root) as connection:
        names = [name for name, _ in connection.execute(sql("reports.readers", "tables")).fetchall()]
        connection.execute("use memory")  # DuckDB writes nothing by a relation while a read-only database is in use
        write(connection, _tables(connection, names, wanted), part, tell)
        connection.close()
        if file.is_dir():
            shutil.rmtree(file)
        part.replace(file)


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A place on the same disk, gone afterwards with what is left in it."""
    if not file.parent.is_dir():
        raise SpendgateError(f"there is no folder {file.parent}")
    with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
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
        yield name, _only_wanted(rows, wanted, dated=name not in OF_NOW)


def _only_wanted(rows: duckdb.DuckDBPyRelation, wanted: Wanted, *, dated: bool) -> duckdb.DuckDBPyRelation:
    if wanted.brands is not None and "brand_id" in rows.columns:
        rows = rows.filter(ColumnExpression("brand_id").isin(*map(ConstantExpression, wanted.brands)))
    days = [name for name in DAYS if name in rows.columns] if dated else []
    for name in days[:1]:
        if wanted.first:
            # a month counts from its first day: it is wanted with any day of it
            first = wanted.first.replace(day=1) if name == "local_month" else wanted.first
            rows = rows.filter(ColumnExpression(name) >= ConstantExpression(first))
        if wanted.last:
            rows = rows.filter(ColumnExpression(name) < ConstantExpression(wanted.last + timedelta(days=1)))
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


def _write_parquet(
    _: duckdb.DuckDBPyConnection, tables: Tables, folder: Path, tell: Callable[[str, int], None]
) -> None:
    folder.mkdir()
    for name, rows in tables:
        file = folder / f"{name}.parquet"
        rows.to_parquet(str(file), compression="zstd")
        tell(name, len(duckdb.read_parquet(str(file))))


def _write_csv(_: duckdb.DuckDBPyConnection, tables: Tables, folder: Path, tell: Callable[[str, int], None]) -> None:
    folder.mkdir()
    for name, rows in tables:
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
            tell(name, write_csv(rows, out))


WRITERS = {".duckdb": _write_database, ".parquet": _write_parquet, ".csv": _write_csv}
