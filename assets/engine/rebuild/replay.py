"""What the ledger was made of, done again in an empty warehouse, in the order in which it was done.

Belongs here: the steps and what is kept. Does not: how a step is done (`ingestion`, `pricing`, `spend`).
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import duckdb

from assets.engine.delivery.files import NotReadyError, QuarantineError
from assets.engine.delivery.staging import can_be_staged_again
from assets.engine.errors import SpendgateError
from assets.engine.ingestion.batch import Batch, TakenFile
from assets.engine.kinds import REFERENCE_TABLES
from assets.engine.overspend import measure_overspend
from assets.engine.pricing import charge
from assets.engine.settings import READING_LIMITS, Settings
from assets.engine.spend import sum_spend
from assets.engine.warehouse.clock import utc_now
from assets.engine.warehouse.files_let_go import let_go
from assets.engine.warehouse.sealed_tables import TABLES
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse

VERSIONS = (*(table.versions for table in REFERENCE_TABLES.values()), "internal.brand_zone_versions")
"""Tables of which each load adds rows."""

COMPARED = (
    "raw.event_files",
    "raw.ad_events",
    "raw.payments",
    "raw.corrections",
    "raw.rejected_rows",
    *VERSIONS,
    "core.transactions",
    "core.corrections",
    "core.unpriced",
    "mart.hourly_spend",
    "mart.daily_spend",
    "mart.monthly_spend",
    "mart.lifetime_spend",
    "mart.overspend",
    "internal.retries",
)
"""Tables that are rebuilt; all others are kept."""

ZONES = ("core.utc_offsets", "core.superseded_utc_offsets")
"""Kept, and needed before the first step."""

OF_THE_FILE = (
    "internal.definitions",
    "ops.migrations",
    "internal.overspend_due",
    "ops.sealed_files",
    "internal.sealed_file_states",
    *(f"internal.{name}" for name in TABLES),
)
"""Neither rebuilt nor kept: they belong to the file they are in."""

BEFORE_ALL_STEPS = datetime(2000, 1, 1, tzinfo=UTC)
"""When the empty file is recorded as made: each transaction's time is later than the one before it."""


@dataclass(frozen=True)
class Step:
    """A transaction that made part of the ledger or the marts: what it did, when, as which batch of which run."""

    step: str
    recorded_at: datetime
    batch_id: int
    read_at: datetime
    run_id: str


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
        rebuilt.connection.register("kept_batches", self._live.table("internal.batches").to_arrow_table())
        for step in track(self._steps):
            rebuilt.clock = lambda at=step.recorded_at: at  # type: ignore[misc]
            rebuilt.run_id = step.run_id
            rebuilt.run("internal.batches", "copy_through", batch_id=step.batch_id)
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
                self._mark_adopted(step)
            case "sum" if self._only_files is None:
                sum_spend(self._rebuilt)

    def _mark_adopted(self, step: Step) -> None:
        """What was adopted is marked as of when it was priced, by an engine, and not when it was taken in."""
        adopted = self._live.execute(sql("internal.backfills", "adopted"), {"batch_id": step.batch_id}).fetchall()
        for began_at, adopted_at in adopted:
            self._rebuilt.run("steps.rebuild", "mark_adopted", batch_id=step.batch_id, began_at=began_at)
            self._rebuilt.run("steps.rebuild", "mark_waiting", since=step.recorded_at, adopted_at=adopted_at)

    def _load_reference(self, step: Step) -> None:
        """Add the versions that this transaction added."""
        for table in VERSIONS:
            added = self._live.table(table).filter(_equals("recorded_at", step.recorded_at))
            self._copy(added, table)

    def _ingest(self, step: Step) -> None:
        """Read again the files that this transaction loaded; of those no longer staged, take over the rows."""
        files = self._files(step)
        staged = [file for file in files if can_be_staged_again(self._rebuilt.root, file.sha256, file.name)]
        for file in files:
            if file not in staged:
                self._take_over(file, step)
        if staged:
            batch = self._read(staged, step)
            batch.validate()
            with self._rebuilt.transaction() as recorded_at:
                batch.write(recorded_at)

    def _retry(self, step: Step) -> None:
        """Read again the refused rows that were tried again."""
        for file in self._files(step):
            if not can_be_staged_again(self._rebuilt.root, file.sha256, file.name):
                self._take_over_rows(file, step)
                self._copy(
                    self._live.table("internal.retries").filter(_equals("recorded_at", step.recorded_at)),
                    "internal.retries",
                )
                continue
            batch = self._read([file], step)
            batch.validate(only_refused=True)
            with self._rebuilt.transaction() as recorded_at:
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
                batch.reload(file)
            except (NotReadyError, QuarantineError) as refusal:
                raise SpendgateError(f"{file.name} (file {file.file_id}) cannot be read again: {refusal}") from refusal
        return batch

    def _limits_then(self, step: Step) -> Settings:
        """The limits by which files were read then; the present ones where none were noted."""
        rows = self._live.execute(sql("internal.reading_limits", "at"), {"recorded_at": step.recorded_at}).fetchall()
        return replace(self._settings, **dict(zip(READING_LIMITS, rows[0], strict=True))) if rows else self._settings

    def _take_over(self, file: TakenFile, step: Step) -> None:
        """Copy a file that is no longer staged: its ledger row, what is still refused, what this step accepted."""
        for table in ("raw.event_files", "raw.rejected_rows"):
            self._copy(rows_of(self._live, table).filter(_equals("file_id", file.file_id)), table)
        self._take_over_rows(file, step)

    def _take_over_rows(self, file: TakenFile, step: Step) -> None:
        for table, into in (
            ("raw.ad_events", "internal.ad_events"),
            ("raw.payments", "raw.payments"),
            ("raw.corrections", "raw.corrections"),
        ):
            of_the_file = rows_of(self._live, table).filter(_equals("file_id", file.file_id))
            self._copy(of_the_file.filter(_equals("batch_id", step.batch_id)), into)

    def _keep(self) -> None:
        """Copy what is not rebuilt, and the ledger rows of what was refused or delivered again."""
        self._rebuilt.run("steps.rebuild", "clear_replayed")
        self._copy(self._live.table("raw.event_files").filter("outcome <> 'LOADED'"), "raw.event_files")
        of_reference_files = "file_id in (select file_id from internal.reference_files)"
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


def _equals(column: str, value: datetime | int) -> duckdb.Expression:
    return duckdb.ColumnExpression(column) == duckdb.ConstantExpression(value)


def rows_of(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyRelation:
    """Rows of a table, or of the view over what is hot and sealed of it."""
    return connection.table_function("query_table", [name])
