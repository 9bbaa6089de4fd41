"""What is removed every night: old copies, refused rows and warehouses, and Dagster's record of old runs.

Belongs here: when it is done, and what of Dagster's own storage. Does not: what else (`assets.retention`). How long
what is kept is said in `assets.settings`; skipped and old ticks go by `dagster.yaml`.
"""

import logging
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg

from assets.catalog import POOL
from assets.retention import tidy
from assets.sealed_files import verify_share
from assets.settings import DataRoot, Settings
from assets.warehouse import Warehouse, publish

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]

log = logging.getLogger("spendgate.housekeeping")


@dg.op(pool=POOL)
def keep_house(context: dg.OpExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> None:
    """Verify this night's share of the sealed files, and remove what has been kept as long as promised."""
    settings = warehouse.root.settings()
    verify_share(warehouse)
    tidy(warehouse, settings)
    publish(warehouse)
    purge_runs(context.instance, warehouse.root, settings, warehouse.now)


@dg.job(description="Removes what has been kept as long as spendgate.toml promises. Once a day by itself.")
def housekeeping() -> None:
    """One op."""
    keep_house()


nightly = dg.ScheduleDefinition(
    name="nightly",
    job=housekeeping,
    cron_schedule="17 3 * * *",  # a quiet hour, off the full one
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


def purge_runs(instance: dg.DagsterInstance, root: DataRoot, settings: Settings, now: datetime) -> int:
    """Delete finished runs that are older, or more, than `settings` keeps, with their logs.

    Returns:
        How many.
    """
    before = now - timedelta(days=settings.keep_runs_days)
    old = instance.get_run_ids(dg.RunsFilter(statuses=FINISHED, created_before=before))
    surplus = instance.get_run_ids(dg.RunsFilter(statuses=FINISHED))[settings.keep_runs :]  # the newest come first
    purged = {*old, *surplus}
    for run_id in purged:
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
    _remove_leftovers(root.dagster_home / "history" / "runs", purged)
    log.info("removed Dagster's record of %d runs", len(purged))
    return len(purged)


def _remove_leftovers(event_logs: Path, purged: set[str]) -> None:
    """Remove what Dagster itself leaves of a deleted run: the emptied file of its events, its rows of check results."""
    for run_id in purged:
        for leftover in event_logs.glob(f"{run_id}.db*"):
            leftover.unlink()
    with closing(sqlite3.connect(event_logs / "index.db", timeout=60)) as index, index:
        of_runs = [(run_id,) for run_id in purged]
        index.executemany("delete from asset_check_executions where run_id = ?", of_runs)
