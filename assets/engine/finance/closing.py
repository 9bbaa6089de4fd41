"""Closing a month of a brand: its statement stays as it is from then on.

Belongs here: which months may be closed, and the record of it. Does not: where later rows go: that follows from the
record (`sql/internal/statement_lines.sql`).
"""

import logging
from dataclasses import dataclass
from datetime import date

from assets.engine.errors import SpendgateError
from assets.engine.known_brands import no_brand
from assets.engine.sealing.files import verify_changed_files
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.closing")


@dataclass(frozen=True)
class Closing:
    """A month that is to be closed, with all open ones before it.

    Attributes:
        brand_id: whose.
        month: its first date, on the brand's clock.
        closed_by: who closes it.
        note: why.
    """

    brand_id: int
    month: date
    closed_by: str
    note: str


def close_month(warehouse: Warehouse, closing: Closing) -> list[date]:
    """Freeze the statements of a brand up to a month.

    Returns:
        The months that were open and are closed now.

    Raises:
        SpendgateError: there is no such brand, the month is closed already or not over, rows wait to be charged, or
            nobody says who and why.
    """
    if not (closing.closed_by.strip() and closing.note.strip()):
        raise SpendgateError("closing a month needs a reason, and who does it")
    _require_open_and_over(warehouse, closing)
    if warehouse.has_pending_batches():
        raise SpendgateError("a batch is loaded and not charged or summed yet: `spendgate run`, then close the month")
    verify_changed_files(warehouse)
    months = {"brand_id": closing.brand_id, "local_month": closing.month}
    with warehouse.transaction() as recorded_at:
        said = {"closed_by": closing.closed_by, "note": closing.note, "recorded_at": recorded_at}
        warehouse.run("ops.closed_months", "open_months", **months)
        warehouse.run("internal.stated_lines", "add", **months)
        warehouse.run("ops.closed_months", "add", brand_id=closing.brand_id, **said)
        closed = warehouse.run("ops.closed_months", "recorded", recorded_at=recorded_at).fetchall()
    log.info("brand %d: closed up to %s by %s (%s)", closing.brand_id, closing.month, closing.closed_by, closing.note)
    return [month for (month,) in closed]


def _require_open_and_over(warehouse: Warehouse, closing: Closing) -> None:
    brand = {"brand_id": closing.brand_id, "now": warehouse.now}
    row = warehouse.row("ops.closed_months", "of_brand", **brand)
    if row is None:
        raise no_brand(closing.brand_id)
    month_now, first_month, closed_through = row
    if first_month is None or closing.month < first_month:
        since = "has no statement yet" if first_month is None else f"has statements from {first_month:%Y-%m} on"
        raise SpendgateError(f"brand {closing.brand_id} {since}: there is no {closing.month:%Y-%m} to close")
    if closed_through and closing.month <= closed_through:
        raise SpendgateError(
            f"{closing.month:%Y-%m} of brand {closing.brand_id} is closed already; what came since is in the statement"
            " of the first open month"
        )
    if closing.month >= month_now:
        raise SpendgateError(f"{closing.month:%Y-%m} is not over on the clock of brand {closing.brand_id}")
