"""The warehouse as one run holds it: its connection, its transactions, its statements.

Belongs here: how the file is opened and written. Does not: what is in it (that is `sql/`), nor when anything runs.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.rows_as_text import first_row_told
from assets.engine.warehouse.clock import REAL_CLOCK, Clock, refuse_wrong_clock, utc_now
from assets.engine.warehouse.disk import clear_scratch, require_room
from assets.engine.warehouse.lock import hold_lock
from assets.engine.warehouse.migrations import VERSION, back_up, migrate, note_version, pending_migrations, version_of
from assets.engine.warehouse.schema import definitions_digest
from assets.engine.warehouse.sealed_tables import need_all_days, note_data_root
from assets.engine.warehouse.statements import sql

log = logging.getLogger("spendgate.warehouse")


class Warehouse:
    """The warehouse as one run holds it: locked for the others, opened when first used.

    Attributes:
        root: where it lies.
        now: the instant the run stands for; what happened later does not count.
        run_id: who writes.
        clock: tells the time at which something is recorded.
        clock_is_right: somebody has said so, or nobody need: it is not held against the newest record.
        file: the database; the warehouse of the root, unless it is rebuilt beside that.
        rules_zone: by which zone the rules for values are defined in the connection; None: they are not.
    """

    def __init__(self, root: DataRoot, *, now: datetime, run_id: str, file: Path | None = None) -> None:
        self.root = root
        self.now = now
        self.run_id = run_id
        self.clock: Callable[[], datetime] = utc_now
        self.clock_is_right = file is not None
        self.file = file or root.warehouse_file
        self.rules_zone: str | None = None
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
        of_root = (self.root.staged, self.root.scratch, self.root.sealed, self.root.exchange)
        # a folder may be a link to another disk: DuckDB asks for it by either name
        folders = sorted({str(name) for folder in of_root for name in (folder, folder.resolve())})
        connection.execute("set allowed_directories = $folders", {"folders": folders})
        connection.execute("set variable spendgate_data = $folder", {"folder": str(self.root.path)})
        connection.execute("set TimeZone = 'UTC'; set enable_external_access = false; set lock_configuration = true")
        return connection

    def _bring_up_to_date(self) -> None:
        """Make a new file's tables, migrate an older one, define views and macros again where they have changed.

        Raises:
            SpendgateError: the file is newer than this program, or of no version that it knows, or the clock is wrong.
        """
        version = version_of(self.connection)
        migrations = pending_migrations(version or VERSION, self.file)
        if version and not self.clock_is_right:
            # an older version has not noted its clock; the time of its newest record stands for it
            newest = self.value("ops.revision", "clock" if version == VERSION else "newest_record")
            refuse_wrong_clock(self.clock(), newest, self.root.settings())
        digest = definitions_digest()
        folder = self.root.path.resolve()
        current = version == VERSION and self.value("internal.definitions", "are_current", sha256=digest)
        if current and self.value("ops.sealed_files", "written_in") == str(folder):
            return
        if migrations:
            self._back_up(version or VERSION)
        with self._all_or_nothing():
            if not current:
                migrate(self.connection, migrations, self.clock(), self.file)
                self.run("internal.definitions", "record", sha256=digest)
            if not version:
                note_version(self.connection, VERSION, "made so", self.clock())
            note_data_root(self.connection, folder)
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
        found = first_row_told(self.run(file, statement, **values))
        if found:
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
            # the database is invalid for this process; the file stays as committed
            self._connection = self.rules_zone = None
            raise
        except BaseException:
            self.connection.execute("rollback")
            need_all_days(self.connection)
            raise
        self.connection.execute("commit")

    def batch_id(self, recorded_at: datetime) -> int:
        """The run's batch, made when it is first asked for. Call it inside a transaction."""
        self.run("internal.batches", "open", run_id=self.run_id, recorded_at=recorded_at)
        return int(self.value("internal.batches", "newest"))

    def pending_batches(self, table: str) -> tuple[int, int] | None:
        """What a derived table still has to do.

        Returns:
            (newest batch it contains, newest batch there is), or None when they are the same.
        """
        done, newest = self.run("internal.watermarks", "pending_batches", table_name=table).fetchall()[0]
        return (done, newest) if done < newest else None

    def has_pending_batches(self) -> bool:
        """Whether a batch waits to be charged or summed."""
        return any(self.pending_batches(table) for table in ("core.transactions", "mart"))

    def advance_watermark(self, table: str, batch_id: int, recorded_at: datetime) -> None:
        """Record that a derived table contains every batch up to this one. Call it inside the transaction."""
        self.run("internal.watermarks", "advance", table_name=table, batch_id=batch_id, recorded_at=recorded_at)

    def close(self) -> None:
        """Close the file; a later use opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self.rules_zone = None


@contextmanager
def open_warehouse(
    root: DataRoot,
    *,
    now: datetime | None = None,
    run_id: str,
    wait_seconds: float = 0.0,
    clock: Clock = REAL_CLOCK,
) -> Iterator[Warehouse]:
    """Hold the warehouse, alone, for as long as the block lasts.

    Without a `now`, the run stands for the moment at which it got the warehouse: had it asked the clock before it
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
        warehouse = Warehouse(root, now=now or clock.tell(), run_id=run_id)
        warehouse.clock = clock.tell
        warehouse.clock_is_right = clock.is_right
        try:
            yield warehouse
        finally:
            warehouse.close()
