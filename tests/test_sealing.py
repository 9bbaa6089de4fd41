"""Sealed days: the same rows for every reader, wherever the data root lies, and nothing lost when a run is killed."""

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.checks import CHECKS, breaking_rows
from assets.engine.data_root import DataRoot
from assets.engine.delivery.inbox import Inbox
from assets.engine.errors import SpendgateError
from assets.engine.ingestion.ingest import ingest
from assets.engine.reader_queries import answer
from assets.engine.rebuild.rebuild import rebuild, swap
from assets.engine.rebuild.reseal import reseal_day
from assets.engine.retention import tidy
from assets.engine.sealing.seal import MANY_ROWS, seal
from assets.engine.settings import Settings
from assets.engine.time_zones import load_utc_offsets
from assets.engine.verification import verify
from assets.engine.warehouse.clock import utc_now
from assets.engine.warehouse.publication import publish
from assets.engine.warehouse.sealed_tables import TABLES
from pipelines.cli.printing import print_csv
from tests.faults import KILLED, exit_code, seal_killed, state
from tests.world import BRANDS, NOON, World, event, jsonl, payment

LATER = NOON + timedelta(days=23)  # July 3: June is over everywhere
STATEMENTS = 80
"""Of a sealing and its publishing, and files written, after which it can be killed; the first ones open it."""

SEALED = "select count(*) from ops.sealed_files"


def deliver_days(world: World) -> None:
    """Five days of events of two brands, and a payment."""
    rows = [
        event(f"{day}-{hour}-{ad}", ad, kind, f"2025-06-{day:02}T{hour:02}:15:00Z")
        for day in range(5, 10)
        for hour in (1, 5, 12, 19, 23)
        for ad, kind in ((101, "click"), (201, "impression"), (999, "view"))
    ]
    world.deliver("days.jsonl", jsonl(*rows))
    world.deliver("p.jsonl", jsonl(payment("p1", 1, "5", "2025-06-06T11:00:00Z")), kind="payments")


def deliver_late(world: World) -> None:
    """For days that are sealed: a repeated event, one that contradicts, new ones; and a brand that moves."""
    late = [event(f"late-{n}", 101, "click", "2025-06-06T23:30:00Z") for n in range(3)]
    repeated = event("6-5-101", 101, "click", "2025-06-06T05:15:00Z")
    other_ad = event("6-5-201", 101, "click", "2025-06-06T05:15:00Z")
    other_time = event("7-5-101", 101, "click", "2025-06-07T05:15:01Z")
    world.deliver("late.jsonl", jsonl(*late, repeated, other_ad, other_time))


