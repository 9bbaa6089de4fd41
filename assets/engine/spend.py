"""Transactions are added to the spend per brand, by its own day and month.

Belongs here: the order of the statements. Does not: the sums (`sql/portable/spend_by_date.sql`).
"""

import logging
from datetime import datetime

from assets.engine.warehouse.sealed_tables import BEGINNING, NEVER, days_needed
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.spend")


def sum_spend(warehouse: Warehouse) -> int:
    """Add the transactions of new batches to the daily and monthly spend.

    A brand some of whose sums are by another zone than the one in force then (or by other rules for it) is summed
    again from the ledger.

    Returns:
        How many sums by local date were added to.
    """
    if warehouse.pending_batches("mart") is None:
        return 0
    with warehouse.transaction() as recorded_at:
        return add_spend(warehouse, recorded_at)


def add_spend(warehouse: Warehouse, recorded_at: datetime) -> int:
    """Do what `sum_spend` does inside a transaction under way, in which or before which a batch was opened."""
    done_through, newest = warehouse.pending_batches("mart") or (0, 0)
    warehouse.run("steps.spend", "changed_zones")
    # what happened before the first change is as it was summed
    with days_needed(warehouse.connection, warehouse.value("steps.spend", "first_change") or NEVER):
        rezoned = int(warehouse.value("steps.spend", "rezoned_brands"))
    # all of the history only for brands that are summed again
    with days_needed(warehouse.connection, BEGINNING if rezoned else NEVER):
        days = _sum_costs(warehouse, done_through)
        warehouse.require("steps.spend", "lost_or_doubled")
    write_spend(warehouse, newest, recorded_at, rezoned=bool(rezoned))
    log.info("spend added to %d sums by local date", days)
    return days


def write_spend(warehouse: Warehouse, newest: int, recorded_at: datetime, *, rezoned: bool) -> None:
    """Add `new_spend` to the sums, and note what it bears upon. Reads `rezoned_brands`; call it in a transaction."""
    with days_needed(warehouse.connection, BEGINNING if rezoned else NEVER):
        warehouse.run("internal.overspend_due", "add_new_spend")
    first_day, last_day = warehouse.run("steps.spend", "days_of_new_spend").fetchall()[0]
    with days_needed(warehouse.connection, BEGINNING if rezoned else first_day or NEVER, last_day or NEVER):
        warehouse.run("mart.restatements", "add", batch_id=newest, recorded_at=recorded_at)
    for table in ("mart.daily_spend", "mart.monthly_spend", "mart.lifetime_spend"):
        if rezoned:
            warehouse.run(table, "remove_rezoned")
        warehouse.run(table, "add")
    warehouse.advance_watermark("mart", newest, recorded_at)


def _sum_costs(warehouse: Warehouse, done_through: int) -> int:
    """Put the spend of batches after one into `new_spend`; returns how many rows it has."""
    warehouse.run("steps.spend", "summed_through", done_through=done_through)
    warehouse.run("steps.spend", "costs_to_sum")
    warehouse.run("steps.spend", "brand_offsets")
    warehouse.run("portable.spend_by_date")
    return int(warehouse.value("steps.spend", "new_spend"))
