"""Assets of the decision: `ops.campaign_status`, its history, and the budgets it was made from.

Belongs here: the assets. Does not: the rules (`decision`, `sql/decision`).
"""

from collections.abc import Iterator

import dagster as dg

from assets.engine.decision import decide
from assets.engine.warehouse.warehouse import Warehouse
from assets.table_spec import POOL, materialized, table

DECISION = (
    "mart.brand_budget",
    "ops.budget_findings",
    "ops.campaign_status",
    "ops.campaign_status_changes",
    "ops.decisions",
)


@dg.multi_asset(
    specs=[
        table("mart.brand_budget", ["mart.daily_spend", "mart.monthly_spend", "core.brands"]),
        table("ops.budget_findings", ["mart.brand_budget"]),
        table("ops.campaign_status", ["mart.brand_budget", "core.campaigns"]),
        table("ops.campaign_status_changes", ["mart.brand_budget", "core.campaigns"]),
        table("ops.decisions", ["mart.brand_budget", "core.campaigns"]),
    ],
    pool=POOL,
)
def decision(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
    """Which campaigns may run, decided for the run's own instant, with the evidence."""
    decide(warehouse)
    for name in DECISION:
        yield materialized(warehouse, name)
