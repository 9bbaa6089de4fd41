"""The warehouse made anew beside the live one, by doing again what was done, and the two compared table by table.

Belongs here: the order of what is done again, and what is kept. Does not: how it is done (`ingestion`, `accounting`).

Made anew, from the staged files: events, payments, refused rows, the ledger, every sum over it. Kept, since only the
warehouse knows it: statuses and their history, the versions of the reference data with the time from which each
holds, and when which batch did what, which is the order in which all of it is done again.
"""

import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from assets.accounting import charge, measure_overspend, sum_spend
from assets.ingestion import Batch, TakenFile
from assets.landing import NotReadyError, QuarantineError, can_be_staged_again
from assets.sealed_files import set_aside, verify_sealed_files
from assets.sealed_tables import TABLES, names_lost_day
from assets.settings import READING_LIMITS, REFERENCE_TABLES, Settings, SpendgateError, first_line
from assets.statements import sql
from assets.warehouse import Warehouse, forget_let_go, fsync, let_go, utc_now, write_ahead_log

COMPARED = (
    "raw.event_files",
    "raw.ad_events",
    "raw.payments",
    "raw.rejected_rows",
    *(table.versions for table in REFERENCE_TABLES.values()),
    "core.transactions",
    "core.unpriced",
    "mart.hourly_spend",
    "mart.daily_spend",
    "mart.monthly_spend",
    "mart.overspend",
    "ops.retries",
    "ops.summed_brands",
)
"""Tables that are made anew; all others are kept."""

ZONES = ("core.utc_offsets", "core.superseded_utc_offsets")
"""Kept, and needed before the first step."""

OF_THE_FILE = (
    "ops.definitions",
    "ops.migrations",
    "ops.overspend_due",
    "ops.sealed_files",
    "ops.sealed_file_states",
    *(f"hot.{name}" for name in TABLES),
)
"""Neither made anew nor kept: they belong to the file they are in."""


BEFORE_ALL_STEPS = datetime(2000, 1, 1, tzinfo=UTC)
"""When the empty file is recorded as made: each transaction's time is later than the one before it."""


log = logging.getLogger("spendgate.rebuilding")


@dataclass(frozen=True)
class Comparison:
    """A table in the live and in the rebuilt warehouse: its rows, and those that the other one has not.

    Attributes:
        rows_live: None: the live one cannot be read, since a sealed day is lost, and `why_not` says which.
    """

    table: str
    rows_live: int | None
    rows_rebuilt: int
    only_live: int = 0
    only_rebuilt: int = 0
    why_not: str = ""


@dataclass(frozen=True)
class Step:
    """A transaction that made part of the ledger or the marts: what it did, when, as which batch of which run."""

    step: str
    recorded_at: datetime
    batch_id: int
    read_at: datetime
    run_id: str


def rebuild(
    warehouse: Warehouse, settings: Settings, track: Callable[[list[Step]], Iterable[Step]] = iter
) -> list[Comparison]:
    """Make the warehouse again in `rebuilt.duckdb`, and compare it with the live one, which is only read.

    Args:
        warehouse: the live one, held by this run.
        settings: limits where those of then were not noted.
        track: shows progress over the steps.

    Raises:
        SpendgateError: a staged file is damaged, or larger than a limit that was lowered since.
    """
    with suppress(duckdb.Error):  # of a live one that cannot be read, which is told below
        verify_sealed_files(warehouse)
    with replaying(warehouse) as (live, rebuilt):
        Replay(live, rebuilt, settings).run(track)
        return [_compare(live, rebuilt.connection, table) for table in COMPARED]


@contextmanager
def replaying(warehouse: Warehouse) -> Iterator[tuple[duckdb.DuckDBPyConnection, Warehouse]]:
    """The warehouse to do things again from, and an empty one to do them in.

    Things are done again from the live warehouse, or, should that not be readable, from the published copy of it.
    """
    root = warehouse.root
    source = _closed_source(warehouse)
    for leftover in (root.rebuilt_file, write_ahead_log(root.rebuilt_file)):
        leftover.unlink(missing_ok=True)  # of a rebuild before this one, or one that was killed
    rebuilt = Warehouse(root, now=warehouse.now, run_id=warehouse.run_id, file=root.rebuilt_file)
    try:
        with duckdb.connect(str(source), read_only=True) as live:
            live.execute("set TimeZone = 'UTC'")
            live.execute("set variable spendgate_data = $root", {"root": str(root.path)})
            yield live, rebuilt
    finally:
        rebuilt.close()


