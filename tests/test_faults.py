"""Kills, full disks, files that kill, crowds of readers: nothing lost, nothing doubled, nobody blocked."""

import errno
import multiprocessing
import os
import random
import shutil
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assets.checks import breaking_rows
from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from pipelines.sensors import files_to_ask_for
from tests.faults import (
    KILLED,
    POINTS,
    decide_killed,
    exit_code,
    in_a_process,
    read_all_the_time,
    run,
    run_killed,
    run_with_files_of_at_most,
    run_with_poison,
    run_without_looking_for_room,
    state,
)
from tests.world import ADS, BRANDS, NOON, World, csv_text, event, jsonl, load_and_sum, payment, spent


def deliver_first(world: World) -> None:
    """What the warehouse holds when the next run begins."""
    rows = [event(f"first-{n}", 101, "click", "2025-06-10T09:00:00Z") for n in range(15)]
    world.deliver("first.jsonl", jsonl(*rows, event("early", 999, "click", "2025-06-10T09:00:00Z")))


def deliver_next(world: World) -> None:
    """New, repeated, refused and waiting rows, payments, a lower budget, an ad that was waited for."""
    clicks = [event(f"next-{n}", 101, "click", "2025-06-10T11:00:00Z") for n in range(8)]
    repeated = event("first-1", 101, "click", "2025-06-10T09:00:00Z")
    world.deliver("next.jsonl", jsonl(*clicks, repeated) + '{"event_id":"cut","ad_\n')
    world.deliver("next.csv", csv_text(event("other", 201, "impression", "2025-06-09T18:30:00Z"),
                                       event("waits", 998, "view", "2025-06-10T11:00:00Z")))  # fmt: skip
    world.deliver("p.jsonl", jsonl(payment("p1", 1, "5", "2025-06-10T11:00:00Z")), kind="payments")
    world.deliver_reference("brands", BRANDS.replace("10.00", "9.00"))
    world.deliver_reference("ads", ADS + "999,110,late,true,,,0.25,,,\n")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    """A data root after its first run."""
    world = World(DataRoot(tmp_path_factory.mktemp("begun")))
    deliver_first(world)
    world.run()
    for delivered in (world.root.path / "landing", world.root.reference):
        shutil.rmtree(delivered)  # taken; copies of them would only be looked at again
    return world.root


def copy_of(begun: DataRoot, path: Path) -> World:
    """The same root elsewhere, with what comes next delivered."""
    shutil.copytree(begun.path, path, copy_function=shutil.copy2)
    world = World(DataRoot(path), {})
    deliver_next(world)
    return world


