"""`spendgate ui`: the Dagster UI, its daemon and its code servers, begun and ended together.

Belongs here: one UI for a data root, and the end of all its processes. Does not: what the UI shows (`definitions`).
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.statements import SQL
from pipelines.cli.options import DATA
from pipelines.cli.printing import say
from pipelines.cli.running import dagster_home

PATIENCE_SECONDS = 7
"""How long the UI's processes may take to end in order; what is left then is killed."""


@click.command(
    short_help="Start the Dagster UI with daemon and sensors.",
    epilog="""\b
Examples:
  spendgate ui
  spendgate ui --port 3001 --data /srv/spendgate
""",
)
@DATA
@click.option("--host", default="127.0.0.1", show_default=True, help="The UI has no login: see the README.")
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
def ui(data: DataRoot, host: str, port: int) -> None:
    """Start the Dagster UI with daemon and sensors. Ctrl+C, or SIGTERM, ends all of it."""
    address = f"http://{host}:{port}"
    data.create()
    with _the_only_ui(data, address):
        require_free(host, port)
        dagster_home(data)
        say(f"Dagster UI on {address} (Ctrl+C ends it)")
        code = _run_to_its_end(data, host, port)
    if code:
        raise SpendgateError(f"the UI ended by itself with code {code}: see what it said above")


@contextmanager
def _the_only_ui(data: DataRoot, address: str) -> Iterator[None]:
    """Hold the kernel's lock of the data root's UI: two daemons would ask for every run twice."""
    with (data.dagster_home / "ui.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise SpendgateError(
                f"the UI of {data.path} runs already: {file.read().strip()}; end that one, or look at it"
            ) from None
        file.truncate(0)
        file.write(f"{address} (process {os.getpid()})")
        file.flush()
        yield


def require_free(host: str, port: int) -> None:
    """Refuse a port that somebody has, before anything is started that would fail on it one by one."""
    try:
        family, kind, number, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, number) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        raise SpendgateError(
            f"{host}:{port} cannot be listened on ({error.strerror}): name another port with --port"
        ) from error


def _run_to_its_end(data: DataRoot, host: str, port: int) -> int:
    """Run Dagster in a session of its own, and end every process of it when a signal comes.

    A signal counts also where it had been ignored, as in the background of a script.
    """
    # its advice to use another tool, for projects laid out by that tool
    silence = ["-W", "ignore:Function `dev_command` is superseded"]
    where = ["-w", str(SQL.parent / "workspace.yaml"), "-h", host, "-p", str(port)]
    # else a code server that dies is not started again, and no sensor ticks any more
    where.append("--use-legacy-code-server-behavior")
    # a tick that found nothing is no news; that an old code server ends, which it does each minute, is no warning
    quiet = ["--log-level", "warning", "--code-server-log-level", "error"]
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: told.set())
    dagster = subprocess.Popen(  # noqa: S603 our interpreter
        [sys.executable, *silence, "-m", "dagster", "dev", *where, *quiet],
        env={**os.environ, "SPENDGATE_DATA": str(data.path)},
        start_new_session=True,
    )
    while not told.wait(0.2):
        if dagster.poll() is not None:
            _signal_all(dagster.pid, signal.SIGKILL)
            return dagster.returncode
    say("ending the UI ...")
    _signal_all(dagster.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        dagster.wait(PATIENCE_SECONDS)
    _signal_all(dagster.pid, signal.SIGKILL)
    dagster.wait()
    return 0


def _signal_all(session: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(session, number)


COMMANDS = (ui,)
