"""What is noted of delivered files that were begun and not finished, and of refused ones that are gone.

Belongs here: the record of it. Does not: what follows from it (`inbox`, `isolation`).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import duckdb
import pyarrow as pa

from assets.engine.delivery.files import DeliveredFile, NotReadyError
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.delivery")


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
            place: counts for place, *counts in connection.execute(sql("internal.attempts", "of_seen_files")).fetchall()
        }
    return [
        replace(file, attempts=known[place][0], failed_reads=known[place][1]) if place in known else file
        for place, file in enumerate(files)
    ]


def begin(warehouse: Warehouse, files: list[DeliveredFile]) -> None:
    """Count an attempt at each file; committed by itself, and no new revision, since it tells readers nothing."""
    with seen_files(warehouse.connection, files):
        warehouse.run("internal.attempts", "begin")


def release(warehouse: Warehouse, files: list[DeliveredFile]) -> None:
    """Take the count of the last attempt at each file back."""
    with seen_files(warehouse.connection, files):
        warehouse.run("internal.attempts", "release")


def record_failed_reads(warehouse: Warehouse, waits: list[tuple[DeliveredFile, NotReadyError]]) -> None:
    """Note that files could not be taken, and why; the attempts at them have ended."""
    if not waits:
        return
    with warehouse.transaction():
        for file, wait in waits:
            log.warning("%s: %s; read again in the next run", file.name, wait)
            warehouse.run(
                "internal.attempts", "record_failed_read",
                name=file.name, bytes=file.bytes, changed_ns=file.changed_ns, waits_for=str(wait),
            )  # fmt: skip


def forget_gone(warehouse: Warehouse, seen: list[DeliveredFile]) -> None:
    """Forget the attempts at files that lie there no more, or in another state."""
    with seen_files(warehouse.connection, seen):
        if warehouse.value("internal.attempts", "count_gone"):
            with warehouse.transaction():
                warehouse.run("internal.attempts", "remove_gone")


def note_refused_gone(warehouse: Warehouse, seen: list[DeliveredFile]) -> None:
    """Note which refused files lie there no more, and which do again; nothing where none changed.

    One that is being replaced has not gone: what has come in its place has yet to load. Checks ask the warehouse, which
    sees no folder.
    """
    with seen_files(warehouse.connection, seen):
        if warehouse.value("internal.refused_files_gone", "count_changed"):
            with warehouse.transaction() as recorded_at:
                warehouse.run("internal.refused_files_gone", "remove_returned")
                warehouse.run("internal.refused_files_gone", "add", recorded_at=recorded_at)
