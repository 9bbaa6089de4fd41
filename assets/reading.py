"""A staged file becomes rows in the arrival tables, each with its line, its values and what is wrong with it.

Belongs here: telling rows apart. Does not: the rules for a field's value (`sql/ingest/macros.sql`), duplicates, and
writing to the warehouse (`ingestion`).

Large clean files of events are read in bulk by DuckDB, which leaves every line it has the slightest doubt about to the
row-by-row reader here; that one reads everything else, and is the authority on what is wrong with a row.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from assets.landing import QuarantineError, StagedFile, too_large
from assets.settings import EVENTS, PAYMENTS, Settings, first_line
from assets.warehouse import Warehouse

COLUMNS = {
    EVENTS: ("event_id", "ad_id", "event_type", "occurred_at"),
    PAYMENTS: ("payment_id", "brand_id", "amount", "paid_at"),
}
BULK_BYTES = 1 << 20
"""Below this the row-by-row reader is faster than a bulk query's fixed cost."""

PARQUET_ROW_BYTES = 32
"""Least that a row takes once it is read: packed, a thousand bytes can hold a billion rows."""

HEADER_BYTES = 1 << 16
"""As much of a first line is looked at to tell what a file is."""

DUCKDB_PRECISION = 38
"""Most digits a DuckDB DECIMAL can have."""

OURS = (
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.InterruptException,
    duckdb.OutOfMemoryException,
    duckdb.TransactionException,
)
"""What DuckDB raises for reasons of its own; all else, while it reads a file, is for what is in the file."""

UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError)
"""What Arrow raises for a damaged Parquet file; a name of a column or zone may be no text."""

ROWS_AT_ONCE = 50_000
"""Rows handed to DuckDB together; bounds memory."""

NAMES = 100
"""Ignored columns or keys of a file that are named."""

NAME_LIMIT = 256
"""Bytes of such a name that are kept."""

CUT_MARK = " ... [cut]"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Row:
    """One row as text: its line (from 1), its values in the kind's column order, and what is wrong with its form."""

    line_number: int
    values: tuple[str | None, ...]
    fault: str | None = None


