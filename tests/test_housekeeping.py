"""Old data is kept as long as promised and no longer, and the orchestrator's own storage stays small."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickData, TickStatus

from assets.engine.data_root import DataRoot
from assets.engine.retention import tidy
from assets.engine.settings import Settings
from assets.engine.warehouse.clock import utc_now
from assets.engine.warehouse.files_let_go import let_go
from assets.engine.warehouse.publication import publish
from pipelines.run_history import purge_runs
from tests.test_cli import spendgate
from tests.world import World, event, jsonl


def days_later(world: World, days: float) -> None:
    with world.open(clock=lambda: utc_now() + timedelta(days=days)) as warehouse:
        tidy(warehouse, world.root.settings())
        publish(warehouse)


def test_staged_copies_refused_rows_and_replaced_warehouses_go_when_their_time_has_come(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("a", 101, "click", "2025-06-10T10:00:00Z"), event("no", 1, "no", "no")))
    world.deliver("b.jsonl", "[\n]\n")
    world.run()
    shutil.copyfile(world.root.warehouse_file, world.root.replaced_file)
    days_later(world, 0)  # sees it for the first time
    copies = len(list(world.root.staged.iterdir()))
    assert copies == 7
    for days, kept in (
        (6.9, (copies, 1, True)),
        (8, (copies, 1, False)),
        (91, (copies, 0, False)),
        (401, (0, 0, False)),
    ):
        days_later(world, days)
        assert (len(list(world.root.staged.iterdir())), len(world.reasons()), world.root.replaced_file.exists()) == kept
    assert world.file("a.jsonl")["rows_rejected"] == 1
    assert world.value("select count(*) from core.transactions") == 1


def test_the_identity_of_a_file_is_kept_for_ever(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("a", 101, "click", "2025-06-10T10:00:00Z")))
    world.run()
    days_later(world, 4_000)
    world.deliver("b.jsonl", jsonl(event("a", 101, "click", "2025-06-10T10:00:00Z")))
    world.run()
    assert world.file("b.jsonl")["outcome"] == "DUPLICATE"


def test_bytes_that_came_again_are_kept_from_then_on(world: World) -> None:
    path = world.deliver("a.jsonl", jsonl(event("a", 101, "click", "2025-06-10T10:00:00Z")))
    world.run()
    path.touch()
    with world.open() as warehouse:
        warehouse.connection.execute("update raw.event_files set recorded_at = recorded_at - interval 500 day")
    world.run()
    days_later(world, 0)
    assert len(list(world.root.staged.glob("*.jsonl"))) == 1


def test_a_staged_copy_that_no_run_finished_is_kept_as_long_as_others_from_when_it_was_first_seen(world: World) -> None:
    world.run()
    unknown = world.root.staged / f"{'0' * 64}.jsonl"
    unknown.write_text("{}\n")
    os.utime(unknown, (1, 1))  # a file's own time says nothing
    for days, is_there in ((1, True), (400, True), (402, False)):
        days_later(world, days)
        assert unknown.exists() == is_there, days


def test_what_another_warehouse_in_the_root_needs_stays(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("a", 101, "click", "2025-06-10T10:00:00Z")))
    world.run()
    aside = world.root.path / "old" / "moved.aside"
    aside.parent.mkdir()
    world.root.warehouse_file.rename(aside)
    (world.root.landing("events") / "a.jsonl").unlink()
    world.run()
    copies = len(list(world.root.staged.glob("*.jsonl")))
    days_later(world, 0)
    days_later(world, 500)
    assert len(list(world.root.staged.glob("*.jsonl"))) == copies == 1
    aside.rename(world.root.warehouse_file)
    days_later(world, 501)
    assert list(world.root.staged.glob("*.jsonl")) == [], "it knows the file, and its time has come"


@pytest.fixture
def home(root: DataRoot, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataRoot]:
    """A Dagster home with the committed configuration."""
    root.create()
    config = Path(__file__).parent.parent / "pipelines" / "dagster.yaml"
    (root.dagster_home / "dagster.yaml").write_text(config.read_text())
    monkeypatch.setenv("DAGSTER_HOME", str(root.dagster_home))
    yield root


@dg.asset
def thing() -> None:
    pass


@dg.asset_check(asset=thing)
def sound() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True, metadata={"rows": "x" * 2_000})


JOB = dg.Definitions(
    assets=[thing],
    asset_checks=[sound],
    jobs=[dg.define_asset_job("small")],
    executor=dg.in_process_executor,
).resolve_job_def("small")


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_a_purged_run_leaves_nothing_behind(home: DataRoot) -> None:
    with dg.DagsterInstance.get() as instance:
        runs = [JOB.execute_in_process(instance=instance).run_id for _ in range(3)]
        assert purge_runs(instance, home, Settings(keep_runs=1), utc_now()) == 2
        assert [run.run_id for run in instance.get_runs()] == [runs[-1]]
        assert purge_runs(instance, home, Settings(), utc_now() + timedelta(days=29)) == 0
    left = [path for path in home.dagster_home.rglob("*") if any(run_id in path.name for run_id in runs[:2])]
    assert left == []
    with closing(sqlite3.connect(home.dagster_home / "history" / "runs" / "index.db")) as index:
        for query in ("select distinct run_id from event_logs", "select distinct run_id from asset_check_executions"):
            assert index.execute(query).fetchall() == [(runs[-1],)]


def test_an_old_run_is_purged_and_one_under_way_is_not(home: DataRoot) -> None:
    with dg.DagsterInstance.get() as instance:
        JOB.execute_in_process(instance=instance)
        under_way = instance.create_run_for_job(JOB, status=dg.DagsterRunStatus.STARTED)
        assert purge_runs(instance, home, Settings(), utc_now() + timedelta(days=31)) == 1
        assert [run.run_id for run in instance.get_runs()] == [under_way.run_id]


@pytest.mark.long
def test_a_month_of_ticks_every_five_minutes_stays_small(home: DataRoot) -> None:
    """A run each half-hour, a look at the deliveries each half-minute; what is purged is used again."""
    began, sizes = utc_now(), []
    with dg.DagsterInstance.get() as instance:
        for day in range(30):
            now = began + timedelta(days=day)
            for _ in range(48):
                JOB.execute_in_process(instance=instance)
            for name, every in (("decisions", 300), ("deliveries", 30)):
                for second in range(0, 86_400, every):
                    at = (now + timedelta(seconds=second)).timestamp()
                    instance.create_tick(
                        TickData(
                            name, name, InstigatorType.SENSOR, TickStatus.SKIPPED, at, skip_reason="nothing is due",
                            selector_id=name,
                        )
                    )  # fmt: skip
                # what the daemon does, by `retention` in dagster.yaml
                kept_from = (now - timedelta(days=1)).timestamp()
                instance.purge_ticks(name, name, before=kept_from, tick_statuses=[TickStatus.SKIPPED])
            purge_runs(instance, home, Settings(keep_runs=100), now)
            sizes.append(size(home.dagster_home))
    assert max(sizes[6:]) <= 1.1 * sizes[5], sizes


def test_the_nightly_job_does_all_of_it(world: World) -> None:
    world.run()
    (world.root.path / "spendgate.toml").write_text("keep_runs = 1\n")
    unneeded = world.root.sealed / "t" / "2025-06-01.parquet"
    unneeded.parent.mkdir()
    with world.open() as warehouse:
        let_go(warehouse, [unneeded], "")
        warehouse.connection.execute("update internal.files_let_go set let_go_at = let_go_at - interval 8 days")
    unneeded.write_text("")
    for command in ("decide", "decide", "housekeeping"):
        assert spendgate(world.root, command).exit_code == 0
    assert not unneeded.exists()
    runs = world.root.dagster_home / "history" / "runs"
    assert len(list(runs.glob("*-*.db"))) == 2  # the newest before it, and its own


def test_what_a_person_adds_to_dagsters_configuration_holds_and_old_runs_are_purged_there(world: World) -> None:
    """Another folder of SQLite's stands for another storage, such as Postgres."""
    (world.root.path / "spendgate.toml").write_text("keep_runs = 1\n")
    elsewhere = world.root.path / "elsewhere"
    world.root.dagster_additions.write_text(f"storage:\n  sqlite:\n    base_dir: {elsewhere}\n")
    for command in ("run", "decide", "housekeeping"):
        told = spendgate(world.root, command, "--clock-is-right")
        assert told.exit_code == 0, told.exception
    assert "removed Dagster's record of 1 runs" in told.stderr
    assert (elsewhere / "history").exists()
    assert not (world.root.dagster_home / "history").exists()
