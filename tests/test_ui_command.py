"""`spendgate ui`: one for each data root, on a free port, ended whole by a signal."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assets.engine.data_root import DataRoot
from pipelines.cli import ui
from pipelines.cli.main import cli

STAND_IN = (
    "import subprocess as s, sys; child = s.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    " open(sys.argv[1], 'w').write(str(child.pid)); child.wait()"
)
"""In Dagster's place: a process that has a child and does not listen."""


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def begin(root: DataRoot, *options: str) -> Result:
    return CliRunner().invoke(cli, ["ui", "--data", str(root.path), *options])


def test_a_taken_port_is_told_before_anything_starts(root: DataRoot) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = begin(root, "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 1
    assert "cannot be listened on (Address already in use): name another port with --port" in str(result.exception)
    assert not (root.dagster_home / "made").exists()


def test_a_port_that_is_none_is_refused(root: DataRoot) -> None:
    assert begin(root, "--port", "70000").exit_code == 2


def test_a_second_ui_of_one_data_root_is_refused_with_the_address_of_the_first(root: DataRoot) -> None:
    root.create()
    with ui._the_only_ui(root, "http://127.0.0.1:4567"):
        result = begin(root)
    assert result.exit_code == 1
    assert f"runs already: http://127.0.0.1:4567 (process {os.getpid()})" in str(result.exception)
    with ui._the_only_ui(root, "http://127.0.0.1:4567"):
        pass  # it is free again


@pytest.fixture
def started(root: DataRoot, free_port: int, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A UI whose Dagster is the stand-in, begun as a shell begins what runs in the background: deaf to SIGINT."""
    noted = tmp_path / "child"
    code = (
        "import signal, subprocess, sys\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from pipelines.cli import ui\n"
        "real = subprocess.Popen\n"
        f"stand_in = [sys.executable, '-c', {STAND_IN!r}, {str(noted)!r}]\n"
        "ui.subprocess.Popen = lambda _, **how: real(stand_in, start_new_session=True)\n"
        "ui.PATIENCE_SECONDS = 0.5\n"
        "ui.dagster_home = lambda _: None\n"
        f"ui.ui(['--data', {str(root.path)!r}, '--port', '{free_port}'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    deadline = time.monotonic() + 30
    while not (noted.exists() and noted.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    yield process, noted
    process.kill()
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_every_process_of_it(started: tuple[subprocess.Popen[str], Path], number: signal.Signals) -> None:
    process, noted = started
    child = int(noted.read_text())
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "ending the UI" in out
    deadline = time.monotonic() + 10
    while _lives(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(child)


def _lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_ui_listens_on_this_machine_only() -> None:
    [host] = [option for option in ui.ui.params if option.name == "host"]
    assert host.default == "127.0.0.1"