class IgnoredNames:
    """Columns or keys of one file that nobody asked for: the first hundred, and how often others were met.

    Bounded, since a file may hold another key in every line.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names: set[str] = set()
        self.more = 0
        for name in names:
            self.add(name)

    @property
    def names(self) -> list[str]:
        """Those that are named, sorted."""
        return sorted(self._names)

    def add(self, name: str, times: int = 1) -> None:
        """Note that a name was met so often."""
        shown = cut(name, NAME_LIMIT)
        if shown in self._names:
            return
        if len(self._names) < NAMES:
            self._names.add(shown)
        else:
            self.more += times


def read_delivery(
    warehouse: Warehouse, file_id: int, kind: str, staged: StagedFile, loaded_at: Any, settings: Settings
) -> IgnoredNames:
    """Put the rows of one staged file into the arrival tables.

    Args:
        warehouse: where the arrival tables are.
        file_id: number of the file, written beside each row.
        kind: events or payments.
        staged: the file.
        loaded_at: moment of loading (timezone-aware), against which times in the future are held.
        settings: limits for lines and nesting.

    Returns:
        The columns or keys that were ignored.

    Raises:
        QuarantineError: the file as a whole cannot be read as rows of this kind.
    """
    if staged.format == "parquet":
        return _read_parquet(warehouse, file_id, kind, staged, loaded_at, settings)
    header = csv_header(staged.text, COLUMNS[kind]) if staged.format == "csv" else []
    if staged.format == "jsonl":
        _refuse_json_document(staged.text)
    ignored = IgnoredNames(sorted(set(header) - set(COLUMNS[kind])))
    large = staged.clean and staged.text.stat().st_size >= BULK_BYTES
    large = large and (staged.format == "jsonl" or bool(header))
    if kind == EVENTS and large and _read_in_bulk(warehouse, file_id, staged, header, ignored, loaded_at, settings):
        return ignored
    if staged.format == "csv":
        rows = _csv_rows(staged.text, header, COLUMNS[kind], settings.max_line_bytes)
    else:
        rows = _jsonl_rows(staged.text, COLUMNS[kind], ignored, settings)
    _insert(warehouse, file_id, kind, rows)
    return ignored


def lines_of(file: Path, numbers: Iterable[int], limit: int) -> Iterator[tuple[int, str]]:
    """Lines of a text, asked for by ascending number.

    Each is cut at `limit` bytes, and marked if it was; bytes that are not UTF-8 become escapes.
    """
    with file.open("rb") as text:
        lines = _lines(text, limit + len(CUT_MARK))
        for wanted in numbers:
            yield wanted, next(_shown(line, limit) for number, line in lines if number == wanted)


def _shown(line: bytes, limit: int) -> str:
    text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    return cut(text, limit)


def cut(text: str, limit: int) -> str:
    """The text, or its beginning with a mark that says so; `limit` counts its bytes."""
    content = text.encode()
    return text if len(content) <= limit else content[: limit - len(CUT_MARK)].decode(errors="ignore") + CUT_MARK


# --- Parquet


def _read_parquet(
    warehouse: Warehouse, file_id: int, kind: str, staged: StagedFile, loaded_at: Any, settings: Settings
) -> IgnoredNames:
    schema = parquet_schema(staged, settings)
    try:
        _check_parquet_columns(schema, kind)
        warehouse.run(f"ingest/parquet_{kind}", file_id=file_id, path=str(staged.path), loaded_at=loaded_at)
        warehouse.run(f"ingest/faulty_{kind}", file_id=file_id, loaded_at=loaded_at)
    except duckdb.Error as error:
        if is_ours(error):
            raise
        raise QuarantineError(f"damaged Parquet file ({first_line(error)[:200]}): deliver it again") from error
    except UnicodeDecodeError as error:  # a zone's name that is no text
        raise QuarantineError(f"damaged Parquet file ({error}): deliver it again") from error
    return IgnoredNames(sorted(set(schema.names) - set(COLUMNS[kind])))


def _check_parquet_columns(schema: pa.Schema, kind: str) -> None:
    check_names(schema.names, (*COLUMNS[kind], "file_row_number"))
    for name in COLUMNS[kind]:
        if name not in schema.names:
            raise QuarantineError(_no_column(name, schema.names))
        wanted, accepts = PARQUET_TYPES[name]
        if not accepts(schema.field(name).type):
            raise QuarantineError(f"column {name} is {schema.field(name).type}: deliver {wanted}")


def parquet_schema(staged: StagedFile, settings: Settings) -> pa.Schema:
    """Columns of a Parquet file, none of whose data has been looked at yet.

    Raises:
        QuarantineError: it has no readable footer, or one that announces more than the cap.
    """
    try:
        with pq.ParquetFile(staged.path) as file:
            schema, metadata = file.schema_arrow, file.metadata
            sizes = [metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)]
    except UNREADABLE as error:
        raise QuarantineError(f"not a readable Parquet file ({first_line(error)[:200]})") from error
    if max(sum(sizes), metadata.num_rows * PARQUET_ROW_BYTES) > settings.max_file_bytes:
        raise QuarantineError(too_large(settings))
    if _has_check_sums(staged.path, metadata):
        _verify_check_sums(staged.path)
    return schema


def _has_check_sums(path: Path, metadata: pq.FileMetaData) -> bool:
    """Whether the pages carry check sums: their own, as Spark writes them, or those of gzip. DuckDB looks at neither.

    They cost as much to verify as the file to read, so it is done for none of the others, which have nothing to verify.
    """
    if not (metadata.num_row_groups and metadata.num_columns):
        return False
    chunk = metadata.row_group(0).column(0)
    with path.open("rb") as file:
        file.seek(chunk.dictionary_page_offset or chunk.data_page_offset)
        header = file.read(64)
    # Thrift: three numbers (kind of page, two sizes), each after 0x15, then a fourth if there is a check sum
    return chunk.compression == "GZIP" or bool(re.match(rb"(?:\x15[\x80-\xff]*[\x00-\x7f]){4}", header, re.DOTALL))


def _verify_check_sums(path: Path) -> None:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for _ in file.iter_batches(ROWS_AT_ONCE):
                pass
    except UNREADABLE as error:
        raise QuarantineError(f"damaged Parquet file ({first_line(error)[:200]}): deliver it again") from error


def is_ours(error: duckdb.Error) -> bool:
    """Whether DuckDB failed for a reason that is not in the file it read: memory, a full disk, an interruption."""
    return isinstance(error, OURS) or "Could not write" in str(error)


def check_names(found: list[str], ours: tuple[str, ...]) -> None:
    """Refuse a file in which one of our column names is there twice, whatever the case: SQL could not tell them apart.

    `file_row_number` is ours too: the reader numbers the rows of a Parquet file by it.
    """
    for name in ours:
        alike = [other for other in found if other.lower() == name]
        if len(alike) > 1 or (alike and name == "file_row_number"):
            raise QuarantineError(f"columns {' and '.join(alike)} stand in each other's way: rename or drop one")


def _is_text(type_: pa.DataType) -> bool:
    if pa.types.is_dictionary(type_):
        return _is_text(type_.value_type)
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_))


def _is_amount(type_: pa.DataType) -> bool:
    if pa.types.is_decimal(type_):
        return bool(type_.precision <= DUCKDB_PRECISION)  # DuckDB reads wider ones as floats
    return bool(pa.types.is_integer(type_) or _is_text(type_))


def _is_instant(type_: pa.DataType) -> bool:
    return bool((pa.types.is_timestamp(type_) and type_.tz is not None) or _is_text(type_))


PARQUET_TYPES = {
    "event_id": ("text", _is_text),
    "payment_id": ("text", _is_text),
    "ad_id": ("a whole number", pa.types.is_integer),
    "brand_id": ("a whole number", pa.types.is_integer),
    "event_type": ("text", _is_text),
    "amount": ("a DECIMAL, a whole number or text (a binary float is not exact)", _is_amount),
    "occurred_at": ("a timestamp with a time zone (UTC), or ISO 8601 text", _is_instant),
    "paid_at": ("a timestamp with a time zone (UTC), or ISO 8601 text", _is_instant),
}
"""What each column may be in a Parquet file: in words, and as a test of its Arrow type."""


# --- large clean text


def _read_in_bulk(
    warehouse: Warehouse,
    file_id: int,
    staged: StagedFile,
    header: list[str],
    ignored: IgnoredNames,
    loaded_at: Any,
    settings: Settings,
) -> bool:
    """Read a text of events with DuckDB; False, with nothing done, when it is not as plain as it looked."""
    try:
        if staged.format == "csv":
            columns = dict.fromkeys(header, "VARCHAR")
            warehouse.run("ingest/csv_records", path=str(staged.text), columns=columns)
        else:
            warehouse.run("ingest/jsonl_lines", path=str(staged.text))
    except duckdb.Error as error:
        if is_ours(error):
            raise
        return False
    if staged.format == "csv":
        # a record per line, or line numbers would be wrong: quoted line ends and blank lines are read row by row
        rows = int(warehouse.value("ingest/csv_record_count"))
        if rows != staged.lines - 1 + (not staged.terminated):
            return False
        cut = None if staged.terminated else rows + 1
        of_file = {"file_id": file_id, "loaded_at": loaded_at}
        warehouse.run("ingest/csv_events", **of_file, cut_line=cut, cut_reason=CUT_OFF)
        return True
    odd = warehouse.run("ingest/jsonl_odd_lines").fetchall()
    for key, times in warehouse.run("ingest/jsonl_ignored_keys", names=NAMES).fetchall():
        ignored.add(key or "", times)
    rows_of_odd = (_jsonl_row(number, line.encode(), COLUMNS[EVENTS], ignored, settings) for number, line in odd)
    _insert(warehouse, file_id, EVENTS, rows_of_odd)
    warehouse.run("ingest/jsonl_events", file_id=file_id, loaded_at=loaded_at)
    return True


# --- row by row


def _insert(warehouse: Warehouse, file_id: int, kind: str, rows: Iterable[Row]) -> None:
    """Hand rows to DuckDB as Arrow, some at a time."""
    names = ("file_id", "line_number", *COLUMNS[kind], "fault")
    schema = pa.schema([(name, pa.int64() if name in names[:2] else pa.string()) for name in names])
    remaining = iter(rows)
    while some := list(islice(remaining, ROWS_AT_ONCE)):
        table = pa.Table.from_arrays(
            [
                pa.array([file_id] * len(some), pa.int64()),
                pa.array([row.line_number for row in some], pa.int64()),
                *(pa.array([row.values[i] for row in some], pa.string()) for i in range(len(COLUMNS[kind]))),
                pa.array([row.fault for row in some], pa.string()),
            ],
            schema=schema,
        )
        warehouse.connection.register("text_rows", table)
        warehouse.run(f"ingest/{kind[:-1]}_texts")
        warehouse.connection.unregister("text_rows")


def _lines(text: BinaryIO, limit: int) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, from 1; of a line longer than `limit` only the first `limit` bytes."""
    number = 0
    while line := text.readline(limit):
        number += 1
        if number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        yield number, line
        while len(line) >= limit and not line.endswith(b"\n") and (line := text.readline(limit)):
            pass


