"""Transactions are added to the spend per brand, by its own day and month.

Belongs here: the order of the statements. Does not: the sums (`sql/portable/spend_by_date.sql`).
"""

import logging

from assets.engine.warehouse.sealed_tables import BEGINNING, NEVER, days_needed
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.spend")


def sum_spend(warehouse: Warehouse) -> int:
    """Add the transactions of new batches to the daily and monthly spend.

    A brand whose time zone (or the rules for it) changed is summed again from the ledger.

    Returns:
        How many sums by local date were added to.
    """
    pending = warehouse.pending_batches("mart")
    if pending is None:
        return 0
    done_through, newest = pending
    with warehouse.transaction() as recorded_at:
        rezoned = int(warehouse.value("steps.spend", "rezoned_brands"))
        # all of the history only for brands that are summed again
        with days_needed(warehouse.connection, BEGINNING if rezoned else NEVER):
            days = _sum_costs(warehouse, done_through)
            warehouse.require("steps.spend", "lost_or_doubled")
            warehouse.run("ops.overspend_due", "add_new_spend")
        first_day, last_day = warehouse.run("steps.spend", "days_of_new_spend").fetchall()[0]
        with days_needed(warehouse.connection, BEGINNING if rezoned else first_day or NEVER, last_day or NEVER):
            warehouse.run("mart.restatements", "add", batch_id=newest, recorded_at=recorded_at)
        for table in ("mart.daily_spend", "mart.monthly_spend", "mart.lifetime_spend"):
            if rezoned:
                warehouse.run(table, "remove_rezoned")
            warehouse.run(table, "add")
        warehouse.run("ops.summed_brands", "record")
        warehouse.advance_watermark("mart", newest, recorded_at)
    log.info("spend added to %d sums by local date", days)
    return days


def _sum_costs(warehouse: Warehouse, done_through: int) -> int:
    """Put the spend of batches after one into `new_spend`; returns how many rows it has."""
    warehouse.run("steps.spend", "summed_through", done_through=done_through)
    warehouse.run("steps.spend", "costs_to_sum")
    warehouse.run("steps.spend", "brand_offsets")
    warehouse.run("portable.spend_by_date")
    return int(warehouse.value("steps.spend", "new_spend"))
