"""Delivered files read on the workers of an engine, by the reader that reads them everywhere.

Belongs here: what a worker does with the files it is given. Does not: reading (`engine.reading`), and whatever needs
more than one file (`computing`).

Only our own reader knows the number of a line and the rules by which a row is refused. What it finds leaves as rows:
sound ones, refused ones with their text, and one row of facts for each file, without which the file does not count.
"""

import json
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from assets.engine.data_root import DataRoot
from assets.engine.delivery.files import NotReadyError, QuarantineError, StagedFile, finished_file
from assets.engine.delivery.staging import stage
from assets.engine.ingestion.refused_texts import fetch_refused_texts
from assets.engine.kinds import EVENTS
from assets.engine.reading.delivery import Delivery
from assets.engine.reading.reader import Reader
from assets.engine.settings import Settings
from assets.engine.warehouse.clock import utc_now
from assets.engine.warehouse.warehouse import Warehouse

ROWS = pa.schema(
    [
        ("file_id", pa.int64()),
        ("reading", pa.int32()),
        ("line_number", pa.int64()),
        ("event_id", pa.string()),
        ("ad_id", pa.int64()),
        ("event_type", pa.string()),
        ("occurred_at", pa.timestamp("us", "UTC")),
        ("fault", pa.string()),
        ("raw", pa.string()),
        ("facts", pa.string()),
    ]
)
"""What a worker hands over."""

ROWS_AS_SQL = (
    "file_id bigint, reading int, line_number bigint, event_id string, ad_id bigint, event_type string,"
    " occurred_at timestamp, fault string, raw string, facts string"
)
"""The same as an engine is told."""

ROWS_AT_ONCE = 65_536


def read_on_worker(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Read the files that some rows name: `file_id`, `path`, `name`, `sha256`, `readings`.

    `readings` is a list, as JSON, of the moments at which the file was read and the limits by which: the first one
    reads it, each later one only what was refused before.
    """
    with tempfile.TemporaryDirectory(prefix="spendgate-reading-") as folder:
        root = DataRoot(Path(folder))
        root.create()
        warehouse = Warehouse(root, now=utc_now(), run_id="on a worker", file=root.scratch / "reading.duckdb")
        try:
            for batch in batches:
                for file in batch.to_pylist():
                    yield from _read_file(warehouse, file)
        finally:
            warehouse.close()


def _read_file(warehouse: Warehouse, file: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    """Rows of one file, those of its last reading with what is refused for good, then the facts."""
    readings = json.loads(file["readings"])
    facts: dict[str, Any] = {}
    warehouse.run("steps.history_reading", "none_refused")
    for number, reading in enumerate(readings):
        settings = Settings(**reading["settings"])
        try:
            staged = _stage(warehouse.root, file, settings)
        except (NotReadyError, QuarantineError) as refusal:
            facts = _refused_whole(file, refusal)
            break
        try:
            if file["sha256"] and staged.sha256 != file["sha256"]:
                raise NotReadyError("its bytes are not what they were")
            read_at = datetime.fromisoformat(reading["read_at"])
            delivery = Delivery(file["file_id"], EVENTS, file["name"], staged, read_at, settings)
            ignored = _into_tables(warehouse, delivery, number)
        except (NotReadyError, QuarantineError) as refusal:
            facts = {**_refused_whole(file, refusal), "sha256": staged.sha256}
            break
        finally:
            _forget(staged)
        values = {"reading": number, "is_last": number == len(readings) - 1}
        rows = warehouse.relation("steps.history_reading", "rows", **values).to_arrow_reader(ROWS_AT_ONCE)
        yield from rows.cast(ROWS)
        warehouse.run("steps.history_reading", "refused_before")
        facts = facts or {
            "outcome": "LOADED",
            "reason": None,
            "sha256": staged.sha256,
            "rows_read": int(warehouse.value("steps.history_reading", "rows_read")),
            **ignored,
            **_state(Path(file["path"])),
        }
    yield _as_row(file["file_id"], facts)


def _stage(root: DataRoot, file: dict[str, Any], settings: Settings) -> StagedFile:
    try:
        finished = finished_file(Path(file["path"]), EVENTS, file["name"])
    except OSError as error:
        raise NotReadyError(f"cannot be opened: {error.strerror}") from error
    return stage(finished, root, settings)


def _into_tables(warehouse: Warehouse, delivery: Delivery, reading: int) -> dict[str, Any]:
    """Read one file into the arrival tables; returns the columns or keys that were ignored."""
    reader = Reader(warehouse)
    read = reader.read(delivery)
    reader.finish(delivery.loaded_at, delivery.settings)
    warehouse.run("steps.history_reading", "refusals", reading=reading)
    fetch_refused_texts(warehouse, {delivery.file_id: (delivery.kind, read.staged)})
    return {"ignored_columns": read.ignored.names, "ignored_more": read.ignored.more}


def _forget(staged: StagedFile) -> None:
    """Remove the worker's own copies of a file."""
    for copy in {staged.path, staged.text}:
        copy.unlink(missing_ok=True)


def _refused_whole(file: dict[str, Any], refusal: NotReadyError | QuarantineError) -> dict[str, Any]:
    outcome = "QUARANTINED" if isinstance(refusal, QuarantineError) else "NOT_READY"
    sha256 = refusal.sha256 if isinstance(refusal, QuarantineError) else None
    return {
        "outcome": outcome,
        "reason": str(refusal),
        "sha256": sha256,
        "rows_read": 0,
        "ignored_columns": [],
        "ignored_more": 0,
        **_state(Path(file["path"])),
    }


def _state(path: Path) -> dict[str, int]:
    try:
        status = path.stat(follow_symlinks=False)
    except OSError:
        return {"bytes": 0, "changed_ns": 0}
    return {"bytes": status.st_size, "changed_ns": status.st_ctime_ns}


def _as_row(file_id: int, facts: dict[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"file_id": file_id, "facts": json.dumps(facts)}], ROWS)
