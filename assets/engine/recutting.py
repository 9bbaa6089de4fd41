"""The history of a brand cut anew by its zone, which had been delivered wrong from the start.

Belongs here: who may do it, and what it moves. Does not: an ordinary change of a zone, which holds from the next local
midnight (`sql/core/brand_zones.sql`).
"""

import logging
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from assets.engine.errors import SpendgateError
from assets.engine.spend import add_spend
from assets.engine.warehouse.sealed_tables import BEGINNING, days_needed
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.recutting")


@dataclass(frozen=True)
class Move:
    """A local month or day of a brand whose spend the other zone changes."""

    period: str
    starts_on: date
    spend_before: Decimal
    spend_after: Decimal


@dataclass(frozen=True)
class Recut:
    """The zone that holds for all of a brand's history, and what that moves."""

    timezone: str
    moves: list[Move]


def preview_recut(warehouse: Warehouse, brand_id: int) -> Recut:
    """What `recut` would move; nothing is written.

    Raises:
        SpendgateError: there is no such brand, or its history is by its zone already.
    """
    row = warehouse.row("core.brand_zones", "of_brand", brand_id=brand_id)
    if row is None:
        raise SpendgateError(f"brand {brand_id} is not known: `brands` of the reference data never had it")
    timezone, holds_always = row
    if holds_always:
        raise SpendgateError(
            f"the history of brand {brand_id} is by {timezone} already: deliver the right zone in `brands`, `spendgate"
            " run` it, then cut anew"
        )
    with days_needed(warehouse.connection, BEGINNING):
        rows = warehouse.run("steps.recutting", "moves", brand_id=brand_id, timezone=timezone).fetchall()
    return Recut(timezone, [Move(*row) for row in rows])


def recut(warehouse: Warehouse, brand_id: int, *, recut_by: str, reason: str) -> Recut:
    """Let the zone noted last for a brand hold for all of its history, and sum its spend anew, in one transaction.

    What was decided stays as it was; decided days that move stand in `mart.restatements`.

    Raises:
        SpendgateError: there is no such brand, its history is by its zone already, or nobody says who and why.
    """
    if not (recut_by.strip() and reason.strip()):
        raise SpendgateError("cutting history anew needs a reason, and who does it")
    done = preview_recut(warehouse, brand_id)
    with warehouse.transaction() as recorded_at:
        record = {"batch_id": warehouse.batch_id(recorded_at), "recorded_at": recorded_at}
        warehouse.run("core.brand_zones", "add_for_all_time", brand_id=brand_id, **record)
        add_spend(warehouse, recorded_at)
        what = {"table_name": "core.brand_zones", "rows": 1}
        warehouse.run("internal.mendings", "add", mended_at=recorded_at, mended_by=recut_by, reason=reason, **what)
    log.info("brand %d: all of its history is by %s", brand_id, done.timezone)
    return done
