"""A warehouse that does not open is brought back to what is whole of it, and what is missing is loaded again."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.manual_status import ManualChange, set_status
from assets.engine.recovery import Recovery, deliver_unknown_copies, recover
from assets.engine.warehouse.clock import Clock
from assets.engine.warehouse.disk import write_ahead_log
from assets.engine.warehouse.publication import publish
from assets.engine.warehouse.warehouse import open_warehouse
from tests import world as worlds
from tests.faults import die, exit_code, put, state
from tests.test_cli import spendgate
from tests.world import NOON, World, jsonl, payment, refresh, spent


def run_and_die_before_publishing(root: Path) -> None:
    """A run that has committed everything and checkpointed nothing since it was opened."""
    with open_warehouse(DataRoot(root), now=NOON, run_id="dies", clock=Clock(is_right=True)) as held:
        put(worlds, "publish", lambda _: die())
        refresh(held)


@pytest.fixture(scope="module")
def died_once(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Published with a pause; then a run died whose commits are in the log alone."""
    world = World(DataRoot(tmp_path_factory.mktemp("died") / "data"))
    spent(world, 3)
    world.run()
    with world.open() as warehouse:
        set_status(warehouse, ManualChange(21, "PAUSED", changed_by="ann", note="why not"))
        publish(warehouse)
    spent(world, 5, "2025-06-10T11:30:00Z")
    world.deliver("p.jsonl", jsonl(payment("p", 2, "9.5", "2025-06-10T11:00:00Z")), kind="payments")
    assert exit_code(run_and_die_before_publishing, world.root.path) == -signal.SIGKILL
    assert write_ahead_log(world.root.warehouse_file).stat().st_size > 1_000
    return world


@pytest.fixture
def died(died_once: World, tmp_path: Path) -> World:
    return World(DataRoot(shutil.copytree(died_once.root.path, tmp_path / "data")), {})


