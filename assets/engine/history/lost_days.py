"""Sealed days that are lost, put back in their place from what an engine has made.

Belongs here: handing the rows of a day over. Does not: writing its files, and holding them against what was noted of
them when they were sealed (`rebuild.reseal`).
"""

from datetime import UTC, datetime, time

from assets.engine.history.attempt import TABLES, parquet_files
from assets.engine.history.given import Given
from assets.engine.history.made import show_made
from assets.engine.rebuild.reseal import reseal_from
from assets.engine.sealing.seal import SealedFile
from assets.engine.warehouse.warehouse import Warehouse


def mend_lost_days(warehouse: Warehouse, given: Given) -> list[SealedFile]:
    """Put lost days that an attempt is about back in their place.

    Raises:
        SpendgateError: a day does not come out as it was sealed. It was not changed.
    """
    for table in TABLES:
        show_made(warehouse, table, parquet_files(given.attempt.part(table)))
    warehouse.run("steps.history_given", "charges")
    files = []
    for day in given.lost:
        if given.wanted.starts_at <= datetime.combine(day, time(), UTC) < given.wanted.ends_at:
            made = {
                table: warehouse.relation("steps.history_lost", table, day=day).to_arrow_table() for table in TABLES
            }
            files += reseal_from(warehouse, day, lambda made=made: made)  # type: ignore[misc]
    return files