@pytest.fixture(scope="module")
def expected(begun: DataRoot, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """What an undisturbed run makes of it."""
    world = copy_of(begun, tmp_path_factory.mktemp("undisturbed") / "data")
    world.run()
    return state(world)


COMMITS = 7
"""Of the next run: two reference files, one batch, charge, sum, decide, overspend."""

ONE_EACH = ("checkpoint", "copy")


def kill_and_recover(
    begun: DataRoot, path: Path, expected: dict[str, list[tuple[Any, ...]]], point: str, seed: int
) -> None:
    world = copy_of(begun, path)
    times = COMMITS if point.endswith("commit") else 1 if point in ONE_EACH else 2
    occurrence = (2 * seed + 1 if point == "inside a commit" and seed < COMMITS else seed) % times
    assert exit_code(run_killed, path, point, occurrence, seed) == KILLED
    assert world.value("select count(*) from core.transactions") in (15, 26)  # readers see before or after
    world.run()
    assert state(world) == expected


@pytest.mark.parametrize(
    ("point", "seed"),
    [(point, seed) for point in POINTS for seed in range(COMMITS if point == "after a commit" else 2)],
)
def test_a_run_that_is_killed_anywhere_loses_nothing_and_doubles_nothing(
    begun: DataRoot, tmp_path: Path, expected: dict[str, list[tuple[Any, ...]]], point: str, seed: int
) -> None:
    kill_and_recover(begun, tmp_path / "data", expected, point, seed)


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
def test_a_run_that_is_killed_anywhere_125_times_loses_nothing_and_doubles_nothing(
    begun: DataRoot, tmp_path: Path, expected: dict[str, list[tuple[Any, ...]]], point: str
) -> None:
    for seed in range(5, 130):
        kill_and_recover(begun, tmp_path / str(seed), expected, point, seed)
        shutil.rmtree(tmp_path / str(seed))


@pytest.mark.parametrize("point", ["inside a commit", "after a commit"])
def test_a_decision_that_is_killed_and_made_again_changes_each_status_once(
    begun: DataRoot, tmp_path: Path, point: str
) -> None:
    world = World(DataRoot(shutil.copytree(begun.path, tmp_path / "data")), {})
    spent(world, 8)
    with world.open() as warehouse:
        load_and_sum(warehouse)
    assert exit_code(decide_killed, world.root.path, point, 0, 1) == KILLED
    for _ in range(2):
        world.run()
    assert world.transitions(11) == [
        ("SCHEDULED", "RUNNING", "NO_WINDOW"),
        ("RUNNING", "BUDGET_REACHED", "DAILY_BUDGET_REACHED"),
    ]


LEDGER = ("events", "payments", "refused", "ledger", "waiting", "hours", "days", "months", "begun")


@pytest.mark.long
def test_two_hundred_random_kills_under_load_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    worlds = World(DataRoot(tmp_path / "killed")), World(DataRoot(tmp_path / "undisturbed"))
    dice = random.Random(7)
    kills = 0
    for number in range(600):
        rows = [
            event(f"{number}-{n}", dice.choice([101, 102, 201, 301, 998]), "click", "2025-06-10T10:00:00Z")
            for n in range(300)
        ]
        for world in worlds:
            world.deliver(f"{number}.jsonl", jsonl(*rows, *rows[:10], event("no", 1, "no", "no")))
        doomed = in_a_process(run, worlds[0].root.path)
        doomed.join(dice.uniform(0.1, 0.8))
        doomed.kill()
        doomed.join()
        kills += doomed.exitcode == KILLED
        if kills == 200:
            break
    for world in worlds:
        world.run()
    assert kills == 200
    killed, undisturbed = map(state, worlds)
    assert {name: killed[name] for name in LEDGER} == {name: undisturbed[name] for name in LEDGER}


def test_runs_at_once_take_turns(begun: DataRoot, tmp_path: Path, expected: dict[str, list[tuple[Any, ...]]]) -> None:
    world = copy_of(begun, tmp_path / "data")
    together = [in_a_process(run, world.root.path) for _ in range(3)]
    for process in together:
        process.join(120)
    assert [process.exitcode for process in together] == [0, 0, 0]
    assert state(world) == expected


def crowd(world: World, seconds: float) -> tuple[list[str], int]:
    """Eight readers, half of which keep their handle, beside runs; returns what they complained of, and their reads."""
    with multiprocessing.Manager() as manager:
        complaints, reads, done = manager.list(), manager.list(), manager.Event()
        readers = [
            in_a_process(read_all_the_time, world.root.path, 1 if n % 2 else 50, done, complaints, reads)
            for n in range(8)
        ]
        ends_at = time.monotonic() + seconds
        runs = 0
        while time.monotonic() < ends_at or runs < 3:
            spent(world, 5, at=(NOON - timedelta(minutes=runs)).isoformat())
            world.run()
            runs += 1
        done.set()
        for reader in readers:
            reader.join(60)
        assert [reader.exitcode for reader in readers] == [0] * 8
        assert world.value("select count(*) from core.transactions where ad_id = 101") == 15 + 5 * runs
        return list(complaints), sum(reads)


def test_readers_never_see_an_error_or_half_a_run(begun: DataRoot, tmp_path: Path) -> None:
    world = World(DataRoot(shutil.copytree(begun.path, tmp_path / "data")), {})
    complaints, reads = crowd(world, seconds=2)
    assert complaints == []
    assert reads > 8


@pytest.mark.long
def test_readers_never_see_an_error_or_half_a_run_for_half_an_hour(begun: DataRoot, tmp_path: Path) -> None:
    world = World(DataRoot(shutil.copytree(begun.path, tmp_path / "data")), {})
    complaints, reads = crowd(world, seconds=1_800)
    assert complaints == []
    assert reads > 10_000


def test_a_file_that_kills_its_reader_stops_itself_only(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("a", 101, "click", "2025-06-10T10:00:00Z")))
    world.deliver("b.jsonl", jsonl(event("poison", 101, "click", "2025-06-10T10:00:00Z")))
    world.deliver("c.jsonl", jsonl(event("c", 101, "click", "2025-06-10T10:00:00Z")))
    assert [exit_code(run_with_poison, world.root.path) for _ in range(3)] == [KILLED, KILLED, 0]
    assert world.rows("select event_id from raw.ad_events order by 1") == [("a",), ("c",)]
    assert world.file("b.jsonl")["outcome"] == "QUARANTINED"
    assert world.file("b.jsonl")["reason"].startswith("reading it was begun 3 times and never ended")
    assert world.value("select count(*) from internal.attempts") == 0
    world.run()
    assert world.value("select count(*) from raw.ad_events") == 2
    (world.root.landing("events") / "b.jsonl").touch()
    world.run()
    assert world.value("select count(*) from raw.ad_events") == 3


def test_a_file_whose_runs_were_killed_for_another_reason_is_never_given_up(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("a", 101, "click", "2025-06-10T10:00:00Z")))
    assert [exit_code(run_killed, world.root.path, "parsed", 0, 0) for _ in range(4)] == [KILLED] * 4
    world.run()
    assert world.rows("select event_id from raw.ad_events") == [("a",)]


