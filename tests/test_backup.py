"""A backup holds all that is needed to go on elsewhere, is made while everything runs, and is taken back whole."""

import shutil
import threading
from pathlib import Path

import pytest

from assets.engine.backup import back_up, restore
from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.clock import Clock
from assets.engine.warehouse.publication import publish
from assets.engine.warehouse.warehouse import open_warehouse
from tests.faults import state
from tests.test_cli import spendgate
from tests.test_sealed_files import failing, flip, sealed_file
from tests.test_sealing import LATER, deliver_days, seal_days
from tests.world import World, spent


@pytest.fixture(scope="module")
def sealed_once(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(DataRoot(tmp_path_factory.mktemp("sealed") / "data"))
    deliver_days(world)
    world.run(LATER)
    seal_days(world)
    return world


@pytest.fixture
def world(sealed_once: World, tmp_path: Path) -> World:
    return World(DataRoot(shutil.copytree(sealed_once.root.path, tmp_path / "data")), {})


@pytest.fixture
def target(tmp_path: Path) -> DataRoot:
    return DataRoot(tmp_path / "other disk" / "backup")


def take_back(world: World, target: DataRoot) -> None:
    with open_warehouse(world.root, run_id="restore", clock=Clock(is_right=True)) as warehouse:
        restore(warehouse, target)
        world.root.published_file.unlink(missing_ok=True)
        publish(warehouse)


def test_a_backup_is_taken_back_into_an_empty_root_and_goes_on(world: World, target: DataRoot, tmp_path: Path) -> None:
    wanted = state(world)
    back_up(world.root, target)
    elsewhere = World(DataRoot(tmp_path / "elsewhere"), {})
    elsewhere.root.warehouse_file.unlink()
    take_back(elsewhere, target)
    assert state(elsewhere) == wanted
    assert failing(elsewhere) == {}
    spent(elsewhere, 2, "2025-07-03T11:00:00Z")
    elsewhere.run(LATER)
    assert elsewhere.value("select count(*) from core.transactions where occurred_at >= '2025-07-01'") == 2


def test_a_second_backup_copies_only_what_is_new(world: World, target: DataRoot) -> None:
    back_up(world.root, target)
    before = {file: file.stat().st_ino for file in target.path.rglob("*.parquet")}
    spent(world, 2, "2025-07-03T11:00:00Z")
    world.run(LATER)
    sums = back_up(world.root, target)
    assert {file: file.stat().st_ino for file in target.path.rglob("*.parquet")} == before
    assert sums.transactions == world.value("select count(*) from core.transactions")


def test_a_backup_waits_for_no_run_and_no_run_for_it(world: World, target: DataRoot) -> None:
    with world.open(LATER) as warehouse:
        warehouse.connection.execute("begin")
        thread = threading.Thread(target=back_up, args=(world.root, target))
        thread.start()
        thread.join(60)
        assert not thread.is_alive()
        warehouse.connection.execute("rollback")
    assert target.warehouse_file.exists()


def test_a_backup_of_a_damaged_day_is_refused_and_the_one_before_it_stays(world: World, target: DataRoot) -> None:
    back_up(world.root, target)
    before = target.warehouse_file.read_bytes()
    spent(world, 2, "2025-07-03T11:00:00Z")
    world.run(LATER)
    flip(sealed_file(world, "transactions"))
    (target.path / sealed_file(world, "transactions").relative_to(world.root.path)).unlink()
    with pytest.raises(SpendgateError, match=r"2025-06-07\.\w+\.parquet is damaged: `spendgate verify`"):
        back_up(world.root, target)
    assert target.warehouse_file.read_bytes() == before


def test_a_damaged_backup_is_not_taken_back(world: World, target: DataRoot) -> None:
    back_up(world.root, target)
    file = sealed_file(world, "transactions")
    flip(target.path / file.relative_to(world.root.path))
    file.unlink()
    before = world.root.warehouse_file.stat().st_ino
    with pytest.raises(SpendgateError, match="is damaged"):
        take_back(world, target)
    assert world.root.warehouse_file.stat().st_ino == before


def test_restoring_mends_lost_sealed_days_and_keeps_the_warehouse_in_its_place_aside(
    world: World, target: DataRoot
) -> None:
    wanted = state(world)
    back_up(world.root, target)
    shutil.rmtree(world.root.sealed)
    world.root.warehouse_file.write_bytes(b"not a warehouse")
    take_back(world, target)
    assert state(world) == wanted
    [aside] = world.root.damaged.iterdir()
    assert aside.read_bytes() == b"not a warehouse"


def test_a_backup_within_the_root_is_refused(world: World) -> None:
    with pytest.raises(SpendgateError, match="lies in the data root"):
        back_up(world.root, DataRoot(world.root.path / "backup"))


def test_the_commands_tell_what_they_did(world: World, target: DataRoot) -> None:
    told = spendgate(world.root, "backup", str(target.path))
    assert told.exit_code == 0, told.output
    assert "75 events, 51 transactions" in told.output
    told = spendgate(world.root, "restore", str(target.path))
    assert told.exit_code == 0, told.output
    assert "read back and the same" in told.output
    told = spendgate(world.root, "verify")
    assert told.exit_code == 0, told.output
    assert "All is whole: " in told.output
    flip(sealed_file(world, "transactions"))
    told = spendgate(world.root, "verify")
    assert told.exit_code == 1
    assert "sealed/transactions/2025-06-07" in told.output.replace("\n", "")
    assert "nothing is to be done" in spendgate(world.root, "migrate", "--dry-run").output
