"""Assets of spend by the brand's own clock: by hour, day and month, what came late, and what went beyond the budgets.

Belongs here: the assets. Does not: what is added to them in a run (`engine.spend`, `sql/mart`).
"""

from collections.abc import Iterator

import dagster as dg

from assets.engine.overspend import measure_overspend
from assets.engine.spend import sum_spend
from assets.engine.warehouse.warehouse import Warehouse
from assets.mistakes import told_plainly
from assets.table_spec import POOL, materialized, table_spec

HOURLY = "mart.hourly_spend"
ACCOUNT = "mart.account"
SUMMED = ("mart.daily_spend", "mart.monthly_spend", "mart.lifetime_spend", "mart.restatements")
SPEND = (HOURLY, ACCOUNT, *SUMMED)
OVERSPEND = "mart.overspend"


@dg.multi_asset(
    specs=[
        table_spec(name, ["core.transactions", "core.corrections", "core.brands", "core.utc_offsets"]) for name in SPEND
    ],
    pool=POOL,
)
@told_plainly
def spend(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
    """Spend by local hour, day and month; a run adds what is new and leaves what is stored."""
    sum_spend(warehouse)
    for view in (HOURLY, ACCOUNT):  # to count the rows of a view is to work them all out
        yield dg.MaterializeResult(asset_key=view.split("."))
    for name in SUMMED:
        yield materialized(warehouse, name)


@dg.multi_asset(
    specs=[
        table_spec(OVERSPEND, ["core.transactions", "mart.daily_spend", "mart.monthly_spend", "ops.budget_findings"]),
    ],
    pool=POOL,
)
@told_plainly
def overspend(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """What brands spent beyond their budgets, and why; recomputed where something changed."""
    measure_overspend(warehouse)
    return materialized(warehouse, OVERSPEND)
