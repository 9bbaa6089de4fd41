"""Events and payments become transactions; what finds no ad, brand or price waits.

Belongs here: the order of the statements. Does not: the rules for prices (`sql/portable/priced_events.sql`).
"""

import logging

from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.pricing")


def charge(warehouse: Warehouse) -> int:
    """Turn new events and payments, and those that waited, into transactions.

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
        warehouse.run("portable.priced_events")
        due, digest = warehouse.run("steps.pricing", "to_charge").fetchall()[0]
        values = {"recorded_at": recorded_at, "batch_id": batch_id}
        charged = int(warehouse.value("core.transactions", "charge", **values))
        charged += int(warehouse.value("core.transactions", "book_payments", **values))
        if charged != due:
            warehouse.run("steps.pricing", "still_waiting", **values)
        warehouse.run("core.unpriced", "clear")
        if charged != due:
            warehouse.run("core.unpriced", "add")
        warehouse.require("steps.pricing", "not_all_charged", batch_id=batch_id, due=due, digest=digest)
        warehouse.advance_watermark("core.transactions", max(newest, batch_id), recorded_at)
    log.info("%d transactions written, %d wait for an ad, a brand or a price", charged, due - charged)
    return charged
