"""Days that can hardly change any more leave the warehouse file for immutable Parquet files, so that it stays small.

Belongs here: writing the files, and the one transaction that puts them in the place of the rows. Does not: how hot and
sealed rows are read as one (the views in `sql/schema`). Late rows of a sealed day stay hot until there are many.
"""

import logging
from dataclasses import asdict, dataclass
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pyarrow as pa

from assets.hashing import sha256_of
from assets.sealed_files import copy_sealed_files, look_at_sealed_files
from assets.sealed_tables import TABLES, define_sealed_tables
from assets.settings import SpendgateError
from assets.warehouse import Warehouse, forget_let_go, fsync, let_go

MANY_ROWS = 50_000
"""So many rows of a day get a file of their own before the day is over, or after; fewer cost less in the warehouse."""

log = logging.getLogger("spendgate.sealing")


@dataclass(frozen=True)
class SealedFile:
    """A row of `ops.sealed_files`, but for the time at which it is recorded."""

    table_name: str
    day: date
    name: str
    rows: int
    spend: Decimal | None
    transactions: int | None
    sha256: str
    bytes: int


FILE_SCHEMA = pa.schema(
    [
        ("table_name", pa.string()),
        ("day", pa.date32()),
        ("name", pa.string()),
        ("rows", pa.int64()),
        ("spend", pa.decimal128(38, 9)),
        ("transactions", pa.int64()),
        ("sha256", pa.string()),
        ("bytes", pa.int64()),
    ]
)


def seal(warehouse: Warehouse) -> list[SealedFile]:
    """Seal the days and months that are over, and what has come in bulk since, all or none.

    Files that a killed run leaves belong to no warehouse and are never read; they were noted before they were written,
    and go with the housekeeping.

    Returns:
        The new files; none while a batch waits to be charged or summed.

    Raises:
        SpendgateError: what a file holds is not what was to be written.
    """
    if any(warehouse.behind(table) for table in ("core.transactions", "mart")):
        log.warning("nothing is sealed while a batch waits to be charged or summed: run `spendgate run` first")
        return []
    today = warehouse.now.astimezone(UTC).date()
    due = [
        (table, day, f"{table}/{day}.{uuid4().hex[:8]}.parquet")
        for table, day in warehouse.run("sealing/due_days", today=today, many=MANY_ROWS).fetchall()
    ]
    note_files(warehouse, [name for _, _, name in due])
    files = [write_day(warehouse, *one) for one in due]
    if files:
        _fsync_folders(warehouse.root.sealed, {file.table_name for file in files})
        _replace_rows(warehouse, files)
    look_at_sealed_files(warehouse)
    copy_sealed_files(warehouse)
    if warehouse.compact():
        log.info("the warehouse file was written anew, without the room that sealed rows had left")
    log.info("%d files sealed", len(files))
    return files


def note_files(warehouse: Warehouse, names: list[str]) -> None:
    """Note files as let go before they are written: should the run die before they are taken in, they can go."""
    let_go(warehouse, [warehouse.root.sealed / name for name in names], "begun, and not taken in")


def write_day(warehouse: Warehouse, table: str, day: date, name: str) -> SealedFile:
    """Write the hot rows of a table and day to a file."""
    warehouse.run(f"sealing/day_of_{table}", day=day)
    return write_rows(warehouse, table, day, name)


def write_rows(warehouse: Warehouse, table: str, day: date, name: str) -> SealedFile:
    """Write the rows of `sealed_day` to a file, and read it back.

    Raises:
        SpendgateError: what is in the file is not what was to be written.
    """
    rows = warehouse.connection.table("sealed_day")
    path = warehouse.root.sealed / name
    path.parent.mkdir(exist_ok=True)
    rows.write_parquet(str(path), compression="zstd")
    fsync(path)
    path.chmod(0o444)
    digest = _digest(rows)
    if digest != _digest(warehouse.connection.read_parquet(str(path), hive_partitioning=False)):
        raise SpendgateError(f"{path} is not what was to be written to it, so nothing was sealed")
    spend, transactions = rows.aggregate(TABLES[table]).fetchall()[0]
    log.info("%s: %d rows", name, digest[0])
    return SealedFile(table, day, name, digest[0], spend, transactions, sha256_of(path), path.stat().st_size)


def _digest(rows: duckdb.DuckDBPyRelation) -> tuple[int, Any]:
    """Number of rows, and a sum over all their values; Parquet has texts for enums."""
    values = [
        duckdb.ColumnExpression(name).cast("VARCHAR")
        if str(type_).startswith("ENUM")
        else duckdb.ColumnExpression(name)
        for name, type_ in zip(rows.columns, rows.types, strict=True)
    ]
    hashed = rows.select(duckdb.FunctionExpression("hash", *values).alias("digest"))
    count, digest = hashed.aggregate("count(*), sum(digest)").fetchall()[0]
    return int(count), digest


def _fsync_folders(sealed: Path, tables: set[str]) -> None:
    for folder in (*(sealed / table for table in tables), sealed):
        fsync(folder)


def _replace_rows(warehouse: Warehouse, files: list[SealedFile]) -> None:
    """One transaction: the files belong to the warehouse, their rows leave it, the views show the one for the other."""
    warehouse.connection.register("sealed_now", pa.Table.from_pylist([asdict(file) for file in files], FILE_SCHEMA))
    with warehouse.transaction() as recorded_at:
        warehouse.run("ops/sealed_files", recorded_at=recorded_at)
        for table in TABLES:
            warehouse.run(f"sealing/forget_{table}")
        take_in(warehouse, files)
        warehouse.require("checks/marts_add_up_to_the_ledger")
    warehouse.connection.unregister("sealed_now")


def take_in(warehouse: Warehouse, files: list[SealedFile]) -> None:
    """Let the views show files that were noted, written and belong to the warehouse now. Call it in the transaction."""
    forget_let_go(warehouse, *(warehouse.root.sealed / file.name for file in files))
    define_sealed_tables(warehouse.connection)
