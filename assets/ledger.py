"""Assets of the ledger: `core.transactions`, `core.corrections`, `core.unpriced`.

Belongs here: the assets. Does not: how events are priced (`engine.pricing`).
"""

from collections.abc import Iterator

import dagster as dg

from assets.engine.pricing import charge
from assets.engine.warehouse.warehouse import Warehouse
from assets.mistakes import told_plainly
from assets.table_spec import POOL, materialized, table_spec

LEDGER = ("core.transactions", "core.corrections", "core.unpriced")


@dg.multi_asset(
    specs=[
        table_spec(
            name,
            [
                "raw.ad_events",
                "raw.payments",
                "raw.corrections",
                "core.brands",
                "core.campaigns",
                "core.ad_sets",
                "core.ads",
                "core.global_ad_pricing",
            ],
        )
        for name in LEDGER
    ],
    pool=POOL,
)
@told_plainly
def transactions(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
    """Every event charged once at the price in force, every payment and correction booked once; the rest waits."""
    charge(warehouse)
    for name in LEDGER:
        yield materialized(warehouse, name)
