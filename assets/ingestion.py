"""A batch of settled files becomes rows of `raw.*`, in one transaction: each file whole or not at all.

Belongs here: the order of the steps. Does not: folders (`landing`), forms (`reading`), rules (`sql/ingest`).
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

import duckdb
import pyarrow as pa

from assets.attempts import (
    attempt,
    forget_gone,
    note_in_vain,
    note_refused_gone,
    refuse_killers,
    seen_files,
    with_attempts,
    worth_an_attempt,
)
from assets.landing import (
    DELIVERED_TWICE,
    DeliveredFile,
    Deliveries,
    NotReadyError,
    QuarantineError,
    Retry,
    StagedFile,
    format_said,
    is_plain_text,
    stage,
    staged_again,
)
from assets.reading.delivery import ROWS_AT_ONCE, Delivery, Reader
from assets.reading.text import RAW_TEXT_LIMIT, IgnoredNames, cut, lines_of
from assets.sealed_tables import NEVER, days_needed
from assets.settings import EVENTS, PAYMENTS, READING_LIMITS, UNKNOWN, DataRoot, Settings
from assets.statements import sql
from assets.warehouse import Warehouse, clear_scratch, fsync, utc_now

SMALL_BATCH = 32 * 1024**2
"""Bytes up to which the files of a batch are staged together before the first one is read."""

TEXT_PER_PARQUET = 3
"""Bytes of plain text that hold about as many events as one of Parquet, or of compressed text."""

LOGGED_FILES = 100
"""Files of a batch that are told of one by one."""

STAGERS = 8
"""Threads that stage small files."""

log = logging.getLogger("spendgate.ingestion")


@dataclass(frozen=True)
class TakenFile:
    """A file that was loaded before, as the ledger knows it."""

    file_id: int
    kind: str
    name: str
    sha256: str
    bytes: int
    changed_ns: int


def new_files(connection: duckdb.DuckDBPyConnection, files: list[DeliveredFile]) -> list[DeliveredFile]:
    """Of the files that lie there, those the ledger in `connection` does not know in their present state."""
    if not files:
        return []
    with seen_files(connection, files):
        places = connection.execute(sql("ops.delivered_files", "new"), {"delivered_twice": DELIVERED_TWICE}).fetchall()
    return with_attempts(connection, [files[place] for (place,) in places])


@dataclass(frozen=True)
class Ingested:
    """What became of the files that lay there: so many were taken, so many are left for the next run."""

    taken: int
    left: int


def ingest(warehouse: Warehouse, deliveries: Deliveries, timer: Callable[[], float] = time.monotonic) -> Ingested:
    """Take in the settled files of events and payments that are new, oldest first, some per transaction.

    No transaction is begun once `ingest_seconds` have passed: a backlog must not keep decisions waiting, so the run
    goes on with what it has and the next one takes the rest. Files that were begun before and never finished are taken
    last, each in a transaction of its own.

    Args:
        warehouse: the live one.
        deliveries: what lies there.
        timer: seconds that only grow.
    """
    settings = deliveries.settings
    ends_at = timer() + settings.ingest_seconds
    if deliveries.retry:
        retry_refused(warehouse, deliveries.retry, settings)
    forget_gone(warehouse, deliveries.seen)
    note_refused_gone(warehouse, deliveries.seen)
    files = [file for file in deliveries.seen if file.kind in (EVENTS, PAYMENTS, UNKNOWN)]
    settled = [*filter(worth_an_attempt, deliveries.settled(new_files(warehouse.connection, files)))]
    fresh = [file for file in settled if not file.attempts]
    suspects = sorted((file for file in settled if file.attempts), key=lambda file: file.attempts)
    taken = tried = 0
    for batch in (*_batches(fresh, settings), *([suspect] for suspect in suspects)):
        if tried and timer() >= ends_at:
            break
        taken += _load(warehouse, batch, settings)
        tried += len(batch)
    if tried < len(settled):
        log.info("%d files are left for the next run: decisions do not wait for them", len(settled) - tried)
    return Ingested(taken, len(settled) - tried)


def _batches(files: list[DeliveredFile], settings: Settings) -> Iterator[list[DeliveredFile]]:
    """The files in their order, as many together as fit into one transaction; a larger one is alone."""
    batch: list[DeliveredFile] = []
    size = 0
    for file in files:
        weight = file.bytes // (TEXT_PER_PARQUET if is_plain_text(file.path.name) else 1)
        if batch and (size + weight > settings.batch_bytes or len(batch) == settings.files_per_batch):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += weight
    if batch:
        yield batch


def _load(warehouse: Warehouse, files: list[DeliveredFile], settings: Settings) -> int:
    """One transaction: the rows, the refused rows and the ledger rows of these files."""
    newest = int(warehouse.value("ops.delivered_files", "newest_id"))
    with attempt(warehouse, files) as read_at:
        batch = Batch(warehouse, read_at, settings)
        for file, staging in batch.look_up(_staged_ahead(warehouse.root, files, settings)):
            batch.take(newest + len(batch.files) + 1, file, staging)
        fsync(warehouse.root.staged)
        if batch.files:
            with batch.judged():
                _write(warehouse, batch)
    note_in_vain(warehouse, batch.waits)
    clear_scratch(warehouse.root)
    _log_files(warehouse.run("raw.event_files", "since", file_id=newest).fetchall())
    return len(batch.files)


def _log_files(rows: list[tuple[Any, ...]]) -> None:
    """Tell of each file, or of many those that did not load whole: a line for each would take longer than the files."""
    told = rows if len(rows) <= LOGGED_FILES else [row for row in rows if row[3] != row[4]][:LOGGED_FILES]
    for row in told:
        log.info("%s: %s%s; %d read = %d loaded + %d duplicate + %d rejected", *_in_words(row))
    if len(told) < len(rows):
        totals = (sum(row[place] for row in rows) for place in range(3, 7))
        log.info("%d files: %d read = %d loaded + %d duplicate + %d rejected", len(rows), *totals)


def _write(warehouse: Warehouse, batch: "Batch") -> None:
    if batch.files:  # some may have been held back
        with warehouse.transaction() as recorded_at:
            batch.write(recorded_at)
            warehouse.run("ops.attempts", "finish", names=[file["name"] for file in batch.files])


_Staging = tuple[DeliveredFile, Future[StagedFile]]
"""A file, and its copy as soon as it is made."""


def _staged_ahead(root: DataRoot, files: list[DeliveredFile], settings: Settings) -> Iterator[_Staging]:
    """Each file with its staging, under way in a thread: the next ones are copied while one is read.

    Small files wait for the disk most of the time, and can do so together.
    """
    with ThreadPoolExecutor(max_workers=STAGERS if _are_small(files) else 1) as stager:
        stagings = [stager.submit(_stage, root, file, settings) for file in files]
        try:
            yield from zip(files, stagings, strict=True)
        except BaseException:  # the reader stops: what is not staged yet need not be
            stager.shutdown(cancel_futures=True)
            raise


def _are_small(files: Iterable[DeliveredFile]) -> bool:
    return sum(file.bytes for file in files) <= SMALL_BATCH


def _stage(root: DataRoot, file: DeliveredFile, settings: Settings) -> StagedFile:
    refuse_killers(file, read_alone, root, file, settings)
    return stage(file, root, settings)


def read_alone(root: DataRoot, file: DeliveredFile, settings: Settings) -> None:
    """Read a file into a database of its own, to see whether the process lives through it."""
    warehouse = Warehouse(root, now=utc_now(), run_id="reading alone", file=root.scratch / "alone.duckdb")
    batch = Batch(warehouse, utc_now(), settings)
    try:
        for suspect, staging in _staged_ahead(root, [replace(file, attempts=0)], settings):
            batch.take(1, suspect, staging)
        with batch.judged():
            pass
    except (OSError, duckdb.Error) as error:
        if isinstance(error, duckdb.Error) and "Could not write" not in str(error):
            raise
    finally:
        warehouse.close()


def retry_refused(warehouse: Warehouse, retry: Retry, settings: Settings) -> None:
    """Read the refused rows of some files again, from their staged copies: what is sound now is loaded, once."""
    for row in warehouse.run("raw.event_files", "to_retry", reason=retry.reason, name=retry.name).fetchall():
        _retry(warehouse, TakenFile(*row), settings)


def _retry(warehouse: Warehouse, file: TakenFile, settings: Settings) -> None:
    """One transaction: what is sound now of the refused rows of one file."""
    batch = Batch(warehouse, warehouse.clock(), settings)
    try:
        batch.take_again(file)
        with batch.judged(only_refused=True), warehouse.transaction() as recorded_at:
            batch.write_retry(file.file_id, recorded_at)
    except (NotReadyError, QuarantineError) as refusal:
        log.warning("%s cannot be tried again: %s", file.name, refusal)
        return
    counts = warehouse.run("ops.retries", "newest").fetchall()[0]
    log.info("%s: %d refused rows tried again = %d loaded + %d duplicate + %d refused", file.name, *counts)


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

    def look_up(self, stagings: Iterable[_Staging]) -> Iterator[_Staging]:
        """The files with their stagings; of small ones, all are staged and looked up in the ledger together."""
        waiting: list[_Staging] = []
        size = 0
        for file, staging in stagings:
            waiting.append((file, staging))
            size += file.bytes
            if size > SMALL_BATCH:
                yield from self._looked_up(waiting)
                waiting, size = [], 0
        yield from self._looked_up(waiting)

    def _looked_up(self, stagings: list[_Staging]) -> list[_Staging]:
        """Note which of the files were loaded before."""
        digests = [staging.result().sha256 for _, staging in stagings if staging.exception() is None]
        if digests:
            for kind, sha256, name in self._warehouse.run(
                "raw.event_files", "with_same_bytes", digests=digests
            ).fetchall():
                # what was read as another format, under a wrong name, is no duplicate: all its rows were refused
                self._names.setdefault((kind, sha256, format_said(name)), name)
        return stagings

    def take(self, file_id: int, file: DeliveredFile, staging: Future[StagedFile]) -> None:
        """Read one delivered file once it is staged, and note what became of it; one that is not ready waits."""
        sha256 = None
        ignored = IgnoredNames()
        self._delivered[file_id] = file
        try:
            staged = staging.result()
            sha256 = staged.sha256
            twin = self._twin(file.kind, staged)
            if twin is None:
                ignored = self._read(file_id, file.kind, file.name, staged)
                self._names[file.kind, staged.sha256, staged.format] = file.name
            outcome, reason = ("LOADED", None) if twin is None else ("DUPLICATE", f"same bytes as {twin}")
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

    def take_again(self, file: TakenFile) -> None:
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

    def _twin(self, kind: str, staged: StagedFile) -> str | None:
        """Name of a loaded file with the same bytes and format: earlier in this batch, or in the ledger."""
        same = kind, staged.sha256
        return self._names.get((*same, staged.format)) or self._names.get((*same, None))

    @contextmanager
    def judged(self, *, only_refused: bool = False) -> Iterator[None]:
        """Find what is wrong with the rows that arrived, and what was there already; with that at hand, write.

        Args:
            only_refused: pass over the rows that are not in `raw.rejected_rows`: they were taken before.
        """
        self._reader.finish(self._read_at, self._settings)
        if only_refused:
            self._warehouse.run("steps.arrivals", "keep_refused_events")
            self._warehouse.run("steps.arrivals", "keep_refused_payments")
        self._hold_back_for_lost_days()
        self._find_sealed_twins()
        self._warehouse.run("steps.duplicates", "repeated_events")
        self._warehouse.run("steps.duplicates", "repeated_payments")
        self._warehouse.run("steps.refusals", "refusals")
        self._fetch_refused_texts()
        self._warehouse.connection.register("batch_files", pa.Table.from_pylist(self.files, schema=FILE_SCHEMA))
        try:
            yield
        finally:
            self._warehouse.connection.unregister("batch_files")

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

    def _find_sealed_twins(self) -> None:
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
        self._warehouse.run(
            "raw.event_files", "record", batch_id=batch_id, recorded_at=recorded_at, read_at=self._read_at
        )
        with days_needed(self._warehouse.connection, NEVER):  # nothing of a new file is sealed yet
            self._warehouse.require("checks.files_account_for_every_row")

    def write_retry(self, file_id: int, recorded_at: datetime) -> None:
        """Write what has become of the refused rows of one file. Call it inside a transaction."""
        batch_id = self._write_accepted(recorded_at)
        record = {"file_id": file_id, "batch_id": batch_id, "recorded_at": recorded_at}
        self._warehouse.run("raw.rejected_rows", "remove_of_file", file_id=file_id)
        self._warehouse.run("raw.rejected_rows", "add", recorded_at=recorded_at)
        self._warehouse.run("ops.retries", "add", **record, read_at=self._read_at)
        self._warehouse.run("raw.event_files", "count_retried", file_id=file_id, recorded_at=recorded_at)
        self._warehouse.require("checks.files_account_for_every_row")

    def _write_accepted(self, recorded_at: datetime) -> int:
        """Write the rows that were accepted, and by which limits they were read; returns the batch."""
        batch_id = self._warehouse.batch_id(recorded_at)
        limits = {name: getattr(self._settings, name) for name in READING_LIMITS}
        self._warehouse.run("ops.reading_limits", "add", recorded_at=recorded_at, **limits)
        self._warehouse.run("raw.ad_events", "add", batch_id=batch_id)
        self._warehouse.run("raw.payments", "add", batch_id=batch_id)
        return batch_id

    def _fetch_refused_texts(self) -> None:
        """Put the refused lines, as they were delivered, into a temporary table."""
        self._warehouse.run("steps.refusals", "texts")
        for (file_id,) in self._warehouse.run("steps.refusals", "files").fetchall():
            for table in _refused_texts(self._warehouse, file_id, *self._staged[file_id]):
                self._warehouse.connection.register("some_texts", table)
                self._warehouse.run("steps.refusals", "add_texts")
                self._warehouse.connection.unregister("some_texts")


def _refused_texts(warehouse: Warehouse, file_id: int, kind: str, staged: StagedFile) -> Iterator[pa.Table]:
    """Refused lines of one file, some at a time, as (file_id, line_number, raw)."""
    lines: Iterable[tuple[int, str]]
    if staged.format == "parquet":
        refused = {EVENTS: "refused_events", PAYMENTS: "refused_payments"}[kind]
        lines = warehouse.run("steps.read_parquet", refused, file_id=file_id, path=str(staged.path)).fetchall()
    else:
        numbers = [n for (n,) in warehouse.run("steps.refusals", "lines", file_id=file_id).fetchall()]
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
