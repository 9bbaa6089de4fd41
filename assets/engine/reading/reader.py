"""A staged file of events or payments becomes rows in the arrival tables.

Belongs here: which reader has which file or line. Does not: forms (`jsonl_files`, `csv_files`, `parquet_files`), the
rules for values (`sql/ingest/macros.sql`), duplicates, and writing to the warehouse (`ingestion`).

Large texts of events are read in bulk by DuckDB, which leaves every line it has the slightest doubt about to the reader
of single rows in Python; that one reads everything else, and is the authority on what is wrong with a row.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb
import pyarrow as pa

from assets.engine.delivery.files import QuarantineError, StagedFile
from assets.engine.delivery.text_profile import has_blank_beside_quote
from assets.engine.kinds import EVENTS, PAYMENTS
from assets.engine.reading.columns import COLUMNS, INSTANT
from assets.engine.reading.csv_files import CUT_OFF, CsvLines, csv_header, csv_rows
from assets.engine.reading.json_objects import split_objects
from assets.engine.reading.jsonl_files import JsonLines, SeveralObjectsError, refuse_json_document, usual_keys
from assets.engine.reading.parquet_files import check_columns, parquet_schema
from assets.engine.reading.rules import as_arrow, define_rules, is_engine_error, refused_if_damaged
from assets.engine.reading.text import JOINED, NAMES, IgnoredNames, Row, lines_at, without_unreadable_lines
from assets.engine.settings import Settings
from assets.engine.warehouse.warehouse import Warehouse

BULK_BYTES = 1 << 20
"""Below this the reader of single rows is faster than a bulk query's fixed cost."""

ROWS_AT_ONCE = 50_000
"""Rows handed to DuckDB together; bounds memory."""

REMOVALS = (
    "remove_event_texts",
    "remove_typed_events",
    "remove_bulk_events",
    "remove_payment_texts",
    "remove_payments",
)
"""What takes back the rows of a file."""