def test_an_attempt_that_ends_for_another_reason_does_not_count(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.deliver("a.jsonl", jsonl(event("a", 101, "click", "2025-06-10T10:00:00Z")))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("assets.engine.reading.reader.Reader.read", full)
    for _ in range(4):
        with pytest.raises(OSError, match="No space left"):
            world.run()
    monkeypatch.undo()
    world.run()
    assert world.value("select count(*) from raw.ad_events") == 1


def test_an_attempt_that_is_stopped_does_not_count(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.deliver("a.jsonl", jsonl(event("a", 101, "click", "2025-06-10T10:00:00Z")))

    def stopped(*_: Any) -> None:
        raise RuntimeError("Query interrupted") from KeyboardInterrupt()  # as DuckDB tells it

    monkeypatch.setattr("assets.engine.reading.reader.Reader.read", stopped)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="Query interrupted"):
            world.run()
    with world.open() as warehouse:
        assert warehouse.connection.execute("select sum(attempts) from internal.attempts").fetchall() == [(0,)]


def test_an_unreadable_file_waits_and_is_named_after_three_looks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = world.deliver("a.jsonl", jsonl(event("a", 101, "click", "2025-06-10T10:00:00Z")))
    may_read = os.access
    monkeypatch.setattr("os.access", lambda file, mode: file != path and may_read(file, mode))
    open_file = os.open

    def refuse(file: Path, *rest: Any) -> int:
        if file == path:
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_file(file, *rest)

    monkeypatch.setattr("os.open", refuse)
    named = []
    for _ in range(4):
        world.run()
        with world.open() as warehouse:
            named.append(breaking_rows(warehouse, "checks.delivered_files_can_be_taken").rows())
        asked = [file.name for file in files_to_ask_for(world.root)]
        assert asked == ([] if named[-1] else ["landing/events/a.jsonl"])
    expected = ("landing/events/a.jsonl", 3, "cannot be opened: Permission denied")
    assert named == [[], [], [expected], [expected]]
    monkeypatch.undo()
    world.run()
    assert world.value("select count(*) from raw.ad_events") == 1
    assert world.value("select count(*) from internal.attempts") == 0


def test_a_disk_that_fills_up_costs_nothing_and_the_next_run_goes_on(
    begun: DataRoot, tmp_path: Path, expected: dict[str, list[tuple[Any, ...]]]
) -> None:
    world = copy_of(begun, tmp_path / "data")
    size = world.root.warehouse_file.stat().st_size
    for limit in (100, 10_000, 100_000, size - 1, size + 1, size + 300_000):
        assert exit_code(run_with_files_of_at_most, world.root.path, limit) in (0, 1)
        assert world.value("select count(*) from core.transactions") in (15, 26)
    world.run()
    assert state(world) == expected


@pytest.mark.long
@pytest.mark.parametrize("spare", [0, 300_000, 1_000_000, 2_000_000, 3_000_000, 4_500_000, 6_000_000])
def test_a_real_disk_that_fills_up_costs_nothing_and_the_next_run_goes_on(
    begun: DataRoot, tmp_path: Path, expected: dict[str, list[tuple[Any, ...]]], spare: int
) -> None:
    """On a small tmpfs, so it needs the right to mount one; at commit, checkpoint and copy, by how much is spare."""
    taken = sum(file.stat().st_size for file in begun.path.rglob("*") if file.is_file())
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={taken + 200_000 + spare}", "tmpfs", disk], check=True)
    try:
        world = copy_of(begun, disk / "data")
        codes = [exit_code(run_without_looking_for_room, world.root.path) for _ in range(4)]
        assert set(codes) <= {0, 1}
        assert world.value("select count(*) from core.transactions") in (15, 26)
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        world.run()
        assert state(world) == expected
    finally:
        subprocess.run(["umount", disk], check=True)


def test_nothing_is_begun_without_room_to_publish_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run()
    spent(world, 1)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=60_000_000))
    before = world.root.warehouse_file.read_bytes()
    with pytest.raises(
        SpendgateError, match=r"published has 60 MB free, and a run needs \d+ MB there: nothing was begun"
    ):
        world.run()
    assert world.root.warehouse_file.read_bytes() == before
    monkeypatch.undo()
    world.run()
    assert world.value("select count(*) from core.transactions") == 1


def test_a_copy_that_does_not_fit_leaves_nothing_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run()
    spent(world, 1)

    def fill(source: Path, target: Path) -> None:
        Path(target).write_bytes(Path(source).read_bytes()[:1000])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("assets.engine.warehouse.publication.shutil.copyfile", fill)
    with pytest.raises(OSError, match="No space left"):
        world.run()
    assert [file.name for file in world.root.published_file.parent.iterdir()] == ["spend.duckdb"]
    monkeypatch.undo()
    world.run()
    assert world.value("select count(*) from core.transactions") == 1