def _closed_source(warehouse: Warehouse) -> Path:
    """The live warehouse, checkpointed and closed; the published copy if it cannot be opened."""
    try:
        forget_let_go(warehouse, warehouse.root.rebuilt_file)
        warehouse.connection.execute("checkpoint")
    except duckdb.Error as error:
        if not warehouse.root.published_file.exists():
            raise
        log.warning("%s cannot be read (%s): its published copy is used", warehouse.file, first_line(error))
        return warehouse.root.published_file
    finally:
        warehouse.close()
    return warehouse.file


def swap(warehouse: Warehouse) -> None:
    """Let the rebuilt warehouse take the live one's place, which is kept as `replaced.duckdb`, in one step."""
    root = warehouse.root
    warehouse.close()
    if write_ahead_log(root.rebuilt_file).exists():
        raise SpendgateError("a write-ahead log is left beside the rebuilt warehouse: nothing was swapped")
    if write_ahead_log(root.warehouse_file).exists():
        set_aside(warehouse, write_ahead_log(root.warehouse_file))  # the live one could not be opened
    root.replaced_file.unlink(missing_ok=True)
    if root.warehouse_file.exists():
        os.link(root.warehouse_file, root.replaced_file)
    fsync(root.rebuilt_file)
    root.rebuilt_file.replace(root.warehouse_file)
    fsync(root.warehouse_file.parent)
    forget_let_go(warehouse, root.replaced_file)
    let_go(warehouse, [root.replaced_file], "replaced by a rebuilt warehouse")


class Replay:
    """Does again in one warehouse what another one says was done."""

    def __init__(
        self,
        live: duckdb.DuckDBPyConnection,
        rebuilt: Warehouse,
        settings: Settings,
        only_files: Collection[int] | None = None,
    ) -> None:
        self._live = live
        self._rebuilt = rebuilt
        self._settings = settings
        self._only_files = only_files
        rows = live.execute(sql("steps.rebuild", "steps")).fetchall()
        self._steps = [Step(*row) for row in rows]
        rebuilt.clock = lambda: BEFORE_ALL_STEPS

    def run(self, track: Callable[[list[Step]], Iterable[Step]]) -> None:
        """Do every step, then copy what is kept."""
        self.make_ledger(track)
        self._rebuilt.clock = utc_now
        self._keep()
        measure_overspend(self._rebuilt)

    def make_ledger(self, track: Callable[[list[Step]], Iterable[Step]]) -> None:
        """Do every step, or what is needed of each for some files alone."""
        rebuilt = self._rebuilt
        for table in ZONES:
            self._copy(self._live.table(table), table)
        rebuilt.connection.register("kept_batches", self._live.table("ops.batches").to_arrow_table())
        for step in track(self._steps):
            rebuilt.clock = lambda at=step.recorded_at: at  # type: ignore[misc]
            rebuilt.run_id = step.run_id
            rebuilt.run("ops.batches", "copy_through", batch_id=step.batch_id)
            self._do(step)
        rebuilt.connection.unregister("kept_batches")

    def _do(self, step: Step) -> None:
        match step.step:
            case "load reference":
                self._load_reference(step)
            case "ingest":
                self._ingest(step)
            case "retry":
                self._retry(step)
            case "charge":
                charge(self._rebuilt)
            case "sum" if self._only_files is None:
                sum_spend(self._rebuilt)

    def _load_reference(self, step: Step) -> None:
        """Add the versions that this transaction added."""
        for table in REFERENCE_TABLES.values():
            added = self._live.table(table.versions).filter(_equals("recorded_at", step.recorded_at))
            self._copy(added, table.versions)

    def _ingest(self, step: Step) -> None:
        """Read again the files that this transaction loaded; of those no longer staged, take over the rows."""
        files = self._files(step)
        staged = [file for file in files if can_be_staged_again(self._rebuilt.root, file.sha256, file.name)]
        for file in files:
            if file not in staged:
                self._take_over(file, step)
        if staged:
            batch = self._read(staged, step)
            with batch.judged(), self._rebuilt.transaction() as recorded_at:
                batch.write(recorded_at)

    def _retry(self, step: Step) -> None:
        """Read again the refused rows that were tried again."""
        for file in self._files(step):
            if not can_be_staged_again(self._rebuilt.root, file.sha256, file.name):
                self._take_over_rows(file, step)
                self._copy(
                    self._live.table("ops.retries").filter(_equals("recorded_at", step.recorded_at)), "ops.retries"
                )
                continue
            batch = self._read([file], step)
            with batch.judged(only_refused=True), self._rebuilt.transaction() as recorded_at:
                batch.write_retry(file.file_id, recorded_at)

    def _files(self, step: Step) -> list[TakenFile]:
        rows = self._live.execute(
            sql("raw.event_files", "of_transaction"), {"recorded_at": step.recorded_at}
        ).fetchall()
        files = [TakenFile(*row) for row in rows]
        return [file for file in files if self._only_files is None or file.file_id in self._only_files]

    def _read(self, files: list[TakenFile], step: Step) -> Batch:
        batch = Batch(self._rebuilt, step.read_at, self._limits_then(step))
        for file in files:
            try:
                batch.take_again(file)
            except (NotReadyError, QuarantineError) as refusal:
                raise SpendgateError(f"{file.name} (file {file.file_id}) cannot be read again: {refusal}") from refusal
        return batch

    def _limits_then(self, step: Step) -> Settings:
        """The limits by which files were read then; the present ones where none were noted."""
        rows = self._live.execute(sql("ops.reading_limits", "at"), {"recorded_at": step.recorded_at}).fetchall()
        return replace(self._settings, **dict(zip(READING_LIMITS, rows[0], strict=True))) if rows else self._settings

    def _take_over(self, file: TakenFile, step: Step) -> None:
        """Copy a file that is no longer staged: its ledger row, what is still refused, what this step accepted."""
        for table in ("raw.event_files", "raw.rejected_rows"):
            self._copy(_rows(self._live, table).filter(_equals("file_id", file.file_id)), table)
        self._take_over_rows(file, step)

    def _take_over_rows(self, file: TakenFile, step: Step) -> None:
        for table, into in (("raw.ad_events", "hot.ad_events"), ("raw.payments", "raw.payments")):
            of_the_file = _rows(self._live, table).filter(_equals("file_id", file.file_id))
            self._copy(of_the_file.filter(_equals("batch_id", step.batch_id)), into)

    def _keep(self) -> None:
        """Copy what is not made anew, and the ledger rows of what was refused or delivered again."""
        self._rebuilt.run("steps.rebuild", "clear_replayed")
        self._copy(self._live.table("raw.event_files").filter("outcome <> 'LOADED'"), "raw.event_files")
        of_reference_files = "file_id in (select file_id from ops.reference_files)"
        self._copy(self._live.table("raw.rejected_rows").filter(of_reference_files), "raw.rejected_rows")
        for (table,) in self._live.execute(sql("database", "tables")).fetchall():
            if table not in (*COMPARED, *ZONES, *OF_THE_FILE):
                self._copy(self._live.table(table), table)
        sealed = [
            self._rebuilt.root.sealed / name
            for (name,) in self._live.execute(sql("ops.sealed_files", "names")).fetchall()
        ]
        let_go(self._rebuilt, sealed, "of the warehouse before a rebuild")

    def _copy(self, rows: duckdb.DuckDBPyRelation, table: str) -> None:
        connection = self._rebuilt.connection
        connection.register("kept_rows", rows.to_arrow_reader())
        connection.table("kept_rows").insert_into(table)
        connection.unregister("kept_rows")


