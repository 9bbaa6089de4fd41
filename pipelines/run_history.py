"""Dagster's record of runs: what its pages show of those of the command line, and how long it is kept.

Belongs here: what is written to Dagster's own storage, and removed. Does not: when (`housekeeping`), nor what else
(`engine.retention`).
"""

import logging
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME  # exported nowhere else
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from assets.engine.data_root import DataRoot
from assets.engine.settings import Settings
from assets.engine.shown import printable

log = logging.getLogger("spendgate.housekeeping")

CODE_LOCATION = "spendgate"
"""As `workspace.yaml` names it."""

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def show_on_home_page(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Let Dagster's home page show a run of the command line: it shows those of code locations alone."""
    location = RegisteredCodeLocationOrigin(CODE_LOCATION)
    repository = RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME)
    instance.run_storage.replace_job_origin(run, RemoteJobOrigin(repository, run.job_name))


def cause_of(event: dg.DagsterEvent) -> str | None:
    """Why a step or run failed, in one line: the sentence of a mistake, else the innermost error. None: it did not."""
    failure = getattr(event.event_specific_data, "user_failure_data", None)
    if failure is not None and failure.description:
        return printable(failure.description)
    error = getattr(event.event_specific_data, "error", None)
    if error is None:
        return None
    while error.cause is not None:
        error = error.cause
    first, _, _ = error.message.strip().partition("\n")
    return printable(first.rpartition("SpendgateError: ")[2])


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
    index_file = event_logs / "index.db"
    if not index_file.exists():
        return  # its record lies elsewhere, such as in Postgres
    with closing(sqlite3.connect(index_file, timeout=60)) as index, index:
        of_runs = [(run_id,) for run_id in purged]
        index.executemany("delete from asset_check_executions where run_id = ?", of_runs)
