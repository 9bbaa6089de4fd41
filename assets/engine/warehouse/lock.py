"""One writer at a time: the kernel's lock on a file, which ends with the process however that ends.

Belongs here: taking the lock and asking who has it. Does not: what is done under it (`warehouse`).
"""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError

log = logging.getLogger("spendgate.warehouse")


@contextmanager
def hold_lock(root: DataRoot, run_id: str, wait_seconds: float) -> Iterator[None]:
    """Hold the kernel's lock on the lock file, which ends with the process however that ends."""
    with root.lock_file.open("a+", encoding="utf-8") as file:
        deadline = time.monotonic() + wait_seconds
        told = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "another process"
                if time.monotonic() >= deadline:
                    raise SpendgateError(f"the warehouse is in use by {holder}; try again when it is done") from None
                if not told:
                    log.warning("waiting for the warehouse, in use by %s", holder)
                    told = True
                time.sleep(0.1)
        file.truncate(0)
        file.write(f"run {run_id} (process {os.getpid()})")
        file.flush()
        yield


def is_held(root: DataRoot) -> bool:
    """Whether somebody holds the warehouse just now."""
    try:
        with root.lock_file.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
