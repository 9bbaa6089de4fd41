"""Whether the sealed files are what was sealed: checked by every run, read in full within a week.

Belongs here: verifying, the second copy, and mending from it. Does not: making files (`seal`), making lost ones
again from delivered files (`rebuild.reseal`), removing them (`retention`).
"""

import logging
import math
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.engine.hashing import sha256_of
from assets.engine.warehouse.disk import fsync
from assets.engine.warehouse.sealed_tables import TABLES, define_sealed_tables
from assets.engine.warehouse.warehouse import Warehouse

NIGHTS = 6
"""In so many nights every sealed file is read in full, so that it is within a week though one night is missed."""

WHOLE, DAMAGED, MISSING = "WHOLE", "DAMAGED", "MISSING"

log = logging.getLogger("spendgate.sealed_files")


@dataclass(frozen=True)
class Sealed:
    """A sealed file: what it has to be, and what was found when it was verified last (`None`: never)."""

    name: str
    table_name: str
    day: date
    rows: int
    spend: Decimal | None
    transactions: int | None
    sha256: str | None
    state: str
    bytes: int | None
    changed_ns: int | None
    verified_at: datetime | None


@dataclass(frozen=True)
class Found:
    """A row of `internal.sealed_file_states`, and the hash of the file."""

    name: str
    state: str
    bytes: int
    changed_ns: int
    verified_at: datetime
    sha256: str | None


FOUND_SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("state", pa.string()),
        ("bytes", pa.int64()),
        ("changed_ns", pa.int64()),
        ("verified_at", pa.timestamp("us", "UTC")),
        ("sha256", pa.string()),
    ]
)

Track = Callable[[list[Sealed]], Iterable[Sealed]]
"""Shows progress over files."""


def verify_changed_files(warehouse: Warehouse) -> None:
    """Verify the sealed files that have changed since they were verified, or never were.

    To tell that a file has not changed costs one call for its inode; so every run can begin with it.
    """
    _verify(warehouse, [file for file in _sealed(warehouse) if _has_changed(warehouse, file)])


def verify_share(warehouse: Warehouse) -> None:
    """Verify this night's share in full, and the second copies of it: what was verified longest ago."""
    files = _sealed(warehouse)
    share = files[: math.ceil(len(files) / NIGHTS)]
    _verify(warehouse, share)
    copy_sealed_files(warehouse, in_full={file.name for file in share})


def verify_sealed_files(warehouse: Warehouse, track: Track = iter) -> list[Sealed]:
    """Verify all sealed files in full.

    Returns:
        Those that cannot be read.
    """
    _verify(warehouse, _sealed(warehouse), track)
    return [file for file in _sealed(warehouse) if file.state in (DAMAGED, MISSING)]


def copy_sealed_files(warehouse: Warehouse, in_full: Collection[str] = ()) -> None:
    """Bring the second copy up to date, if `sealed_copy` names a folder for one.

    Args:
        warehouse: whose sealed files.
        in_full: files whose copies are read; of the others their size is enough.
    """
    copies = warehouse.root.sealed_copy
    if copies is None:
        return
    files = [file for file in _sealed(warehouse) if file.state == WHOLE and file.sha256]
    wanted = [file for file in files if not _is_copied(copies / file.name, file, read=file.name in in_full)]
    for file in wanted:
        _copy(warehouse.root.sealed / file.name, copies / file.name)
    for folder in {(copies / file.name).parent for file in wanted}:
        fsync(folder)
    if wanted:
        log.info("%d sealed files copied to %s", len(wanted), copies)


def _is_copied(copy: Path, file: Sealed, *, read: bool) -> bool:
    if _size_and_change(copy)[0] != file.bytes:
        return False
    return not read or sha256_of(copy) == file.sha256


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    fsync(part)
    part.chmod(0o444)
    part.replace(target)


def _sealed(warehouse: Warehouse) -> list[Sealed]:
    return [Sealed(*row) for row in warehouse.run("ops.sealed_files", "to_verify").fetchall()]


