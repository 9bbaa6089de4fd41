"""The warehouse file: its lock, its connection, its SQL files, and the published copy of it.

Belongs here: how the file is opened, written and published. Does not: what is in it (that is `sql/`), nor when
anything runs.
"""

import fcntl
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from assets.migrations import (
    VERSION,
    back_up,
    define,
    definitions_digest,
    migrate,
    note_version,
    pending_migrations,
    refuse_other_version,
    version_of,
)
from assets.settings import DataRoot, SpendgateError
from assets.statements import sql

log = logging.getLogger("spendgate.warehouse")


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@contextmanager
def empty_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every table and macro of a warehouse, in memory: to look at what they are like."""
    with duckdb.connect() as connection:
        define(connection)
        yield connection


class Warehouse:
    """The warehouse as one run holds it: locked for the others, opened when first used.

    Attributes:
        root: where it lies.
        now: the instant the run stands for; what happened later does not count.
        run_id: who writes.
        clock: tells the time at which something is recorded.
        clock_is_right: somebody has said so, or nobody need: it is not held against the newest record.
        file: the database; the warehouse of the root, unless it is rebuilt beside that.
    """

    def __init__(self, root: DataRoot, *, now: datetime, run_id: str, file: Path | None = None) -> None:
        self.root = root
        self.now = now
        self.run_id = run_id
        self.clock: Callable[[], datetime] = utc_now
        self.clock_is_right = file is not None
        self.file = file or root.warehouse_file
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The one connection of the run; UTC, and shut off from every folder but those it reads."""
        if self._connection is None:
            self._connection = self._connect()
            try:
                self._bring_up_to_date()
            except BaseException:
                self.close()
                raise
        return self._connection

    def _connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            str(self.file),
            config={
                "storage_compatibility_version": "v1.5.0",  # what every supported release reads
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
            },
        )
        share = {"percent": self.root.settings().memory_percent}
        memory = connection.execute(sql("database", "memory_limit"), share).fetchall()[0][0]
        connection.execute("set memory_limit = $memory", {"memory": memory})
        folders = [str(folder.resolve()) for folder in (self.root.staged, self.root.scratch, self.root.sealed)]
        connection.execute("set allowed_directories = $folders", {"folders": folders})
        connection.execute("set TimeZone = 'UTC'; set enable_external_access = false; set lock_configuration = true")
        return connection

    def _bring_up_to_date(self) -> None:
        """Make a new file's tables, migrate an older one, define views and macros anew where they have changed.

        Raises:
            SpendgateError: the file is newer than this program, or of no version that it knows, or the clock is wrong.
        """
        version = version_of(self.connection)
        migrations = pending_migrations(version or VERSION, self.file)
        if version:
            self._refuse_wrong_clock(version)
        if not migrations and version and self.value("ops.definitions", "are_current", sha256=definitions_digest()):
            return
        if migrations:
            self._back_up(version or VERSION)
        with self._all_or_nothing():
            migrate(self.connection, migrations, self.clock(), self.file)
            if not version:
                note_version(self.connection, VERSION, "made so", self.clock())
            self.run("ops.definitions", "record", sha256=definitions_digest())
            # a revision: readers need the new definitions, too
            clock = self.clock()
            self.run(
                "ops.revision",
                "advance",
                recorded_at=self.value("ops.revision", "next_recorded_at", clock=clock),
                clock=clock,
            )
        for migration in migrations:
            log.info("%s is version %d now: %s", self.file, migration.version, migration.what)

    def _refuse_wrong_clock(self, version: int) -> None:
        """Hold the clock against the newest record, before anything is recorded by it, a migration included.

        Raises:
            SpendgateError: it is behind, or so far ahead that somebody should look at it first.
        """
        # an older version has not noted its clock; the time of its newest record stands for it
        newest = self.value("ops.revision", "clock" if version == VERSION else "newest_record")
        if self.clock_is_right or newest is None:
            return
        limits, clock = self.root.settings(), self.clock()
        behind, ahead = newest - clock, clock - newest
        if behind > timedelta(seconds=limits.max_clock_behind_seconds):
            how = f"{timedelta(seconds=behind // timedelta(seconds=1))} before"
        elif ahead > timedelta(days=limits.max_clock_ahead_days):
            how = f"{timedelta(seconds=ahead // timedelta(seconds=1))} after"
        else:
            return
        raise SpendgateError(
            f"the clock says {clock:%Y-%m-%d %H:%M:%S} UTC, {how} the newest record here"
            f" ({newest:%Y-%m-%d %H:%M:%S} UTC): nothing was changed. Set the clock right; if it is right, run once"
            " with --clock-is-right (in the UI: clock_is_right)"
        )

    def _back_up(self, version: int) -> None:
        self.connection.execute("checkpoint")
        self.close()
        backup = back_up(self.file, version)
        log.info("%s has version %d: a copy of it is %s", self.file, version, backup)
        self._connection = self._connect()

    def run(self, file: str, statement: str = "", /, **values: Any) -> duckdb.DuckDBPyConnection:
        """Run a statement of a SQL file with its `$values` bound."""
        return self.connection.execute(sql(file, statement), values or None)

    def require(self, file: str, statement: str = "", /, **values: Any) -> None:
        """Hold a rule inside the transaction under way: the statement selects the rows that break it.

        Raises:
            SpendgateError: there is one; nothing of the transaction is written.
        """
        result = self.run(file, statement, **values)
        columns = [column[0] for column in result.description or []]
        for row in result.fetchmany(1):  # the rollback gives up the others
            found = ", ".join(f"{column} {value}" for column, value in zip(columns, row, strict=True))
            rule = f"{file} {statement}".strip()
            raise SpendgateError(f"{rule} does not hold, so nothing was written: {found}")

    def relation(self, file: str, statement: str = "", /, **values: Any) -> duckdb.DuckDBPyRelation:
        """The rows of a statement as a relation: DuckDB 2.0 makes Polars frames of nothing else."""
        return self.connection.sql(sql(file, statement), params=values or None)

    def row(self, file: str, statement: str = "", /, **values: Any) -> tuple[Any, ...] | None:
        """The one row of a statement, if it selects one.

        Not by `fetchone`, after which DuckDB 2.0 holds the result for unfinished and refuses relations and `register`.
        """
        rows = self.run(file, statement, **values).fetchall()
        return rows[0] if rows else None

    def value(self, file: str, statement: str = "", /, **values: Any) -> Any:
        """First value of the one row of a statement."""
        row = self.row(file, statement, **values)
        return row[0] if row else None

    @contextmanager
    def transaction(self) -> Iterator[datetime]:
        """All or nothing; the revision that tells readers something changed is part of it.

        Yields:
            The time at which it is recorded: the real clock's, and later than every one before, even when the clock
            was set back. So "what had been recorded by then" has one answer.
        """
        with self._all_or_nothing():
            clock = self.clock()
            recorded_at: datetime = self.value("ops.revision", "next_recorded_at", clock=clock)
            yield recorded_at
            self.run("ops.revision", "advance", recorded_at=recorded_at, clock=clock)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        self.connection.execute("begin")
        try:
            yield
        except (duckdb.FatalException, duckdb.InternalException):
            self._connection = None  # the database is invalid for this process; the file stays as committed
            raise
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def batch_id(self, recorded_at: datetime) -> int:
        """The run's batch, made when it is first asked for. Call it inside a transaction."""
        self.run("ops.batches", "open", run_id=self.run_id, recorded_at=recorded_at)
        return int(self.value("ops.batches", "newest"))

    def behind(self, table: str) -> tuple[int, int] | None:
        """What a derived table still has to do.

        Returns:
            (newest batch it contains, newest batch there is), or None when they are the same.
        """
        done, newest = self.run("ops.watermarks", "pending_batches", table_name=table).fetchall()[0]
        return (done, newest) if done < newest else None

    def mark_done(self, table: str, batch_id: int, recorded_at: datetime) -> None:
        """Record that a derived table contains every batch up to this one. Call it inside the transaction."""
        self.run("ops.watermarks", "advance", table_name=table, batch_id=batch_id, recorded_at=recorded_at)

    def close(self) -> None:
        """Close the file; a later use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def open_warehouse(
    root: DataRoot,
    *,
    now: datetime | None = None,
    run_id: str,
    wait_seconds: float = 0.0,
    clock: Callable[[], datetime] = utc_now,
    clock_is_right: bool = False,
) -> Iterator[Warehouse]:
    """Hold the warehouse, alone, for as long as the block lasts.

    Without a `now`, the run stands for the moment at which it got the warehouse: had it looked at the clock before it
    waited, it would decide for an instant older than the last decision.

    Raises:
        SpendgateError: somebody else still holds it after `wait_seconds`.
    """
    root.create()
    with hold_lock(root, run_id, wait_seconds):
        clear_scratch(root)  # of a run that was killed
        for leftover in root.published_file.parent.glob(".*.tmp"):
            leftover.unlink(missing_ok=True)
        require_room(root)
        warehouse = Warehouse(root, now=now or clock(), run_id=run_id)
        warehouse.clock = clock
        warehouse.clock_is_right = clock_is_right
        try:
            yield warehouse
        finally:
            warehouse.close()


def let_go(warehouse: Warehouse, files: Iterable[Path], reason: str) -> None:
    """Write down that the warehouse does not need some files any more, and since when."""
    paths = [str(file.relative_to(warehouse.root.path)) for file in files]
    if paths:
        with warehouse.transaction():
            warehouse.run("ops.files_let_go", "add", paths=paths, let_go_at=warehouse.clock(), reason=reason)


def forget_let_go(warehouse: Warehouse, *files: Path) -> None:
    """Strike out files that are needed again, gone, or others than those noted. Part of a transaction under way."""
    paths = [str(file.relative_to(warehouse.root.path)) for file in files]
    warehouse.run("ops.files_let_go", "remove", paths=paths)


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


def write_ahead_log(database: Path) -> Path:
    """Where DuckDB keeps what is committed and not yet in the file itself. Never delete it."""
    return database.with_name(f"{database.name}.wal")


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


@contextmanager
def open_published(root: DataRoot) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published file, read-only, in UTC.

    Raises:
        SpendgateError: nothing has been published yet, or by another version.
    """
    file = root.published_file
    if not file.exists():
        raise SpendgateError(f"nothing is published yet in {file.parent}: run `spendgate run` first")
    connection = duckdb.connect(str(file), read_only=True)
    try:
        connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")  # it would stand among the rows
        refuse_other_version(connection, file)
        yield connection
    finally:
        connection.close()


