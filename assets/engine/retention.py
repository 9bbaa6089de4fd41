"""What has been kept as long as promised, and no longer.

Belongs here: what is removed when, by the `keep_…` settings. Does not: Dagster's runs and ticks, which are removed by
`pipelines.run_history`. The ledger, statuses and their history are kept for ever; of published copies there is only
the newest.

A file goes when no warehouse below the data root needs it and it was let go long enough ago. When that was stands in
the warehouse (`internal.files_let_go`) and is never read off the file: a copy or a wrong clock changes a file's time.
What cannot be proven to be unneeded stays, and is named.
"""

import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.errors import first_line
from assets.engine.settings import Settings
from assets.engine.warehouse.disk import write_ahead_log
from assets.engine.warehouse.files_let_go import forget_let_go, let_go
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse

SHOWN = 5
"""Files named in a message; the count tells of the rest."""

MAGIC = b"DUCK"
"""What a DuckDB file has from its eighth byte on, whatever its name."""

log = logging.getLogger("spendgate.retention")


class CannotTellError(Exception):
    """A warehouse below the data root cannot be read, so what it needs is not known; the text names it."""


def tidy(warehouse: Warehouse, settings: Settings) -> None:
    """Remove staged copies, refused rows, replaced warehouses and sealed files kept longer than `settings` promises."""
    now = warehouse.clock()
    rows = _remove_rejected_rows(warehouse, now - timedelta(days=settings.keep_rejected_days))
    keep_replaced = now - timedelta(days=settings.keep_replaced_days)
    _remove_attempts(warehouse.root, keep_replaced)
    warehouses = _remove_let_go(warehouse, set(_replaced_files(warehouse.root)), keep_replaced)
    try:
        others = list(_others(warehouse))
        copies = _remove_staged_copies(warehouse, others, now - timedelta(days=settings.keep_staged_days))
        files = _remove_sealed_files(warehouse, others, keep_replaced)
    except CannotTellError as unknown:
        log.warning("no staged copy and no sealed file was removed: %s", unknown)
        copies = files = 0
    log.info(
        "removed %d staged copies, %d refused rows, %d files of warehouses that were replaced and %d sealed files",
        copies,
        rows,
        warehouses,
        files,
    )


def _remove_attempts(root: DataRoot, before: datetime) -> None:
    """Remove folders of attempts on an engine that nobody has adopted or looked into for long."""
    for folder in root.exchange.iterdir() if root.exchange.is_dir() else ():
        if folder.stat().st_mtime < before.timestamp():
            shutil.rmtree(folder, ignore_errors=True)
            log.info("removed %s, an attempt that was never adopted", folder)


def warehouse_files(root: DataRoot) -> Iterator[Path]:
    """Every DuckDB file below the data root, whatever its name: live, rebuilt, replaced, backed up, moved aside."""
    not_looked_into = {
        root.landing_folder, root.reference, root.staged, root.sealed, root.scratch, root.dagster_home, root.exchange
    }  # fmt: skip
    for folder, folders, names in os.walk(root.path):
        folders[:] = [name for name in folders if Path(folder, name) not in not_looked_into]
        for path in (Path(folder, name) for name in names):
            if path.is_file() and not path.is_symlink() and _is_database(path):
                yield path


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as content:
            return content.read(12)[8:] == MAGIC
    except OSError:
        return path.suffix == ".duckdb"  # unreadable, and by its name one


def _others(warehouse: Warehouse) -> Iterator[tuple[set[str], set[str]]]:
    """Of every other warehouse below the root: the sealed files and the staged copies (by hash) that it needs.

    Raises:
        CannotTellError: one cannot be read.
    """
    for file in warehouse_files(warehouse.root):
        if file == warehouse.file:
            continue
        try:
            with duckdb.connect(str(file), read_only=True) as connection:
                sealed = {name for (name,) in connection.execute(sql("ops.sealed_files", "names")).fetchall()}
                staged = {
                    sha256 for (sha256,) in connection.execute(sql("ops.delivered_files", "staged_hashes")).fetchall()
                }
        except duckdb.CatalogException:
            continue  # no warehouse of ours, or one that had not been used
        except duckdb.Error as error:
            raise CannotTellError(f"{file} cannot be read ({first_line(error)}): move it out, or mend it") from error
        yield sealed, staged


