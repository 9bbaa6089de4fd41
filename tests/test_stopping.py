"""Commands that are stopped, and a Dagster home that cannot be written: one line, and nothing is half done."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assets.settings import DataRoot
from assets.warehouse import is_held
from tests.test_cli import spendgate_process
from tests.world import World, event, jsonl

CODE = "from pipelines.cli import main; main()"


def start(root: DataRoot, *arguments: str) -> "subprocess.Popen[str]":
    """A command that is under way."""
    return subprocess.Popen(
        [sys.executable, "-c", CODE, *arguments, "--data", str(root.path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent,
    )  # fmt: skip


def stopped(command: "subprocess.Popen[str]", number: signal.Signals) -> list[str]:
    """What a command says when it is stopped, line by line."""
    command.send_signal(number)
    out, said = command.communicate(timeout=60)
    assert out == ""
    assert command.returncode == 128 + number
    assert "Traceback" not in said
    return said.splitlines()


STOPPED = "stopped: nothing is half done, the next run goes on"


@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        (["run"], signal.SIGINT),
        (["decide"], signal.SIGTERM),
        (["housekeeping"], signal.SIGINT),
        (["rebuild"], signal.SIGTERM),
        (["set-status", "11", "PAUSED", "--reason", "x"], signal.SIGINT),
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
    assert spendgate_process(world.root, "run", "--now", "2025-06-10T12:00:00Z").returncode == 0
    assert world.value("select count(*) from core.transactions") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_query_is_stopped_with_one_line(world: World, number: signal.Signals) -> None:
    world.run()
    with start(world.root, "sql", "select count(*) from range(1000000000000) as rows (n) where n % 7 = 1") as command:
        time.sleep(2)
        assert stopped(command, number) == [STOPPED]
