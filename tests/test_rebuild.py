"""The warehouse made anew from the staged files is the warehouse; what is broken in the live one is found."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from assets.checks import breaking_rows
from assets.engine.data_root import DataRoot
from assets.engine.delivery.inbox import Retry
from assets.engine.errors import SpendgateError
from assets.engine.ingestion.retry import retry_refused
from assets.engine.rebuild.comparison import Comparison
from assets.engine.rebuild.rebuild import rebuild, swap
from assets.engine.warehouse.publication import publish
from tests.faults import KILLED, exit_code, run_killed
from tests.test_cli import spendgate
from tests.test_retry import retry, soon
from tests.world import ADS, BRANDS, NOON, PRICES, World, event, jsonl, payment, refresh, spent


def made_anew(world: World) -> list[Comparison]:
    with world.open() as warehouse:
        return rebuild(warehouse, world.root.settings())


def differing(world: World) -> list[str]:
    return [row.table for row in made_anew(world) if row.only_live or row.only_rebuilt]


def live_through_a_lot(world: World) -> None:
    """Prices and budgets that change between runs, a killed run, waiting, late, doubled, refused and retried rows."""
    (world.root.path / "spendgate.toml").write_text("files_per_batch = 2\n")
    spent(world, 3)
    early = event("early", 101, "click", soon(11))
    world.deliver("a.jsonl", jsonl(early, event("w", 998, "view", "2025-06-10T11:00:00Z"), event("no", 1, "no", "no")))
    world.deliver("b.jsonl", jsonl(event("no price", 301, "acquisition", "2025-06-10T11:00:00Z")))
    world.deliver("c.jsonl", "[\n]\n")
    world.deliver("p.jsonl", jsonl(payment("p", 2, "9.5", "2025-06-10T11:00:00Z")), kind="payments")
    world.run()
    world.deliver_reference("ads", ADS.replace("0.50", "0.75") + "998,110,x,true,,,,,,\n")
    spent(world, 4, "2025-06-10T11:59:00Z")
    assert exit_code(run_killed, world.root.path, "after a commit", 3, 1) == KILLED
    world.deliver_reference("brands", BRANDS.replace("Asia/Kolkata", "Europe/Paris").replace("10.00", "3.00"))
    world.deliver("again.jsonl", (world.root.landing("events") / "a.jsonl").read_text() + "\n")
    world.run(NOON + timedelta(hours=1))
    corrected = PRICES.replace("0.20", "0.30") + "2025-06-01T00:00:00Z,0.25,1.50,0.02,1.00\n"
    world.deliver_reference("global_ad_pricing", corrected)
    spent(world, 2, "2025-06-01T11:00:00Z")
    world.run(NOON + timedelta(hours=2))
    retry(world, minutes_later=2)
    world.run(NOON + timedelta(days=1))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    """A data root with a history."""
    world = World(DataRoot(tmp_path_factory.mktemp("lived")))
    live_through_a_lot(world)
    return world.root


def test_a_rebuilt_warehouse_is_the_same_to_the_last_row(lived: DataRoot) -> None:
    compared = made_anew(World(lived, {}))
    assert [row for row in compared if row.only_live or row.only_rebuilt] == []
    rows = {row.table: row.rows_rebuilt for row in compared}
    assert (
        rows["core.transactions"] == 3 + 4 + 2 + 1 + 1 + 1 + 1
    )  # clicks, the one that waited, long, priced later, payment
    assert rows["raw.rejected_rows"] == 2
    assert rows["internal.retries"] == 2
    assert rows["mart.overspend"] > 0
    with duckdb.connect(str(lived.rebuilt_file), read_only=True) as rebuilt:
        assert rebuilt.execute("select count(*) from ops.campaign_status_changes").fetchall()[0][0] > 5


def test_a_file_that_is_no_longer_staged_is_taken_over_from_the_live_warehouse(lived: DataRoot) -> None:
    moved = [staged.rename(lived.path / staged.name) for staged in lived.staged.iterdir()]
    try:
        assert differing(World(lived, {})) == []
    finally:
        for staged in moved:
            staged.rename(lived.staged / staged.name)


def test_a_damaged_staged_file_is_named(world: World) -> None:
    spent(world, 3)
    world.run()
    [staged] = world.root.staged.glob("*.jsonl")
    staged.write_text(jsonl(event("forged", 101, "click", "2025-06-10T11:00:00Z")))
    for delivered in world.root.landing("events").iterdir():
        delivered.unlink()
    with pytest.raises(
        SpendgateError, match=r"3-.*\.jsonl \(file \d+\) cannot be read again: its staged copy .* is damaged"
    ):
        made_anew(world)


def test_what_is_broken_is_found_and_a_swap_mends_it_and_keeps_the_statuses(world: World) -> None:
    spent(world, 21)
    world.run()
    with world.open() as warehouse:
        warehouse.connection.execute("update internal.transactions set amount = 0.01 where transaction_id % 10 = 1")
        warehouse.connection.execute("delete from internal.daily_spend")
    changes = world.rows("from ops.campaign_status_changes")
    assert differing(world) == ["core.transactions", "mart.hourly_spend", "mart.daily_spend"]
    with world.open() as warehouse:
        rebuild(warehouse, world.root.settings())
        swap(warehouse)
        publish(warehouse)
    assert world.value("select sum(amount) from core.transactions") == Decimal("10.50")
    assert world.rows("from ops.campaign_status_changes") == changes
    with duckdb.connect(str(world.root.replaced_file), read_only=True) as before:
        assert before.execute("select count(*) from mart.daily_spend").fetchall() == [(0,)]
    spent(world, 2, "2025-06-10T11:30:00Z")
    world.run()
    assert world.value("select sum(spend) from mart.daily_spend") == Decimal("11.50")
    assert differing(world) == []


def test_the_command_compares_and_swaps_only_when_asked(world: World) -> None:
    spent(world, 3)
    world.run()
    inode = world.root.warehouse_file.stat().st_ino
    told = spendgate(world.root, "rebuild")
    assert told.exit_code == 0
    assert "All the same." in told.output
    assert world.root.warehouse_file.stat().st_ino == inode
    with world.open() as warehouse:
        warehouse.connection.execute("delete from internal.daily_spend")
    told = spendgate(world.root, "rebuild")
    assert "mart.daily_spend came out otherwise" in str(told.exception)
    assert spendgate(world.root, "rebuild", "--swap").exit_code == 0
    assert world.root.warehouse_file.stat().st_ino != inode
    assert world.value("select count(*) from mart.daily_spend") == 1


def test_an_empty_warehouse_can_be_rebuilt(tmp_path: Path) -> None:
    assert differing(World(DataRoot(tmp_path / "data"), {})) == []


def test_a_rebuild_reads_by_the_limits_that_were_in_force_then(world: World) -> None:
    """A row that was refused, and loaded after its limit was raised, must not be charged before it was."""
    settings = world.root.path / "spendgate.toml"
    settings.write_text("max_line_bytes = 200\n")
    long = {**event("long", 101, "click", "2025-06-10T10:00:00Z"), "note": "x" * 300}
    world.deliver("a.jsonl", jsonl(event("short", 101, "click", "2025-06-10T10:00:00Z"), long))
    world.run()
    settings.unlink()
    spent(world, 18)
    world.run(NOON + timedelta(hours=1))
    assert world.status(11) == "RUNNING"
    with world.open(NOON + timedelta(hours=2)) as warehouse:
        retry_refused(warehouse, Retry("longer than"), world.root.settings())
        refresh(warehouse)
    assert world.status(11) == "BUDGET_REACHED"
    assert differing(world) == []
    with world.open() as warehouse:
        rebuild(warehouse, world.root.settings())
        swap(warehouse)
        warehouse.connection.execute("delete from internal.evidence_checks")
        assert breaking_rows(warehouse, "checks.changes_follow_from_the_ledger").is_empty()
    limits = "select max_line_bytes from internal.reading_limits order by recorded_at"
    with world.open() as warehouse:
        assert warehouse.connection.execute(limits).fetchall() == [(200,), (1_000_000,)]


GONE = "loaded files are gone with their copies: their rows were taken over, not read again."


@pytest.mark.parametrize(
    ("delivered", "removed", "said"),
    [
        (0, 0, "There was nothing to compare: no file of events or payments has been loaded."),
        (
            2,
            2,
            f"All the same, but 2 of 2 {GONE}",
        ),
        (
            2,
            1,
            f"All the same, but 1 of 2 {GONE}",
        ),
        (2, 0, "All the same."),
    ],
)
def test_what_could_not_be_compared_is_said(world: World, delivered: int, removed: int, said: str) -> None:
    for number in range(delivered):
        spent(world, number + 1)
    world.run()
    for copy in sorted(world.root.staged.glob("*.jsonl"))[:removed]:
        same = copy.read_bytes()
        copy.unlink()
        for file in world.root.landing("events").iterdir():
            if file.read_bytes() == same:
                file.unlink()
    told = spendgate(world.root, "rebuild")
    assert told.exit_code == 0
    after = f"The rebuilt warehouse is {world.root.rebuilt_file}; nothing was swapped."
    assert told.output.splitlines()[-2:] == [said, after]