def _has_changed(warehouse: Warehouse, file: Sealed) -> bool:
    return (file.bytes, file.changed_ns) != _size_and_change(warehouse.root.sealed / file.name)


def _size_and_change(path: Path) -> tuple[int, int]:
    """Size in bytes and time of the last change; what is not there, or is no file, has neither."""
    try:
        status = path.stat(follow_symlinks=False)
    except OSError:
        return 0, 0
    return status.st_size, status.st_ctime_ns


def _verify(warehouse: Warehouse, files: list[Sealed], track: Track = iter) -> None:
    """Verify files, mend from the second copy those that are not whole, and write down what was found."""
    if not files:
        return
    found = list(_found(warehouse, track(files)))
    before = {file.name: file.state for file in files}
    warehouse.connection.register("files_verified", pa.Table.from_pylist([vars(one) for one in found], FOUND_SCHEMA))
    try:
        if all(before[one.name] == one.state for one in found):
            warehouse.run("internal.sealed_file_states", "record")  # no revision: it tells readers nothing
            return
        with warehouse.transaction():
            warehouse.run("ops.sealed_files", "add_hashes")
            warehouse.run("internal.sealed_file_states", "record")
            define_sealed_tables(warehouse.connection)
    finally:
        warehouse.connection.unregister("files_verified")
    for one in found:
        if one.state != WHOLE:
            log.error("sealed/%s is %s: `spendgate verify` says what to do", one.name, one.state.lower())


def _found(warehouse: Warehouse, files: Iterable[Sealed]) -> Iterator[Found]:
    for file in files:
        found = _look(warehouse, file)
        if found.state != WHOLE and _mended(warehouse, file):
            found = _look(warehouse, file)
        yield found


def _look(warehouse: Warehouse, file: Sealed) -> Found:
    path = warehouse.root.sealed / file.name
    size, changed_ns = _size_and_change(path)
    try:
        sha256 = sha256_of(path) if path.is_file() and not path.is_symlink() else None
    except OSError as error:
        log.warning("%s cannot be read: %s", path, error.strerror)
        sha256 = None
    if sha256 is None:
        state = MISSING
    elif sha256 == (file.sha256 or sha256) and (file.sha256 or _holds_what_was_noted(warehouse, file)):
        state = WHOLE
    else:
        state = DAMAGED
    return Found(file.name, state, size, changed_ns, warehouse.clock(), sha256)


def _holds_what_was_noted(warehouse: Warehouse, file: Sealed) -> bool:
    """Whether a file that was sealed before hashes were noted has the rows and sums that were noted then."""
    try:
        rows = warehouse.connection.from_parquet([str(warehouse.root.sealed / file.name)], hive_partitioning=False)
        noted = rows.aggregate(f"count(*), {TABLES[file.table_name].sums}").fetchall()[0]
    except duckdb.Error:
        return False
    return noted == (file.rows, file.spend, file.transactions)


def _mended(warehouse: Warehouse, file: Sealed) -> bool:
    """Take a file that is not whole from the second copy; what lies in its place is kept aside."""
    copies, path = warehouse.root.sealed_copy, warehouse.root.sealed / file.name
    if copies is None or file.sha256 is None:
        return False
    copy = copies / file.name
    if not copy.is_file() or sha256_of(copy) != file.sha256:
        return False
    if path.exists():
        set_aside(warehouse, path)
    _copy(copy, path)
    fsync(path.parent)
    log.warning("sealed/%s was not whole: it was taken from the copy %s", file.name, copy)
    return True


def set_aside(warehouse: Warehouse, path: Path) -> Path:
    """Move a damaged file where nothing reads it, for whoever wants to look into it."""
    aside = warehouse.root.damaged / f"{warehouse.clock():%Y%m%dT%H%M%S.%f}-{path.name}"
    aside.parent.mkdir(exist_ok=True)
    path.rename(aside)
    log.warning("%s is kept as %s", path, aside)
    return aside
