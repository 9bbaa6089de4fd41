"""The ledger, the sums over it and what went beyond the budgets: each does, in one transaction, what is not yet done.

Belongs here: the order of the statements. Does not: prices and sums (`sql/core`, `sql/mart`).
"""

import logging

import duckdb

from assets.sealed_tables import BEGINNING, NEVER, days_needed, names_lost_day
from assets.settings import first_line
from assets.time_zones import tzdata_version, utc_offsets
from assets.warehouse import Warehouse

log = logging.getLogger("spendgate.accounting")


def load_utc_offsets(warehouse: Warehouse) -> None:
    """Bring `core.utc_offsets` to the installed tzdata release."""
    if warehouse.value("core.utc_offsets", "release") == tzdata_version():
        return
    warehouse.connection.register("zone_periods", utc_offsets())
    with warehouse.transaction() as recorded_at:
        warehouse.run("core.superseded_utc_offsets", "add", recorded_at=recorded_at)
        warehouse.run("core.utc_offsets", "clear")
        warehouse.run("core.utc_offsets", "add")
        warehouse.batch_id(recorded_at)  # sums by zone rules that changed are behind now
    warehouse.connection.unregister("zone_periods")
    log.info("time zones of tzdata %s", tzdata_version())


def charge(warehouse: Warehouse) -> int:
    """Turn new events and payments, and those that waited, into transactions.

    Returns:
        How many were charged or booked.
    """
    behind = warehouse.behind("core.transactions")
    if behind is None:
        return 0
    done_through, newest = behind
    with warehouse.transaction() as recorded_at:
        batch_id = warehouse.batch_id(recorded_at)
        due, digest = warehouse.run("steps.pricing", "to_charge", done_through=done_through).fetchall()[0]
        values = {"done_through": done_through, "recorded_at": recorded_at, "batch_id": batch_id}
        charged = int(warehouse.value("core.transactions", "charge", **values))
        charged += int(warehouse.value("core.transactions", "book_payments", **values))
        if charged != due:
            warehouse.run("steps.pricing", "still_waiting", **values)
        warehouse.run("core.unpriced", "clear")
        if charged != due:
            warehouse.run("core.unpriced", "add")
        warehouse.require("steps.pricing", "not_all_charged", batch_id=batch_id, due=due, digest=digest)
        warehouse.mark_done("core.transactions", max(newest, batch_id), recorded_at)
    log.info("%d transactions written, %d wait for an ad, a brand or a price", charged, due - charged)
    return charged


def sum_spend(warehouse: Warehouse) -> int:
    """Add the transactions of new batches to the daily and monthly spend.

    A brand whose time zone (or the rules for it) changed is summed anew from the ledger.

    Returns:
        How many sums by local date were added to.
    """
    behind = warehouse.behind("mart")
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
        warehouse.mark_done("mart", newest, recorded_at)
    log.info("spend added to %d sums by local date", days)
    return days


def measure_overspend(warehouse: Warehouse) -> int:
    """Work out anew what brands spent beyond their budgets, and why, for the days and months that are due.

    Due is what has new transactions, and what a new budget or a decision's new finding bears upon.

    Returns:
        How many days and months of brands were due; 0 when they wait for a sealed day that cannot be read.
    """
    try:
        return _measure_overspend(warehouse)
    except duckdb.InvalidInputException as error:
        if not names_lost_day(error):
            raise
        log.error("overspend is worked out when this is mended: %s", first_line(error))
        return 0


def _measure_overspend(warehouse: Warehouse) -> int:
    with warehouse.transaction():
        due = int(warehouse.value("steps.overspend", "due_periods"))
        warehouse.run("steps.overspend", "exceeded_periods")
        warehouse.run("mart.overspend", "remove_due")
        exceeded = int(warehouse.value("mart.overspend", "add"))
        warehouse.run("ops.overspend_due", "clear")
    log.info("overspend worked out for %d days and months of brands; %d went beyond a budget", due, exceeded)
    return due
