"""The warehouse file: its lock, its connection, its SQL files, and the published copy of it.

Belongs here: how the file is opened, written and published. Does not: what is in it (that is `sql/`), nor when
anything runs.
"""

import fcntl
import functools
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from assets.settings import DataRoot, SpendgateError

SQL = Path(__file__).resolve().parent.parent / "sql"
DEFINITIONS = (*(f"schema/{name}" for name in ("types", "hot", "raw", "core", "ops", "mart")), "mart/hourly_spend")
"""What makes an empty warehouse, in order."""

log = logging.getLogger("spendgate.warehouse")


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@functools.cache
def sql(name: str) -> str:
    """Text of `sql/<name>.sql`, one statement."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


@contextmanager
def empty_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every table and macro of a warehouse, in memory: to look at what they are like."""
    with duckdb.connect() as connection:
        for name in DEFINITIONS:
            connection.execute(sql(name))
        yield connection


class Warehouse:
    """The warehouse as one run holds it: locked for the others, opened when first used.

    Attributes:
        root: where it lies.
        now: the instant the run stands for; what happened later does not count.
        run_id: who writes.
        clock: tells the time at which something is recorded.
        file: the database; the warehouse of the root, unless it is rebuilt beside that.
    """

    def __init__(self, root: DataRoot, *, now: datetime, run_id: str, file: Path | None = None) -> None:
        self.root = root
        self.now = now
        self.run_id = run_id
        self.clock: Callable[[], datetime] = utc_now
        self.file = file or root.warehouse_file
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The one connection of the run; UTC, and shut off from every folder but those it reads."""
        if self._connection is None:
            self._connection = duckdb.connect(
                str(self.file),
                config={
                    "storage_compatibility_version": "v1.5.0",  # what every supported release reads
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "allow_community_extensions": False,
                },
            )
            memory = self.value("ops/memory", percent=self.root.settings().memory_percent)
            self._connection.execute("set memory_limit = $memory", {"memory": memory})
            folders = [str(folder.resolve()) for folder in (self.root.staged, self.root.scratch, self.root.sealed)]
            self._connection.execute("set allowed_directories = $folders", {"folders": folders})
            self._connection.execute(
                "set TimeZone = 'UTC'; set enable_external_access = false; set lock_configuration = true"
            )
            try:
                self._create_tables()
            except BaseException:
                self.close()
                raise
        return self._connection

    def _create_tables(self) -> None:
        """Create what is not there yet, unless the file says that these very definitions made it."""
        definitions = [sql(name) for name in DEFINITIONS]
        sha256 = hashlib.sha256("".join(definitions).encode()).hexdigest()
        try:
            if self.value("ops/definitions_are_current", sha256=sha256):
                return
        except duckdb.CatalogException:
            pass  # a new file: it has no tables at all
        self._refuse_other_columns()
        for definition in definitions:
            self.connection.execute(definition)
        with self.transaction():  # a revision: readers need the new definitions, too
            self.run("ops/definitions", sha256=sha256)

    def _refuse_other_columns(self) -> None:
        """Refuse a file with other tables or columns, before something fails on it with less to say."""
        with empty_warehouse() as empty:
            wanted = set(empty.execute(sql("catalog/tables_and_columns")).fetchall())
        found = set(self.run("catalog/tables_and_columns").fetchall())
        tables, wanted_tables = {table for table, _ in found}, {table for table, _ in wanted}
        schemas = {table.partition(".")[0] for table in wanted_tables}
        differences = [f"{table} has no {column}" for table, column in sorted(wanted - found) if table in tables]
        differences += [f"{t} is a table" for t in sorted(tables - wanted_tables) if t.partition(".")[0] in schemas]
        for difference in differences:
            raise SpendgateError(
                f"{self.root.warehouse_file} was made by another version of spendgate: {difference}."
                " Move it away and run again: all that lies in the delivery folders is taken in anew"
            )

    def run(self, name: str, /, **values: Any) -> duckdb.DuckDBPyConnection:
        """Run `sql/<name>.sql` with its `$values` bound."""
        return self.connection.execute(sql(name), values or None)

    def require(self, name: str, /, **values: Any) -> None:
        """Hold a rule inside the transaction under way: `sql/<name>.sql` selects the rows that break it.

        Raises:
            SpendgateError: there is one; nothing of the transaction is written.
        """
        result = self.run(name, **values)
        columns = [column[0] for column in result.description or []]
        for row in result.fetchmany(1):
            found = ", ".join(f"{column} {value}" for column, value in zip(columns, row, strict=True))
            raise SpendgateError(f"sql/{name}.sql does not hold, so nothing was written: {found}")

    def value(self, name: str, /, **values: Any) -> Any:
        """First value of the first row of `sql/<name>.sql`."""
        row = self.run(name, **values).fetchone()
        return row[0] if row else None

    @contextmanager
    def transaction(self) -> Iterator[datetime]:
        """All or nothing; the revision that tells readers something changed is part of it.

        Yields:
            The time at which it is recorded: the real clock's, and later than every one before, even when the clock
            was set back. So "what had been recorded by then" has one answer.
        """
        self.connection.execute("begin")
        try:
            recorded_at: datetime = self.value("ops/recorded_at", clock=self.clock())
            yield recorded_at
            self.run("ops/revision", recorded_at=recorded_at)
        except (duckdb.FatalException, duckdb.InternalException):
            self._connection = None  # the database is invalid for this process; the file stays as committed
            raise
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def batch_id(self, recorded_at: datetime) -> int:
        """The run's batch, made when it is first asked for. Call it inside a transaction."""
        self.run("ops/batches", run_id=self.run_id, recorded_at=recorded_at)
        return int(self.value("ops/newest_batch"))

    def behind(self, table: str) -> tuple[int, int] | None:
        """What a derived table still has to do.

        Returns:
            (newest batch it contains, newest batch there is), or None when they are the same.
        """
        done, newest = self.run("ops/behind", table_name=table).fetchall()[0]
        return (done, newest) if done < newest else None

    def mark_done(self, table: str, batch_id: int, recorded_at: datetime) -> None:
        """Record that a derived table contains every batch up to this one. Call it inside the transaction."""
        self.run("ops/watermarks", table_name=table, batch_id=batch_id, recorded_at=recorded_at)

    def close(self) -> None:
        """Close the file; a later use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def compact(self) -> bool:
        """Write the file anew where much of it is the room that removed rows have left: every publishing copies it.

        Returns:
            Whether it was.
        """
        self.connection.execute("checkpoint")
        used, free = self.run("sealing/blocks").fetchall()[0]
        if free * 3 <= used:
            return False
        before = self._counts()
        self.close()
        compacted = self.root.compacted_file
        compacted.unlink(missing_ok=True)  # of a run that was killed
        with duckdb.connect(config={"temp_directory": str(self.root.scratch)}) as connection:
            for name, file, how in (
                ("live", self.file, "read_only"),
                ("compacted", compacted, "storage_version 'v1.5.0'"),
            ):
                path = str(file).replace("'", "''")
                connection.execute(f"attach '{path}' as {name} ({how})")
            connection.execute("copy from database live to compacted")
        anew = Warehouse(self.root, now=self.now, run_id=self.run_id, file=compacted)
        try:
            for name in DEFINITIONS:
                anew.connection.execute(sql(name))  # comments are not copied
            if anew._counts() != before:
                raise SpendgateError(f"{compacted} is not what {self.file} holds, which stays as it is")
            anew.connection.execute("checkpoint")
        finally:
            anew.close()
        fsync(compacted)
        compacted.replace(self.file)
        fsync(self.file.parent)
        return True

    def _counts(self) -> list[tuple[Any, ...]]:
        """The revision, and how many rows each table has."""
        tables = [name for (name,) in self.run("rebuild/tables").fetchall()]
        counts = [(name, len(self.connection.table(name))) for name in tables]
        return [("revision", self.value("ops/current_revision")), *counts]

    def publish(self) -> int | None:
        """Copy the warehouse to the published file, if it has changed since.

        The copy is verified and on disk before it takes the old one's place in one step, so a reader holds either
        the old state or the new one.

        Returns:
            Size of the published file in bytes, or None when it was up to date.
        """
        revision = self.value("ops/current_revision")
        if revision == published_revision(self.root):
            return None
        self.connection.execute("checkpoint")
        self.close()
        target = self.root.published_file
        copy = target.with_name(f".{target.name}.{revision}.tmp")
        try:
            shutil.copyfile(self.root.warehouse_file, copy)
            copy.chmod(0o444)
            whole = copy.stat().st_size == self.root.warehouse_file.stat().st_size
            if not whole or _revision_in(copy) != revision:
                raise SpendgateError(f"the copy {copy} is not what was written; the published file is unchanged")
            fsync(copy)
            copy.rename(target)
        finally:
            copy.unlink(missing_ok=True)  # a copy that did not get there must not fill the disk
        fsync(target.parent)
        return target.stat().st_size


@contextmanager
def open_warehouse(
    root: DataRoot, *, now: datetime | None = None, run_id: str, wait_seconds: float = 0.0
) -> Iterator[Warehouse]:
    """Hold the warehouse, alone, for as long as the block lasts.

    Without a `now`, the run stands for the moment at which it got the warehouse: had it looked at the clock before it
    waited, it would decide for an instant older than the last decision.

    Raises:
        SpendgateError: somebody else still holds it after `wait_seconds`.
    """
    root.create()
    with _lock(root, run_id, wait_seconds):
        clear_scratch(root)  # of a run that was killed
        for leftover in root.published_file.parent.glob(".*.tmp"):
            leftover.unlink(missing_ok=True)
        _require_room(root)
        warehouse = Warehouse(root, now=now or utc_now(), run_id=run_id)
        try:
            yield warehouse
        finally:
            warehouse.close()


def clear_scratch(root: DataRoot) -> None:
    """Remove what means nothing once the process that made it has ended."""
    for leftover in root.scratch.iterdir():
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink(missing_ok=True)


def _require_room(root: DataRoot) -> None:
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
def _lock(root: DataRoot, run_id: str, wait_seconds: float) -> Iterator[None]:
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
        SpendgateError: nothing has been published yet.
    """
    file = root.published_file
    if not file.exists():
        raise SpendgateError(f"nothing is published yet in {file.parent}: run `spendgate run` first")
    connection = duckdb.connect(str(file), read_only=True)
    try:
        connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")  # it would stand among the rows
        yield connection
    finally:
        connection.close()


def published_revision(root: DataRoot) -> int | None:
    """Revision the readers see; None when nothing has been published."""
    return _revision_in(root.published_file) if root.published_file.exists() else None


def _revision_in(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as connection:
        return int(connection.execute(sql("ops/current_revision")).fetchall()[0][0])


def fsync(path: Path) -> None:
    """Wait until a file, or what a folder lists, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