# --- JSONL


class _Literal(str):
    """A number as it was written."""

    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of a JSON object, in order, with those that are there twice."""


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Pairs,
    parse_int=_Literal,
    parse_float=_Literal,
    parse_constant=_Literal,
)


def _jsonl_rows(file: Path, columns: tuple[str, ...], ignored: IgnoredNames, settings: Settings) -> Iterator[Row]:
    with file.open("rb") as text:
        for number, line in _lines(text, settings.max_line_bytes + 1):
            if line.strip():
                yield _jsonl_row(number, line, columns, ignored, settings)


def _refuse_json_document(file: Path) -> None:
    """Tell a JSON document from JSON lines by the first two lines that are not blank."""
    with file.open("rb") as text:
        lines = (line.strip() for _, line in _lines(text, HEADER_BYTES))
        first, second = (next(filter(None, lines), b"") for _ in range(2))
    opened = re.match(rb"\{.*[\[{]$", first) and second.endswith(b",")  # else it is one line that was cut off
    if first in (b"{", b"[") or re.match(rb"\[\s*\{", first) or opened:
        raise QuarantineError("expected one object per line, found a JSON document spread over lines or an array")


_NOTHING: tuple[None, ...] = (None,) * 4


def _jsonl_row(number: int, line: bytes, columns: tuple[str, ...], ignored: IgnoredNames, settings: Settings) -> Row:
    """One line as a row; the fault says what keeps it from being one."""
    try:
        pairs = _json_object(line, settings)
        values = tuple(_json_text(name, pairs) for name in columns)
    except ValueError as error:
        return Row(number, _NOTHING, _whole(str(error)))
    for key, _ in pairs:
        if key not in columns:
            ignored.add(_whole(key))
    return Row(number, values)


def _json_object(line: bytes, settings: Settings) -> _Pairs:
    content = line.rstrip(b"\r\n")
    if len(content) > settings.max_line_bytes:
        raise ValueError(f"line longer than {settings.max_line_bytes:,} bytes")
    text = _utf8(content)
    if text.count("{") + text.count("[") > settings.max_json_depth and nesting_depth(text) > settings.max_json_depth:
        raise ValueError(f"JSON nested deeper than {settings.max_json_depth}")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")
        raise ValueError(f"not JSON: {what} at character {error.pos + 1} (was the line cut off?)") from None
    if not isinstance(value, _Pairs):
        raise ValueError("not a JSON object: expected one object per line")
    keys = Counter(key for key, _ in value)
    if len(keys) < len(value):
        raise ValueError(f"key '{keys.most_common(1)[0][0]}' is there twice")
    return value


def _json_text(name: str, pairs: _Pairs) -> str | None:
    """The text of a value; numbers as they were written."""
    value = next((value for key, value in pairs if key == name), None)
    if value is None:
        alike = next((key for key, _ in pairs if key.lower() == name and key != name), None)
        if alike is not None:
            raise ValueError(f"{name} is missing; found '{alike}' (keys are case-sensitive)")
        return None
    if isinstance(value, list):
        raise ValueError(f"{name} is a JSON {'object' if isinstance(value, _Pairs) else 'array'}")
    if isinstance(value, bool):
        if name.endswith("_id") and name not in ("ad_id", "brand_id"):
            raise ValueError(f"{name} is {str(value).lower()}: expected text")
        return str(value).lower()
    if isinstance(value, _Literal):
        return _plain_number(name, value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} holds half a character (a lone surrogate)") from None
    return str(value)


def _plain_number(name: str, literal: _Literal) -> str:
    """A JSON number's text; an amount such as 1e2 without its exponent, if that is short."""
    if name in ("event_id", "payment_id") and not literal.lstrip("-").isdigit():
        raise ValueError(f"{name} is the number {literal}: expected text or a whole number")
    if name == "amount" and re.fullmatch(r"-?[0-9.]+[eE][+-]?[0-9]{1,2}", literal):
        return format(Decimal(literal), "f")
    return str(literal)


