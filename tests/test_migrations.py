"""A warehouse of an earlier version is brought up to this one, and everything in it with it."""

import shutil
import tarfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.checks import BROKEN, CHECKS, breaking_rows
from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.rebuild.rebuild import rebuild
from assets.engine.settings import Settings
from assets.engine.warehouse.migrations import MIGRATIONS, VERSION, OtherVersionError, version_of
from pipelines.sensors import _due
from tests.world import NOON, World, spent

STORED = Path(__file__).parent / "warehouses"
"""Small data roots made by each earlier version: sealed days, pauses, history, refused and late rows, a new price."""

LATER = NOON + timedelta(days=24)  # the day after its last run

KEPT = {
    "statuses": "select campaign_id, status, reason, changed_at from ops.campaign_status order by all",
    "changes": "select change_id, campaign_id, to_status, reason, decided_at, daily_spend, changed_by, note"
    " from ops.campaign_status_changes order by all",
    "ledger": "select transaction_id, amount, occurred_at, recorded_at from core.transactions order by all",
    "events": "select event_id, ad_id, occurred_at, file_id from raw.ad_events order by all",
    "days": "select brand_id, campaign_id, cost_type, local_date, spend, transactions from mart.daily_spend"
    " order by all",
    "months": "select brand_id, campaign_id, cost_type, local_month, spend, transactions from mart.monthly_spend"
    " order by all",
    "files": "select name, sha256, outcome, rows_read, rows_rejected from ops.delivered_files order by all",
    "refused": "select file_id, line_number, raw, reason from raw.rejected_rows order by all",
    "budgets": "select brand_id, daily_budget, valid_from, valid_to, recorded_at, superseded_at from core.brands"
    " order by all",
}


