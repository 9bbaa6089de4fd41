"""CSV: strict, whatever kind of file it is; the reader in Python is the authority, DuckDB's reads what is plain.

Belongs here: headers, records, and what is said of those that are none. Does not: the rules for values.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from assets.engine.delivery.files import QuarantineError
from assets.engine.reading.text import (
    JOINED,
    Row,
    decoded,
    ends_lines_in_cr,
    fault_of,
    first_lines,
    no_column,
    numbered_lines,
)

CUT_OFF = "the last row has no line end: it may have been cut off"


def csv_header(
    file: Path, needed: Callable[[Iterable[str]], tuple[str, ...]], folders: dict[str, str] | None = None
) -> list[str]:
    """Names of the columns; an empty file has none.

    Args:
        file: the text.
        needed: those that must be there, by those that are.
        folders: columns that only a folder of the file names, and that folder.

    Raises:
        QuarantineError: the first line is no header with these columns, each once.
    """
    lines = first_lines(file, 2)
    first, second = map(_split, lines)
    columns = needed(first or ())
    if ends_lines_in_cr(file):
        raise QuarantineError("its lines end in CR alone: deliver LF or CR LF")
    if _is_separated_by_semicolons(lines[0], columns):
        raise QuarantineError("its columns are separated by ';': deliver ',' instead")
    if first is None:
        raise QuarantineError("its first line is no CSV header")
    if not first and not second:
        return []
    check_names(first, columns)
    missing = next((name for name in columns if name not in first), None)
    if missing:
        raise QuarantineError(no_column(missing, first, (folders or {}).get(missing)))
    _refuse_repeated_names(first)
    if first == second:
        raise QuarantineError("its header is there twice")
    return first


def _refuse_repeated_names(header: list[str]) -> None:
    nameless = sum(not name.strip() for name in header)
    if nameless > 1:
        raise QuarantineError(
            f"{nameless} of its columns have no name, as spreadsheets leave them behind the last one: remove them"
        )
    if len(set(header)) < len(header):
        raise QuarantineError("a column name is there twice in its header")


def _is_separated_by_semicolons(line: bytes, columns: tuple[str, ...]) -> bool:
    names = [name.strip().strip('"').lower() for name in line.decode("utf-8", "replace").split(";")]
    return bool(re.match(rb'"?\w+"?;', line)) or (len(names) > 1 and any(name in columns for name in names))


def check_names(found: list[str], ours: tuple[str, ...]) -> None:
    """Refuse a file in which one of our column names is there twice, whatever the case: SQL could not tell them apart.

    `file_row_number` is ours too: the reader numbers the rows of a Parquet file by it.
    """
    for name in ours:
        alike = [other for other in found if other.lower() == name]
        if len(alike) > 1 or (alike and name == "file_row_number"):
            raise QuarantineError(f"columns {' and '.join(alike)} stand in each other's way: rename or drop one")


def _split(line: bytes) -> list[str] | None:
    """Fields of a line that is a record by itself; None when it is none."""
    try:
        return next(csv.reader([line.decode().rstrip("\r\n")], strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return None


def csv_rows(file: Path, header: list[str], columns: tuple[str, ...], max_line_bytes: int) -> Iterator[Row]:
    """Rows after the header.

    A quoted field may span lines. Where a record that spans lines is not sound, a stray quote may have swallowed
    other rows, and the whole file is refused.

    Raises:
        QuarantineError: rows cannot be told apart.
    """
    if not header:
        return
    places = [header.index(name) if name in header else None for name in columns]
    with file.open("rb") as text:
        lines = _CsvLines(text, max_line_bytes)
        records = csv.reader(lines, strict=True)
        csv.field_size_limit(max_line_bytes)
        next(records)
        while True:
            begins = lines.number + 1
            try:
                fields = next(records)
                fault = None if not fields else lines.fault or _fault(fields, len(header))
            except StopIteration:
                return
            except csv.Error as error:
                fields, fault = ["?"], lines.fault or f"not CSV: {error}"
            lines.fault = None
            if fault and lines.number > begins:
                raise QuarantineError(
                    f"a quote opened in line {begins} swallows other lines: rows cannot be told apart"
                )
            if fault:
                yield Row(begins, (), fault)
            elif fields:
                yield Row(begins, tuple(None if place is None else fields[place] or None for place in places))


@dataclass
class CsvLines:
    """Single lines of a CSV text as the records that they are by themselves.

    Attributes:
        header: names of the columns.
        columns: those that are asked for.
        max_line_bytes: as long may a line be.
        last: the number of the last line, if it has no line end: it may have been cut off.
        last_is_told: it has been read.
    """

    header: list[str]
    columns: tuple[str, ...]
    max_line_bytes: int
    last: int | None
    last_is_told: bool = False

    @property
    def filler(self) -> bytes:
        """A line that is a record, and says nothing."""
        return b"," * (len(self.header) - 1) + b"\n"

    @property
    def surplus(self) -> str:
        """A name that no column has."""
        return max(self.header, key=len).lower() + "_"

    def row(self, number: int, line: bytes) -> Row:
        """One line as a row.

        Raises:
            csv.Error: it is no record by itself.
        """
        unreadable = fault_of(line, self.max_line_bytes)
        self.last_is_told |= number == self.last
        if unreadable or number == self.last:
            return Row(number, (), unreadable or CUT_OFF)
        text = line.decode()
        fields = next(csv.reader([text], strict=True), [])
        fault = JOINED if text.startswith("\ufeff") else _fault(fields, len(self.header))
        places = () if fault else map(self.header.index, self.columns)
        return Row(number, tuple(fields[place] or None for place in places), fault)


class _CsvLines:
    """Lines of a CSV file as text for the csv module, with the number and the fault of the newest ones."""

    def __init__(self, text: BinaryIO, max_line_bytes: int) -> None:
        self.number = 0
        self.fault: str | None = None
        self._lines = numbered_lines(text, max_line_bytes + 2)
        self._max_line_bytes = max_line_bytes

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        try:
            text = decoded(line, self._max_line_bytes)
        except ValueError as error:
            self.fault = str(error)
            too_long = len(line) > self._max_line_bytes
            return "too long\n" if too_long else line.decode("utf-8", "replace")
        if not line.endswith(b"\n") and self.number > 1:
            self.fault = CUT_OFF
        if self.number > 1 and text.startswith("\ufeff"):
            self.fault = JOINED
        return text


def _fault(fields: list[str], wanted: int) -> str | None:
    return f"{len(fields)} fields, expected {wanted}" if len(fields) != wanted else None
