"""Making one large file the same as another, at less than the cost of a copy where a former copy is at hand.

Belongs here: writing what differs, and whether anybody reads the former copy. Does not: which files, and when
(`warehouse`).
"""

import fcntl
import os
import shutil
from pathlib import Path

BLOCK = 1 << 18
"""As large as DuckDB's blocks, and small enough for a processor's cache: two are read and compared there."""


def make_same(source: Path, copy: Path) -> None:
    """Make a file the same as another, whatever it held before."""
    if not copy.exists():
        shutil.copyfile(source, copy)
        return
    copy.chmod(0o644)
    with source.open("rb", buffering=0) as wanted, copy.open("r+b", buffering=0) as found:
        found.truncate(os.fstat(wanted.fileno()).st_size)
        ours, theirs = bytearray(BLOCK), bytearray(BLOCK)
        at = 0
        while count := wanted.readinto(ours):
            found.readinto(theirs)
            if ours != theirs:
                _write(found.fileno(), memoryview(ours)[:count], at)
            at += count


def _write(file: int, content: memoryview, at: int) -> None:
    while content:
        written = os.pwrite(file, content, at)
        content, at = content[written:], at + written


def is_unread(file: Path) -> bool:
    """Whether no process has a file open or mapped, and it has no other name: then it can be written to.

    Linux tells; where nobody can tell, somebody may read it.
    """
    lease = getattr(fcntl, "F_SETLEASE", None)
    if lease is None:
        return False
    try:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_nlink > 1:
                return False
            fcntl.fcntl(opened, lease, fcntl.F_WRLCK)
            fcntl.fcntl(opened, lease, fcntl.F_UNLCK)
    except OSError:
        return False
    return True
