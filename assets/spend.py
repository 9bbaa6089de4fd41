"""Assets of spend by the brand's own clock: `mart.hourly_spend`, `mart.daily_spend`, `mart.monthly_spend`.

Belongs here: the assets. Does not: what is added to them in a run (`accounting`, `sql/mart/new_spend.sql`).
"""

from collections.abc import Iterator

import dagster as dg

from assets.accounting import sum_spend
from assets.catalog import POOL, materialized, table
from assets.warehouse import Warehouse

SPEND = ("mart/hourly_spend", "mart/daily_spend", "mart/monthly_spend")


@dg.multi_asset(
    specs=[table(name, ["core/transactions", "core/brands", "core/utc_offsets"]) for name in SPEND],
    pool=POOL,
)
def spend(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
    """Spend by local hour, day and month; a run adds what is new and leaves what is stored."""
    sum_spend(warehouse)
    for name in SPEND:
        yield materialized(warehouse, name)
