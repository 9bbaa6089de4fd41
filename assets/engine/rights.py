"""A process that gives up its rights: from then on it reads below some folders, and writes nowhere.

Belongs here: the kernel's means for that, and how such a process is started and ends. Does not: who needs one.
"""

import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from assets.engine.errors import SpendgateError, all_lines

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""Landlock's system calls, alike on every machine that Python runs on."""

READ_FILE, READ_DIR = 1 << 2, 1 << 3

EVERY_ACCESS = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights to files each version of Landlock knows: to execute, write, remove, make, rename, truncate ..."""

NEWEST_ACCESS = 16

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38

LONGEST_MESSAGE = 4_000


class _Ruleset(ctypes.Structure):
    """What is forbidden but for what a rule allows: files, TCP, sockets and signals of others."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    """What is allowed at a path and below."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def landlock_version() -> int:
    """Version of the kernel's Landlock; 0 where there is none, or a container forbids it."""
    if sys.platform != "linux":
        return 0
    return max(0, int(ctypes.CDLL(None).syscall(CREATE_RULESET, None, 0, 1)))


def run_in_a_process(work: Callable[[], None]) -> None:
    """Do some work in a process of its own, whatever becomes of that; what it prints is printed.

    Raises:
        SpendgateError: it failed, or its process died.
    """
    sys.stdout.flush()
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = _work(work, told)
        finally:
            os._exit(code)  # whatever was raised must not run on into the parent's code
    os.close(told)
    try:
        with os.fdopen(heard, encoding="utf-8", errors="replace") as words:
            said = words.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code < 0:
        raise SpendgateError(f"this ended the process that worked on it ({signal.Signals(-code).name}): ask otherwise")
    if code:
        raise SpendgateError(said or "this was interrupted")


def _work(work: Callable[[], None], told: int) -> int:
    """The child's whole life. Returns its exit code."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what C++ says when it dies is no one line
        if sys.platform == "linux":
            _call(ctypes.CDLL(None, use_errno=True).prctl, PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        work()
        sys.stdout.flush()
    except BrokenPipeError:
        return 0  # nobody reads on
    except Exception as error:  # noqa: BLE001 the parent tells it
        os.write(told, all_lines(error)[:LONGEST_MESSAGE].encode("utf-8", "replace"))
        return 1
    return 0


def give_up_rights(readable: Iterable[Path]) -> None:
    """Let this process read below these paths, write to what is open already (as standard output), and no more.

    For good. Where there is no Landlock, nothing is given up.
    """
    version = landlock_version()
    if not version:
        return
    _wait_to_be_alone()
    libc = ctypes.CDLL(None, use_errno=True)
    _call(libc.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    everything = (1 << EVERY_ACCESS.get(version, NEWEST_ACCESS)) - 1
    forbidden = _Ruleset(everything, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _call(libc.syscall, CREATE_RULESET, ctypes.byref(forbidden), size, 0)
    for path in readable:
        _allow_reading(libc, ruleset, path)
    _call(libc.syscall, RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _wait_to_be_alone() -> None:
    """A thread that was there before keeps its rights; one that has ended is listed a moment longer."""
    deadline = time.monotonic() + 1
    while len(list(Path("/proc/self/task").iterdir())) > 1:
        if time.monotonic() > deadline:
            raise RuntimeError("a second thread would keep its rights")
        time.sleep(0.001)


def _allow_reading(libc: ctypes.CDLL, ruleset: int, path: Path) -> None:
    try:
        folder = os.open(path, os.O_PATH)
    except OSError:
        return  # what is not there need not be read
    rule = _PathBeneath(READ_FILE | READ_DIR if path.is_dir() else READ_FILE, folder)
    _call(libc.syscall, ADD_RULE, ruleset, 1, ctypes.byref(rule), 0)
    os.close(folder)


def _call(function: Callable[..., int], *arguments: object) -> int:
    result = function(*(ctypes.c_long(a) if isinstance(a, int) else a for a in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"rights could not be given up: {os.strerror(ctypes.get_errno())}")
    return result
