"""Days that can hardly change any more leave the warehouse file for immutable Parquet files, so that it stays small.

Belongs here: writing the files, and the one transaction that puts them in the place of the rows. Does not: how hot and
sealed rows are read as one (the views in `sql/schema`). Late rows of a sealed day stay hot until there are many.
"""

import logging
from dataclasses import asdict, dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pyarrow as pa

from assets.settings import SpendgateError
from assets.warehouse import Warehouse, fsync, sql

MANY_ROWS = 50_000
"""So many rows of a day get a file of their own before the day is over, or after; fewer cost less in the warehouse."""

log = logging.getLogger("spendgate.sealing")


TABLES = {
    "ad_events": "null::decimal(38, 9), null::bigint",
    "transactions": "sum(amount) filter (transaction_type = 'COST'), count(*) filter (transaction_type = 'COST')",
    "daily_spend": "sum(spend), sum(transactions)",
    "monthly_spend": "sum(spend), sum(transactions)",
}
"""What is sealed, and the sums noted of each file: spend and transactions."""


@dataclass(frozen=True)
class SealedFile:
    """A row of `ops.sealed_files`, but for the time at which it is recorded."""

    table_name: str
    day: date
    name: str
    rows: int
    spend: Decimal | None
    transactions: int | None


FILE_SCHEMA = pa.schema(
    [
        ("table_name", pa.string()),
        ("day", pa.date32()),
        ("name", pa.string()),
        ("rows", pa.int64()),
        ("spend", pa.decimal128(38, 9)),
        ("transactions", pa.int64()),
    ]
)


def seal(warehouse: Warehouse) -> list[SealedFile]:
    """Seal the days and months that are over, and what has come in bulk since, all or none.

    Files that a killed run leaves belong to no warehouse, are never read, and go with the housekeeping.

    Returns:
        The new files; none while a batch waits to be charged or summed.

    Raises:
        SpendgateError: what a file holds is not what was to be written.
    """
    if any(warehouse.behind(table) for table in ("core.transactions", "mart")):
        log.warning("nothing is sealed while a batch waits to be charged or summed: run `spendgate run` first")
        return []
    today = warehouse.now.astimezone(UTC).date()
    due = warehouse.run("sealing/due_days", today=today, many=MANY_ROWS).fetchall()
    files = [_write(warehouse, table, day) for table, day in due]
    if files:
        _fsync_folders(warehouse.root.sealed, {file.table_name for file in files})
        _replace_rows(warehouse, files)
    if warehouse.compact():
        log.info("the warehouse file was written anew, without the room that sealed rows had left")
    log.info("%d files sealed", len(files))
    return files


def _write(warehouse: Warehouse, table: str, day: date) -> SealedFile:
    """Write the hot rows of a table and day to a file, and read it back."""
    warehouse.run(f"sealing/day_of_{table}", day=day)
    rows = warehouse.connection.table("sealed_day")
    name = f"{table}/{day}.{uuid4().hex[:8]}.parquet"
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
    return SealedFile(table, day, name, digest[0], spend, transactions)


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
            names = [name for (name,) in warehouse.run("sealing/files_of_table", table_name=table).fetchall()]
            if names:
                listed = ", ".join(f"'{name}'" for name in names)
                warehouse.connection.execute(sql("sealing/macro").replace("$table", table).replace("$names", listed))
        for table in ("daily_spend", "monthly_spend"):
            newest = warehouse.value("sealing/newest_day", table_name=table)
            if newest:
                through = str(newest + timedelta(days=1))
                text = sql("sealing/through").replace("$table", table).replace("$through", through)
                warehouse.connection.execute(text)
        warehouse.require("checks/marts_add_up_to_the_ledger")
    warehouse.connection.unregister("sealed_now")
