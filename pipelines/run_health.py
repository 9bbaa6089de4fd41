"""How Dagster is: its daemon, and the checks of the last run.

Belongs here: what is read of Dagster's own storage for `spendgate health`. Does not: what else is looked at
(`engine.health`).
"""

import os
from datetime import UTC, datetime

import dagster as dg

from assets.checks import BROKEN, CHECKS
from assets.engine.data_root import DataRoot
from assets.engine.health import BAD, OK, WARN, Finding

NEEDED = ("SENSOR", "SCHEDULER", "QUEUED_RUN_COORDINATOR")
"""The daemon's parts without which nothing runs by itself."""

TOLERATED_SECONDS = 300
"""Dagster itself takes a part for dead after so long."""


def look_at_dagster(root: DataRoot, now: datetime) -> list[Finding]:
    """Look at Dagster's storage, if there is one yet."""
    if not (root.dagster_home / "made").exists():
        return [Finding("daemon", WARN, "has never run here: `spendgate ui` starts it")]
    os.environ["DAGSTER_HOME"] = str(root.dagster_home)
    with dg.DagsterInstance.get() as instance:
        return [_daemon(instance, now), _checks(instance)]


def _daemon(instance: dg.DagsterInstance, now: datetime) -> Finding:
    beats = instance.get_daemon_heartbeats()
    ages = [
        (now - datetime.fromtimestamp(beats[name].timestamp, UTC)).total_seconds() for name in NEEDED if name in beats
    ]
    if len(ages) < len(NEEDED):
        return Finding("daemon", WARN, "has never run here: `spendgate ui` starts it")
    oldest = max(ages)
    if oldest > TOLERATED_SECONDS:
        told = f"its last sign of life is {oldest / 60:,.0f} minutes old: `spendgate ui` starts it"
        return Finding("daemon", BAD, told, round(oldest), "seconds")
    return Finding("daemon", OK, f"alive, seen {oldest:,.0f} seconds ago", round(oldest), "seconds")


def _checks(instance: dg.DagsterInstance) -> Finding:
    keys = {
        dg.AssetCheckKey(dg.AssetKey(asset.split(".")), name.removeprefix("checks.")): severity
        for name, (asset, severity) in CHECKS.items()
    }
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys))
    failed = {key: keys[key] for key, record in records.items() if record.status.value == "FAILED"}
    if not failed:
        return Finding("checks", OK, f"{len(records)} passed when they were last run", 0, "failed")
    names = ", ".join(sorted(key.name for key in failed))
    level = BAD if BROKEN in failed.values() else WARN
    return Finding("checks", level, f"failed: {names}; `spendgate run` shows the rows", len(failed), "failed")