def _rows(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyRelation:
    """Rows of a table, or of the view over what is hot and sealed of it."""
    return connection.table_function("query_table", [name])


def _equals(column: str, value: datetime | int) -> duckdb.Expression:
    return duckdb.ColumnExpression(column) == duckdb.ConstantExpression(value)


def _compare(live: duckdb.DuckDBPyConnection, rebuilt: duckdb.DuckDBPyConnection, table: str) -> Comparison:
    """Compare by a digest of all rows; where it differs, row by row."""
    rows_rebuilt, digest_rebuilt = _digest(rebuilt, table)
    try:
        rows_live, digest_live = _digest(live, table)
    except duckdb.InvalidInputException as error:
        if not names_lost_day(error):
            raise
        return Comparison(table, None, rows_rebuilt, why_not=first_line(error))
    if (rows_live, digest_live) == (rows_rebuilt, digest_rebuilt):
        return Comparison(table, rows_live, rows_rebuilt)
    rebuilt.register("live_rows", _rows(live, table).to_arrow_table())
    ours, theirs = _rows(rebuilt, table), rebuilt.table("live_rows")
    only_live, only_rebuilt = len(theirs.except_(ours)), len(ours.except_(theirs))
    rebuilt.unregister("live_rows")
    return Comparison(table, rows_live, rows_rebuilt, only_live, only_rebuilt)


def _digest(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int | None]:
    rows, digest = _rows(connection, table).set_alias("row").aggregate("count(*), sum(hash(row))").fetchall()[0]
    return rows, digest
