"""Sensors: they compare what is wanted with what is recorded, and ask for a run.

They write no more than when they looked, and the feed that holds for longer because of it.

Belongs here: when a run is asked for. Does not: what it does.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg
import duckdb
import pendulum

from assets.engine.data_root import DataRoot
from assets.engine.decision import evaluate
from assets.engine.delivery.files import DeliveredFile
from assets.engine.delivery.inbox import Inbox, is_retryable, stable_files
from assets.engine.errors import SpendgateError, first_line
from assets.engine.feed.writing import rewrite_feed
from assets.engine.freshness import note_look
from assets.engine.kinds import LANDED, REFERENCE_TABLES
from assets.engine.shown import printable
from assets.engine.warehouse.clock import utc_now
from assets.engine.warehouse.lock import is_held
from assets.engine.warehouse.migrations import OtherVersionError
from assets.engine.warehouse.publication import open_published
from pipelines.jobs import decide, refresh

DELIVERIES_EVERY = 10
AFTER_A_FAILURE = timedelta(minutes=5)
"""How long a sensor waits after a run of its job has failed; then the state makes it ask again."""

REMEMBERED = 100
"""Files that are reported on their assets, and kept in the cursor: Dagster keeps the cursor of every tick."""

REPORTED = (*LANDED, *REFERENCE_TABLES)

UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

Clock = Callable[[], datetime]


def delivery_sensor(root: DataRoot, clock: Clock = utc_now) -> dg.SensorDefinition:
    """Build the sensor that sees delivered files; `clock` tells it the time."""

    @dg.sensor(
        job=refresh,
        minimum_interval_seconds=DELIVERIES_EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks for a refresh when a delivered file is stable: flagged, or the same in two looks.",
    )
    def deliveries(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        try:
            ready, growing = _look_twice(root)
        except (SpendgateError, duckdb.Error, OSError) as error:
            return _skip(f"cannot list deliveries: {first_line(error)}", context.cursor)
        if not ready:
            return _skip(f"{growing} files not yet stable" if growing else "no new files", "[]")
        busy = _busy(context.instance, root, refresh.name, clock())
        if busy:
            return _skip(f"{len(ready)} files ready; {busy}", context.cursor)
        told = [tuple(state) for state in json.loads(context.cursor or "[]")]
        return dg.SensorResult(
            run_requests=[dg.RunRequest()],
            cursor=json.dumps([file.state for file in ready[:REMEMBERED]]),
            asset_events=[
                _delivered(file) for file in ready[:REMEMBERED] if file.state not in told and file.kind in REPORTED
            ],
        )

    return deliveries


def decision_sensor(root: DataRoot, clock: Clock = utc_now) -> dg.SensorDefinition:
    """Build the sensor that sees due statuses; `clock` tells it the time."""

    @dg.sensor(
        job=decide,
        minimum_interval_seconds=root.settings().decide_every_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks for a decision when a status is due to change; evaluates the published copy.",
    )
    def decisions(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason | dg.RunRequest:
        now = clock()
        due, words = _due(root, now)
        busy = _busy(context.instance, root, decide.name, now) if due else None
        if not due or busy:
            return dg.SkipReason(f"{words}; {busy}" if busy else words)
        return dg.RunRequest()

    return decisions


def _look_twice(root: DataRoot) -> tuple[list[DeliveredFile], int]:
    """Files that may be taken, and how many may still grow; these are looked at again after a moment."""
    seen = files_to_ask_for(root)
    ready = stable_files(seen, [])
    if len(ready) < len(seen):
        time.sleep(root.settings().sensor_settle_seconds)
        again = files_to_ask_for(root)
        ready, seen = stable_files(again, [file.state for file in seen]), again
    return ready, len(seen) - len(ready)


def _delivered(file: DeliveredFile) -> dg.AssetMaterialization:
    """A delivered file, as an event of the asset it belongs to."""
    key = ["landing", file.kind] if file.kind in LANDED else ["reference", file.kind]
    said = {"file": dg.MetadataValue.text(printable(file.name)), "bytes": dg.MetadataValue.int(file.bytes)}
    return dg.AssetMaterialization(key, metadata=said)


def _due(root: DataRoot, now: datetime) -> tuple[bool, str]:
    """Whether a decision is due, and the words for it either way."""
    try:
        with open_published(root) as published:
            summary = evaluate(published, now)
    except OtherVersionError as error:
        return True, str(error)  # which a run mends
    except (duckdb.BinderException, duckdb.CatalogException):
        return True, "the published file has other views or macros than this program"  # so does that
    except (SpendgateError, duckdb.Error) as error:
        return False, f"cannot evaluate the statuses: {first_line(error)}"
    if summary.due:
        return True, f"{summary.due} of {summary.campaigns} campaigns are due"
    note_look(root, now)
    rewrite_feed(root, now)  # the same statuses, believed for longer
    expected = f"{summary.next_change_at:%Y-%m-%d %H:%M:%S} UTC" if summary.next_change_at else "never"
    return False, f"{summary.campaigns} campaigns evaluated, none due; next change expected: {expected}"


def files_to_ask_for(root: DataRoot) -> list[DeliveredFile]:
    """Delivered files that the published ledger does not know, and a run might take."""
    inbox = Inbox(root)
    try:
        with open_published(root) as published:
            return inbox.new(published)
    except SpendgateError:
        return [*filter(is_retryable, inbox.listed)]  # nothing has been published yet: everything is new


def _busy(instance: dg.DagsterInstance, root: DataRoot, job_name: str, now: datetime) -> str | None:
    """Why no run of the job should be asked for now, or None.

    A run that has started and does not hold the warehouse has died (or is about to begin or to end: then another one
    only waits its turn, and finds nothing to do).
    """
    for run in instance.get_runs(dg.RunsFilter(job_name=job_name, statuses=UNDER_WAY)):
        if run.status != dg.DagsterRunStatus.STARTED or is_held(root):
            return f"run {run.run_id[:8]} is under way"
    last = instance.get_run_records(dg.RunsFilter(job_name=job_name), limit=1)
    if last and last[0].dagster_run.status == dg.DagsterRunStatus.FAILURE and last[0].end_time:
        again_at = datetime.fromtimestamp(last[0].end_time, UTC) + AFTER_A_FAILURE
        if now < again_at:
            wait = pendulum.instance(again_at).diff_for_humans(pendulum.instance(now), absolute=True)
            return f"run {last[0].dagster_run.run_id[:8]} failed; asked again in {wait}"
    return None


def _skip(reason: str, cursor: str | None) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=reason, cursor=cursor)
