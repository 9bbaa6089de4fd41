"""The sealed files as Delta tables, so that other engines read the whole history: Spark, Trino, Polars, ClickHouse.

Belongs here: keeping the log of each table beside its files. Does not: making the files (`seal`), and what the
warehouse itself reads, which is its own list.

Nothing is copied: a log lists the files as they lie below `sealed/<table>`. It follows the warehouse's list: what is
missing in it after a crash is added by the next run. Without the package `deltalake` there is no log.
"""

import json
import logging
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from assets.engine.errors import first_line
from assets.engine.warehouse.sealed_tables import TABLES
from assets.engine.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from deltalake.transaction import AddAction

APPLICATION = "spendgate"
"""As which the log notes the revision of the warehouse that it follows."""

log = logging.getLogger("spendgate.sealing")


def register_sealed_files(warehouse: Warehouse) -> None:
    """Bring the log of each sealed table up to the warehouse's list of its files."""
    if find_spec("deltalake") is None:
        return
    revision = int(warehouse.value("ops.revision", "current"))
    for table in TABLES:
        names = warehouse.run("ops.sealed_files", "names_of_table", table_name=table).fetchall()
        wanted = {Path(name).name for (name,) in names}
        folder = warehouse.root.sealed / table
        if wanted or (folder / "_delta_log").is_dir():
            _register_or_say(folder, wanted, revision, _description(warehouse, table))


def _register_or_say(folder: Path, wanted: Collection[str], revision: int, description: str) -> None:
    """Bring the log up to the list; where that fails, the warehouse is none the worse, and the next sealing tries.

    It fails in a folder whose name has characters that the Delta log cannot name.
    """
    from deltalake.exceptions import DeltaError

    try:
        _register(folder, wanted, revision, description)
    except (DeltaError, OSError) as error:
        log.warning("the Delta log of %s is not up to date: %s", folder, first_line(error))


def _description(warehouse: Warehouse, table: str) -> str:
    """What the table holds, and what is not in it yet."""
    hot = f"internal.{table}"
    rows = int(warehouse.connection.table(hot).aggregate("count(*)").fetchall()[0][0])
    rest = f"{rows:,} rows of {table} were not sealed then and are in published/spend.duckdb only" if rows else "all"
    return f"Sealed rows of {table}, one row per row of the ledger; read only. When this was written: {rest}."


def _register(folder: Path, wanted: Collection[str], revision: int, description: str) -> None:
    from deltalake import CommitProperties, DeltaTable, Transaction
    from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

    noted = CommitProperties(app_transactions=[Transaction(APPLICATION, revision)])
    if not DeltaTable.is_deltatable(str(folder)):
        added = [_add(folder, name) for name in sorted(wanted)]
        create_table_with_add_actions(
            str(folder), _schema(folder, wanted), added, description=description, commit_properties=noted
        )
        log.info("%s is a Delta table of %d files", folder, len(added))
        return
    table = DeltaTable(str(folder))
    if (table.transaction_version(APPLICATION) or 0) > revision:
        # the warehouse was taken back from a copy: the list still decides, under a revision of its own
        noted = CommitProperties()
    listed = _listed(table)
    now = int(datetime.now(UTC).timestamp() * 1000)
    actions: list[AddAction | RemoveAction] = [
        *(_add(folder, name) for name in sorted(set(wanted) - listed)),
        *(RemoveAction(path=name, data_change=True, deletion_timestamp=now) for name in sorted(listed - set(wanted))),
    ]
    if actions:
        table.create_write_transaction(actions, "append", table.schema(), commit_properties=noted)
        log.info("%s: %d files added to its Delta log, or taken out", folder, len(actions))
    if actions and table.metadata().description != description:
        DeltaTable(str(folder)).alter.set_table_description(description)


def _listed(table: "DeltaTable") -> set[str]:
    return {Path(path).name for path in table.file_uris()}


def _schema(folder: Path, names: Collection[str]) -> Any:
    """Columns of the table, as its files have them."""
    from deltalake import Schema

    schema = pq.read_schema(folder / min(names))
    fields = [pa.field(field.name, field.type, nullable=True) for field in schema]
    return Schema.from_arrow(pa.schema(fields))


def _add(folder: Path, name: str) -> "AddAction":
    """A file with what its footer says of it: with least and greatest values, readers pass over whole files."""
    from deltalake.transaction import AddAction

    path = folder / name
    metadata = pq.read_metadata(path)
    least, greatest = _bounds(metadata)
    stats = {"numRecords": metadata.num_rows, "minValues": least, "maxValues": greatest}
    status = path.stat()
    return AddAction(
        path=name,
        size=status.st_size,
        partition_values={},
        modification_time=status.st_mtime_ns // 1_000_000,
        data_change=True,
        stats=json.dumps(stats),
    )


def _bounds(metadata: pq.FileMetaData) -> tuple[dict[str, Any], dict[str, Any]]:
    """Least and greatest value of the columns of whole numbers, dates and instants."""
    least: dict[str, Any] = {}
    greatest: dict[str, Any] = {}
    for column in range(metadata.num_columns):
        parts = [metadata.row_group(group).column(column) for group in range(metadata.num_row_groups)]
        name = parts[0].path_in_schema if parts else ""
        known = [part.statistics for part in parts if part.statistics is not None and part.statistics.has_min_max]
        if not parts or len(known) < len(parts) or not isinstance(known[0].min, int | date):
            continue
        least[name] = _as_json(min(one.min for one in known))
        most = max(one.max for one in known)
        # the log knows milliseconds, and must not cut the greatest value
        greatest[name] = _as_json(most + timedelta(milliseconds=1) if isinstance(most, datetime) else most)
    return least, greatest


def _as_json(value: int | date | datetime) -> int | str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value if isinstance(value, int) else value.isoformat()
