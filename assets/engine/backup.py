"""A copy of everything that is needed to go on elsewhere, made while everything runs.

Belongs here: making such a copy, and taking one back. Does not: the second copy of sealed files alone
(`sealing.files`).

A backup is laid out as a data root. It is made from the published copy, which is one finished state of the whole
warehouse, and from files that never change under their name: sealed days and staged copies. So no run waits for it,
and only what is new is copied. The warehouse file comes last: cut short, it leaves the backup before it as it was.
"""

import logging
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.hashing import sha256_of
from assets.engine.sealing.files import set_aside
from assets.engine.warehouse.disk import fsync, write_ahead_log
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse

Track = Callable[[list[Path]], Iterable[Path]]
"""Shows progress over files."""

log = logging.getLogger("spendgate.backup")


@dataclass(frozen=True)
class Sums:
    """What a warehouse holds, added up from its rows, sealed ones among them."""

    revision: int
    events: int
    transactions: int
    amount: object
    spend: object
    changes: int


def back_up(root: DataRoot, target: DataRoot, track: Track = iter) -> Sums:
    """Bring the backup in `target` up to the published state.

    Returns:
        What it holds, as read back from it.

    Raises:
        SpendgateError: nothing is published, a sealed file is not whole, or what was copied is not what was read.
    """
    if target.path == root.path or root.path in target.path.parents:
        raise SpendgateError(f"{target.path} lies in the data root: a backup there is lost with it")
    target.create()
    with open_published(root) as published:
        hashes = {
            f"sealed/{name}": sha256 for name, sha256 in published.execute(sql("ops.sealed_files", "hashes")).fetchall()
        }
        wanted = _sums(published, root)
    staged = {f"warehouse/staged/{copy.name}": copy.name.partition(".")[0] for copy in root.staged.iterdir()}
    for path in track([Path(path) for path in (*hashes, *staged)]):
        _copy_verified(root.path / path, target.path / path, {**hashes, **staged}[str(path)])
    for file in (root.path / "spendgate.toml", *root.reference.rglob("*")):
        if file.is_file() and not file.is_symlink():
            _copy(file, target.path / file.relative_to(root.path))
    _copy(root.published_file, target.warehouse_file)
    target.warehouse_file.chmod(0o644)
    return _held_against(wanted, target)


def restore(warehouse: Warehouse, source: DataRoot, track: Track = iter) -> Sums:
    """Take a backup back: its warehouse in the place of this root's, which is kept aside, with all files it needs.

    Files that are there already stay; reference files are put back only where there are none.

    Returns:
        What the warehouse holds now.

    Raises:
        SpendgateError: there is no backup, or it is not whole. The warehouse is as it was.
    """
    root = warehouse.root
    if not source.warehouse_file.exists():
        raise SpendgateError(f"{source.path} holds no backup: there is no {source.warehouse_file}")
    with duckdb.connect(str(source.warehouse_file), read_only=True) as backup:
        wanted = _sums(backup, source)
        hashes = {
            f"sealed/{name}": sha256 for name, sha256 in backup.execute(sql("ops.sealed_files", "hashes")).fetchall()
        }
    staged = {f"warehouse/staged/{copy.name}": copy.name.partition(".")[0] for copy in source.staged.iterdir()}
    for path in track([Path(path) for path in (*hashes, *staged)]):
        _copy_verified(source.path / path, root.path / path, {**hashes, **staged}[str(path)])
    for file in source.reference.rglob("*"):
        if file.is_file() and not (root.path / file.relative_to(source.path)).exists():
            _copy(file, root.path / file.relative_to(source.path))
    warehouse.close()
    new = root.warehouse_file.with_name("restored.duckdb.part")
    _copy(source.warehouse_file, new)
    for file in (write_ahead_log(root.warehouse_file), root.warehouse_file):
        if file.exists():
            set_aside(warehouse, file)
    new.replace(root.warehouse_file)
    fsync(root.warehouse_file.parent)
    return _held_against(wanted, root)


def _copy_verified(source: Path, target: Path, sha256: str | None) -> None:
    """Copy a file that never changes, unless it is there already; what is not whole is not taken for it."""
    if target.is_file() and sha256_of(target) == sha256:
        return
    if not source.is_file():
        raise SpendgateError(f"{source} is missing: `spendgate verify` says what to do")
    if sha256 is not None and sha256_of(source) != sha256:
        raise SpendgateError(f"{source} is damaged: `spendgate verify` says what to do")
    _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    fsync(part)
    part.replace(target)
    fsync(target.parent)


def _sums(connection: duckdb.DuckDBPyConnection, root: DataRoot) -> Sums:
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set variable spendgate_data = $root", {"root": str(root.path)})
    return Sums(*connection.execute(sql("reports.run", "sums")).fetchall()[0])


def _held_against(wanted: Sums, root: DataRoot) -> Sums:
    """Open what was written, and add it up again.

    Raises:
        SpendgateError: it does not hold what was copied.
    """
    with duckdb.connect(str(root.warehouse_file), read_only=True) as connection:
        found = _sums(connection, root)
    if found != wanted:
        raise SpendgateError(f"{root.warehouse_file} holds {found}, and was to hold {wanted}: do not use it")
    return found
