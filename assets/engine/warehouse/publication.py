"""The copy that everybody reads: one finished state, swapped in at the end of a run.

Belongs here: making the copy and opening it. Does not: what readers may ask of it (`reader_queries`).
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError, first_line
from assets.engine.warehouse.disk import fsync
from assets.engine.warehouse.migrations import refuse_other_version
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.publishing")


def publish(warehouse: Warehouse) -> int | None:
    """Copy the warehouse to the published file, if it has changed since.

    The copy is verified and on disk before it takes the old one's place in one step, so a reader holds either
    the old state or the new one.

    Returns:
        Size of the published file in bytes, or None when it was up to date.
    """
    state = warehouse.row("ops.revision", "state")
    if state == _published_state(warehouse.root.published_file):
        return None
    warehouse.connection.execute("checkpoint")
    warehouse.close()
    target = warehouse.root.published_file
    copy = target.with_name(f".{target.name}.tmp")
    try:
        shutil.copyfile(warehouse.root.warehouse_file, copy)
        copy.chmod(0o444)
        whole = copy.stat().st_size == warehouse.root.warehouse_file.stat().st_size
        if not whole or state_of_file(copy) != state:
            raise SpendgateError(f"the copy {copy} is not what was written; the published file is unchanged")
        fsync(copy)
        copy.rename(target)
    finally:
        copy.unlink(missing_ok=True)  # a copy that did not get there must not fill the disk
    fsync(target.parent)
    return target.stat().st_size


def _published_state(file: Path) -> tuple[int, datetime] | None:
    """Of what is published; None: nothing is, or something else, which is published over."""
    try:
        return state_of_file(file) if file.exists() else None
    except duckdb.Error as error:
        log.warning("%s is not what was published, and is replaced: %s", file, first_line(error))
        return None


@contextmanager
def open_published(root: DataRoot) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published file, read-only, in UTC.

    Raises:
        SpendgateError: nothing has been published yet, or by another version.
    """
    file = root.published_file
    if not file.exists():
        raise SpendgateError(f"nothing is published yet in {file.parent}: run `spendgate run` first")
    connection = duckdb.connect(str(file), read_only=True)
    try:
        connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")  # it would stand among the rows
        connection.execute("set variable spendgate_data = $folder", {"folder": str(root.path)})
        refuse_other_version(connection, file)
        yield connection
    finally:
        connection.close()


def published_revision(root: DataRoot) -> int | None:
    """Revision the readers see; None when nothing has been published."""
    state = state_of_file(root.published_file) if root.published_file.exists() else None
    return state[0] if state else None


def state_of_file(file: Path) -> tuple[int, datetime]:
    """Revision of a file and when it was recorded: two warehouses may come to the same number, but not at once."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        revision, recorded_at = connection.execute(sql("ops.revision", "state")).fetchall()[0]
        return revision, recorded_at
