"""The asset of alerts: the states that a run has found, noted before it publishes, and the ledger as readers see it.

Belongs here: the asset. Does not: which states, and who is told (`engine.alerts`).
"""

import dagster as dg

from assets.engine.alerts.states import note_in_run
from assets.engine.warehouse.warehouse import Warehouse
from assets.table_spec import POOL, materialized, table_spec

ALERTS = "ops.alerts"


@dg.multi_asset(specs=[table_spec(ALERTS, ["mart.budgets", "mart.overspend", "raw.event_files"])], pool=POOL)
def alerts(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """States of which somebody is told, once each; nothing where no receivers are configured."""
    note_in_run(warehouse)
    return materialized(warehouse, ALERTS)
