"""What has to be on the disk, and what the disk has to hold.

Belongs here: files that are written for good, room, leftovers of killed runs. Does not: what is in a file.
"""

import os
import shutil
from pathlib import Path

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError


def fsync(path: Path) -> None:
    """Wait until a file, or what a folder lists, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(file: Path, text: str) -> None:
    """Write a text file in one step: a reader has the old one or the new one, and so has who comes after a crash."""
    part = file.with_name(f".{file.name}.tmp")
    try:
        part.write_text(text, encoding="utf-8")
        fsync(part)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def write_ahead_log(database: Path) -> Path:
    """Where DuckDB keeps what is committed and not yet in the file itself. Never delete it."""
    return database.with_name(f"{database.name}.wal")


def clear_scratch(root: DataRoot) -> None:
    """Remove what means nothing once the process that made it has ended."""
    for leftover in root.scratch.iterdir():
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink(missing_ok=True)


def require_room(root: DataRoot) -> None:
    """Begin nothing that could not be published: the copy needs as much room as the warehouse has, and some to spare.

    Raises:
        SpendgateError: a disk has less.
    """
    spare = root.settings().spare_bytes
    files = [root.warehouse_file, write_ahead_log(root.warehouse_file)]
    copy = sum(file.stat().st_size for file in files if file.exists())
    for folder, needed in ((root.published_file.parent, copy + spare), (root.warehouse_file.parent, spare)):
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise SpendgateError(
                f"the disk of {folder} has {free // 10**6:,} MB free, and a run needs {needed // 10**6:,} MB there:"
                " nothing was begun; make room, and run again"
            )
