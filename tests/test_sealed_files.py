"""Sealed files are what was sealed, or nothing is decided from them; what is lost stops only what needs it."""

import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.checks import CHECKS, breaking_rows
from assets.engine.data_root import DataRoot
from assets.engine.explanation import explain
from assets.engine.rebuild.rebuild import rebuild, swap
from assets.engine.retention import tidy
from assets.engine.sealing.files import NIGHTS, verify_sealed_files, verify_share
from assets.engine.settings import Settings
from assets.engine.warehouse.clock import utc_now
from assets.engine.warehouse.files_let_go import let_go
from assets.engine.warehouse.publication import open_published, publish
from assets.engine.warehouse.sealed_tables import days_needed
from tests.faults import state
from tests.test_cli import spendgate
from tests.test_sealing import LATER, deliver_days, seal_days
from tests.world import World, event, jsonl, spent

REMEDY = r"sealed day 2025-06-07 of {} cannot be read: sealed/{}/2025-06-07\.\w+\.parquet is {}; `spendgate rebuild"


@pytest.fixture(scope="module")
def sealed_once(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(DataRoot(tmp_path_factory.mktemp("sealed") / "data"))
    deliver_days(world)
    world.run()
    world.run(LATER)
    seal_days(world)
    return world


@pytest.fixture
def sealed(sealed_once: World, tmp_path: Path) -> World:
    """June 5 to 9 and the month are sealed; it is July 3."""
    world = World(DataRoot(shutil.copytree(sealed_once.root.path, tmp_path / "data")), {})
    world.run(LATER)
    return world


def sealed_file(world: World, table: str, day: str = "2025-06-07") -> Path:
    [file] = world.root.sealed.glob(f"{table}/{day}.*.parquet")
    return file


def flip(file: Path, place: int = 200) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)


def lose(world: World, *tables: str) -> None:
    for table in tables:
        sealed_file(world, table).unlink()


def failing(world: World) -> dict[str, list[dict[str, Any]]]:
    with world.open(LATER) as warehouse:
        found = {name: breaking_rows(warehouse, name).to_dicts() for name in CHECKS}
    return {name.removeprefix("checks."): rows for name, rows in found.items() if rows}


def test_every_sealed_file_has_its_hash_and_is_found_whole(sealed: World) -> None:
    assert sealed.value("select count(*) from ops.sealed_files where length(sha256) = 64 and bytes > 0") > 15
    assert sealed.rows("select distinct state from internal.sealed_file_states") == [("WHOLE",)]
    assert failing(sealed) == {}


@pytest.mark.parametrize("table", ["ad_events", "transactions", "daily_spend"])
def test_a_flipped_byte_fails_a_check_that_names_file_day_and_remedy(sealed: World, table: str) -> None:
    flip(sealed_file(sealed, table))
    [row] = failing(sealed)["sealed_files_are_whole"]
    assert row["name"] == str(sealed_file(sealed, table).relative_to(sealed.root.sealed))
    assert row["day"].isoformat() == "2025-06-07"
    assert row["state"] == "DAMAGED"
    assert "`spendgate rebuild --day 2025-06-07`" in row["remedy"]


