"""New files of events, payments and corrections are taken in, oldest first, some per transaction.

Belongs here: which files form a transaction, and how long it may go on. Does not: which files may be taken
(`delivery`), what becomes of their rows (`batch`).
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.delivery.file_types import is_plain_text
from assets.engine.delivery.files import DeliveredFile
from assets.engine.delivery.inbox import Inbox
from assets.engine.delivery.staging import stage
from assets.engine.ingestion.batch import Batch
from assets.engine.ingestion.retry import retry_refused
from assets.engine.ingestion.staging_ahead import staged_ahead
from assets.engine.kinds import LANDED, UNKNOWN
from assets.engine.settings import Settings
from assets.engine.warehouse.clock import utc_now
from assets.engine.warehouse.disk import clear_scratch, fsync
from assets.engine.warehouse.warehouse import Warehouse

TEXT_PER_PARQUET = 3
"""Bytes of plain text that hold about as many events as one of Parquet, or of compressed text."""

LOGGED_FILES = 100
"""Files of a batch that are told of one by one."""

log = logging.getLogger("spendgate.ingestion")


@dataclass(frozen=True)
class Ingested:
    """What became of the files that lay there: so many were taken, so many are left for the next run."""

    taken: int
    left: int


def ingest(warehouse: Warehouse, inbox: Inbox, timer: Callable[[], float] = time.monotonic) -> Ingested:
    """Take in the stable files of events, payments and corrections that are new, oldest first, some per transaction.

    No transaction is begun once `ingest_seconds` have passed: a backlog must not keep decisions waiting, so the run
    goes on with what it has and the next one takes the rest. Files that were begun before and never finished are taken
    last, each in a transaction of its own.

    Args:
        warehouse: the live one.
        inbox: what lies there.
        timer: seconds that only grow.
    """
    ends_at = timer() + inbox.settings.ingest_seconds
    if inbox.retry:
        retry_refused(warehouse, inbox.retry, inbox.settings)
    inbox.record_departures(warehouse)
    files = inbox.stable(inbox.new(warehouse.connection, (*LANDED, UNKNOWN)))
    fresh = [file for file in files if not file.attempts]
    suspects = sorted((file for file in files if file.attempts), key=lambda file: file.attempts)
    taken = tried = 0
    for batch in (*_batches(fresh, inbox.settings), *([suspect] for suspect in suspects)):
        if tried and timer() >= ends_at:
            break
        taken += _load(warehouse, inbox, batch)
        tried += len(batch)
    if tried < len(files):
        log.info("%d files are left for the next run: decisions do not wait for them", len(files) - tried)
    return Ingested(taken, len(files) - tried)


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


def _load(warehouse: Warehouse, inbox: Inbox, files: list[DeliveredFile]) -> int:
    """One transaction: the rows, the refused rows and the ledger rows of these files."""
    newest = int(warehouse.value("ops.delivered_files", "newest_id"))
    with inbox.claim(warehouse, files, read_in_isolation) as claim:
        batch = Batch(warehouse, claim.began_at, inbox.settings)
        for file, staging in batch.look_up(staged_ahead(files, claim.stage)):
            batch.load(newest + len(batch.files) + 1, file, staging)
        fsync(warehouse.root.staged)
        if batch.files:
            batch.validate()
            _write(warehouse, batch)
        for file, why in batch.waits:
            claim.postpone(file, why)
    clear_scratch(warehouse.root)
    _log_files(warehouse.run("raw.event_files", "since", file_id=newest).fetchall())
    return len(batch.files)


def _write(warehouse: Warehouse, batch: "Batch") -> None:
    if batch.files:  # some may have been held back
        with warehouse.transaction() as recorded_at:
            batch.write(recorded_at)
            warehouse.run("internal.attempts", "finish", names=[file["name"] for file in batch.files])


def read_in_isolation(root: DataRoot, file: DeliveredFile, settings: Settings) -> None:
    """Read a file into a database of its own, to see whether the process lives through it."""
    warehouse = Warehouse(root, now=utc_now(), run_id="in isolation", file=root.scratch / "isolated.duckdb")
    batch = Batch(warehouse, utc_now(), settings)
    try:
        for suspect, staging in staged_ahead([file], lambda suspect: stage(suspect, root, settings)):
            batch.load(1, suspect, staging)
        batch.validate()
    except (OSError, duckdb.Error) as error:
        if isinstance(error, duckdb.Error) and "Could not write" not in str(error):
            raise
    finally:
        warehouse.close()


def _log_files(rows: list[tuple[Any, ...]]) -> None:
    """Tell of each file, or of many those that did not load whole: a line for each would take longer than the files."""
    told = rows if len(rows) <= LOGGED_FILES else [row for row in rows if row[3] != row[4]][:LOGGED_FILES]
    for row in told:
        log.info("%s: %s%s; %d read = %d loaded + %d duplicate + %d rejected", *_in_words(row))
    if len(told) < len(rows):
        totals = (sum(row[place] for row in rows) for place in range(3, 7))
        log.info("%d files: %d read = %d loaded + %d duplicate + %d rejected", len(rows), *totals)


def _in_words(row: tuple[Any, ...]) -> tuple[Any, ...]:
    name, outcome, reason, *counts = row
    return name, outcome, f" ({reason})" if reason else "", *counts
