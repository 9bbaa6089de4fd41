"""Transactions are added to the spend per brand, by its own day and month.

Belongs here: the order of the statements. Does not: the sums (`sql/steps/spend.sql`, `sql/mart`).
"""

import logging

from assets.engine.warehouse.sealed_tables import BEGINNING, NEVER, days_needed
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.spend")


def sum_spend(warehouse: Warehouse) -> int:
    """Add the transactions of new batches to the daily and monthly spend.

    A brand whose time zone (or the rules for it) changed is summed anew from the ledger.

    Returns:
        How many sums by local date were added to.
    """
    behind = warehouse.pending_batches("mart")
    if behind is None:
        return 0
    done_through, newest = behind
    with warehouse.transaction() as recorded_at:
        moved = int(warehouse.value("steps.spend", "rezoned_brands"))
        # all of the history only for brands that are summed anew
        with days_needed(warehouse.connection, BEGINNING if moved else NEVER):
            days = int(warehouse.value("steps.spend", "new_spend", done_through=done_through))
            warehouse.require("steps.spend", "lost_or_doubled", done_through=done_through)
            warehouse.run("ops.overspend_due", "add_new_spend")
        first_day, last_day = warehouse.run("steps.spend", "days_of_new_spend").fetchall()[0]
        with days_needed(warehouse.connection, BEGINNING if moved else first_day or NEVER, last_day or NEVER):
            warehouse.run("mart.restatements", "add", batch_id=newest, recorded_at=recorded_at)
        for table in ("mart.daily_spend", "mart.monthly_spend"):
            if moved:
                warehouse.run(table, "remove_rezoned")
            warehouse.run(table, "add")
        warehouse.run("ops.summed_brands", "record")
        warehouse.advance_watermark("mart", newest, recorded_at)
    log.info("spend added to %d sums by local date", days)
    return days