@pytest.fixture(scope="module")
def expected(died_once: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    world = World(DataRoot(shutil.copytree(died_once.root.path, tmp_path_factory.mktemp("whole") / "data")), {})
    world.run()
    return outcome(world)


def outcome(world: World) -> dict[str, object]:
    """What readers see, but for the copied files that a run looks at again."""
    return {name: rows for name, rows in state(world).items() if name != "files"}


def flip_tail(wal: Path) -> None:
    content = bytearray(wal.read_bytes())
    content[-200] ^= 1
    wal.write_bytes(content)


def flip_middle(wal: Path) -> None:
    content = bytearray(wal.read_bytes())
    content[len(content) // 2] ^= 1
    wal.write_bytes(content)


def zeros_behind(wal: Path) -> None:
    wal.write_bytes(wal.read_bytes() + bytes(8192))


def all_zeros(wal: Path) -> None:
    wal.write_bytes(bytes(wal.stat().st_size))


def bring_back(world: World) -> Recovery:
    with open_warehouse(world.root, run_id="recover", clock=Clock(is_right=True)) as warehouse:
        done = recover(warehouse)
        publish(warehouse)
    return done


@pytest.mark.parametrize("damage", [flip_tail, flip_middle, zeros_behind])
def test_a_damaged_log_costs_nothing_that_was_acknowledged(
    died: World, expected: dict[str, object], damage: Callable[[Path], None]
) -> None:
    wal = write_ahead_log(died.root.warehouse_file)
    damage(wal)
    damaged = wal.read_bytes()
    if damage is not zeros_behind:  # which DuckDB 2.0 passes over
        with pytest.raises(duckdb.Error), died.open():
            pass
    done = bring_back(died)
    aside = [file.read_bytes() == damaged for file in done.aside]
    assert sorted(aside) == ([False, True] if done.cause else [])
    died.run()
    assert died.status(21) == "PAUSED"
    assert outcome(died) == expected


def test_a_log_of_nothing_but_zeros_costs_nothing_either(died: World, expected: dict[str, object]) -> None:
    """The database passes over it; the next run does again what it held."""
    all_zeros(write_ahead_log(died.root.warehouse_file))
    died.run()
    assert outcome(died) == expected


def test_what_is_whole_of_a_log_is_taken(died: World) -> None:
    flip_tail(write_ahead_log(died.root.warehouse_file))
    done = bring_back(died)
    assert done.state
    assert done.state.what == "the file with what is whole of its log"
    assert done.published_revision is not None
    assert done.state.revision > done.published_revision


def test_a_stale_log_beside_a_newer_file_is_kept_aside(died: World, expected: dict[str, object]) -> None:
    wal = write_ahead_log(died.root.warehouse_file)
    stale = wal.read_bytes()
    died.run()
    wal.write_bytes(stale)
    with pytest.raises(duckdb.Error), died.open():
        pass
    done = bring_back(died)
    assert [file.name.endswith(".wal") for file in done.aside] == [True, False]
    died.run()
    assert outcome(died) == expected


def test_a_damaged_file_is_replaced_by_the_published_copy(died: World, expected: dict[str, object]) -> None:
    content = died.root.warehouse_file.read_bytes()
    died.root.warehouse_file.write_bytes(content[: len(content) // 3])
    done = bring_back(died)
    assert done.state
    assert done.state.what == "the published copy"
    died.run()
    assert outcome(died) == expected


def test_an_old_file_in_the_place_of_the_newest_is_found(world: World) -> None:
    spent(world, 3)
    world.run()
    old = world.root.warehouse_file.read_bytes()
    spent(world, 5, "2025-06-10T11:30:00Z")
    world.run()
    wanted = state(world)
    world.root.warehouse_file.write_bytes(old)
    assert bring_back(world).cause == "it is older than the published copy"
    assert state(world) == wanted


def test_a_whole_warehouse_is_left_as_it_is(world: World) -> None:
    world.run()
    before = world.root.warehouse_file.stat()
    assert bring_back(world) == Recovery(None)
    assert world.root.warehouse_file.stat().st_ino == before.st_ino


def test_when_nothing_can_be_read_it_says_what_is_left_to_do(world: World) -> None:
    world.run()
    world.root.published_file.unlink()
    world.root.warehouse_file.write_bytes(b"x" * 50_000)
    with pytest.raises(SpendgateError, match=r"nor can its published copy: `spendgate restore` takes a backup"):
        bring_back(world)
    assert world.root.warehouse_file.read_bytes() == b"x" * 50_000


def test_a_file_of_which_only_the_staged_copy_is_left_is_delivered_again(died: World) -> None:
    """Its deliverer has removed it, and the log that knew it is damaged."""
    for file in (*died.root.landing("events").glob("5-*"), *died.root.landing("payments").iterdir()):
        file.unlink()
    all_zeros(write_ahead_log(died.root.warehouse_file))
    bring_back(died)
    died.run()
    assert died.value("select count(*) from core.transactions") == 3
    with died.open() as warehouse:
        delivered = deliver_unknown_copies(warehouse)
    assert sorted(file.parent.parent.name for file in delivered) == ["events", "payments"]
    died.run()
    assert died.value("select count(*) from core.transactions") == 3 + 5 + 1
    with died.open() as warehouse:
        assert deliver_unknown_copies(warehouse) == []


def test_the_command_does_all_of_it_and_tells(died: World) -> None:
    flip_middle(write_ahead_log(died.root.warehouse_file))
    told = spendgate(died.root, "recover")
    assert told.exit_code == 0, told.output
    assert "The warehouse could not be used: " in told.output
    assert "kept aside: " in told.output
    assert "brought back: the file with what is whole of its log, revision" in told.output
    assert died.value("select count(*) from core.transactions") == 3 + 5 + 1
    assert "nothing to recover" in spendgate(died.root, "recover").output
