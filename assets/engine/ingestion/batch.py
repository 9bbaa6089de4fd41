"""The files of one transaction: what became of each, and their rows on the way into `raw.*`.

Belongs here: one batch from its staged files to its rows. Does not: which files (`ingest`), forms (`reading`), rules
(`sql/steps`).
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from assets.engine.delivery.file_types import format_said
from assets.engine.delivery.files import DeliveredFile, NotReadyError, QuarantineError, StagedFile
from assets.engine.delivery.staging import staged_again
from assets.engine.ingestion.refused_texts import fetch_refused_texts
from assets.engine.ingestion.staging_ahead import SMALL_BATCH, Staging
from assets.engine.reading.delivery import Delivery
from assets.engine.reading.reader import Reader
from assets.engine.reading.text import IgnoredNames
from assets.engine.settings import READING_LIMITS, Settings
from assets.engine.warehouse.sealed_tables import NEVER, days_needed
from assets.engine.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class TakenFile:
    """A file that was loaded before, as the ledger knows it."""

    file_id: int
    kind: str
    name: str
    sha256: str
    bytes: int
    changed_ns: int


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
        ("ignored_more", pa.int64()),
    ]
)


class Batch:
    """The files of one transaction: what became of each, and their rows in the arrival tables.

    Attributes:
        files: their rows for the ledger, but for the counts.
        waits: files that could not be taken, and why.
    """

    def __init__(self, warehouse: Warehouse, read_at: datetime, settings: Settings) -> None:
        self.files: list[dict[str, Any]] = []
        self.waits: list[tuple[DeliveredFile, NotReadyError]] = []
        self._staged: dict[int, tuple[str, StagedFile]] = {}
        self._delivered: dict[int, DeliveredFile] = {}
        self._names: dict[tuple[str, str, str | None], str] = {}
        self._warehouse = warehouse
        self._read_at = read_at
        self._settings = settings
        self._reader = Reader(warehouse)

    def look_up(self, stagings: Iterable[Staging]) -> Iterator[Staging]:
        """The files with their stagings; of small ones, all are staged and looked up in the ledger together."""
        waiting: list[Staging] = []
        size = 0
        for file, staging in stagings:
            waiting.append((file, staging))
            size += file.bytes
            if size > SMALL_BATCH:
                yield from self._looked_up(waiting)
                waiting, size = [], 0
        yield from self._looked_up(waiting)

    def _looked_up(self, stagings: list[Staging]) -> list[Staging]:
        """Note which of the files were loaded before."""
        digests = [staging.result().sha256 for _, staging in stagings if staging.exception() is None]
        if digests:
            for kind, sha256, name in self._warehouse.run(
                "raw.event_files", "with_same_bytes", digests=digests
            ).fetchall():
                # what was read as another format, under a wrong name, is no duplicate: all its rows were refused
                self._names.setdefault((kind, sha256, format_said(name)), name)
        return stagings

    def load(self, file_id: int, file: DeliveredFile, staging: Future[StagedFile]) -> None:
        """Read one delivered file once it is staged, and note what became of it; one that is not ready waits."""
        sha256 = None
        ignored = IgnoredNames()
        self._delivered[file_id] = file
        try:
            staged = staging.result()
            sha256 = staged.sha256
            duplicate_of = self._loaded_before(file.kind, staged)
            if duplicate_of is None:
                ignored = self._read(file_id, file.kind, file.name, staged)
                self._names[file.kind, staged.sha256, staged.format] = file.name
            outcome, reason = (
                ("LOADED", None) if duplicate_of is None else ("DUPLICATE", f"same bytes as {duplicate_of}")
            )
        except NotReadyError as wait:
            self.waits.append((file, wait))
            return
        except QuarantineError as refusal:
            outcome, reason = "QUARANTINED", str(refusal)
            sha256 = sha256 or refusal.sha256
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
                "ignored_columns": ignored.names,
                "ignored_more": ignored.more,
            }
        )

    def reload(self, file: TakenFile) -> None:
        """Read a file that was loaded before from its staged copy.

        Raises:
            NotReadyError: the copy is gone or damaged.
            QuarantineError: it is over a limit that has been lowered since.
        """
        staged = staged_again(self._warehouse.root, file.sha256, file.name, self._settings)
        ignored = self._read(file.file_id, file.kind, file.name, staged)
        self.files.append(
            {
                **asdict(file),
                "outcome": "LOADED",
                "reason": None,
                "ignored_columns": ignored.names,
                "ignored_more": ignored.more,
            }
        )

    def _read(self, file_id: int, kind: str, name: str, staged: StagedFile) -> IgnoredNames:
        """Put the rows of a staged file into the arrival tables; returns the columns or keys that were ignored."""
        read = self._reader.read(Delivery(file_id, kind, name, staged, self._read_at, self._settings))
        self._staged[file_id] = kind, read.staged
        return read.ignored

    def _loaded_before(self, kind: str, staged: StagedFile) -> str | None:
        """Name of a loaded file with the same bytes and format: earlier in this batch, or in the ledger."""
        same = kind, staged.sha256
        return self._names.get((*same, staged.format)) or self._names.get((*same, None))

    def validate(self, *, only_refused: bool = False) -> None:
        """Find what is wrong with the rows that arrived, and what was there already.

        Args:
            only_refused: pass over the rows that are not in `raw.rejected_rows`: they were taken before.

        Raises:
            NotReadyError: rows that are tried again need a sealed day that cannot be read.
        """
        self._reader.finish(self._read_at, self._settings)
        if only_refused:
            self._warehouse.run("steps.arrivals", "keep_refused_events")
            self._warehouse.run("steps.arrivals", "keep_refused_payments")
            self._warehouse.run("steps.arrivals", "keep_refused_corrections")
        self._hold_back_for_lost_days()
        self._find_sealed_duplicates()
        self._warehouse.run("steps.duplicates", "event_candidates")
        self._warehouse.run("portable.ranked_events")
        self._warehouse.run("steps.duplicates", "repeated_events")
        self._warehouse.run("steps.duplicates", "repeated_payments")
        self._warehouse.run("steps.duplicates", "repeated_corrections")
        self._warehouse.run("steps.refusals", "refusals")
        fetch_refused_texts(self._warehouse, self._staged)

    def _hold_back_for_lost_days(self) -> None:
        """Let files wait whose events may have been charged before, which only a lost sealed day could tell.

        Raises:
            NotReadyError: it is one whose refused rows are tried again.
        """
        limit = {"conflict_days": self._settings.conflict_days}
        for file_id, remedy in self._warehouse.run("steps.arrivals", "files_of_lost_days", **limit).fetchall():
            if file_id not in self._delivered:
                raise NotReadyError(remedy)
            self._reader.forget(file_id)
            self.files = [file for file in self.files if file["file_id"] != file_id]
            self.waits.append((self._delivered[file_id], NotReadyError(remedy)))

    def _find_sealed_duplicates(self) -> None:
        """Look the arrived events up in the sealed files of their own days, and of the newest ones."""
        sealed = self._warehouse.root.sealed.resolve()
        found = self._warehouse.run(
            "steps.duplicates", "sealed_files_to_search", conflict_days=self._settings.conflict_days
        )
        paths = [str(sealed / name) for (name,) in found.fetchall()]
        if paths:
            self._warehouse.run("steps.duplicates", "sealed_duplicates", paths=paths)

    def write(self, recorded_at: datetime) -> None:
        """Write rows, refused rows and ledger rows. Call it inside a transaction."""
        batch_id = self._write_accepted(recorded_at)
        self._warehouse.run("raw.rejected_rows", "add", recorded_at=recorded_at)
        record = {"batch_id": batch_id, "recorded_at": recorded_at, "read_at": self._read_at}
        self._warehouse.connection.register("batch_files", pa.Table.from_pylist(self.files, schema=FILE_SCHEMA))
        self._warehouse.run("raw.event_files", "record", **record)
        self._warehouse.connection.unregister("batch_files")
        with days_needed(self._warehouse.connection, NEVER):  # nothing of a new file is sealed yet
            self._warehouse.require("checks.files_account_for_every_row")

    def write_retry(self, file_id: int, recorded_at: datetime) -> None:
        """Write what has become of the refused rows of one file. Call it inside a transaction."""
        batch_id = self._write_accepted(recorded_at)
        record = {"file_id": file_id, "batch_id": batch_id, "recorded_at": recorded_at}
        self._warehouse.run("raw.rejected_rows", "remove_of_file", file_id=file_id)
        self._warehouse.run("raw.rejected_rows", "add", recorded_at=recorded_at)
        self._warehouse.run("internal.retries", "add", **record, read_at=self._read_at)
        self._warehouse.run("raw.event_files", "count_retried", file_id=file_id, recorded_at=recorded_at)
        self._warehouse.require("checks.files_account_for_every_row")

    def _write_accepted(self, recorded_at: datetime) -> int:
        """Write the rows that were accepted, and by which limits they were read; returns the batch."""
        batch_id = self._warehouse.batch_id(recorded_at)
        limits = {name: getattr(self._settings, name) for name in READING_LIMITS}
        self._warehouse.run("internal.reading_limits", "add", recorded_at=recorded_at, **limits)
        self._warehouse.run("raw.ad_events", "add", batch_id=batch_id)
        self._warehouse.run("raw.payments", "add", batch_id=batch_id)
        self._warehouse.run("raw.corrections", "add", batch_id=batch_id)
        return batch_id
