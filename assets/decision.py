"""Assets of the decision: `ops.campaign_status`, its history, and the budgets it was made from.

Belongs here: the assets. Does not: the rules (`engine.decision`, `sql/steps/decision.sql`).
"""

from collections.abc import Iterator

import dagster as dg

from assets.engine.decision import decide
from assets.engine.warehouse.warehouse import Warehouse
from assets.mistakes import told_plainly
from assets.numbers import changes_of_run, nearest_limits, numbers
from assets.table_spec import POOL, materialized, table_spec

DECISION = (
    "mart.brand_budget",
    "mart.budgets",
    "ops.budget_findings",
    "ops.campaign_status",
    "ops.campaign_status_changes",
    "ops.decisions",
    "ops.early_stops",
)


@dg.multi_asset(
    specs=[
        table_spec("mart.brand_budget", ["mart.daily_spend", "mart.monthly_spend", "core.brands", "core.budgets"]),
        table_spec(
            "mart.budgets", ["mart.daily_spend", "mart.monthly_spend", "core.brands", "core.budgets", "core.policies"]
        ),
        table_spec("ops.budget_findings", ["mart.budgets"]),
        table_spec("ops.campaign_status", ["mart.budgets", "core.campaigns", "core.dayparting"]),
        table_spec("ops.campaign_status_changes", ["mart.budgets", "core.campaigns", "core.dayparting"]),
        table_spec("ops.decisions", ["mart.budgets", "core.campaigns"]),
        table_spec("ops.early_stops", ["mart.budgets", "core.policies"]),
    ],
    pool=POOL,
)
@told_plainly
def decision(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.MaterializeResult[None]]:
    """Which campaigns may run, decided for the run's own instant, with the evidence."""
    decide(warehouse)
    changes, tags = changes_of_run(warehouse)
    context.instance.add_run_tags(context.run.run_id, tags)
    shown = {
        "mart.brand_budget": numbers(warehouse.run("reports.numbers", "spend_today")),
        "mart.budgets": {**numbers(warehouse.run("reports.numbers", "limits")), **nearest_limits(warehouse)},
        "ops.campaign_status": {**numbers(warehouse.run("reports.numbers", "statuses")), **changes},
    }
    for name in DECISION:
        yield materialized(warehouse, name, shown.get(name))
