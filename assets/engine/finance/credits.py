"""Credits for over-delivery: what of a brand's overspend is given back, and the corrections that do it.

Belongs here: which causes a brand is credited for, and the corrections file. Does not: booking it: it is delivered as
any other correction, so it is booked once, and again when the warehouse is rebuilt.

Only the brand's own budgets of one kind of period count at a time: the same cost can lie beyond its day's and its
month's budget, and is given back once.
"""

import csv
import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.known_brands import require_brands
from assets.engine.overspend import place_costs
from assets.engine.sealing.files import verify_changed_files
from assets.engine.settings import Settings, listed
from assets.engine.warehouse.disk import write_whole
from assets.engine.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class Asked:
    """What is to be credited: the overspend of one kind of budget of a brand, in the periods that begin in a month."""

    brand_id: int
    month: date
    period: str


@dataclass(frozen=True)
class Credit:
    """One correction: `amount` is given back of a cost, for `cause`, in the period that begins on `starts_on`."""

    correction_id: str
    transaction_id: int
    amount: Decimal
    reason: str
    starts_on: date
    cause: str
    campaign_id: int


def credited_causes(settings: Settings, brand_id: int) -> list[str]:
    """Which causes a brand is credited for: its own of `credited_causes`, else those that name no brand."""
    by_brand = {}
    for each in listed(settings.credited_causes):
        brand, _, causes = each.rpartition(": ")
        by_brand[brand] = causes
    said = by_brand.get(str(brand_id), by_brand.get("", "none"))
    return [cause for cause in said.split("+") if cause != "none"]


def credits_due(warehouse: Warehouse, asked: Asked, causes: list[str]) -> list[Credit]:
    """What is to be given back of a brand's costs, by today's ledger; nothing is written.

    Raises:
        SpendgateError: there is no such brand, or rows wait to be charged or summed.
    """
    require_brands(warehouse.connection, [asked.brand_id])
    if not causes:
        return []
    if warehouse.has_pending_batches():
        raise SpendgateError("a batch is loaded and not charged or summed yet: `spendgate run`, then credit")
    verify_changed_files(warehouse)
    brand = {"brand_id": asked.brand_id, "local_month": asked.month}
    warehouse.connection.execute("begin")
    try:
        warehouse.run("steps.credits", "add_due", **brand)
        place_costs(warehouse)
        rows = warehouse.run("steps.credits", "costs", **brand, period=asked.period, causes=causes).fetchall()
    finally:
        warehouse.connection.execute("rollback")
    return [Credit(*row) for row in rows]


def deliver_credits(root: DataRoot, asked: Asked, credits_: list[Credit]) -> str:
    """Put the corrections into the folder of deliveries, where the next run books them; returns the file's name.

    Delivered twice before a run, they are the same corrections, and booked once; after it they are no longer due.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["correction_id", "transaction_id", "amount", "reason"])
    writer.writerows((one.correction_id, one.transaction_id, f"{one.amount:f}", one.reason) for one in credits_)
    content = sha256(text.getvalue().encode()).hexdigest()[:12]
    name = f"over-delivery-{asked.brand_id}-{asked.period.lower()}-{asked.month:%Y-%m}-{content}.csv"
    write_whole(root.landing("corrections") / name, text.getvalue())
    return name
