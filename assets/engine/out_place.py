"""The place that a person names for a file that is taken away.

Belongs here: which places there are none to write to, and what is there already. Does not: what is written.
"""

from collections.abc import Iterable
from pathlib import Path

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError


def refuse_existing(files: Iterable[Path], *, replace: bool) -> None:
    """Hold that nothing goes unasked.

    Raises:
        SpendgateError: one of the files is there already, and nobody said that it may be replaced.
    """
    for file in files:
        if file.exists() and not replace:
            raise SpendgateError(f"{file} is there already: name another, or say --replace")


def require_place(root: DataRoot, file: Path) -> None:
    """Hold that a file can be written where it is named, and is in nobody's way, before the work is done.

    Raises:
        SpendgateError: its folder is not there, it lies in the data root or around it, or it is a link.
    """
    if not file.parent.is_dir():
        raise SpendgateError(f"there is no folder {file.parent}")
    place = file.resolve()
    if place.is_relative_to(root.path.resolve()) or root.path.resolve().is_relative_to(place):
        raise SpendgateError(f"{file} lies in the data root {root.path}, where others go on: name another place")
    if file.is_symlink():
        raise SpendgateError(f"{file} is a link: name what it leads to, or another place")
