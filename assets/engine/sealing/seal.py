"""Days that can hardly change any more leave the warehouse file for immutable Parquet files, so that it stays small.

Belongs here: writing the files, and the one transaction that puts them in the place of the rows. Does not: how hot and
sealed rows are read as one (the views of the tables). Late rows of a sealed day stay hot until there are many.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pyarrow as pa

from assets.engine.check_progress import hold_in_full
from assets.engine.errors import SpendgateError
from assets.engine.hashing import sha256_of
from assets.engine.sealing.files import copy_sealed_files, verify_changed_files
from assets.engine.sealing.open_table import register_sealed_files
from assets.engine.warehouse.compaction import compact
from assets.engine.warehouse.disk import fsync
from assets.engine.warehouse.files_let_go import forget_let_go, let_go
from assets.engine.warehouse.sealed_tables import TABLES, define_sealed_tables
from assets.engine.warehouse.warehouse import Warehouse

MANY_ROWS = 50_000
"""So many rows of a day get a file of their own before the day is over, or after; fewer cost less in the warehouse."""

ROWS_AT_ONCE = 4_000_000, 16_000_000
"""So many rows are sorted at once, unless a day has more: few fit in memory; more spill to the disk, some 2 GB, ..."""

PASSES = 6
"""... and are taken where there are so many that a pass over them all for a group takes longer than that."""

EMPTY = (0, None, None, None)
"""The digest of a file without a row."""

log = logging.getLogger("spendgate.sealing")


@dataclass(frozen=True)
class Due:
    """A table and day to be sealed, how many rows it has, and into which file."""

    table_name: str
    day: date
    rows: int
    name: str


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
        SpendgateError: what is to be sealed breaks a rule, or what a file holds is not what was to be written.
    """
    if warehouse.has_pending_batches():
        log.warning("nothing is sealed while a batch waits to be charged or summed: run `spendgate run` first")
        return []
    hold_in_full(warehouse)
    today = warehouse.now.astimezone(UTC).date()
    rows = warehouse.run("steps.sealing", "due_days", today=today, many=MANY_ROWS).fetchall()
    due = [Due(table, day, count, new_name(table, day)) for table, day, count in rows]
    note_files(warehouse, [one.name for one in due])
    files = [file for group in _in_groups(due) for file in _write_group(warehouse, group)]
    if files:
        _fsync_folders(warehouse.root.sealed, {file.table_name for file in files})
        _replace_rows(warehouse, files)
    verify_changed_files(warehouse)
    copy_sealed_files(warehouse)
    register_sealed_files(warehouse)
    if compact(warehouse):
        log.info("the warehouse file was rewritten without the room that sealed rows had left")
    log.info("%d files sealed", len(files))
    return files


def new_name(table: str, day: date) -> str:
    """A name that no sealed file has had."""
    return f"{table}/{day}.{uuid4().hex[:8]}.parquet"


def note_files(warehouse: Warehouse, names: list[str]) -> None:
    """Note files as let go before they are written: should the run die before they are taken in, they can go."""
    let_go(warehouse, [warehouse.root.sealed / name for name in names], "begun, and not taken in")