def _replaced_files(root: DataRoot) -> Iterator[str]:
    """Warehouses that another one has replaced, and damaged files kept aside: paths below the root."""
    folder = root.warehouse_file.parent
    files = [root.replaced_file, root.rebuilt_file, *folder.glob("before-version-*.duckdb"), *root.damaged.glob("*")]
    for file in (*files, *map(write_ahead_log, files)):
        if file.exists():
            yield str(file.relative_to(root.path))


def _remove_let_go(warehouse: Warehouse, paths: set[str], before: datetime) -> int:
    """Remove files that were let go before an instant; those that are seen for the first time are let go now."""
    known = dict(warehouse.run("internal.files_let_go", "due", before=before).fetchall())
    new = sorted(paths - known.keys())
    let_go(warehouse, [warehouse.root.path / path for path in new], "housekeeping saw it first")
    due = sorted(path for path in paths if known.get(path))
    return _remove(warehouse, due)


def _remove(warehouse: Warehouse, paths: list[str]) -> int:
    for path in paths:
        (warehouse.root.path / path).unlink(missing_ok=True)
    if paths:
        with warehouse.transaction():
            forget_let_go(warehouse, *(warehouse.root.path / path for path in paths))
    return len(paths)


def _remove_staged_copies(warehouse: Warehouse, others: list[tuple[set[str], set[str]]], before: datetime) -> int:
    """Remove copies of files that were delivered long ago, and old ones of runs that never loaded them."""
    root = warehouse.root
    is_old = dict(warehouse.run("ops.delivered_files", "staged_copies", before=before).fetchall())
    needed = set[str]().union(*(staged for _, staged in others))
    copies = {copy: copy.name.partition(".")[0] for copy in root.staged.iterdir()}
    old = [copy for copy, sha256 in copies.items() if is_old.get(sha256)]
    for copy in old:
        copy.unlink()
    unknown = {
        str(copy.relative_to(root.path))
        for copy, sha256 in copies.items()
        if sha256 not in is_old and sha256 not in needed
    }
    return len(old) + _remove_let_go(warehouse, unknown, before)


def _remove_rejected_rows(warehouse: Warehouse, before: datetime) -> int:
    rows = int(warehouse.value("raw.rejected_rows", "count_old", before=before))
    if rows:
        with warehouse.transaction():
            warehouse.run("raw.rejected_rows", "remove_old", before=before)
    return rows


def _remove_sealed_files(warehouse: Warehouse, others: list[tuple[set[str], set[str]]], before: datetime) -> int:
    """Remove sealed files that no warehouse needs and this one let go before an instant; name what nobody knows."""
    root = warehouse.root
    needed = {name for (name,) in warehouse.run("ops.sealed_files", "names").fetchall()}
    needed = needed.union(*(sealed for sealed, _ in others))
    known = dict(warehouse.run("internal.files_let_go", "due", before=before).fetchall())
    unneeded = [str(file.relative_to(root.path)) for file in sealed_paths(root) if _name(root, file) not in needed]
    _name_unknown([path for path in unneeded if path not in known])
    return _remove(warehouse, [path for path in unneeded if known.get(path)])


def sealed_paths(root: DataRoot) -> list[Path]:
    """Every file in the folders of sealed files."""
    return sorted(file for folder in root.sealed.iterdir() if folder.is_dir() for file in folder.glob("*.parquet"))


def _name(root: DataRoot, file: Path) -> str:
    return str(file.relative_to(root.sealed))


def _name_unknown(paths: Iterable[str]) -> None:
    found = list(paths)
    if found:
        log.warning(
            "%d sealed files are known to no warehouse here, and stay: %s%s. If no warehouse elsewhere needs them,"
            " remove them by hand",
            len(found),
            ", ".join(found[:SHOWN]),
            ", ..." if len(found) > SHOWN else "",
        )
