"""A batch of settled files becomes rows of `raw.*`, in one transaction: each file whole or not at all.

Belongs here: the order of the steps. Does not: folders (`landing`), forms (`reading`), rules (`sql/ingest`).
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import duckdb
import pyarrow as pa

from assets.landing import (
    DELIVERED_TWICE,
    DeliveredFile,
    Deliveries,
    NotReadyError,
    QuarantineError,
    StagedFile,
    stage,
)
from assets.reading import ROWS_AT_ONCE, cut, lines_of, read_delivery
from assets.settings import EVENTS, PAYMENTS, UNKNOWN, Settings
from assets.warehouse import Warehouse, sql

RAW_TEXT_LIMIT = 4096
"""Characters of a refused row that are kept."""

log = logging.getLogger("spendgate.ingestion")


def new_files(connection: duckdb.DuckDBPyConnection, files: list[DeliveredFile]) -> list[DeliveredFile]:
    """Of the files that lie there, those the ledger in `connection` does not know in their present state."""
    if not files:
        return []
    seen = pa.table(
        {
            "place": pa.array(range(len(files)), pa.int64()),
            "name": pa.array([file.name for file in files], pa.string()),
            "bytes": pa.array([file.bytes for file in files], pa.int64()),
            "changed_ns": pa.array([file.changed_ns for file in files], pa.int64()),
            "refusal": pa.array([file.refusal for file in files], pa.string()),
        }
    )
    connection.register("seen_files", seen)
    places = connection.execute(sql("raw/new_files"), {"delivered_twice": DELIVERED_TWICE}).fetchall()
    connection.unregister("seen_files")
    return [files[place] for (place,) in places]


def ingest(warehouse: Warehouse, deliveries: Deliveries) -> int:
    """Take in every settled file of events and payments that is new, oldest first, some per transaction.

    Returns:
        How many files were taken.
    """
    settings = deliveries.settings
    files = [file for file in deliveries.seen if file.kind in (EVENTS, PAYMENTS, UNKNOWN)]
    waiting = iter(deliveries.settled(new_files(warehouse.connection, files)))
    taken = 0
    while some := list(islice(waiting, settings.files_per_batch)):
        taken += _load(warehouse, some, settings)
    return taken


def _load(warehouse: Warehouse, files: list[DeliveredFile], settings: Settings) -> int:
    """One transaction: the rows, the refused rows and the ledger rows of these files."""
    loaded_at = datetime.now(UTC)
    newest = int(warehouse.value("raw/newest_file"))
    for name in ("macros", "arrivals"):
        warehouse.run(f"ingest/{name}")
    batch = _Batch(warehouse, loaded_at, settings)
    for file in files:
        batch.take(newest + len(batch.files) + 1, file)
    if not batch.files:
        return 0
    for name in ("typed_events", "typed_payments"):
        warehouse.run(f"ingest/{name}", loaded_at=loaded_at)
    for name in ("repeated_events", "repeated_payments", "refusals"):
        warehouse.run(f"ingest/{name}")
    batch.fetch_refused_texts()
    warehouse.connection.register("batch_files", pa.Table.from_pylist(batch.files, schema=FILE_SCHEMA))
    with warehouse.transaction() as recorded_at:
        batch_id = warehouse.batch_id(recorded_at)
        warehouse.run("raw/ad_events", batch_id=batch_id)
        warehouse.run("raw/payments", batch_id=batch_id)
        warehouse.run("raw/rejected_rows", recorded_at=recorded_at)
        warehouse.run("raw/event_files", batch_id=batch_id, recorded_at=recorded_at)
    warehouse.connection.unregister("batch_files")
    for expanded in warehouse.root.scratch.iterdir():
        expanded.unlink()
    for row in warehouse.run("raw/files_since", file_id=newest).fetchall():
        log.info("%s: %s%s; %d read = %d loaded + %d duplicate + %d rejected", *_in_words(row))
    return len(batch.files)


FILE_SCHEMA = pa.schema(
    [
        ("file_id", pa.int64()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("sha256", pa.string()),
        ("bytes", pa.int64()),
        ("changed_ns", pa.int64()),
        ("outcome", pa.string()),
        ("reason", pa.string()),
        ("ignored_columns", pa.list_(pa.string())),
    ]
)


class _Batch:
    """The files of one transaction: their ledger rows, and the staged copies of those that were read."""

    def __init__(self, warehouse: Warehouse, loaded_at: datetime, settings: Settings) -> None:
        self.files: list[dict[str, Any]] = []
        self._staged: dict[int, tuple[str, StagedFile]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._warehouse = warehouse
        self._loaded_at = loaded_at
        self._settings = settings

    def take(self, file_id: int, file: DeliveredFile) -> None:
        """Stage and read one file, and note what became of it; a file that is not ready leaves no trace."""
        sha256 = None
        ignored: list[str] = []
        try:
            staged = stage(file, self._warehouse.root, self._settings)
            sha256 = staged.sha256
            twin = self._twin(file.kind, sha256)
            if twin is None:
                ignored = read_delivery(self._warehouse, file_id, file.kind, staged, self._loaded_at, self._settings)
                self._staged[file_id] = file.kind, staged
                self._names[file.kind, sha256] = file.name
            outcome, reason = ("LOADED", None) if twin is None else ("DUPLICATE", f"same bytes as {twin}")
        except NotReadyError as wait:
            log.warning("%s: %s; looked at again in the next run", file.name, wait)
            return
        except QuarantineError as refusal:
            for kind in (EVENTS, PAYMENTS):
                self._warehouse.run(f"ingest/forget_{kind}", file_id=file_id)
            outcome, reason = "QUARANTINED", str(refusal)
        self.files.append(
            {
                "file_id": file_id,
                "kind": file.kind,
                "name": file.name,
                "sha256": sha256,
                "bytes": file.bytes,
                "changed_ns": file.changed_ns,
                "outcome": outcome,
                "reason": reason,
                "ignored_columns": ignored,
            }
        )

    def _twin(self, kind: str, sha256: str) -> str | None:
        """Name of a loaded file with the same bytes: earlier in this batch, or in the ledger."""
        earlier = self._names.get((kind, sha256))
        return earlier or self._warehouse.value("raw/loaded_file", kind=kind, sha256=sha256)

    def fetch_refused_texts(self) -> None:
        """Put the refused lines, as they were delivered, into a temporary table."""
        self._warehouse.run("ingest/refused_texts")
        for (file_id,) in self._warehouse.run("ingest/refused_files").fetchall():
            for table in _refused_texts(self._warehouse, file_id, *self._staged[file_id]):
                self._warehouse.connection.register("some_texts", table)
                self._warehouse.run("ingest/add_refused_texts")
                self._warehouse.connection.unregister("some_texts")


def _refused_texts(warehouse: Warehouse, file_id: int, kind: str, staged: StagedFile) -> Iterator[pa.Table]:
    """Refused lines of one file, some at a time, as (file_id, line_number, raw)."""
    lines: Iterable[tuple[int, str]]
    if staged.format == "parquet":
        lines = warehouse.run(f"ingest/parquet_{kind}_lines", file_id=file_id, path=str(staged.path)).fetchall()
    else:
        numbers = [n for (n,) in warehouse.run("ingest/refused_lines", file_id=file_id).fetchall()]
        lines = lines_of(staged.text, numbers, RAW_TEXT_LIMIT)
    remaining = iter(lines)
    while some := list(islice(remaining, ROWS_AT_ONCE)):
        yield pa.table(
            {
                "file_id": pa.array([file_id] * len(some), pa.int64()),
                "line_number": pa.array([number for number, _ in some], pa.int64()),
                "raw": pa.array([cut(text, RAW_TEXT_LIMIT) for _, text in some], pa.string()),
            }
        )


def _in_words(row: tuple[Any, ...]) -> tuple[Any, ...]:
    name, outcome, reason, *counts = row
    return name, outcome, f" ({reason})" if reason else "", *counts
