"""How a command ends that cannot go on: Ctrl-C and SIGTERM, and a Dagster that fails beside the steps. In one line.

Belongs here: what becomes of the command. Does not: what becomes of the data, where every step is all or nothing.
"""

import logging
import os
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from assets.engine.errors import SpendgateError, first_line
from pipelines.cli.printing import say

# --- signals

STOPPING = (signal.SIGINT, signal.SIGTERM)

GRACE_SECONDS = 5
"""How long a command may take to end in order. Then it is ended where it stands, which harms no more than a kill does:
native code may not listen, and DuckDB may wait for ever for a query that it has given up."""


class StoppedError(BaseException):
    """The command is to end. No Exception, so that nothing on the way takes it for a failure of its own."""


@contextmanager
def told_when_stopped() -> Iterator[None]:
    """End with one line when a signal ends what is in the block, whatever has become of it on its way out.

    Dagster puts handlers of its own in the place of ours while a run is under way, and DuckDB makes a `RuntimeError` of
    what a handler raises; so it is the interpreter that notes the signals, and they are looked up when all is over.
    """
    noted, notes = socket.socketpair()
    notes.setblocking(False)  # noqa: FBT003 the interpreter asks for it
    ended = threading.Event()
    with noted, notes, _noting(notes.fileno()):
        threading.Thread(target=_watch, args=(noted.dup(), ended), daemon=True).start()
        try:
            yield
        except BaseException as end:
            succeeded = isinstance(end, SystemExit) and not end.code
            number = None if succeeded else _first_signal(noted, socket.MSG_DONTWAIT)
            ended.set()
            if number is not None:
                _end(number)
            raise
        finally:
            ended.set()


@contextmanager
def _noting(descriptor: int) -> Iterator[None]:
    """Let the signals be noted there, and raise; one that is ignored, as by nohup, stays so."""
    handlers = {number: signal.getsignal(number) for number in STOPPING}
    before = signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
    for number, handler in handlers.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _stop(*_: Any) -> NoReturn:
    for number in STOPPING:
        signal.signal(number, signal.SIG_DFL)  # whoever asks again does not want to wait
    raise StoppedError


def _watch(noted: socket.socket, ended: threading.Event) -> None:
    """End the command when it has not ended by itself some time after a signal."""
    with noted:
        number = _first_signal(noted)
    if number is not None and not ended.wait(GRACE_SECONDS):
        _end(number)


def _first_signal(noted: socket.socket, flags: int = 0) -> int | None:
    """The first signal noted, which stays there; None when there is none, or none can come any more."""
    with suppress(BlockingIOError):
        return next(iter(noted.recv(1, socket.MSG_PEEK | flags)), None)
    return None


def _end(number: int) -> NoReturn:
    """Say it and end, without waiting for threads or for what DuckDB waits for."""
    with suppress(OSError):
        say("stopped: nothing is half done, the next run goes on", colour="yellow", err=True)
        sys.stdout.flush()
    os._exit(128 + number)


# --- pipes


def end_unread() -> NoReturn:
    """End well when nobody reads on, as in `spendgate status | head -1`; what is still to be written goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(0)


# --- Dagster


@contextmanager
def told_when_dagster_fails(home: Path) -> Iterator[None]:
    """Tell in one line what Dagster raises beside the steps: mostly that its databases in `home` cannot be written."""
    logging.getLogger("sqlalchemy").handlers = [logging.NullHandler()]  # what it logs, it raises as well
    try:
        with redirect_stderr(cast(IO[str], _WithoutComplaints(sys.stderr))):
            yield
    except SpendgateError:
        raise
    except Exception as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        told = f"{type(cause).__name__}: {first_line(cause)}"
        if isinstance(cause, (OSError, sqlite3.Error)):
            raise SpendgateError(
                f"Dagster cannot keep its record in {home} ({told}): make room there, see that it may be written and"
                " holds nothing but Dagster's files, then run again"
            ) from error
        raise SpendgateError(
            f"Dagster failed beside the steps ({told}): run again; if that does not help, rename"
            f" {home}, and Dagster makes a new home"
        ) from error


class _WithoutComplaints:
    """Standard error, but for what Dagster writes there of each event that it cannot keep, many lines at once."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write all the rest."""
        return len(text) if text.startswith("Exception while ") else self._stream.write(text)