def nesting_depth(text: str) -> int:
    """Deepest nesting of brackets outside strings."""
    depth = deepest = 0
    for bracket in re.findall(r"[{}\[\]]", re.sub(r'"(?:[^"\\]|\\.)*"', "", text)):
        depth += 1 if bracket in "{[" else -1
        deepest = max(deepest, depth)
    return deepest


# --- CSV

CUT_OFF = "the last row has no line end: it may have been cut off"


def csv_header(file: Path, columns: tuple[str, ...]) -> list[str]:
    """Names of the columns; an empty file has none.

    Raises:
        QuarantineError: the first line is no header with these columns, each once.
    """
    with file.open("rb") as text:
        lines = [text.readline(HEADER_BYTES).removeprefix(BYTE_ORDER_MARK) for _ in range(2)]
    first, second = map(_split, lines)
    if re.match(rb'"?\w+"?;', lines[0]):
        raise QuarantineError("its columns are separated by ';': deliver ',' instead")
    if first is None:
        raise QuarantineError("its first line is no CSV header")
    if not first and not second:
        return []
    check_names(first, columns)
    for name in columns:
        if name not in first:
            raise QuarantineError(_no_column(name, first))
    if len(set(first)) < len(first):
        raise QuarantineError("a column name is there twice in its header")
    if first == second:
        raise QuarantineError("its header is there twice")
    return first


