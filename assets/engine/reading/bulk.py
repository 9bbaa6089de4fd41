"""Large texts of events, read in bulk by DuckDB.

Belongs here: which lines DuckDB may have, and which are left to the reader of single rows, which is the authority. Does
not: forms (`jsonl_files`, `csv_files`), the rules for values (`sql/steps/field_rules.sql`).
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from assets.engine.delivery.text_profile import has_blank_beside_quote
from assets.engine.reading.arriving_rows import ROWS_AT_ONCE, ArrivingRows
from assets.engine.reading.csv_files import CUT_OFF, CsvLines
from assets.engine.reading.delivery import Delivery
from assets.engine.reading.jsonl_files import JsonLines, usual_keys
from assets.engine.reading.rules import is_engine_error
from assets.engine.reading.text import JOINED, NAMES, Row, lines_at, without_unreadable_lines
from assets.engine.warehouse.warehouse import Warehouse


class BulkReader:
    """Puts texts of events into the arrival tables, but for lines in doubt, which it reads one by one."""

    def __init__(self, warehouse: Warehouse, rows: ArrivingRows) -> None:
        self._warehouse = warehouse
        self._rows = rows

    def read_jsonl(self, delivery: Delivery, lines: JsonLines) -> bool:
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
        self._rows.add(delivery, (lines.row(number, line.encode()) for number, line in doubtful))
        ignored = self._warehouse.run(
            "steps.read_jsonl", "ignored_keys", file_id=delivery.file_id, usual_keys=keys, names=NAMES
        )
        for key, times in ignored.fetchall():
            lines.ignored.add(key or "", times)
        self._warehouse.run("steps.arrivals", "add_bulk_file", file_id=delivery.file_id, before_first=before_first)
        return True

    def read_csv(self, delivery: Delivery, header: list[str]) -> bool:
        """Read a CSV text with DuckDB; False, with nothing done, unless each of its lines is one record."""
        staged, limit = delivery.staged, delivery.settings.max_line_bytes
        lines = CsvLines(header, delivery.columns, limit, last=None if staged.terminated else staged.lines + 1)
        try:
            before_first = self._read_lines_of_csv(delivery, lines)
        except csv.Error:  # a line that is no record by itself
            before_first = None
        if before_first is None:
            self._rows.forget(delivery.file_id)
            return False
        self._rows.flush()
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
        self._rows.add(delivery, (lines.row(*line) for line in lines_at(text, doubtful, lines.max_line_bytes + 2)))
        if in_bulk.rows and lines.last and not lines.last_is_told:
            self._rows.add(delivery, [Row(lines.last, (), CUT_OFF)])
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
        self._rows.add(delivery, (row(*line) for line in lines))
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
            self._rows.forget(delivery.file_id)
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