def _in_groups(due: list[Due]) -> Iterator[list[Due]]:
    """Days of one table that are sorted at once; in order, as they are due."""
    least, most = ROWS_AT_ONCE
    for _, of_table in groupby(due, key=lambda one: one.table_name):
        days = list(of_table)
        at_once = min(max(least, sum(one.rows for one in days) // PASSES), most)
        group: list[Due] = []
        for one in days:
            if group and sum(other.rows for other in group) + one.rows > at_once:
                yield group
                group = []
            group.append(one)
        yield group


def _write_group(warehouse: Warehouse, group: list[Due]) -> list[SealedFile]:
    table, days = group[0].table_name, [one.day for one in group]
    warehouse.run(TABLES[table].file, "days_to_seal", first_day=min(days), last_day=max(days), days=days)
    files = write_days(warehouse, table, {one.day: one.name for one in group})
    if [file.rows for file in files] != [one.rows for one in group]:
        raise SpendgateError(f"other rows of {table} were written than were to be sealed, so nothing was sealed")
    warehouse.run("steps.sealing", "drop_days")  # before the next group takes its room
    return files


def write_days(warehouse: Warehouse, table: str, names: dict[date, str]) -> list[SealedFile]:
    """Write each day of `sealed_days` to a file, and read them back.

    Raises:
        SpendgateError: what is in a file is not what was to be written.
    """
    (warehouse.root.sealed / table).mkdir(exist_ok=True)
    paths = {day: warehouse.root.sealed / name for day, name in names.items()}
    rows = warehouse.connection.table("sealed_days")
    kept: list[Future[str]] = []
    with ThreadPoolExecutor(max_workers=1) as beside:
        for day, path in paths.items():
            of_day = rows.filter(duckdb.ColumnExpression("day") == duckdb.ConstantExpression(day))
            of_day.select(duckdb.StarExpression(exclude=["day"])).write_parquet(str(path), compression="zstd")
            if kept:
                kept[-1].result()  # one at a time: whoever stops the run waits for no more
            kept.append(beside.submit(_keep, path))
    written = warehouse.connection.read_parquet(
        [str(path) for path in paths.values()], hive_partitioning=False, filename=True
    )
    wanted, found = _digests(rows, "day", table), _digests(written, "filename", table)
    for day, path in paths.items():
        if wanted.get(day, EMPTY) != found.get(str(path), EMPTY):
            raise SpendgateError(f"{path} is not what was to be written to it, so nothing was sealed")
    files = []
    for (day, path), sha256 in zip(paths.items(), kept, strict=True):
        count, _, spend, transactions = wanted.get(day, EMPTY)
        log.info("%s: %d rows", names[day], count)
        size = path.stat().st_size
        files.append(SealedFile(table, day, names[day], count, spend, transactions, sha256.result(), size))
    return files


def _keep(path: Path) -> str:
    """Bring a file to the disk, for reading only; returns its hash."""
    fsync(path)
    path.chmod(0o444)
    return sha256_of(path)


def _digests(rows: duckdb.DuckDBPyRelation, file: str, table: str) -> dict[Any, tuple[Any, ...]]:
    """By the column that tells files apart: the number of rows, a sum over all their values, and the sums to be noted.

    Parquet has texts for enums.
    """
    values = [
        duckdb.ColumnExpression(name).cast("VARCHAR")
        if str(type_).startswith("ENUM")
        else duckdb.ColumnExpression(name)
        for name, type_ in zip(rows.columns, rows.types, strict=True)
        if name != file
    ]
    hashed = rows.select(duckdb.StarExpression(), duckdb.FunctionExpression("hash", *values).alias("digest"))
    digests = hashed.aggregate(f"{file}, count(*), sum(digest), {TABLES[table].sums}", file).fetchall()
    return {key: tuple(digest) for key, *digest in digests}


def _fsync_folders(sealed: Path, tables: set[str]) -> None:
    for folder in (*(sealed / table for table in tables), sealed):
        fsync(folder)


def _replace_rows(warehouse: Warehouse, files: list[SealedFile]) -> None:
    """One transaction: the files belong to the warehouse, their rows leave it, the views show the one for the other."""
    warehouse.connection.register("sealed_now", pa.Table.from_pylist([asdict(file) for file in files], FILE_SCHEMA))
    with warehouse.transaction() as recorded_at:
        warehouse.run("ops.sealed_files", "add", recorded_at=recorded_at)
        for table in TABLES.values():
            warehouse.run(table.file, "remove_sealed")
        take_in(warehouse, files)
        warehouse.require("checks.marts_add_up_to_the_ledger")
    warehouse.connection.unregister("sealed_now")


def take_in(warehouse: Warehouse, files: list[SealedFile]) -> None:
    """Let the views show files that were noted, written and belong to the warehouse now. Call it in the transaction."""
    forget_let_go(warehouse, *(warehouse.root.sealed / file.name for file in files))
    define_sealed_tables(warehouse.connection)
