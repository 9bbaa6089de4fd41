"""A warehouse that does not open, as power loss or a bad disk leave it, is brought back to what is whole of it.

Belongs here: finding the newest state that can be read, and what has to be loaded again. Does not: loading it (a run
does), and lost sealed files (`rebuild.reseal`).

What was acknowledged to anybody had been published. So nothing acknowledged is lost as long as the published copy or
the warehouse file itself can be read; what a run had done and not published is done again from the delivered files.
Nothing is deleted: the damaged files are kept aside.
"""

import logging
import re
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from assets.engine.data_root import DataRoot
from assets.engine.delivery.staging import opened
from assets.engine.errors import SpendgateError, first_line
from assets.engine.kinds import CORRECTIONS, EVENTS, PAYMENTS
from assets.engine.reading.columns import COLUMNS
from assets.engine.sealing.files import set_aside
from assets.engine.warehouse.disk import fsync, write_ahead_log
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse

CUTS = 100
"""So often at most a write-ahead log is cut at the place where the database finds it damaged."""

log = logging.getLogger("spendgate.recovery")


@dataclass(frozen=True)
class State:
    """A state of the warehouse that can be read.

    Attributes:
        what: where it was found, in words.
        file: a copy of it, closed and without a log.
        revision: how many writing transactions it holds.
    """

    what: str
    file: Path
    revision: int


@dataclass(frozen=True)
class Recovery:
    """What was done.

    Attributes:
        cause: why the warehouse did not open; None: it does, and nothing was done.
        state: what it was brought back to.
        published_revision: of the published copy; None when there is none that can be read.
        aside: the damaged files, as they were found.
    """

    cause: str | None
    state: State | None = None
    published_revision: int | None = None
    aside: tuple[Path, ...] = ()


def recover(warehouse: Warehouse) -> Recovery:
    """Put the newest state that can be read in the place of a warehouse that does not open.

    Raises:
        SpendgateError: nothing of it can be read, nor of the published copy.
    """
    root = warehouse.root
    cause = _why_unreadable(root.warehouse_file)
    published = _state("the published copy", root.published_file)
    if cause is None and published and published.revision > _revision(root.warehouse_file):
        cause = "it is older than the published copy"
    if cause is None:
        return Recovery(None)
    log.warning("%s cannot be used: %s", root.warehouse_file, cause)
    states = [*_states_of(root), *([published] if published else [])]
    if not states:
        raise SpendgateError(
            f"{root.warehouse_file} cannot be read ({cause}), nor can its published copy: `spendgate restore` takes a"
            " backup. Nothing was changed"
        )
    newest = max(states, key=lambda state: state.revision)  # the first of equal ones: the warehouse's own
    aside = _put_in_place(warehouse, newest)
    _clear(root)
    return Recovery(cause, newest, published.revision if published else None, aside)


def _why_unreadable(file: Path) -> str | None:
    """Why a warehouse does not open or cannot be read to its end; None if it can."""
    if not file.exists():
        return "it is not there"
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            for (table,) in connection.execute(sql("database", "tables")).fetchall():
                connection.table(table).set_alias("row").aggregate("sum(hash(row))").fetchall()
    except duckdb.Error as error:
        return first_line(error)
    return None


def _revision(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as connection:
        return int(connection.execute(sql("ops.revision", "current")).fetchall()[0][0])


def _state(what: str, file: Path) -> State | None:
    if not file.exists() or _why_unreadable(file):
        return None
    return State(what, file, _revision(file))


def _states_of(root: DataRoot) -> Iterator[State]:
    """What is whole of the warehouse file: with its log up to where that is damaged, and without it."""
    if not root.warehouse_file.exists():
        return
    for number, what in enumerate(("the file with what is whole of its log", "the file as of its last checkpoint")):
        copy = root.scratch / f"recovering-{number}.duckdb"
        shutil.copyfile(root.warehouse_file, copy)
        wal = write_ahead_log(root.warehouse_file)
        if number == 0:
            if not wal.exists():
                continue
            shutil.copyfile(wal, write_ahead_log(copy))
            _cut_log(copy)
        state = _state(what, copy)
        if state:
            yield state


def _cut_log(file: Path) -> None:
    """Cut a log where the database finds it damaged, so that all before it is taken."""
    wal = write_ahead_log(file)
    for _ in range(CUTS):
        found = re.search(r"entry at byte position ([0-9]+)", _why_unreadable(file) or "")
        if not found or int(found[1]) >= wal.stat().st_size:
            return
        with wal.open("r+b") as content:
            content.truncate(int(found[1]))


def _put_in_place(warehouse: Warehouse, state: State) -> tuple[Path, ...]:
    """Let a state take the warehouse's place; what lay there is kept aside."""
    live = warehouse.root.warehouse_file
    new = warehouse.root.scratch / "recovered.duckdb"
    shutil.copyfile(state.file, new)
    new.chmod(0o644)
    if write_ahead_log(state.file).exists():
        shutil.copyfile(write_ahead_log(state.file), write_ahead_log(new))
        with duckdb.connect(str(new)) as connection:
            connection.execute("checkpoint")
    if write_ahead_log(new).exists() or _revision(new) != state.revision:
        raise SpendgateError(f"{new} is not what was to be put in place: {live} was not changed")
    fsync(new)
    aside = tuple(set_aside(warehouse, file) for file in (write_ahead_log(live), live) if file.exists())
    new.replace(live)
    fsync(live.parent)
    return aside


def _clear(root: DataRoot) -> None:
    for leftover in root.scratch.glob("recover*"):
        leftover.unlink()


def deliver_unknown_copies(warehouse: Warehouse) -> list[Path]:
    """Deliver staged files again that the warehouse does not know, and whose delivered files are gone.

    Call it after a run, which knows all that still lies in the delivery folders. An event that is there already is a
    duplicate, so delivering too much does no harm.

    Returns:
        The files, in the delivery folders.
    """
    known = {sha256 for (sha256,) in warehouse.run("ops.delivered_files", "staged_hashes").fetchall()}
    delivered = []
    for copy in sorted(warehouse.root.staged.iterdir()):
        kind = _kind(copy) if copy.name.partition(".")[0] not in known else None
        if kind:
            folder = warehouse.root.landing(kind) / "recovered"
            folder.mkdir(exist_ok=True)
            shutil.copyfile(copy, folder / copy.name)
            delivered.append(folder / copy.name)
    return delivered


def _kind(copy: Path) -> str | None:
    """What kind of landed file a staged one is; None for reference files, which lie in their folder."""
    columns = _columns(copy)
    return next((kind for kind in (CORRECTIONS, EVENTS, PAYMENTS) if next(iter(COLUMNS[kind])) in columns), None)


def _columns(copy: Path) -> str:
    """Text in which the names of a file's columns stand."""
    try:
        if copy.suffix == ".parquet":
            return " ".join(pq.read_schema(copy).names)
        with opened(copy) as content:
            text = content.read(1 << 20).decode("utf-8", "replace")
        return text.partition("\n")[0] if ".csv" in copy.suffixes else text
    except (pa.ArrowException, OSError, EOFError, zlib.error):
        return ""
