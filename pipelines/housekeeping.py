"""What is removed every night: old copies, refused rows and warehouses, and Dagster's record of old runs.

Belongs here: when it is done, and what of Dagster's own storage. Does not: what else (`engine.retention`). How long
what is kept is said in `assets.engine.settings`; skipped and old ticks go by `dagster.yaml`.
"""

import logging

import dagster as dg

from assets.engine.report.rewriting import rewrite_report
from assets.engine.retention import tidy
from assets.engine.sealing.files import verify_share
from assets.engine.warehouse.publication import publish
from assets.engine.warehouse.warehouse import Warehouse
from assets.mistakes import told_plainly
from assets.table_spec import POOL
from pipelines.run_history import purge_runs

log = logging.getLogger("spendgate.housekeeping")


@dg.op(pool=POOL)
@told_plainly
def keep_house(context: dg.OpExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> None:
    """Verify this night's share of the sealed files, and remove what has been kept as long as promised."""
    settings = warehouse.root.settings()
    verify_share(warehouse)
    tidy(warehouse, settings)
    publish(warehouse)
    rewrite_report(warehouse.root, warehouse.clock())
    purged = purge_runs(context.instance, warehouse.root, settings, warehouse.now)
    for name in (["ops", "sealed_files"], ["published", "spend"]):
        context.log_event(dg.AssetMaterialization(name, metadata={"by": "housekeeping", "runs_forgotten": purged}))


@dg.job(description="Removes what has been kept as long as spendgate.toml promises. Once a day by itself.")
def housekeeping() -> None:
    """One op."""
    keep_house()


nightly_housekeeping = dg.ScheduleDefinition(
    name="nightly_housekeeping",
    job=housekeeping,
    cron_schedule="17 3 * * *",  # a quiet hour, off the full one
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
