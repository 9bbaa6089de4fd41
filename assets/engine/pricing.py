"""Events, payments and corrections become transactions; what finds no ad, brand, price or cost waits.

Belongs here: the order of the statements. Does not: the rules for prices (`sql/portable/priced_events.sql`).
"""

import logging

from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.pricing")


def charge(warehouse: Warehouse) -> int:
    """Turn new events, payments and corrections, and those that waited, into transactions.

    Returns:
        How many were charged or booked.
    """
    pending = warehouse.pending_batches("core.transactions")
    if pending is None:
        return 0
    done_through, newest = pending
    with warehouse.transaction() as recorded_at:
        batch_id = warehouse.batch_id(recorded_at)
        warehouse.run("steps.pricing", "charged_through", done_through=done_through)
        warehouse.run("steps.pricing", "events_to_price")
        warehouse.run("steps.pricing", "payments_to_book")
        warehouse.run("steps.pricing", "corrections_to_book")
        warehouse.run("portable.priced_events")
        due, digest = warehouse.run("steps.pricing", "to_charge").fetchall()[0]
        values = {"recorded_at": recorded_at, "batch_id": batch_id}
        charged = int(warehouse.value("core.transactions", "charge", **values))
        charged += int(warehouse.value("core.transactions", "book_payments", **values))
        _weigh_corrections(warehouse, batch_id)
        warehouse.run("core.transactions", "book_corrections", **values)
        charged += int(warehouse.value("core.corrections", "add", **values))
        warehouse.require("steps.pricing", "overdrawn")
        if charged != due:
            warehouse.run("steps.pricing", "still_waiting", **values)
        warehouse.run("core.unpriced", "clear")
        if charged != due:
            warehouse.run("core.unpriced", "add")
        warehouse.require("steps.pricing", "not_all_charged", batch_id=batch_id, due=due, digest=digest)
        warehouse.advance_watermark("core.transactions", max(newest, batch_id), recorded_at)
    log.info("%d transactions written, %d wait for an ad, a brand, a price or a cost", charged, due - charged)
    return charged


def _weigh_corrections(warehouse: Warehouse, batch_id: int) -> None:
    """Find the costs that corrections name, and what each takes back; sealed days are opened only for new ones."""
    warehouse.run("steps.pricing", "corrected_events")
    if warehouse.value("steps.pricing", "events_not_found"):
        warehouse.run("steps.pricing", "corrected_sealed_events")
    warehouse.run("steps.pricing", "name_events")
    warehouse.run("steps.pricing", "corrected_costs", batch_id=batch_id)
    if warehouse.value("steps.pricing", "costs_not_found"):
        warehouse.run("steps.pricing", "corrected_sealed_costs")
    warehouse.run("steps.pricing", "weighed_corrections")
    warehouse.run("steps.pricing", "booked_corrections")
