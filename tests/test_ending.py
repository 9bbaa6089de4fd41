"""Commands that are stopped, and a Dagster home that cannot be written: one line, and nothing is half done."""

import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.lock import is_held
from pipelines.cli.ending import told_when_dagster_fails
from tests.test_cli import spendgate, spendgate_process
from tests.world import World, event, jsonl

CODE = "from pipelines.cli.main import main; main()"
# in the background Ctrl-C is ignored, and Dagster then has SIGTERM ignored, too: what the tests start would be deaf
HEARING = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    f" signal.signal(signal.SIGTERM, signal.SIG_DFL); {CODE}"
)


def start(root: DataRoot, *arguments: str) -> "subprocess.Popen[str]":
    """A command that is under way."""
    return subprocess.Popen(
        [sys.executable, "-c", HEARING, *arguments, "--data", str(root.path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
    )  # fmt: skip


def stopped(command: "subprocess.Popen[str]", number: signal.Signals) -> list[str]:
    """What a command says when it is stopped, line by line."""
    command.send_signal(number)
    try:
        out, said = command.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        command.kill()
        raise
    assert out == ""
    assert command.returncode == 128 + number
    assert "Traceback" not in said, said
    return said.splitlines()


STOPPED = "stopped: nothing is half done, the next run goes on"


@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        (["run"], signal.SIGINT),
        (["decide"], signal.SIGTERM),
        (["housekeeping"], signal.SIGINT),
        (["rebuild"], signal.SIGTERM),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value.name,
)
def test_a_command_that_waits_for_its_turn_is_stopped_with_one_line(
    world: World, arguments: list[str], number: signal.Signals
) -> None:
    with world.open(), start(world.root, *arguments) as command:
        assert command.stderr is not None
        assert "waiting for the warehouse" in command.stderr.readline()
        assert stopped(command, number)[-1] == STOPPED


def test_a_run_that_is_stopped_within_a_step_is_gone_on_with(world: World) -> None:
    (world.root.path / "spendgate.toml").write_text("settle_seconds = 60\n")
    world.deliver("a.jsonl", jsonl(event("e", 101, "click", "2025-06-10T10:00:00Z")))
    with start(world.root, "run") as command:
        while not is_held(world.root):
            time.sleep(0.1)
        assert stopped(command, signal.SIGTERM)[-1] == STOPPED
    (world.root.path / "spendgate.toml").unlink()
    assert spendgate(world.root, "run", "--now", "2025-06-10T12:00:00Z").exit_code == 0
    assert world.value("select count(*) from core.transactions") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_query_is_stopped_with_one_line(world: World, number: signal.Signals) -> None:
    world.run()
    with start(world.root, "sql", "select count(*) from range(1000000000000) as rows (n) where n % 7 = 1") as command:
        time.sleep(2)
        assert stopped(command, number) == [STOPPED]


# --- a Dagster home that cannot be written


def harm_history(home: Path) -> None:
    shutil.rmtree(home / "history")
    (home / "history").write_text("no folder")


def harm_runs(home: Path) -> None:
    (home / "history" / "runs.db").write_text("no database, although it is as long as the head of one is " * 20)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    """A data root with a Dagster home in which one run is recorded."""
    world = World(DataRoot(tmp_path_factory.mktemp("kept") / "data"))
    assert spendgate(world.root, "run", "--now", "2025-06-10T12:00:00Z").exit_code == 0
    return world.root


def told_in_one_line(root: DataRoot, done: "subprocess.CompletedProcess[str]") -> None:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    *log, last = done.stderr.splitlines()
    assert last.startswith(f"error: Dagster cannot keep its record in {root.dagster_home}")
    assert last.endswith(FIX)
    assert [line for line in log if "error" in line.lower()] == []


FIX = ": make room there, see that it may be written and holds nothing but Dagster's files, then run again"


@pytest.mark.parametrize("harm", [harm_history, harm_runs])
def test_a_dagster_home_that_is_broken_is_told_in_one_line(
    kept: DataRoot, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    root = DataRoot(shutil.copytree(kept.path, tmp_path / "data"))
    harm(root.dagster_home)
    told_in_one_line(root, spendgate_process(root, "run", "--now", "2025-06-10T13:00:00Z"))


def test_a_dagster_home_that_cannot_be_made_is_told_in_one_line_and_made_later(world: World) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    command = [sys.executable, "-c", CODE, "run", "--data", str(world.root.path)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent, preexec_fn=limit
    )
    told_in_one_line(world.root, done)
    assert spendgate(world.root, "run", "--now", "2025-06-10T12:00:00Z").exit_code == 0


def test_a_dagster_home_that_is_full_is_told_in_one_line_and_the_next_run_goes_on(
    kept: DataRoot, tmp_path: Path
) -> None:
    """On a small tmpfs, so it needs the right to mount one; a run needs half a megabyte there."""
    root = DataRoot(shutil.copytree(kept.path, tmp_path / "data"))
    taken = sum(4096 * (file.stat().st_size // 4096 + 1) for file in kept.dagster_home.rglob("*") if file.is_file())
    with mounted(root.dagster_home, taken + 300_000):
        shutil.copytree(kept.dagster_home, root.dagster_home, dirs_exist_ok=True)
        told_in_one_line(root, spendgate_process(root, "run", "--now", "2025-06-10T13:00:00Z"))
    again = spendgate(root, "run", "--now", "2025-06-10T14:00:00Z")
    assert again.exit_code == 0, again.exception


def test_whatever_else_dagster_raises_is_told_in_one_line(tmp_path: Path) -> None:
    said = r"^Dagster failed beside the steps \(KeyError: 'x'\): run again"
    with pytest.raises(SpendgateError, match=said), told_when_dagster_fails(tmp_path):
        raise KeyError("x")


@contextmanager
def mounted(folder: Path, size: int) -> Iterator[None]:
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a tmpfs")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)