def _split(line: bytes) -> list[str] | None:
    """Fields of a line that is a record by itself; None when it is none."""
    try:
        return next(csv.reader([line.decode().rstrip("\r\n")], strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return None


def _csv_rows(file: Path, header: list[str], columns: tuple[str, ...], max_line_bytes: int) -> Iterator[Row]:
    """Rows after the header.

    A quoted field may span lines. Where a record that spans lines is not sound, a stray quote may have swallowed
    other rows, and the whole file is refused.
    """
    if not header:
        return
    places = [header.index(name) for name in columns]
    with file.open("rb") as text:
        lines = _CsvLines(text, max_line_bytes)
        records = csv.reader(lines, strict=True)
        csv.field_size_limit(max_line_bytes)
        next(records)
        while True:
            begins = lines.number + 1
            try:
                fields = next(records)
                fault = None if not fields else lines.fault or _csv_fault(fields, len(header))
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
                yield Row(begins, _NOTHING, fault)
            elif fields:
                yield Row(begins, tuple(fields[place] or None for place in places))


class _CsvLines:
    """Lines of a CSV file as text for the csv module, with the number and the fault of the newest ones."""

    def __init__(self, text: BinaryIO, max_line_bytes: int) -> None:
        self.number = 0
        self.fault: str | None = None
        self._lines = _lines(text, max_line_bytes + 2)
        self._max_line_bytes = max_line_bytes

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        content = line.rstrip(b"\r\n")
        if len(content) > self._max_line_bytes:
            self.fault = f"line longer than {self._max_line_bytes:,} bytes"
            return "too long\n"
        if not line.endswith(b"\n") and self.number > 1:
            self.fault = CUT_OFF
        try:
            return _utf8(line)
        except ValueError as error:
            self.fault = str(error)
            return line.decode("utf-8", "replace")


def _csv_fault(fields: list[str], wanted: int) -> str | None:
    return f"{len(fields)} fields, expected {wanted}" if len(fields) != wanted else None


# --- shared words


def _whole(text: str) -> str:
    """A text that may hold half a character (a lone surrogate), written so that it can be stored."""
    return text.encode("utf-8", "backslashreplace").decode()


def _utf8(line: bytes) -> str:
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start + 1}") from None
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


def _no_column(name: str, names: list[str]) -> str:
    alike = next((other for other in names if other.strip().lower() == name), None)
    hint = f"found '{alike}'" if alike else f"its first line reads {', '.join(names)[:200]}"
    return f"column {name} is missing; {hint}"