def stored(version: int, folder: Path) -> World:
    with tarfile.open(STORED / f"version-{version}.tar.xz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # before 3.11.4 there is none
        archive.extractall(folder)  # noqa: S202 our own
    return World(DataRoot(folder), {})


@pytest.fixture(params=range(1, VERSION), ids=lambda version: f"version {version}")
def old(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return stored(request.param, tmp_path / "data")


of_the_oldest_and_the_newest = pytest.mark.parametrize("old", [1, VERSION - 1], indirect=True)
"""For what does not depend on the version."""


def rows(file: Path, root: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What a file holds, read without the program: its sealed files lie where its folder for spilling says."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set variable spendgate_data = $root", {"root": str(root)})
        return {name: connection.execute(query).fetchall() for name, query in KEPT.items()}


def version_of_file(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as connection:
        return version_of(connection) or 0


def test_an_older_warehouse_is_brought_up_by_the_next_run_and_loses_nothing(old: World) -> None:
    before = rows(old.root.warehouse_file, old.root.path)
    assert [row[1] for row in before["statuses"]].count("PAUSED") == 1
    assert len(before["refused"]) == 4
    with old.open(LATER) as warehouse:
        assert warehouse.value("ops.migrations", "newest") == VERSION
    assert rows(old.root.warehouse_file, old.root.path) == before
    old.run(LATER)
    after = rows(old.root.published_file, old.root.path)
    assert after["ledger"] == before["ledger"]
    assert after["changes"][: len(before["changes"])] == before["changes"]
    assert old.status(21) == "PAUSED", "what a person decided"
    with old.open(LATER) as warehouse:
        broken = [name for name, (_, severity) in CHECKS.items() if severity == BROKEN]
        assert [name for name in broken if not breaking_rows(warehouse, name).is_empty()] == []


@of_the_oldest_and_the_newest
def test_a_warehouse_that_was_brought_up_goes_on(old: World) -> None:
    old.run(LATER)
    spend = old.value("select sum(spend) from mart.daily_spend")
    spent(old, 2, "2025-07-04T11:00:00Z")
    old.run(LATER)
    assert old.value("select sum(spend) from mart.daily_spend") == spend + 2 * Decimal("0.75")
    with old.open(LATER) as warehouse:
        compared = rebuild(warehouse, Settings())
    assert [row.table for row in compared if row.only_live or row.only_rebuilt] == []


@of_the_oldest_and_the_newest
def test_readers_of_a_published_copy_of_another_version_are_told_what_to_do(old: World) -> None:
    shutil.copyfile(old.root.warehouse_file, old.root.published_file)
    with pytest.raises(OtherVersionError, match=r"was written by an older spendgate .*: `spendgate run` brings it up"):
        old.status(21)
    due, words = _due(old.root, LATER)
    assert due
    assert "older spendgate" in words
    old.run(LATER)
    assert old.status(21) == "PAUSED"


@of_the_oldest_and_the_newest
def test_a_copy_of_the_file_as_it_was_is_kept(old: World) -> None:
    before = old.root.warehouse_file.read_bytes()
    with old.open(LATER) as warehouse:
        assert warehouse.value("ops.migrations", "newest") == VERSION
    [backup] = old.root.warehouse_file.parent.glob("before-version-*.duckdb")
    assert backup.read_bytes() == before


@of_the_oldest_and_the_newest
def test_a_step_that_fails_leaves_the_file_as_it_was(old: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(old.root.warehouse_file, old.root.path)

    def fail(*_: Any) -> None:
        raise duckdb.InvalidInputException("out of luck")

    monkeypatch.setattr("assets.engine.warehouse.migrations.define", fail)
    with pytest.raises(duckdb.Error, match="out of luck"), old.open(LATER):
        pass
    assert version_of_file(old.root.warehouse_file) < VERSION
    assert rows(old.root.warehouse_file, old.root.path) == before
    monkeypatch.undo()
    with old.open(LATER) as warehouse:
        assert warehouse.value("ops.migrations", "newest") == VERSION


def test_every_version_has_its_step_and_a_stored_warehouse_of_the_one_before(tmp_path: Path) -> None:
    assert [migration.version for migration in MIGRATIONS] == list(range(2, VERSION + 1))
    for migration in MIGRATIONS:
        assert migration.what.endswith("."), migration
        world = stored(migration.version - 1, tmp_path / str(migration.version))
        assert version_of_file(world.root.warehouse_file) == migration.version - 1


def test_a_newer_warehouse_is_refused_and_not_touched(world: World) -> None:
    world.run()
    with world.open() as warehouse:
        warehouse.connection.execute("insert into ops.migrations values (99, 'later', now())")
        warehouse.connection.execute("checkpoint")
    before = world.root.warehouse_file.read_bytes()
    said = rf"has version 99 and was written by a newer spendgate; this one knows versions up to {VERSION}"
    with pytest.raises(SpendgateError, match=said), world.open():
        pass
    assert world.root.warehouse_file.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ("alter table internal.campaign_status drop paused_until", "internal.campaign_status has no paused_until"),
        ("alter table internal.campaign_status add more integer", "internal.campaign_status has more"),
        ("drop view raw.ad_events; create table raw.ad_events (event_id varchar)", "raw.ad_events is a table"),
    ],
)
def test_a_warehouse_of_an_unknown_version_is_refused_with_what_to_do(
    world: World, change: str, difference: str
) -> None:
    world.run()
    with world.open() as warehouse:
        warehouse.connection.execute(change)
        warehouse.connection.execute("delete from internal.definitions")
    said = f"does not know: {difference}. Nothing was changed."
    with pytest.raises(SpendgateError, match=said), world.open():
        pass


def test_nobody_is_told_to_move_a_warehouse_away() -> None:
    project = Path(__file__).parent.parent
    told = [file for folder in ("assets", "pipelines", "sql") for file in (project / folder).rglob("*.*")]
    assert [file for file in told if file.suffix in (".py", ".sql") and "ove it away" in file.read_text()] == []


def test_the_stored_warehouses_are_small() -> None:
    assert all(file.stat().st_size < 200_000 for file in STORED.iterdir())