def seal_days(world: World, now: Any = LATER) -> int:
    with world.open(now) as warehouse:
        files = seal(warehouse)
        publish(warehouse)
    return len(files)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Five days, not sealed, in a file more than half of which is room that removed rows have left."""
    world = World(DataRoot(tmp_path_factory.mktemp("days") / "data"))
    with world.open() as warehouse:
        warehouse.connection.execute("create table removed as select md5(range::varchar) as text from range(400_000)")
    deliver_days(world)
    world.run()
    with world.open() as warehouse:
        warehouse.connection.execute("drop table removed")
    world.run(LATER)
    return world


@pytest.fixture
def sealed(begun: World, tmp_path: Path) -> World:
    """The same, sealed."""
    world = World(DataRoot(shutil.copytree(begun.root.path, tmp_path / "o'clock")), {})
    assert seal_days(world) > 15
    return world


def test_hot_and_sealed_days_are_one_for_every_reader(begun: World, sealed: World) -> None:
    assert state(sealed) == state(begun)
    hot = "select (select count(*) from internal.{}), (select count(*) from sealed.{}())"
    for table in TABLES:
        [(rows, away)] = sealed.rows(hot.format(table, table))
        assert rows == 0
        assert away > 0
    assert sealed.root.published_file.stat().st_size < begun.root.published_file.stat().st_size / 2
    assert seal_days(sealed) == 0, "what is sealed is not sealed again"
    files = sorted(str(file.relative_to(sealed.root.sealed)) for file in sealed.root.sealed.glob("*/*.parquet"))
    assert files == [name for (name,) in sealed.rows("select name from ops.sealed_files order by name")]


def test_days_that_may_still_change_stay(begun: World, tmp_path: Path) -> None:
    world = World(DataRoot(shutil.copytree(begun.root.path, tmp_path / "data")), {})
    newest = "select max(day)::varchar from ops.sealed_files where table_name = 'daily_spend'"
    for now, first_hot, newest_sealed in (
        (NOON - timedelta(days=2), "2025-06-08", "2025-06-06"),  # June 7 may go on west of Greenwich
        (NOON - timedelta(days=1), "2025-06-09", "2025-06-07"),
    ):
        assert seal_days(world, now) > 0
        assert world.value("select min(occurred_at)::date::varchar from internal.ad_events") == first_hot
        assert world.value(newest) == newest_sealed
        assert world.value("select count(*) from sealed.monthly_spend()") == 0
    assert seal_days(world, datetime(2025, 7, 1, 23, 59, tzinfo=UTC)) > 0
    assert world.value("select count(*) from sealed.monthly_spend()") == 0
    assert seal_days(world, datetime(2025, 7, 2, tzinfo=UTC)) == 1
    assert world.value("select count(*) from internal.monthly_spend") == 0
    assert state(world) == state(begun)


def test_late_repeated_and_contradicting_events_of_a_sealed_day_are_told_apart(begun: World, sealed: World) -> None:
    hot = World(DataRoot(shutil.copytree(begun.root.path, sealed.root.path.parent / "hot")), {})
    for world in (hot, sealed):
        deliver_late(world)
        world.run(LATER)
    file = sealed.file("late.jsonl")
    assert (file["rows_loaded"], file["rows_duplicate"], file["rows_rejected"]) == (3, 1, 2)
    assert state(sealed) == state(hot)
    spend = "select count(*), sum(transactions)::bigint from mart.daily_spend where local_date = '2025-06-06'"
    assert sealed.rows(f"{spend} and campaign_id = 11") == [(1, 8)]
    with sealed.open(LATER) as warehouse:
        for name in CHECKS:
            if name not in ("checks.few_rows_are_rejected", "checks.nothing_waits_for_long"):
                assert breaking_rows(warehouse, name).is_empty(), name


def test_a_brand_that_moves_is_summed_anew_from_sealed_days_too(begun: World, sealed: World) -> None:
    hot = World(DataRoot(shutil.copytree(begun.root.path, sealed.root.path.parent / "hot")), {})
    for zone in ("Asia/Tokyo", "Asia/Kolkata"):
        for world in (hot, sealed):
            world.deliver_reference("brands", BRANDS.replace("America/New_York", zone))
            world.run(LATER)
        assert state(sealed) == state(hot), zone


def test_an_ad_that_was_waited_for_is_charged_though_its_events_are_sealed(begun: World, sealed: World) -> None:
    hot = World(DataRoot(shutil.copytree(begun.root.path, sealed.root.path.parent / "hot")), {})
    for world in (hot, sealed):
        ads = (world.root.reference / "ads.csv").read_text()
        world.deliver_reference("ads", ads + "999,110,late,true,,,0.25,,,\n")
        world.run(LATER)
    assert sealed.value("select count(*) from core.unpriced") == 0
    assert state(sealed) == state(hot)


def test_many_late_rows_get_a_file_of_their_own(sealed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver_late(sealed)
    sealed.run(LATER)
    before = sealed.value(SEALED), state(sealed)
    assert seal_days(sealed) == 0
    assert MANY_ROWS > 3
    monkeypatch.setattr("assets.engine.sealing.seal.MANY_ROWS", 3)
    assert seal_days(sealed) > 0
    assert sealed.value(SEALED) > before[0]
    assert state(sealed) == before[1]


def test_few_late_rows_of_many_days_are_sealed_when_they_are_many_together(
    sealed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = [event(f"{day}-{n}", 101, "click", f"2025-06-{day:02}T23:30:00Z") for day in range(5, 10) for n in range(3)]
    sealed.deliver("late.jsonl", jsonl(*late))
    sealed.run(LATER)
    before = state(sealed)
    monkeypatch.setattr("assets.engine.sealing.seal.MANY_ROWS", 4)
    assert seal_days(sealed) == 0
    monkeypatch.setattr("assets.engine.sealing.seal.MANY_ROWS", 1.5)  # of the 15 together, not of the 3 of a day
    assert seal_days(sealed) > 0
    assert sealed.value("select count(*) from internal.ad_events") == 0
    assert state(sealed) == before


def test_what_has_come_in_bulk_is_sealed_before_its_day_is_over(
    begun: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(DataRoot(shutil.copytree(begun.root.path, tmp_path / "data")), {})
    monkeypatch.setattr("assets.engine.sealing.seal.MANY_ROWS", 100)
    today = [event(f"today-{n}", 101, "click", "2025-07-03T01:00:00Z") for n in range(100)]
    world.deliver("today.jsonl", jsonl(*today[:-1]))
    world.run(LATER)
    seal_days(world)
    assert world.value("select count(*) from internal.ad_events") == 99
    world.deliver("one.jsonl", jsonl(today[-1], event("other", 101, "click", "2025-07-03T02:00:00Z")))
    world.run(LATER)
    before = state(world)
    assert seal_days(world) == 2, "its events and its transactions"
    assert world.value("select count(*) from internal.ad_events") == 0
    assert world.value("select count(*) from internal.daily_spend") > 0, "sums of a day that goes on stay"
    assert state(world) == before


def test_an_event_id_that_comes_back_with_another_time_is_caught_within_some_days(begun: World, tmp_path: Path) -> None:
    world = World(DataRoot(shutil.copytree(begun.root.path, tmp_path / "data")), {})
    seal_days(world)
    world.deliver("again.jsonl", jsonl(
        event("9-5-101", 101, "click", "2025-06-12T05:15:00Z"),  # three days later
        event("8-5-101", 101, "click", "2025-06-12T05:15:00Z"),  # four
    ))  # fmt: skip
    world.run(LATER)
    assert world.rows("select line_number, reason[:37] from raw.rejected_rows") == [
        (1, "event_id '9-5-101' conflicts with lin")
    ]


def test_the_data_root_can_be_moved_and_read_from_anywhere(
    begun: World, sealed: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wanted = state(begun)
    moved = World(DataRoot(tmp_path / "elsewhere"), {})
    shutil.rmtree(moved.root.path)
    sealed.root.path.rename(moved.root.path)
    assert state(moved) == wanted
    query = "select count(*) from core.transactions"
    [(count,)] = begun.rows(query)
    here = Path.cwd()
    try:
        os.chdir(moved.root.published_file.parent)
        with duckdb.connect("spend.duckdb", read_only=True) as published:
            assert published.execute(query).fetchall() == [(count,)]
        os.chdir("/")
        with duckdb.connect() as other:
            other.execute(f"attach '{moved.root.published_file}' as spend (read_only)")
            other.execute(f"use spend; set variable spendgate_data = '{moved.root.path}'")
            assert other.execute(query).fetchall() == [(count,)]
    finally:
        os.chdir(here)
    answer(moved.root, query, print_csv)
    assert capfd.readouterr().out.splitlines()[-1] == str(count)
    moved.run(LATER)
    del wanted["files"]  # it looks at copies again, and finds that it knows them
    assert {name: rows for name, rows in state(moved).items() if name != "files"} == wanted


def test_nothing_is_sealed_while_a_batch_waits(world: World) -> None:
    deliver_days(world)
    with world.open(LATER) as warehouse:
        load_utc_offsets(warehouse)
        ingest(warehouse, Inbox(world.root, skip_stability_check=True))
        assert seal(warehouse) == []


@pytest.mark.parametrize(
    "statement", [n if n % 34 == 5 else pytest.param(n, marks=pytest.mark.long) for n in range(5, STATEMENTS)]
)
def test_sealing_that_is_killed_anywhere_loses_nothing_and_doubles_nothing(
    begun: World, tmp_path: Path, statement: int
) -> None:
    world = World(DataRoot(shutil.copytree(begun.root.path, tmp_path / "data")), {})
    assert exit_code(seal_killed, world.root.path, LATER, statement) == KILLED
    assert state(world) == state(begun), "readers see what they saw"
    deliver_late(world)
    world.run(LATER)
    count = world.value("select count(*) from raw.ad_events"), world.value("select sum(spend) from mart.daily_spend")
    seal_days(world)
    again = world.value("select count(*) from raw.ad_events"), world.value("select sum(spend) from mart.daily_spend")
    assert again == count
    assert count[0] == 78
    with world.open(LATER) as warehouse:
        assert breaking_rows(warehouse, "checks.marts_add_up_to_the_ledger").is_empty()


def test_a_file_that_is_not_what_was_written_stops_the_sealing(
    begun: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(DataRoot(shutil.copytree(begun.root.path, tmp_path / "data")), {})
    files: list[Path] = []

    def keep_another_day(file: Path) -> str:
        files.append(file)
        if len(files) == 3:
            shutil.copyfile(files[0], file)
        return ""

    monkeypatch.setattr("assets.engine.sealing.seal._keep", keep_another_day)
    with pytest.raises(
        SpendgateError, match=r"2025-06-07\.\w+\.parquet is not what was to be written to it, so nothing"
    ):
        seal_days(world)
    assert world.value(SEALED) == 0
    assert state(world) == state(begun)


@pytest.mark.parametrize("table", ["ad_events", "transactions"])
def test_what_breaks_a_rule_is_not_sealed_though_it_had_passed(begun: World, tmp_path: Path, table: str) -> None:
    world = World(DataRoot(shutil.copytree(begun.root.path, tmp_path / "data")), {})
    with world.open(LATER) as warehouse:
        for name in CHECKS:
            breaking_rows(warehouse, name)
        warehouse.connection.execute(f"insert into internal.{table} from internal.{table} limit 1")
        with pytest.raises(SpendgateError, match=r"checks\.\w+ does not hold"):
            seal(warehouse)
    assert [*world.root.sealed.glob("*/*.parquet")] == []


def test_days_are_sealed_the_same_in_however_many_groups(
    begun: World, sealed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(DataRoot(shutil.copytree(begun.root.path, sealed.root.path.parent / "grouped")), {})
    monkeypatch.setattr(
        "assets.engine.sealing.seal.ROWS_AT_ONCE", (31, 31)
    )  # of events two days, then of each table as it comes
    seal_days(world)
    noted = "select table_name, day, rows, spend, transactions from ops.sealed_files order by all"
    assert world.rows(noted) == sealed.rows(noted)
    assert state(world) == state(sealed)
    for table, order in (("ad_events", "occurred_at, event_id"), ("transactions", "brand_id, occurred_at")):
        for file in world.root.sealed.glob(f"{table}/*.parquet"):
            rows = duckdb.read_parquet(str(file)).project(order).fetchall()
            assert rows == sorted(rows), file


def test_duckdb_1_5_reads_every_file_whichever_release_wrote_it(sealed: World) -> None:
    files = sealed.root.warehouse_file, sealed.root.published_file, sealed.root.rebuilt_file
    with sealed.open(LATER) as warehouse:
        rebuild(warehouse, Settings())
    assert [storage_version(file) for file in files] == ["v1.5.0+"] * 3


def storage_version(file: Path) -> str:
    """What a release has to read to read a file; by itself each writes another one."""
    with duckdb.connect(str(file), read_only=True) as connection:
        query = "select tags['storage_version'] from duckdb_databases() where path is not null"
        [[version]] = connection.execute(query).fetchall()
    return str(version)


def test_a_rebuilt_warehouse_is_the_same_and_files_of_the_old_one_go_in_time(sealed: World) -> None:
    wanted: dict[str, Any] = state(sealed)
    with sealed.open(LATER) as warehouse:
        compared = rebuild(warehouse, Settings())
        assert [row.table for row in compared if row.only_live or row.only_rebuilt] == []
        swap(warehouse)
        publish(warehouse)
    assert state(sealed) == wanted
    assert sealed.value(SEALED) == 0
    files = [*sealed.root.sealed.glob("*/*.parquet")]
    for file in files:
        os.utime(file, (1, 1))  # a file's own time says nothing
    for days, left in ((6, len(files)), (8, 0)):
        with sealed.open(clock=lambda days=days: utc_now() + timedelta(days=days)) as warehouse:  # type: ignore[misc]
            tidy(warehouse, Settings())
        assert len([*sealed.root.sealed.glob("*/*.parquet")]) == left
    assert state(sealed) == wanted


def test_sealed_files_may_lie_on_another_disk(world: World, tmp_path: Path) -> None:
    """`sealed` as a link: files are written, read by every reader, verified, made again and removed where it leads."""
    elsewhere = tmp_path / "another disk"
    elsewhere.mkdir()
    world.root.sealed.rmdir()
    world.root.sealed.symlink_to(elsewhere)
    deliver_days(world)
    world.run()
    seal_days(world)
    assert [*elsewhere.glob("transactions/*.parquet")]
    assert world.value("select count(*) from core.transactions") > 0
    [lost] = elsewhere.glob("transactions/2025-06-07.*.parquet")
    before = world.rows("from core.transactions order by all")
    lost.unlink()
    with world.open(LATER) as warehouse:
        assert [file.table_name for file in reseal_day(warehouse, date(2025, 6, 7), Settings())] == ["transactions"]
        publish(warehouse)
    assert world.rows("from core.transactions order by all") == before
    with world.open(LATER) as warehouse:
        assert verify(warehouse) == []