def version_of_file(file: Path) -> int | None:
    """Version of a warehouse that is not open; None where there is none yet."""
    if not file.exists():
        return None
    with duckdb.connect(str(file), read_only=True) as connection:
        return version_of(connection)


def published_revision(root: DataRoot) -> int | None:
    """Revision the readers see; None when nothing has been published."""
    state = state_of_file(root.published_file) if root.published_file.exists() else None
    return state[0] if state else None


def state_of_file(file: Path) -> tuple[int, datetime]:
    """Revision of a file and when it was recorded: two warehouses may come to the same number, but not at once."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        revision, recorded_at = connection.execute(sql("ops.revision", "state")).fetchall()[0]
        return revision, recorded_at


def fsync(path: Path) -> None:
    """Wait until a file, or what a folder lists, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def compact(warehouse: Warehouse) -> bool:
    """Write the file anew where much of it is the room that removed rows have left: every publishing copies it.

    Returns:
        Whether it was.
    """
    warehouse.connection.execute("checkpoint")
    used, free = warehouse.run("database", "blocks").fetchall()[0]
    if free * 3 <= used:
        return False
    before = _counts(warehouse)
    warehouse.close()
    compacted = warehouse.root.compacted_file
    compacted.unlink(missing_ok=True)  # of a run that was killed
    with duckdb.connect(config={"temp_directory": str(warehouse.root.scratch)}) as connection:
        for name, file, how in (
            ("live", warehouse.file, "read_only"),
            ("compacted", compacted, "storage_version 'v1.5.0'"),
        ):
            path = str(file).replace("'", "''")
            connection.execute(f"attach '{path}' as {name} ({how})")
        connection.execute("copy from database live to compacted")
    anew = Warehouse(warehouse.root, now=warehouse.now, run_id=warehouse.run_id, file=compacted)
    try:
        define(anew.connection)  # comments are not copied
        if _counts(anew) != before:
            raise SpendgateError(f"{compacted} is not what {warehouse.file} holds, which stays as it is")
        anew.connection.execute("checkpoint")
    finally:
        anew.close()
    fsync(compacted)
    compacted.replace(warehouse.file)
    fsync(warehouse.file.parent)
    return True


