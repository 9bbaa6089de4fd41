"""Months of history that were never delivered here, taken in by way of an engine.

Belongs here: what is taken, and the numbers kept for it. Does not: the steps (`given`, `computing`, `adoption`).

The warehouse is held while it begins and while it is adopted; between the two, runs go on.
"""

import logging
from pathlib import Path
from uuid import uuid4

from assets.engine.data_root import DataRoot
from assets.engine.delivery.files import DeliveredFile
from assets.engine.delivery.listing import files_outside
from assets.engine.errors import SpendgateError
from assets.engine.history.attempt import Attempt, Begun
from assets.engine.history.given import Given, give_for_backfill, require_nothing_pending
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.history")


def new_attempt(root: DataRoot, what: str) -> Attempt:
    """An attempt under a name that none has had."""
    return Attempt(root, f"{what}-{uuid4().hex[:12]}")


def begin_backfill(warehouse: Warehouse, folder: Path, engine: str) -> Given:
    """Keep numbers for the files below a folder, and write down what an engine needs to take them in.

    Raises:
        SpendgateError: there is none, one cannot be read at all, or a batch waits to be charged or summed.
    """
    files = _files(warehouse.root, folder)
    require_nothing_pending(warehouse)
    attempt = new_attempt(warehouse.root, "backfill")
    with warehouse.transaction() as began_at:
        warehouse.run(
            "internal.backfills",
            "begin",
            attempt=attempt.name,
            folder=str(folder.resolve()),
            engine=engine,
            began_at=began_at,
            newest_file=int(warehouse.value("ops.delivered_files", "newest_id")),
            files=len(files),
        )
    [begun] = warehouse.run("internal.backfills", "begun", attempt=attempt.name).fetchall()
    log.info("attempt %s: %d files", attempt.name, len(files))
    return give_for_backfill(warehouse, attempt, files, Begun(*begun))


def _files(root: DataRoot, folder: Path) -> list[DeliveredFile]:
    if folder.resolve().is_relative_to(root.landing_folder.resolve()):
        raise SpendgateError(f"{folder} is delivered here: `spendgate run` takes it in")
    files = files_outside(folder)
    for file in files:
        if file.unlisted or file.refusal:
            raise SpendgateError(f"{file.name}: {file.refusal or f'cannot be listed: {file.unlisted}'}")
    if not files:
        raise SpendgateError(f"there is no file below {folder}")
    return files
