"""The warehouse rebuilt beside the live one, by doing again what was done, and the two compared table by table.

Belongs here: the order of what is done again, and what is kept. Does not: how it is done (`ingestion`,
`pricing`, `spend`).

Rebuilt, from the staged files: events, payments, refused rows, the ledger, every sum over it. Kept, since only the
warehouse knows it: statuses and their history, the versions of the reference data with the time from which each
holds, and when which batch did what, which is the order in which all of it is done again.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from assets.engine.errors import SpendgateError, first_line
from assets.engine.rebuild.comparison import Comparison, compare
from assets.engine.rebuild.replay import COMPARED, Replay, Step
from assets.engine.sealing.files import set_aside, verify_sealed_files
from assets.engine.settings import Settings
from assets.engine.warehouse.disk import fsync, write_ahead_log
from assets.engine.warehouse.files_let_go import forget_let_go, let_go
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.rebuilding")


def rebuild(
    warehouse: Warehouse, settings: Settings, track: Callable[[list[Step]], Iterable[Step]] = iter
) -> list[Comparison]:
    """Make the warehouse again in `rebuilt.duckdb`, and compare it with the live one, which is only read.

    Args:
        warehouse: the live one, held by this run.
        settings: limits where those of then were not noted.
        track: shows progress over the steps.

    Raises:
        SpendgateError: a staged file is damaged, or larger than a limit that was lowered since.
    """
    with suppress(duckdb.Error):  # of a live one that cannot be read, which is told below
        verify_sealed_files(warehouse)
    with replaying(warehouse) as (live, rebuilt):
        Replay(live, rebuilt, settings).run(track)
        return [compare(live, rebuilt.connection, table) for table in COMPARED]


@contextmanager
def replaying(warehouse: Warehouse) -> Iterator[tuple[duckdb.DuckDBPyConnection, Warehouse]]:
    """The warehouse to do things again from, and an empty one to do them in.

    Things are done again from the live warehouse, or, should that not be readable, from the published copy of it.
    """
    root = warehouse.root
    source = _closed_source(warehouse)
    for leftover in (root.rebuilt_file, write_ahead_log(root.rebuilt_file)):
        leftover.unlink(missing_ok=True)  # of a rebuild before this one, or one that was killed
    rebuilt = Warehouse(root, now=warehouse.now, run_id=warehouse.run_id, file=root.rebuilt_file)
    try:
        with duckdb.connect(str(source), read_only=True) as live:
            live.execute("set TimeZone = 'UTC'")
            live.execute("set variable spendgate_data = $root", {"root": str(root.path)})
            yield live, rebuilt
    finally:
        rebuilt.close()


def _closed_source(warehouse: Warehouse) -> Path:
    """The live warehouse, checkpointed and closed; the published copy if it cannot be opened."""
    try:
        forget_let_go(warehouse, warehouse.root.rebuilt_file)
        warehouse.connection.execute("checkpoint")
    except duckdb.Error as error:
        if not warehouse.root.published_file.exists():
            raise
        log.warning("%s cannot be read (%s): its published copy is used", warehouse.file, first_line(error))
        return warehouse.root.published_file
    finally:
        warehouse.close()
    return warehouse.file


def swap(warehouse: Warehouse) -> None:
    """Let the rebuilt warehouse take the live one's place, which is kept as `replaced.duckdb`, in one step."""
    root = warehouse.root
    warehouse.close()
    if write_ahead_log(root.rebuilt_file).exists():
        raise SpendgateError("a write-ahead log is left beside the rebuilt warehouse: nothing was swapped")
    if write_ahead_log(root.warehouse_file).exists():
        set_aside(warehouse, write_ahead_log(root.warehouse_file))  # the live one could not be opened
    root.replaced_file.unlink(missing_ok=True)
    if root.warehouse_file.exists():
        os.link(root.warehouse_file, root.replaced_file)
    fsync(root.rebuilt_file)
    root.rebuilt_file.replace(root.warehouse_file)
    fsync(root.warehouse_file.parent)
    forget_let_go(warehouse, root.replaced_file)
    let_go(warehouse, [root.replaced_file], "replaced by a rebuilt warehouse")
