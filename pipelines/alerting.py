"""Alerts, as a sensor and at the end of a command: states are noted once, and their receivers told.

Belongs here: what Dagster knows of failed runs and checks, and one tick. Does not: what the warehouse knows
(`engine.alerts.states`), the ledger and the sending (`engine.alerts`).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import dagster as dg
import duckdb
from dagster import AssetCheckKey, AssetKey
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus  # exported nowhere else

from assets.checks import BROKEN, CHECKS
from assets.engine.alerts.delivery import deliver
from assets.engine.alerts.ledger import FROM_EVER, Key, Ledger, State, as_text, open_ledger
from assets.engine.alerts.receivers import receivers_of
from assets.engine.alerts.states import note_states
from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError, first_line
from assets.engine.warehouse.clock import utc_now
from assets.engine.warehouse.lock import is_held
from assets.engine.warehouse.migrations import OtherVersionError
from assets.engine.warehouse.publication import open_published
from pipelines.run_history import cause_of

ALERTS_EVERY = 60

KINDS = ("RUN_FAILED", "CHECK_FAILED", "PUBLISHED_STALE")
"""Kinds of alerts whose states are found here."""

WATCHED = ("refresh", "decide", "seal", "housekeeping")
"""Jobs that run by themselves; what a person asks for tells that person."""

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


def alert_sensor(root: DataRoot, given: str, clock: Callable[[], datetime] = utc_now) -> dg.SensorDefinition:
    """Build the sensor that tells of alerts; `given` are the URLs of the environment, `clock` tells it the time."""

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=ALERTS_EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Notes states that somebody is to be told of, once each, and tells them. Off without receivers.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        try:
            return dg.SkipReason(tick(root, given, context.instance, clock()))
        except Exception as error:  # noqa: BLE001 the next tick tries again; no failure of an alert is one of the daemon
            return dg.SkipReason(f"alerts wait for the next tick: {first_line(error) or type(error).__name__}")

    return alerts


def tick(root: DataRoot, given: str, instance: dg.DagsterInstance, now: datetime) -> str:
    """Note which states hold, and tell receivers what they have not got yet.

    Returns:
        What came of it, in words.

    Raises:
        SpendgateError: the file of URLs is not as it should be, or the library is missing.
    """
    receivers = receivers_of(root, given)
    if not receivers and not root.alerts_file.exists():
        return "off: no receivers are configured"
    with open_ledger(root) as ledger:
        if not receivers and not ledger.is_on:
            return "off: no receivers are configured"
        note(root, ledger, instance, now)
        ledger.meet({each.hash: (each.number, each.scheme) for each in receivers}, now)
    return deliver(root, receivers, now)


def note(root: DataRoot, ledger: Ledger, instance: dg.DagsterInstance, now: datetime) -> None:
    """Note what holds by the published copy, and what by Dagster's record."""
    states = [*_unreadable_copy(root, ledger, now), *failed_runs(instance), *failed_checks(instance)]
    held = {Key(each.kind, each.subject, each.threshold, each.period_start) for each in states}
    ledger.note(states, [key for key in ledger.open_keys(KINDS) if key not in held], now)


def _unreadable_copy(root: DataRoot, ledger: Ledger, now: datetime) -> Iterator[State]:
    """Note what the published copy says; where it cannot be read, that is a state itself."""
    try:
        with open_published(root) as published:
            note_states(published, ledger, root.settings(), now, now)
    except (OtherVersionError, duckdb.BinderException, duckdb.CatalogException):
        return  # of another version: the sensor of decisions asks for the run that mends it
    except (SpendgateError, duckdb.Error) as error:
        if root.warehouse_file.exists() and not is_held(root):  # else the first run is about to publish
            yield _stale(FROM_EVER, first_line(error))


def _stale(since: datetime, why: str) -> State:
    return State(
        "PUBLISHED_STALE", "published/spend.duckdb", "", as_text(since),
        f"readers do not see the newest state: {why}", "spendgate decide publishes again, or says what is in the way",
    )  # fmt: skip


def failed_runs(instance: dg.DagsterInstance) -> Iterator[State]:
    """One state per job whose last run failed, from its last success on, however often it fails."""
    for job in WATCHED:
        last = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=FINISHED), limit=1)
        if not last or last[0].dagster_run.status != dg.DagsterRunStatus.FAILURE:
            continue
        sound = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS]), limit=1)
        since = datetime.fromtimestamp(sound[0].end_time or 0, UTC) if sound else FROM_EVER
        run_id = last[0].dagster_run.run_id
        yield State(
            "RUN_FAILED", job, "", as_text(since),
            f"{job} failed, run {run_id[:8]}: {_cause(instance, run_id)}",
            f"spendgate {'run' if job == 'refresh' else job} does it again, and says what is in the way",
        )  # fmt: skip


def _cause(instance: dg.DagsterInstance, run_id: str) -> str:
    """The cause of the first step, or of the run, that failed, in one line."""
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    failures = instance.get_records_for_run(run_id, of_type=kinds, limit=1).records
    event = failures[0].event_log_entry.dagster_event if failures else None
    return (cause_of(event) if event else None) or "its process ended before its steps did"


def failed_checks(instance: dg.DagsterInstance) -> Iterator[State]:
    """One state per check of an invariant that does not hold, from when it did last."""
    keys = {
        AssetCheckKey(AssetKey(asset.split(".")), file.removeprefix("checks.")): asset
        for file, (asset, severity) in CHECKS.items()
        if severity == BROKEN
    }
    storage = instance.event_log_storage
    latest = storage.get_latest_asset_check_execution_by_key([*keys])
    for key, record in latest.items():
        if record.status != AssetCheckExecutionRecordStatus.FAILED:
            continue
        sound = storage.get_asset_check_execution_history(
            key, limit=1, status={AssetCheckExecutionRecordStatus.SUCCEEDED}
        )
        since = datetime.fromtimestamp(sound[0].create_timestamp, UTC) if sound else FROM_EVER
        if key.name == "published_copy_is_current":
            yield _stale(since, f"the check {key.name} does not hold")
            continue
        yield State(
            "CHECK_FAILED", key.name, "", as_text(since),
            f"the check {key.name} of {keys[key]} does not hold: an invariant is broken",
            f"the rows that break it are in the UI, run {record.run_id[:8]}; spendgate verify holds the ledger",
        )  # fmt: skip


def tell_at_end(root: DataRoot, given: str) -> str:
    """A tick at the end of a command, for those who have no daemon; what goes wrong with it is told, no more.

    Returns:
        What came of it, in words.
    """
    try:
        if not receivers_of(root, given) and not root.alerts_file.exists():
            return ""
        with dg.DagsterInstance.get() as instance:
            return tick(root, given, instance, utc_now())
    except Exception as error:  # noqa: BLE001 what the command has done is done; no failure of an alert is one of a run
        return f"alerts wait for the next time: {first_line(error) or type(error).__name__}"
