"""Refused rows are tried again, from the staged copies of their files.

Belongs here: which files, and the transaction. Does not: reading them (`batch`).
"""

import logging

from assets.engine.delivery.files import NotReadyError, QuarantineError
from assets.engine.delivery.inbox import Retry
from assets.engine.ingestion.batch import Batch, TakenFile
from assets.engine.settings import Settings
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.ingestion")


def retry_refused(warehouse: Warehouse, retry: Retry, settings: Settings) -> None:
    """Read the refused rows of some files again, from their staged copies: what is sound now is loaded, once."""
    for row in warehouse.run("raw.event_files", "to_retry", reason=retry.reason, name=retry.name).fetchall():
        _retry(warehouse, TakenFile(*row), settings)


def _retry(warehouse: Warehouse, file: TakenFile, settings: Settings) -> None:
    """One transaction: what is sound now of the refused rows of one file."""
    batch = Batch(warehouse, warehouse.clock(), settings)
    try:
        batch.reload(file)
        batch.validate(only_refused=True)
        with warehouse.transaction() as recorded_at:
            batch.write_retry(file.file_id, recorded_at)
    except (NotReadyError, QuarantineError) as refusal:
        log.warning("%s cannot be tried again: %s", file.name, refusal)
        return
    counts = warehouse.run("internal.retries", "newest").fetchall()[0]
    log.info("%s: %d refused rows tried again = %d loaded + %d duplicate + %d refused", file.name, *counts)
