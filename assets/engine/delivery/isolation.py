"""A file that may kill its reader is read by itself, so that it stops nobody but itself.

Belongs here: the process of its own, and what its end means. Does not: counting attempts (`attempts`).
"""

import logging
import multiprocessing
import signal
from collections.abc import Callable

from assets.engine.data_root import DataRoot
from assets.engine.delivery.files import DeliveredFile, QuarantineError
from assets.engine.errors import first_line
from assets.engine.settings import Settings

ATTEMPTS = 3
"""A file that was begun so often without an end, the last time by itself, is given up: it kills whoever reads it."""

Probe = Callable[[DataRoot, DeliveredFile, Settings], None]
"""Reads a file into a database of its own; importable by name."""

log = logging.getLogger("spendgate.delivery")


def quarantine_poison_file(file: DeliveredFile, probe: Probe, root: DataRoot, settings: Settings) -> None:
    """Make the last attempt at a file in a process of its own, and give the file up if that process dies.

    So a file that kills is told from a run that was killed.

    Args:
        file: the file, counted already.
        probe: reads it.
        root: where it lies.
        settings: limits by which it is read.

    Raises:
        QuarantineError: the process died, or failed for something in the file.
    """
    if file.attempts < ATTEMPTS - 1:
        return
    log.warning("%s was begun %d times and never ended: it is read by itself now", file.name, file.attempts)
    reader = multiprocessing.get_context("spawn").Process(
        target=_read_in_subprocess, args=(probe, root, file, settings)
    )
    reader.start()
    reader.join()
    if reader.exitcode:
        raise QuarantineError(
            f"reading it was begun {ATTEMPTS} times and never ended (the process was killed, out of memory, or"
            " failed: see the runs' logs): deliver it again otherwise, or touch it to have it tried again"
        )


def _read_in_subprocess(probe: Probe, root: DataRoot, file: DeliveredFile, settings: Settings) -> None:
    """Read a file as the whole of a process; a failure is a line of text, since it may quote what is in the file."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who stops the run is told by the run
    try:
        probe(root, file, settings)
    except Exception as error:
        raise SystemExit(f"{file.name}: {type(error).__name__}: {first_line(error)}") from error
