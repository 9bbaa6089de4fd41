"""Rows as text for machines: CSV that a spreadsheet may open, and JSON, both exact; and a row in an error.

Belongs here: what a value looks like in each. Does not: tables for people, and where the text goes (`pipelines.cli`).
"""

import csv
import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import IO, Any

import duckdb

from assets.engine.shown import printable


def column_names(result: duckdb.DuckDBPyConnection | duckdb.DuckDBPyRelation) -> list[str]:
    """The names of the columns of a result, in order."""
    return [column[0] for column in result.description or []]


def first_row_told(result: duckdb.DuckDBPyConnection) -> str | None:
    """The first row, as `column value, column value`; None: there is none."""
    for row in result.fetchmany(1):
        return ", ".join(f"{name} {value}" for name, value in zip(column_names(result), row, strict=True))
    return None


def some_rows(result: duckdb.DuckDBPyConnection | duckdb.DuckDBPyRelation) -> Iterator[tuple[Any, ...]]:
    """The rows, some thousand at a time: a million of them at once are gigabytes."""
    while some := result.fetchmany(10_000):
        yield from some


def write_csv(result: duckdb.DuckDBPyConnection | duckdb.DuckDBPyRelation, out: IO[str]) -> int:
    """Write the rows of a query as CSV, a line each, safe to open in a spreadsheet and to look at in a terminal.

    Returns:
        How many rows.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(_csv_safe, column_names(result)))
    rows = 0
    for rows, row in enumerate(some_rows(result), 1):  # noqa: B007 the number is what is returned
        writer.writerow(map(_csv_safe, row))
    return rows


def _csv_safe(value: Any) -> Any:
    """Text as text; what a spreadsheet would take for a formula gets an apostrophe before it."""
    match value:
        case None | int() | float():
            return value
        case Decimal():
            return format(value, "f")  # never 0E-9
        case str() if value.startswith(("=", "+", "-", "@", "\t", "\r")):
            return f"'{printable(value)}"
        case datetime() | date() | time():
            return _exact_text(value)
        case _:
            return printable(str(value))


def write_json(result: duckdb.DuckDBPyConnection | duckdb.DuckDBPyRelation, out: IO[str]) -> None:
    """Write the rows of a query as a JSON array, an object per line."""
    names = column_names(result)
    before = "["
    for row in some_rows(result):
        values = (json_value(value) for value in row)
        out.write(f"{before}\n  {json.dumps(dict(zip(names, values, strict=True)))}")
        before = ","
    out.write("[]\n" if before == "[" else "\n]\n")


def json_value(value: Any) -> Any:
    """The value in JSON's own types; what it has none for as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case dict():
            return {str(json_value(key)): json_value(inner) for key, inner in value.items()}
        case list() | tuple():
            return [json_value(inner) for inner in value]
        case _:
            return _exact_text(value)


def _exact_text(value: Any) -> str:
    """Text of what JSON has no type for; amounts stay exact, instants are UTC."""
    match value:
        case datetime() if value == datetime.max.replace(tzinfo=value.tzinfo):
            return "infinity"
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)