def _counts(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """The revision, and how many rows each table has."""
    tables = [name for (name,) in warehouse.run("database", "tables").fetchall()]
    counts = [(name, len(warehouse.connection.table(name))) for name in tables]
    return [("revision", warehouse.value("ops.revision", "current")), *counts]


def publish(warehouse: Warehouse) -> int | None:
    """Copy the warehouse to the published file, if it has changed since.

    The copy is verified and on disk before it takes the old one's place in one step, so a reader holds either
    the old state or the new one.

    Returns:
        Size of the published file in bytes, or None when it was up to date.
    """
    state = warehouse.row("ops.revision", "state")
    if warehouse.root.published_file.exists() and state == state_of_file(warehouse.root.published_file):
        return None
    warehouse.connection.execute("checkpoint")
    warehouse.close()
    target = warehouse.root.published_file
    copy = target.with_name(f".{target.name}.tmp")
    try:
        shutil.copyfile(warehouse.root.warehouse_file, copy)
        copy.chmod(0o444)
        whole = copy.stat().st_size == warehouse.root.warehouse_file.stat().st_size
        if not whole or state_of_file(copy) != state:
            raise SpendgateError(f"the copy {copy} is not what was written; the published file is unchanged")
        fsync(copy)
        copy.rename(target)
    finally:
        copy.unlink(missing_ok=True)  # a copy that did not get there must not fill the disk
    fsync(target.parent)
    return target.stat().st_size
