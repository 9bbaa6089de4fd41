"""The one door for delivered files: it gives out those that are new, stable and safe to open.

Belongs here: admission, and what is noted when a claim ends. Does not: finding files (`listing`), copying them
(`staging`), the record of attempts (`attempts`), reading.
"""

import os
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.delivery import attempts
from assets.engine.delivery.files import DeliveredFile, FileState, NotReadyError, StagedFile
from assets.engine.delivery.isolation import Probe, quarantine_poison_file
from assets.engine.delivery.listing import DELIVERED_TWICE, delivered_files
from assets.engine.delivery.staging import stage
from assets.engine.settings import Settings
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse

FAILED_READS = 3
"""After so many failed reads nothing is gained by another run: a check names the file, and a person has to act."""


@dataclass(frozen=True)
class Retry:
    """Which refused rows are to be tried again: those of files with ...

    Attributes:
        reason: ... a row refused for a reason that contains this.
        name: ... a name that contains this.
    """

    reason: str = ""
    name: str = ""


@dataclass
class Claim:
    """Files that a run has begun to take, each counted as begun.

    Attributes:
        files: those that were claimed.
        began_at: the moment of loading, for whatever is in the files.
        postponed: files that could not be taken after all, and why.
    """

    files: list[DeliveredFile]
    began_at: datetime
    _root: DataRoot
    _settings: Settings
    _probe: Probe
    postponed: list[tuple[DeliveredFile, NotReadyError]] = field(default_factory=list)

    def stage(self, file: DeliveredFile) -> StagedFile:
        """Copy a claimed file under its hash; one that may have killed its readers is read by itself first.

        Raises:
            NotReadyError: it cannot be taken now.
            QuarantineError: it is refused whole.
        """
        quarantine_poison_file(file, self._probe, self._root, self._settings)
        return stage(file, self._root, self._settings)

    def postpone(self, file: DeliveredFile, why: NotReadyError) -> None:
        """Leave a file to a later run."""
        self.postponed.append((file, why))


class Inbox:
    """The delivery folders as one run sees them.

    Args:
        root: where they are.
        skip_stability_check: take what lies there as finished, without a second listing (a replay).
        retry: refused rows of earlier files that are to be tried again.

    Attributes:
        listed: what lay there when the run began; oldest first.
    """

    def __init__(self, root: DataRoot, *, skip_stability_check: bool = False, retry: Retry | None = None) -> None:
        self.root = root
        self.retry = retry
        self.settings = root.settings()
        self.listed = delivered_files(root)
        self._listed_at = time.monotonic()
        self._skip_stability_check = skip_stability_check
        self._listed_again: list[FileState] | None = None

    def new(self, connection: duckdb.DuckDBPyConnection, kinds: Collection[str] | None = None) -> list[DeliveredFile]:
        """Files of some kinds, or of all, that the ledger in `connection` does not know in their present state."""
        files = [file for file in self.listed if kinds is None or file.kind in kinds]
        return [*filter(is_retryable, _unknown(connection, files))]

    def known(self, connection: duckdb.DuckDBPyConnection, kind: str) -> list[DeliveredFile]:
        """Files of a kind, whether the ledger knows them or not, that may be read."""
        files = [file for file in self.listed if file.kind == kind]
        return [*filter(is_retryable, attempts.with_attempts(connection, files))]

    def stable(self, files: list[DeliveredFile]) -> list[DeliveredFile]:
        """Those of some files that are finished.

        Lists the folders a second time, at least `settle_seconds` after the first, if it needs to and has not yet.
        """
        if self._skip_stability_check or all(file.flagged or file.refusal for file in files):
            return files
        if self._listed_again is None:
            time.sleep(max(0.0, self.settings.settle_seconds - (time.monotonic() - self._listed_at)))
            self._listed_again = [file.state for file in delivered_files(self.root)]
        return stable_files(files, self._listed_again)

    @contextmanager
    def claim(self, warehouse: Warehouse, files: list[DeliveredFile], probe: Probe) -> Iterator[Claim]:
        """Count each file as begun, for good, before it is opened; the transaction that takes it in forgets that.

        An end that has nothing to do with the files (a full disk, a run that is cancelled) takes the count back. What
        was postponed is noted at the end.

        Args:
            warehouse: the live one.
            files: which.
            probe: reads a file in a process of its own.
        """
        attempts.begin(warehouse, files)
        claim = Claim(files, warehouse.clock(), self.root, self.settings, probe)
        try:
            yield claim
        except BaseException as error:
            if not _is_about_the_files(error):
                with suppress(duckdb.Error):
                    attempts.release(warehouse, files)
            raise
        attempts.record_failed_reads(warehouse, claim.postponed)

    def record_departures(self, warehouse: Warehouse) -> None:
        """Note what lies there no more: attempts at such files are forgotten, refused ones are open no more."""
        attempts.forget_gone(warehouse, self.listed)
        attempts.note_refused_gone(warehouse, self.listed)


def is_retryable(file: DeliveredFile) -> bool:
    """Whether a file may be read by another run; one that failed too often has to become readable first."""
    return file.failed_reads < FAILED_READS or os.access(file.path, os.R_OK)


def stable_files(files: Iterable[DeliveredFile], other_states: Iterable[FileState]) -> list[DeliveredFile]:
    """Those that are finished: flagged so, or in the same state when they were listed another time."""
    same = set(other_states)
    return [file for file in files if file.flagged or file.refusal or file.state in same]


def _unknown(connection: duckdb.DuckDBPyConnection, files: list[DeliveredFile]) -> list[DeliveredFile]:
    if not files:
        return []
    with attempts.seen_files(connection, files):
        places = connection.execute(sql("ops.delivered_files", "new"), {"delivered_twice": DELIVERED_TWICE}).fetchall()
    return attempts.with_attempts(connection, [files[place] for (place,) in places])


def _is_about_the_files(error: BaseException) -> bool:
    """Whether a run ended for something in the files it had claimed; of an interrupt DuckDB makes a RuntimeError."""
    is_full = isinstance(error, OSError) or "Could not write" in str(error)
    is_stopped = not isinstance(error.__cause__ or error, Exception)
    return not (is_full or is_stopped)