def test_two_files_that_are_swapped_are_found(sealed: World) -> None:
    one, other = sealed_file(sealed, "ad_events"), sealed_file(sealed, "ad_events", "2025-06-08")
    aside = one.with_suffix(".aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)
    assert [row["state"] for row in failing(sealed)["sealed_files_are_whole"]] == ["DAMAGED", "DAMAGED"]


def test_a_byte_that_rots_unseen_is_found_within_a_week(sealed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No change of the file's time tells of it: only reading it in full does."""
    flip(sealed_file(sealed, "transactions"))
    monkeypatch.setattr("assets.engine.sealing.files._has_changed", lambda *_: False)
    found = []
    for night in range(1, NIGHTS + 1):
        with sealed.open(clock=lambda night=night: utc_now() + timedelta(days=night)) as warehouse:  # type: ignore[misc]
            verify_share(warehouse)
            found += warehouse.connection.execute(
                "select name, remedy from internal.unreadable_sealed_files"
            ).fetchall()
    assert len(set(found)) == 1
    assert "2025-06-07" in found[0][1]
    with sealed.open(clock=lambda: utc_now() + timedelta(days=7)) as warehouse:
        oldest = warehouse.connection.execute("select min(verified_at) from internal.sealed_file_states").fetchall()[0][
            0
        ]
    assert oldest > utc_now(), "each one was read in these nights"


def test_all_bytes_are_read_before_a_rebuild(sealed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    flip(sealed_file(sealed, "transactions"))
    monkeypatch.setattr("assets.engine.sealing.files._has_changed", lambda *_: False)
    with sealed.open(LATER) as warehouse:
        compared = {row.table: row.why_not for row in rebuild(warehouse, Settings())}
    assert "2025-06-07" in compared["core.transactions"]


def test_a_day_that_may_hold_an_event_already_lets_its_deliveries_wait(sealed: World) -> None:
    events = sealed.value("select count(*) from raw.ad_events")
    lose(sealed, "ad_events")
    repeated = event("7-5-101", 101, "click", "2025-06-07T05:15:00Z")
    sealed.deliver("repeated.jsonl", jsonl(repeated))
    sealed.deliver("other.jsonl", jsonl(event("new", 101, "click", "2025-06-20T05:15:00Z")))
    sealed.run(LATER)
    assert sealed.file("other.jsonl")["rows_loaded"] == 1
    assert sealed.rows("select name from raw.event_files where name like '%repeated%'") == []
    [(waits_for,)] = sealed.rows("select waits_for from internal.attempts")
    assert "rebuild --day 2025-06-07" in waits_for
    assert sealed.value("select sum(rows_loaded) from raw.event_files where kind = 'events'") == events + 1


def test_a_delivery_soon_after_a_lost_day_waits_too(sealed: World) -> None:
    lose(sealed, "ad_events")
    sealed.deliver("soon.jsonl", jsonl(event("7-5-101", 101, "click", "2025-06-10T05:15:00Z")))
    sealed.run(LATER)
    assert sealed.rows("select count(*) from raw.event_files where name like '%soon%'") == [(0,)]


@pytest.mark.parametrize("tables", [("ad_events",), ("transactions",), ("daily_spend",), ("ad_events", "transactions")])
def test_what_does_not_need_a_lost_day_goes_on(sealed: World, tables: tuple[str, ...]) -> None:
    """Runs, decisions and manual changes; readers of other days; and the loss is said, with what to do."""
    lose(sealed, *tables)
    spent(sealed, 25, "2025-07-03T11:00:00Z")
    sealed.run(LATER)
    assert sealed.status(11) == "BUDGET_REACHED"
    assert sealed.value("select count(*) from core.transactions where occurred_at >= '2025-07-01'") == 25
    assert sealed.value("select sum(spend) from mart.daily_spend where local_date >= '2025-07-01'") == 25 * 0.5
    found = failing(sealed)
    assert len(found["sealed_files_are_whole"]) == len(tables)
    seal_days(sealed, LATER + timedelta(days=3))
    assert spendgate(sealed.root, "decide").exit_code in (0, 1)
    with open_published(sealed.root) as published:
        assert explain(published, 11, at=None, now=LATER).changes


def test_a_reader_who_needs_a_lost_day_is_told_what_to_do(sealed: World) -> None:
    flip(sealed_file(sealed, "transactions"))
    lose(sealed, "daily_spend")
    sealed.run(LATER)
    for query, table, how in (
        ("select sum(amount) from core.transactions", "transactions", "damaged"),
        ("select count(*) from core.transactions", "transactions", "damaged"),
        ("select sum(amount) from core.transactions where brand_id = 2", "transactions", "damaged"),
        ("select count(*) from core.transactions where occurred_at::date = '2025-06-07'", "transactions", "damaged"),
        (
            "from core.transactions where occurred_at between '2025-06-07 12:00:00Z' and '2025-06-07 12:00:01Z'",
            "transactions",
            "damaged",
        ),
        ("select sum(spend) from mart.daily_spend", "daily_spend", "missing"),
        ("select sum(spend) from mart.daily_spend where brand_id = 1", "daily_spend", "missing"),
        ("select sum(spend) from mart.hourly_spend where brand_id = 1", "transactions", "damaged"),
    ):
        with pytest.raises(duckdb.InvalidInputException, match=REMEDY.format(table, table, how)):
            sealed.rows(query)
    assert sealed.value("select count(*) from core.transactions where occurred_at >= '2025-06-08'") > 0
    assert sealed.value("select sum(spend) from mart.monthly_spend") > 0


def test_a_file_that_comes_back_is_whole_again(sealed: World) -> None:
    before: dict[str, Any] = state(sealed)
    file = sealed_file(sealed, "transactions")
    aside = file.rename(sealed.root.path / "aside")
    sealed.run(LATER)
    assert "sealed_files_are_whole" in failing(sealed)
    aside.rename(file)
    sealed.run(LATER)
    assert failing(sealed) == {}
    assert state(sealed) == before


def with_second_copy(world: World, folder: Path) -> None:
    (world.root.path / "spendgate.toml").write_text(f'sealed_copy = "{folder}"\n')
    with world.open(LATER) as warehouse:
        verify_share(warehouse)


def test_a_second_copy_mends_what_is_lost_or_damaged(sealed: World, tmp_path: Path) -> None:
    with_second_copy(sealed, tmp_path / "other disk")
    before: dict[str, Any] = state(sealed)
    flip(sealed_file(sealed, "transactions"))
    lose(sealed, "ad_events", "daily_spend")
    sealed.run(LATER)
    assert failing(sealed) == {}
    assert state(sealed) == before
    [aside] = sealed.root.damaged.iterdir()
    assert aside.name.endswith(".parquet")


def test_a_damaged_second_copy_mends_nothing_and_is_made_again(sealed: World, tmp_path: Path) -> None:
    copies = tmp_path / "copy"
    with_second_copy(sealed, copies)
    file = sealed_file(sealed, "transactions")
    copy = copies / file.relative_to(sealed.root.sealed)
    flip(copy)
    lost = file.rename(sealed.root.path / "aside")
    sealed.run(LATER)
    assert "sealed_files_are_whole" in failing(sealed)
    lost.rename(file)
    for night in range(NIGHTS + 1):
        with sealed.open(clock=lambda night=night: utc_now() + timedelta(days=night)) as warehouse:  # type: ignore[misc]
            verify_share(warehouse)
    assert copy.read_bytes() == file.read_bytes()


def test_files_of_a_sealing_before_hashes_were_noted_are_held_against_what_was_noted(sealed: World) -> None:
    with sealed.open(LATER) as warehouse:
        warehouse.connection.execute("update ops.sealed_files set sha256 = null, bytes = null")
        warehouse.connection.execute("delete from internal.sealed_file_states")
        warehouse.connection.execute(
            "update ops.sealed_files set rows = rows + 1 where name like 'ad_events/2025-06-05%'"
        )
        lost = verify_sealed_files(warehouse)
    assert [file.name[:20] for file in lost] == ["ad_events/2025-06-05"]


def files(world: World) -> set[str]:
    return {str(file.relative_to(world.root.sealed)) for file in world.root.sealed.glob("*/*.parquet")}


def tidy_days_later(world: World, days: float) -> None:
    with world.open(clock=lambda: utc_now() + timedelta(days=days)) as warehouse:
        tidy(warehouse, Settings())
        publish(warehouse)


def test_files_of_a_warehouse_moved_aside_within_the_root_are_never_removed(sealed: World) -> None:
    wanted, before = state(sealed), files(sealed)
    aside = sealed.root.path / "my backup of June"
    sealed.root.warehouse_file.rename(aside)
    sealed.root.published_file.unlink()
    sealed.run(LATER)
    for days in (0, 8, 800):
        tidy_days_later(sealed, days)
    assert files(sealed) >= before
    aside.rename(sealed.root.warehouse_file)
    with sealed.open(LATER) as warehouse:
        publish(warehouse)  # also should it have as many revisions as the one that was published meanwhile
    assert state(sealed) == wanted


def test_files_that_nobody_knows_stay_and_are_named(
    sealed: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = files(sealed)
    sealed.root.warehouse_file.rename(tmp_path / "elsewhere")
    sealed.root.published_file.unlink()
    for file in sealed.root.sealed.glob("*/*.parquet"):
        os.utime(file, (1, 1))
    sealed.run(LATER)
    for days in (0, 8, 800):
        tidy_days_later(sealed, days)
    assert files(sealed) == before
    assert (
        f"{len(before)} sealed files are known to no warehouse here, and stay: sealed/ad_events/2025-06-05"
        in caplog.text
    )


def test_files_let_go_by_a_swap_stay_while_a_warehouse_needs_them_and_until_their_time(sealed: World) -> None:
    before = files(sealed)
    with sealed.open(LATER) as warehouse:
        rebuild(warehouse, Settings())
        swap(warehouse)
        publish(warehouse)
    kept = sealed.root.path / "kept.duckdb"
    shutil.copyfile(sealed.root.replaced_file, kept)
    tidy_days_later(sealed, 100)
    assert not sealed.root.replaced_file.exists()
    assert files(sealed) == before, "the copy of the replaced warehouse needs them"
    kept.unlink()
    tidy_days_later(sealed, 101)
    assert files(sealed) == set()


def test_an_unreadable_warehouse_in_the_root_stops_the_removal(sealed: World, caplog: pytest.LogCaptureFixture) -> None:
    broken = sealed.root.path / "broken.duckdb"
    broken.write_bytes(sealed.root.warehouse_file.read_bytes()[:5000])
    unneeded = sealed.root.sealed / "ad_events" / "2025-01-01.00000000.parquet"
    unneeded.write_bytes(b"")
    with sealed.open(LATER) as warehouse:
        let_go(warehouse, [unneeded], "")
    tidy_days_later(sealed, 8)
    assert unneeded.exists()
    assert "no sealed file was removed" in caplog.text
    assert "broken.duckdb cannot be read" in caplog.text
    broken.unlink()
    tidy_days_later(sealed, 8)
    assert not unneeded.exists()


def test_a_killed_sealing_leaves_files_that_go_in_their_time(sealed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(sealed)
    spent(sealed, 3, "2025-07-03T11:00:00Z")
    sealed.run(LATER)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("assets.engine.sealing.seal._replace_rows", die)
    with pytest.raises(KeyboardInterrupt):
        seal_days(sealed, LATER + timedelta(days=3))
    monkeypatch.undo()
    left = files(sealed) - before
    assert left
    tidy_days_later(sealed, 6)
    assert files(sealed) == before | left
    tidy_days_later(sealed, 8)
    assert files(sealed) == before


def test_what_a_transaction_failed_of_is_told_and_all_days_are_needed_after_it(sealed: World) -> None:
    with sealed.open(LATER) as warehouse:
        with (
            pytest.raises(duckdb.ConversionException, match="too much"),
            warehouse.transaction(),
            days_needed(warehouse.connection, LATER),
        ):
            warehouse.connection.execute("select 'too much'::integer")
        needed = warehouse.connection.execute("select getvariable('spendgate_needed')").fetchall()
    assert needed == [([None, None],)]
