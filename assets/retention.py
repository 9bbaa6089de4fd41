"""What has been kept as long as promised, and no longer.

Belongs here: what is removed when, by the `keep_…` settings. Does not: Dagster's runs and ticks (`pipelines.jobs`). The
ledger, statuses and their history are kept for ever; of published copies there is only the newest.
"""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assets.settings import Settings
from assets.warehouse import Warehouse

UNKNOWN_COPIES = timedelta(days=1)
"""How long a staged copy without a ledger row stays: its run was killed, and the next one stages it again."""

log = logging.getLogger("spendgate.retention")


def tidy(warehouse: Warehouse, settings: Settings) -> None:
    """Remove staged copies, refused rows and replaced warehouses that are older than `settings` promises."""
    copies = _remove_staged_copies(warehouse, warehouse.now - timedelta(days=settings.keep_staged_days))
    rows = _remove_rejected_rows(warehouse, warehouse.now - timedelta(days=settings.keep_rejected_days))
    warehouses = _remove_replaced(warehouse, warehouse.now - timedelta(days=settings.keep_replaced_days))
    files = _remove_unknown_sealed_files(warehouse, warehouse.now - timedelta(days=settings.keep_replaced_days))
    log.info(
        "removed %d staged copies, %d refused rows, %d warehouses and %d sealed files of warehouses that are gone",
        copies,
        rows,
        warehouses,
        files,
    )


def _remove_staged_copies(warehouse: Warehouse, before: datetime) -> int:
    is_old = dict(warehouse.run("ops/staged_copies", before=before).fetchall())
    removed = 0
    for copy in warehouse.root.staged.iterdir():
        sha256 = copy.name.partition(".")[0]
        unknown = sha256 not in is_old and _written_at(copy) < warehouse.now - UNKNOWN_COPIES
        if unknown or is_old.get(sha256):
            copy.unlink()
            removed += 1
    return removed


def _remove_rejected_rows(warehouse: Warehouse, before: datetime) -> int:
    rows = int(warehouse.value("raw/old_rejected_rows", before=before))
    if rows:
        with warehouse.transaction():
            warehouse.run("raw/forget_old_rejected_rows", before=before)
    return rows


def _remove_replaced(warehouse: Warehouse, before: datetime) -> int:
    removed = 0
    for file in (warehouse.root.replaced_file, warehouse.root.rebuilt_file):
        if file.exists() and _written_at(file) < before:
            file.unlink()
            removed += 1
    return removed


def _remove_unknown_sealed_files(warehouse: Warehouse, before: datetime) -> int:
    """Remove sealed files of a killed run, or of a warehouse that a rebuilt one has replaced."""
    known = {name for (name,) in warehouse.run("sealing/names").fetchall()}
    sealed = warehouse.root.sealed
    unknown = [file for file in sealed.glob("*/*.parquet") if str(file.relative_to(sealed)) not in known]
    removed = [file for file in unknown if _written_at(file) < before]
    for file in removed:
        file.unlink()
    return len(removed)


def _written_at(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
