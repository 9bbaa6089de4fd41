"""Sensors on a real instance: they compare wanted with recorded, and have no effect of their own."""

import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg
import pytest

from assets.engine.warehouse.publication import publish
from assets.engine.warehouse.statements import SQL
from assets.engine.warehouse.warehouse import Warehouse
from pipelines.definitions import build_defs
from pipelines.run_launcher import SpendgateRunLauncher
from pipelines.sensors import decision_sensor, delivery_sensor
from tests.world import NOON, World, event, jsonl


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No sensor waits between its two looks."""
    monkeypatch.setattr("pipelines.sensors.time.sleep", lambda _: None)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def tick(
    sensor: dg.SensorDefinition, instance: dg.DagsterInstance, cursor: str | None = None
) -> tuple[int, str, str | None]:
    """One tick: how many runs it asks for, why none, and its cursor."""
    with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        data = sensor.evaluate_tick(context)
    return len(data.run_requests or []), data.skip_message or "", data.cursor


def a_run(world: World, instance: dg.DagsterInstance, job: str, status: dg.DagsterRunStatus) -> str:
    """A run of a job that Dagster knows to be in a state; its first eight letters."""
    run = instance.create_run_for_job(build_defs(world.root).resolve_job_def(job), status=status)
    return run.run_id[:8]


def test_a_delivered_file_is_asked_for_when_it_has_settled(
    world: World, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run()
    sensor = delivery_sensor(world.root)
    assert tick(sensor, instance)[:2] == (0, "no new files")
    path = world.deliver("a.jsonl", jsonl(event("1", 101, "click", "2025-06-10T10:00:00Z")))
    grow = jsonl(event("2", 101, "click", "2025-06-10T10:00:00Z")) * 2
    monkeypatch.setattr("pipelines.sensors.time.sleep", lambda _: path.write_text(grow))
    assert tick(sensor, instance)[:2] == (0, "1 files not yet stable")
    monkeypatch.setattr("pipelines.sensors.time.sleep", lambda _: None)
    runs, _, cursor = tick(sensor, instance)
    assert runs == 1
    world.run()
    assert tick(sensor, instance, cursor)[:2] == (0, "no new files")


def test_a_delivered_file_is_reported_on_its_asset_once(world: World, instance: dg.DagsterInstance) -> None:
    world.run()
    world.deliver("\x1b[31ma.jsonl", jsonl(event("1", 101, "click", "2025-06-10T10:00:00Z")))
    world.deliver("who.jsonl", "{}", kind="")
    sensor, cursor, events = delivery_sensor(world.root), None, []
    for _ in range(3):  # the run that is asked for comes to nothing
        with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
            data = sensor.evaluate_tick(context)
        events += [event for event in data.asset_events if isinstance(event, dg.AssetMaterialization)]
        cursor = data.cursor
    [event_] = events
    assert event_.asset_key == dg.AssetKey(["landing", "events"])
    assert event_.metadata["file"].value == r"landing/events/\x1b[31ma.jsonl"


def test_a_flagged_file_is_asked_for_at_once(world: World, instance: dg.DagsterInstance) -> None:
    world.run()
    world.deliver("a.jsonl", jsonl(event("1", 101, "click", "2025-06-10T10:00:00Z")))
    world.deliver("a.jsonl.done", "")
    assert tick(delivery_sensor(world.root), instance)[0] == 1


def test_everything_is_new_before_the_first_run(world: World, instance: dg.DagsterInstance) -> None:
    runs, _, cursor = tick(delivery_sensor(world.root), instance)
    assert runs == 1
    assert len(json.loads(cursor or "[]")) == 5


def test_no_second_run_is_asked_for_while_one_is_under_way(world: World, instance: dg.DagsterInstance) -> None:
    sensor, cursor = delivery_sensor(world.root), None
    run_id = a_run(world, instance, "refresh", dg.DagsterRunStatus.STARTED)
    with world.open():
        assert tick(sensor, instance, cursor)[:2] == (0, f"5 files ready; run {run_id} is under way")
        assert tick(sensor, instance, cursor)[0] == 0


def test_a_run_that_started_and_holds_nothing_has_died_and_keeps_nobody_waiting(
    world: World, instance: dg.DagsterInstance
) -> None:
    sensor = delivery_sensor(world.root)
    a_run(world, instance, "refresh", dg.DagsterRunStatus.STARTED)
    assert tick(sensor, instance)[0] == 1


@pytest.fixture
def launcher(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SpendgateRunLauncher]:
    """The run launcher of an instance with the committed configuration."""
    shutil.copy(SQL.parent / "pipelines" / "dagster.yaml", world.root.dagster_home)
    monkeypatch.setenv("DAGSTER_HOME", str(world.root.dagster_home))
    monkeypatch.setattr("pipelines.run_launcher.GRACE_SECONDS", 0)
    monkeypatch.setattr("pipelines.run_launcher.time.sleep", lambda _: None)
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.run_launcher, SpendgateRunLauncher)
        yield instance.run_launcher


def health(world: World, launcher: SpendgateRunLauncher, job: dg.JobDefinition | None = None) -> str:
    """What the launcher says of a run that has started."""
    instance = launcher._instance
    run = instance.create_run_for_job(job or build_defs(world.root).resolve_job_def("decide"))
    instance.report_dagster_event(dg.DagsterEvent("PIPELINE_START", run.job_name), run.run_id)
    [started] = instance.get_runs(dg.RunsFilter(run_ids=[run.run_id]))
    return launcher.check_run_worker_health(started).status.name


def test_a_run_that_holds_no_lock_is_noticed_as_dead(
    world: World, launcher: SpendgateRunLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert launcher.supports_check_run_worker_health
    assert health(world, launcher) == "NOT_FOUND"
    with world.open():
        assert health(world, launcher) == "RUNNING"
    looks = iter([False, True])
    monkeypatch.setattr("pipelines.run_launcher.is_held", lambda _: next(looks))
    assert health(world, launcher) == "RUNNING"  # it waited its turn
    monkeypatch.undo()
    assert health(world, launcher) == "RUNNING"  # it has only just started


def test_a_failed_run_is_asked_for_again_but_not_at_once(world: World, instance: dg.DagsterInstance) -> None:
    run_id = a_run(world, instance, "refresh", dg.DagsterRunStatus.STARTED)
    run = instance.get_runs(limit=1)[0]
    instance.report_run_failed(run)
    ended = datetime.fromtimestamp(instance.get_run_records(limit=1)[0].end_time or 0, NOON.tzinfo)
    soon = delivery_sensor(world.root, lambda: ended + timedelta(minutes=3))
    assert tick(soon, instance)[:2] == (0, f"5 files ready; run {run_id} failed; asked again in 2 minutes")
    later = delivery_sensor(world.root, lambda: ended + timedelta(minutes=5))
    assert tick(later, instance)[0] == 1


def test_an_unreadable_ledger_is_no_empty_ledger(world: World, instance: dg.DagsterInstance) -> None:
    world.run()
    cursor = tick(delivery_sensor(world.root), instance)[2]
    world.root.published_file.chmod(0o644)
    world.root.published_file.write_bytes(b"not a database")
    sensors = {"cannot list deliveries": delivery_sensor, "cannot evaluate the statuses": decision_sensor}
    for words, build in sensors.items():
        runs, reason, _ = tick(build(world.root), instance, cursor)
        assert runs == 0
        assert reason.startswith(words)


def test_nothing_due_is_skipped_with_what_was_seen_and_what_comes_next(
    world: World, instance: dg.DagsterInstance
) -> None:
    world.run()
    sensor = decision_sensor(world.root, lambda: NOON + timedelta(minutes=5))
    assert tick(sensor, instance)[:2] == (
        0,
        "4 campaigns evaluated, none due; next change expected: 2025-06-10 22:00:00 UTC",
    )


def test_a_due_status_is_asked_for_and_the_tick_itself_changes_nothing(
    world: World, instance: dg.DagsterInstance
) -> None:
    world.run()
    before = world.root.published_file.stat()
    sensor = decision_sensor(world.root, lambda: datetime.fromisoformat("2025-06-10T22:00:00Z"))
    assert tick(sensor, instance)[0] == 1
    assert tick(sensor, instance)[0] == 1
    assert world.status(12) == "SCHEDULED"
    after = world.root.published_file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_due_status_waits_for_the_decision_under_way(world: World, instance: dg.DagsterInstance) -> None:
    world.run()
    run_id = a_run(world, instance, "decide", dg.DagsterRunStatus.STARTING)
    sensor = decision_sensor(world.root, lambda: datetime.fromisoformat("2025-06-10T22:00:00Z"))
    assert tick(sensor, instance)[:2] == (0, f"1 of 4 campaigns are due; run {run_id} is under way")


def test_before_the_first_run_the_decision_sensor_says_so(world: World, instance: dg.DagsterInstance) -> None:
    assert tick(decision_sensor(world.root), instance)[1].startswith(
        "cannot evaluate the statuses: nothing is published"
    )


def test_a_published_file_of_another_version_is_brought_up_to_date(
    world: World, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run()
    sensor = decision_sensor(world.root, clock=lambda: NOON)
    assert tick(sensor, instance)[0] == 0
    with world.open() as warehouse, warehouse.transaction():
        warehouse.connection.execute("drop macro table core.brands_in_force")  # as an older version had none
        warehouse.connection.execute("delete from internal.definitions")
    monkeypatch.setattr(Warehouse, "_bring_up_to_date", lambda _: None)
    with world.open() as warehouse:
        publish(warehouse)
    monkeypatch.undo()
    assert tick(sensor, instance)[0] == 1
    with world.open() as warehouse:
        publish(warehouse)  # what a run does, even when it has nothing else to do
    assert tick(sensor, instance)[0] == 0
