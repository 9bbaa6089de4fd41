"""Delivered files that were begun and not finished: counted, so that one that kills its reader stops itself only.

Belongs here: what is remembered of an attempt and what follows from it, and which refused files are gone. Does not:
taking the files (`ingestion`, `reference_files`).
"""

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from assets.landing import DeliveredFile, NotReadyError, QuarantineError
from assets.settings import first_line
from assets.statements import sql
from assets.warehouse import Warehouse

ATTEMPTS = 3
"""A file that was begun so often without an end, the last time by itself, is given up: it kills whoever reads it."""

LOOKS = 3
"""After so many looks in vain nothing is gained by another run: a check names the file, and a person has to act."""

log = logging.getLogger("spendgate.attempts")


@contextmanager
def seen_files(connection: duckdb.DuckDBPyConnection, files: list[DeliveredFile]) -> Iterator[None]:
    """Let SQL see some files, as the rows of `seen_files`."""
    columns = {
        "place": pa.array(range(len(files)), pa.int64()),
        "name": pa.array([file.name for file in files], pa.string()),
        "bytes": pa.array([file.bytes for file in files], pa.int64()),
        "changed_ns": pa.array([file.changed_ns for file in files], pa.int64()),
        "refusal": pa.array([file.refusal for file in files], pa.string()),
        "is_unlisted": pa.array([file.unlisted is not None for file in files], pa.bool_()),
    }
    connection.register("seen_files", pa.table(columns))
    try:
        yield
    finally:
        connection.unregister("seen_files")


def with_attempts(connection: duckdb.DuckDBPyConnection, files: list[DeliveredFile]) -> list[DeliveredFile]:
    """The files, each with what is remembered of attempts at it."""
    with seen_files(connection, files):
        known = {
            place: counts for place, *counts in connection.execute(sql("ops.attempts", "of_seen_files")).fetchall()
        }
    return [
        replace(file, attempts=known[place][0], looks=known[place][1]) if place in known else file
        for place, file in enumerate(files)
    ]


def worth_an_attempt(file: DeliveredFile) -> bool:
    """Whether a file may be taken by another look; one that was unreadable too often has to become readable first."""
    return file.looks < LOOKS or os.access(file.path, os.R_OK)


@contextmanager
def attempt(warehouse: Warehouse, files: list[DeliveredFile]) -> Iterator[datetime]:
    """Count an attempt at each file, for good, before it is opened; the transaction that takes it forgets it.

    An end that has nothing to do with the files (a full disk, a run that is cancelled) takes the count back.

    Yields:
        When it began: the moment of loading, for whatever is in the files.
    """
    with seen_files(warehouse.connection, files):
        warehouse.run("ops.attempts", "begin")  # committed by itself; no new revision, since it tells readers nothing
    try:
        yield warehouse.clock()
    except BaseException as error:
        is_full = isinstance(error, OSError) or "Could not write" in str(error)
        is_stopped = not isinstance(error.__cause__ or error, Exception)  # of an interrupt DuckDB makes a RuntimeError
        if is_full or is_stopped:
            with suppress(duckdb.Error), seen_files(warehouse.connection, files):
                warehouse.run("ops.attempts", "release")
        raise


def refuse_killers(file: DeliveredFile, read: Callable[..., None], *arguments: Any) -> None:
    """Make the last attempt at a file in a process of its own, and give it up if that process dies.

    So a file that kills is told from a run that was killed.

    Args:
        file: the file, counted already.
        read: reads it, importable by name.
        arguments: what `read` takes.

    Raises:
        QuarantineError: the process died, or failed for something in the file.
    """
    if file.attempts < ATTEMPTS - 1:
        return
    log.warning("%s was begun %d times and never ended: it is read by itself now", file.name, file.attempts)
    reader = multiprocessing.get_context("spawn").Process(target=_read_alone, args=(file.name, read, *arguments))
    reader.start()
    reader.join()
    if reader.exitcode:
        raise QuarantineError(
            f"reading it was begun {ATTEMPTS} times and never ended (the process was killed, out of memory, or"
            " failed: see the runs' logs): deliver it again otherwise, or touch it to have it tried again"
        )


def _read_alone(name: str, read: Callable[..., None], *arguments: Any) -> None:
    """Read a file as the whole of a process; a failure is a line of text, since it may quote what is in the file."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who stops the run is told by the run
    try:
        read(*arguments)
    except Exception as error:
        raise SystemExit(f"{name}: {type(error).__name__}: {first_line(error)}") from error


def note_in_vain(warehouse: Warehouse, waits: list[tuple[DeliveredFile, NotReadyError]]) -> None:
    """Note that files could not be taken, and why; the attempts at them have ended."""
    if not waits:
        return
    with warehouse.transaction():
        for file, wait in waits:
            log.warning("%s: %s; looked at again in the next run", file.name, wait)
            warehouse.run(
                "ops.attempts", "record_failed_read",
                name=file.name, bytes=file.bytes, changed_ns=file.changed_ns, waits_for=str(wait),
            )  # fmt: skip


def forget_gone(warehouse: Warehouse, seen: list[DeliveredFile]) -> None:
    """Forget the attempts at files that lie there no more, or in another state."""
    with seen_files(warehouse.connection, seen):
        if warehouse.value("ops.attempts", "count_gone"):
            with warehouse.transaction():
                warehouse.run("ops.attempts", "remove_gone")


def note_refused_gone(warehouse: Warehouse, seen: list[DeliveredFile]) -> None:
    """Note which refused files lie there no more, and which do again; nothing where none changed.

    One that is being replaced has not gone: what has come in its place has yet to load. Checks ask the warehouse, which
    sees no folder.
    """
    with seen_files(warehouse.connection, seen):
        if warehouse.value("ops.refused_files_gone", "count_changed"):
            with warehouse.transaction() as recorded_at:
                warehouse.run("ops.refused_files_gone", "remove_returned")
                warehouse.run("ops.refused_files_gone", "add", recorded_at=recorded_at)
