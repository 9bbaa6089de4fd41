"""A sealed day that is lost is made again from the files as they were delivered, the same to the last row."""

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from assets.checks import CHECKS, breaking_rows
from assets.engine.acknowledgement import Acknowledgement, acknowledge_file
from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.rebuild.rebuild import rebuild, swap
from assets.engine.rebuild.reseal import reseal_day
from assets.engine.settings import Settings
from assets.engine.warehouse.publication import publish
from assets.engine.warehouse.warehouse import open_warehouse
from tests.faults import state
from tests.test_sealed_files import failing, files, flip, lose, sealed_file
from tests.test_sealing import LATER, deliver_days, deliver_late, seal_days
from tests.world import ADS, World, event, jsonl

DAY = date(2025, 6, 7)
TABLES = ("ad_events", "transactions", "daily_spend")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Sealed days with late, repeated and contradicting events, a new price, and an ad that was waited for."""
    world = World(DataRoot(tmp_path_factory.mktemp("lived") / "data"))
    deliver_days(world)
    world.run()
    world.deliver_reference("ads", ADS.replace("0.50", "0.75") + "999,110,late,true,,,,,0.25,\n")
    deliver_late(world)
    world.deliver("more.jsonl", jsonl(*(event(f"m{n}", 101, "click", f"2025-06-07T0{n}:00:00Z") for n in range(9))))
    world.run(LATER - timedelta(days=1))
    seal_days(world)
    world.deliver("hot.jsonl", jsonl(event("hot", 101, "click", "2025-06-07T23:00:00Z")))
    world.run(LATER)
    with world.open(LATER) as warehouse:  # a third of its rows contradict others, as they are meant to
        acknowledge_file(warehouse, "late.jsonl", Acknowledgement(by="the test", reason="made so"))
        publish(warehouse)
    return world


@pytest.fixture
def world(lived: World, tmp_path: Path) -> World:
    world = World(DataRoot(shutil.copytree(lived.root.path, tmp_path / "data")), {})
    world.run(LATER)  # sees that the files are the same, though copied
    return world


def reseal(world: World, day: date = DAY) -> list[str]:
    with world.open(LATER) as warehouse:
        made = reseal_day(warehouse, day, Settings())
        publish(warehouse)
    return [file.table_name for file in made]


def rows_of(world: World) -> dict[str, list[Any]]:
    return {
        "seen": list(state(world).items()),
        "ids": world.rows("from core.transactions order by transaction_id"),
        "events": world.rows("from raw.ad_events order by file_id, line_number"),
    }


@pytest.mark.parametrize("lost", [TABLES[:1], TABLES[1:2], TABLES[2:], TABLES])
def test_a_lost_day_is_made_again_to_the_last_row(world: World, lost: tuple[str, ...]) -> None:
    before = rows_of(world)
    lose(world, *lost)
    world.run(LATER)
    assert "sealed_files_are_whole" in failing(world)
    assert sorted(reseal(world)) == sorted(lost)
    assert failing(world) == {}
    assert rows_of(world) == before


def test_a_month_that_is_damaged_is_made_again_and_the_damaged_file_kept_aside(world: World) -> None:
    before = rows_of(world)
    flip(sealed_file(world, "monthly_spend", "2025-06-01"))
    assert reseal(world, date(2025, 6, 1)) == ["monthly_spend"]
    assert rows_of(world) == before
    [aside] = world.root.damaged.iterdir()
    assert "2025-06-01" in aside.name


@pytest.mark.parametrize("gone", ["staged", "landing"])
def test_either_staged_copies_or_delivered_files_are_enough(world: World, gone: str) -> None:
    before = rows_of(world)
    lose(world, *TABLES)
    for folder in [world.root.staged] if gone == "staged" else [world.root.landing("events")]:
        for file in folder.iterdir():
            file.unlink()
    reseal(world)
    assert rows_of(world) == before


def test_what_cannot_be_made_again_is_told_and_nothing_is_changed(world: World) -> None:
    lose(world, "ad_events", "transactions")
    for folder in (world.root.staged, world.root.landing("events")):
        for file in folder.glob("*.jsonl"):
            file.unlink()
    kept = files(world)
    with pytest.raises(SpendgateError, match=r"2025-06-07 of ad_events cannot be made again: 0 rows .* were sealed"):
        reseal(world)
    assert {name for name in files(world) if "2025-06-07" not in name} == {n for n in kept if "2025-06-07" not in n}
    assert len(failing(world)["sealed_files_are_whole"]) == 2


def test_a_day_that_is_whole_is_left_as_it_is(world: World) -> None:
    with pytest.raises(SpendgateError, match="no sealed file of 2025-06-07 is lost or damaged"):
        reseal(world)


def test_deliveries_that_waited_for_the_day_are_taken_once_it_is_there(world: World) -> None:
    lose(world, "ad_events")
    world.deliver(
        "late.jsonl",
        jsonl(event("7-5-101", 101, "click", "2025-06-07T05:15:00Z"), event("x", 101, "click", "2025-06-07T05:15:00Z")),
    )
    world.run(LATER)
    reseal(world)
    world.run(LATER)
    file = world.file("late.jsonl")
    assert file["outcome"] == "LOADED" or file["rows_loaded"] == 1
    assert world.value("select count(*) from raw.ad_events where event_id = '7-5-101'") == 1
    assert world.value("select count(*) from raw.ad_events where event_id = 'x'") == 1


def test_a_rebuild_says_what_it_could_not_compare_and_its_swap_mends_lost_days(world: World) -> None:
    before = rows_of(world)
    lose(world, *TABLES)
    with world.open(LATER) as warehouse:
        compared = rebuild(warehouse, Settings())
        why_not = {row.table: row.why_not for row in compared if row.why_not}
        assert set(why_not) >= {"core.transactions", "raw.ad_events", "mart.daily_spend"}
        assert all("2025-06-07" in why for why in why_not.values())
        assert [row.table for row in compared if row.only_live or row.only_rebuilt] == []
        swap(warehouse)
        publish(warehouse)
    assert rows_of(world) == before
    with world.open(LATER) as warehouse:
        assert [name for name in CHECKS if not breaking_rows(warehouse, name).is_empty()] == []


def test_a_rebuild_without_a_readable_live_warehouse_goes_by_the_published_copy(world: World) -> None:
    before = rows_of(world)
    damaged = world.root.warehouse_file.read_bytes()[:20_000]
    world.root.warehouse_file.write_bytes(damaged)
    with open_warehouse(world.root, run_id="rebuild") as warehouse:
        rebuild(warehouse, Settings())
        swap(warehouse)
        publish(warehouse)
    assert world.root.replaced_file.read_bytes() == damaged
    assert rows_of(world) == before