@dataclass(frozen=True)
class Delivery:
    """A staged file of events or payments that is to be read.

    Attributes:
        file_id: number of the file, written beside each row.
        kind: events or payments.
        name: as the ledger has it, with the folders it lay in.
        staged: its copy.
        loaded_at: moment of loading (timezone-aware), against which times in the future are held.
        settings: limits, and in which zone times are that do not say so.
        is_split: its lines that held several objects have been split.
    """

    file_id: int
    kind: str
    name: str
    staged: StagedFile
    loaded_at: datetime
    settings: Settings
    is_split: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that are asked for."""
        return tuple(COLUMNS[self.kind])

    @property
    def folders(self) -> dict[str, str]:
        """Columns that a folder such as `event_type=click` names, and that folder."""
        parts = PurePosixPath(self.name).parts[:-1]
        return {part.partition("=")[0]: part for part in parts if part.partition("=")[0] in self.columns}


@dataclass(frozen=True)
class Read:
    """What was read: the columns or keys that were ignored, and the copy whose lines have the numbers of the rows."""

    ignored: IgnoredNames
    staged: StagedFile


def zone_of(kind: str, settings: Settings) -> str:
    """The zone of times that are delivered without one; empty: they are refused."""
    return {EVENTS: settings.events_zone, PAYMENTS: settings.payments_zone}[kind]


class Reader:
    """Puts the rows of staged files into the arrival tables of a warehouse.

    Rows read one by one are handed over many at once, whatever file they are of; `finish` ends that.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._waiting: dict[str, list[tuple[int, Row]]] = {EVENTS: [], PAYMENTS: []}
        self._zone = ""
        define_rules(warehouse, self._zone)
        warehouse.run("steps.arrivals", "tables")

    def read(self, delivery: Delivery) -> Read:
        """Read one file.

        Raises:
            QuarantineError: the file as a whole cannot be read as rows of its kind; none of its rows is left.
        """
        try:
            self._use_zone(zone_of(delivery.kind, delivery.settings))
            try:
                return Read(self._read(delivery), delivery.staged)
            except SeveralObjectsError:
                self.forget(delivery.file_id)
                split = delivery.staged.path.with_suffix("").with_suffix("").name
                text = self._warehouse.root.scratch / f"{split}.objects.jsonl"
                split_objects(delivery.staged.text, text, delivery.settings.max_line_bytes)
                again = replace(delivery, staged=replace(delivery.staged, text=text, clean=False), is_split=True)
                return Read(self._read(again), again.staged)
        except QuarantineError:
            self.forget(delivery.file_id)
            raise

    def finish(self, loaded_at: datetime, settings: Settings) -> None:
        """Give the rows that were read as text their types, or say what is wrong with them."""
        self.flush()
        for kind, statement in ((EVENTS, "type_events"), (PAYMENTS, "type_payments")):
            self._use_zone(zone_of(kind, settings))
            self._warehouse.run("steps.arrivals", statement, loaded_at=loaded_at)

    def flush(self) -> None:
        """Hand the rows that wait to DuckDB, as Arrow."""
        for kind, waiting in self._waiting.items():
            if waiting:
                columns = tuple(COLUMNS[kind])
                of_files = pa.array([file_id for file_id, _ in waiting], pa.int64())
                table = as_arrow([row for _, row in waiting], columns).append_column("file_id", of_files)
                self._warehouse.connection.register("text_rows", table)
                add = {EVENTS: "add_event_texts", PAYMENTS: "add_payment_texts"}[kind]
                self._warehouse.run("steps.arrivals", add)
                self._warehouse.connection.unregister("text_rows")
                waiting.clear()

    def forget(self, file_id: int) -> None:
        """Take back all rows of a file."""
        for waiting in self._waiting.values():
            waiting[:] = [(of_file, row) for of_file, row in waiting if of_file != file_id]
        for statement in REMOVALS:
            self._warehouse.run("steps.arrivals", statement, file_id=file_id)

    def _use_zone(self, zone: str) -> None:
        """Let times that do not say in which zone they are be refused, or taken for those of a zone."""
        if zone != self._zone:
            define_rules(self._warehouse, zone)
            self._zone = zone

    def _read(self, delivery: Delivery) -> IgnoredNames:
        if delivery.staged.format == "parquet":
            return self._read_parquet(delivery)
        if delivery.staged.format == "csv":
            return self._read_csv(delivery)
        return self._read_jsonl(delivery)

    def _read_parquet(self, delivery: Delivery) -> IgnoredNames:
        columns = COLUMNS[delivery.kind]
        schema = parquet_schema(delivery.staged, delivery.settings)
        check_columns(schema, columns, delivery.folders, local_times=bool(self._zone))
        [instant] = [schema.columns[name] for name, type_ in columns.items() if type_ is INSTANT]
        values = {"file_id": delivery.file_id, "loaded_at": delivery.loaded_at}
        typed, faulty = {
            EVENTS: ("events", "event_faults"),
            PAYMENTS: ("payments", "payment_faults"),
        }[delivery.kind]
        path = str(delivery.staged.path)
        with refused_if_damaged():
            self._warehouse.run("steps.read_parquet", typed, **values, path=path, is_utc=not instant.is_local_time)
            self._warehouse.run("steps.read_parquet", faulty, **values)
        return IgnoredNames(sorted(set(schema.names) - set(columns)))

    def _read_jsonl(self, delivery: Delivery) -> IgnoredNames:
        refuse_json_document(delivery.staged.text)
        ignored = IgnoredNames()
        lines = JsonLines(
            delivery.staged.text, delivery.columns, ignored, delivery.settings, delivery.folders, delivery.is_split
        )
        if not (_is_bulky(delivery) and self._read_jsonl_in_bulk(delivery, lines)):
            self._add(delivery, lines.rows())
        return ignored

    def _read_csv(self, delivery: Delivery) -> IgnoredNames:
        header = csv_header(delivery.staged.text, delivery.columns, delivery.folders)
        if not (header and _is_bulky(delivery) and self._read_csv_in_bulk(delivery, header)):
            limit = delivery.settings.max_line_bytes
            self._add(delivery, csv_rows(delivery.staged.text, header, delivery.columns, limit))
        return IgnoredNames(sorted(set(header) - set(delivery.columns)))

    def _add(self, delivery: Delivery, rows: Iterable[Row]) -> None:
        """Let rows read one by one wait, and hand them over when there are many."""
        waiting = self._waiting[delivery.kind]
        remaining = iter(rows)
        while some := list(islice(remaining, max(1, ROWS_AT_ONCE - len(waiting)))):
            waiting += [(delivery.file_id, row) for row in some]
            if len(waiting) >= ROWS_AT_ONCE:
                self.flush()

    # --- in bulk

    def _read_jsonl_in_bulk(self, delivery: Delivery, lines: JsonLines) -> bool:
        """Read JSON lines with DuckDB, but for those in doubt; False, with nothing done, if it cannot read the text."""
        keys = usual_keys(delivery.staged.text) or [[""]]
        brackets = delivery.settings.max_json_depth // 2 + 1  # of one kind, or it cannot be nested deeper
        text = self._readable_text(delivery, lines.row, filler=b"\n")
        in_bulk = self._run_in_bulk(
            delivery, text, "steps.read_jsonl",
            max_depth=delivery.settings.max_json_depth, usual_keys=keys,
            many_braces="%{" * brackets + "%", many_brackets="%[" * brackets + "%",
        )  # fmt: skip
        if in_bulk is None:
            return False
        before_first = in_bulk.first_place - 1
        doubtful = self._doubtful_lines(delivery, before_first)
        self._add(delivery, (lines.row(number, line.encode()) for number, line in doubtful))
        ignored = self._warehouse.run(
            "steps.read_jsonl", "ignored_keys", file_id=delivery.file_id, usual_keys=keys, names=NAMES
        )
        for key, times in ignored.fetchall():
            lines.ignored.add(key or "", times)
        self._warehouse.run("steps.arrivals", "add_bulk_file", file_id=delivery.file_id, before_first=before_first)
        return True

    def _read_csv_in_bulk(self, delivery: Delivery, header: list[str]) -> bool:
        """Read a CSV text with DuckDB; False, with nothing done, unless each of its lines is one record."""
        staged, limit = delivery.staged, delivery.settings.max_line_bytes
        lines = CsvLines(header, delivery.columns, limit, last=None if staged.terminated else staged.lines + 1)
        try:
            before_first = self._read_lines_of_csv(delivery, lines)
        except csv.Error:  # a line that is no record by itself
            before_first = None
        if before_first is None:
            self.forget(delivery.file_id)
            return False
        self.flush()
        of_file = {"file_id": delivery.file_id, "before_first": before_first}
        self._warehouse.run("steps.arrivals", "remove_bulk_lines", **of_file)
        self._warehouse.run("steps.arrivals", "add_bulk_file", **of_file)
        return True

    def _read_lines_of_csv(self, delivery: Delivery, lines: CsvLines) -> int | None:
        """Read a CSV text in bulk but for single lines; returns what to take from a row's place to get its line."""
        text = self._readable_text(delivery, lines.row, filler=lines.filler)
        in_bulk = self._run_in_bulk(
            delivery, text, "steps.read_csv", columns=dict.fromkeys([*lines.header, lines.surplus], "VARCHAR"),
            last_column=lines.header[-1], surplus_column=lines.surplus, joined=JOINED,
        )  # fmt: skip
        # a record per line, or line numbers would be wrong: quoted line ends and blank lines are read one by one
        if in_bulk is None or in_bulk.rows != delivery.staged.lines - (1 if lines.last is None else 0):
            return None
        before_first = in_bulk.first_place - 2  # the header is line 1
        doubtful = (number for number, _ in self._doubtful_lines(delivery, before_first) if number != lines.last)
        self._add(delivery, (lines.row(*line) for line in lines_at(text, doubtful, lines.max_line_bytes + 2)))
        if in_bulk.rows and lines.last and not lines.last_is_told:
            self._add(delivery, [Row(lines.last, (), CUT_OFF)])
        return before_first

    def _doubtful_lines(self, delivery: Delivery, before_first: int) -> Iterator[tuple[int, str]]:
        """Lines read in bulk that are left to the reader of single rows, some at a time."""
        after = 0
        of_file = {"file_id": delivery.file_id, "before_first": before_first, "rows": ROWS_AT_ONCE}
        while some := self._warehouse.run("steps.arrivals", "doubtful_lines", **of_file, after=after).fetchall():
            yield from some
            after = some[-1][0]

    def _readable_text(self, delivery: Delivery, row: Callable[[int, bytes], Row], *, filler: bytes) -> Path:
        """A text that DuckDB can read; where it could not read a line there stands a filler, and its row waits."""
        text, limit = delivery.staged.text, delivery.settings.max_line_bytes
        if delivery.staged.clean:
            return text
        copy = self._warehouse.root.scratch / f"{text.name}.readable"
        is_odd = has_blank_beside_quote if delivery.staged.format == "csv" else lambda _: False
        lines = without_unreadable_lines(text, copy, limit, filler, is_odd)
        self._add(delivery, (row(*line) for line in lines))
        return copy

    def _run_in_bulk(self, delivery: Delivery, text: Path, reader: str, **values: Any) -> "_InBulk | None":
        """Read a text into `bulk_events`; None, with nothing done, when it is not as plain as it looked."""
        # a line is longer than its limit by its line end, and DuckDB counts what follows it
        of_text = {"path": str(text), "max_line_size": 2 * delivery.settings.max_line_bytes}
        of_file = {"file_id": delivery.file_id, "loaded_at": delivery.loaded_at}
        try:
            self._warehouse.run(reader, "events", **of_file, **of_text, **values)
        except duckdb.Error as error:
            if is_engine_error(error):
                raise
            self.forget(delivery.file_id)
            return None
        rows, first_place, last_place = self._warehouse.row(
            "steps.arrivals", "bulk_rows", file_id=delivery.file_id
        ) or (0, 0, 0)
        if not rows:
            return _InBulk(0, 0)
        if last_place - first_place + 1 != rows:
            raise RuntimeError(f"{delivery.name}: its {rows} rows stand at {first_place} to {last_place}")
        return _InBulk(rows, first_place)


@dataclass(frozen=True)
class _InBulk:
    """How many rows of a file were read in bulk, and the place of the first one in the table."""

    rows: int
    first_place: int


def _is_bulky(delivery: Delivery) -> bool:
    return delivery.kind == EVENTS and delivery.staged.text.stat().st_size >= BULK_BYTES
