"""A staged reference file becomes rows with types, each validated: texts of a CSV file, typed values of a Parquet file.

Belongs here: which columns a reference file must have, and which reader has it. Does not: what may stand in them
(`validate` in `sql/core/<table>.sql`), versions (`engine.reference`).
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import duckdb
from iso4217 import Currency

from assets.engine.delivery.files import QuarantineError, StagedFile
from assets.engine.kinds import REFERENCE_TABLES
from assets.engine.reading.arriving_rows import ROWS_AT_ONCE
from assets.engine.reading.columns import COLUMNS, OPTIONAL
from assets.engine.reading.csv_files import CUT_OFF, csv_header, csv_rows
from assets.engine.reading.parquet_files import check_columns, parquet_schema
from assets.engine.reading.reader import BULK_BYTES
from assets.engine.reading.rules import as_arrow, define_rules, is_engine_error, refused_if_damaged
from assets.engine.reading.text import RAW_TEXT_LIMIT, lines_of
from assets.engine.settings import Settings
from assets.engine.warehouse.warehouse import Warehouse

INDEX = re.compile(r"__index_level_[0-9]+__")
"""The column in which pandas keeps a frame's row labels; it says nothing of the rows."""


def read_reference(warehouse: Warehouse, kind: str, staged: StagedFile, settings: Settings) -> None:
    """Read a reference file into `validated_rows`: the values of each row with their types, and what is wrong with it.

    Args:
        warehouse: with the parents in force and the time zones.
        kind: the reference table.
        staged: the file.
        settings: limits, and in which zone prices' times are that do not say so.

    Raises:
        QuarantineError: the file is damaged, or has other columns than the table.
    """
    if staged.format == "jsonl":
        raise QuarantineError("reference files are delivered as .csv or .parquet")
    define_rules(warehouse, settings.prices_zone)
    is_utc = True
    if staged.format == "parquet":
        is_utc = _read_parquet(warehouse, kind, staged, settings)
    else:
        _read_csv(warehouse, kind, staged, settings)
    warehouse.run("steps.reference", "complete_rows")
    table = REFERENCE_TABLES[kind]
    warehouse.run(table.file, "validate", **_told(kind, is_utc=is_utc))
    warehouse.connection.unregister("absent_columns")
    warehouse.run("steps.reference", "refuse_repeated", key=table.key)


def _told(kind: str, *, is_utc: bool) -> dict[str, Any]:
    """What the rules for the rows of a table are told."""
    match kind:
        case "global_ad_pricing":
            return {"is_utc": is_utc}
        case "brands":
            return {"currencies": [currency.code for currency in Currency]}
        case _:
            return {}


def refused_texts(warehouse: Warehouse, staged: StagedFile, numbers: list[int]) -> Iterator[tuple[int, str]]:
    """Refused rows of the file that was validated last as they were delivered: lines of a text, JSON of Parquet."""
    if staged.format == "parquet":
        yield from warehouse.run("steps.reference", "refused_rows_as_json").fetchall()
    else:
        yield from lines_of(staged.text, numbers, RAW_TEXT_LIMIT)


def _check_columns(warehouse: Warehouse, found: Iterable[str], kind: str) -> list[str]:
    """Hold the columns of a file against its table's; those it need not have and has not are `absent_columns`.

    Returns:
        The columns of the table that the file has.
    """
    known = COLUMNS[kind]
    names = [name for name in found if not INDEX.fullmatch(name)]
    for name in names:
        if name not in known:
            what = f"unknown column {name}" if name.strip() else "a column without a name"
            raise QuarantineError(f"{what} (known: {', '.join(known)})")
    absent = [name for name in OPTIONAL.get(kind, ()) if name not in names]
    for name in known:
        if names.count(name) != 1 and name not in absent:
            raise QuarantineError(f"column {name} is {'missing' if name not in names else 'there twice'}")
    warehouse.connection.register("absent_columns", as_arrow([], tuple(absent)))
    return [name for name in known if name not in absent]


def _read_parquet(warehouse: Warehouse, kind: str, staged: StagedFile, settings: Settings) -> bool:
    """Read a Parquet file; tells whether its times are UTC, or say in which zone they are."""
    schema = parquet_schema(staged, settings)
    present = _check_columns(warehouse, schema.names, kind)
    columns = {name: COLUMNS[kind][name] for name in present}
    check_columns(schema, columns, {}, local_times=bool(settings.prices_zone))
    with refused_if_damaged():
        warehouse.run("steps.read_parquet", "reference_rows", path=str(staged.path))
    return not any(schema.columns[name].is_local_time for name in columns)


def _read_csv(warehouse: Warehouse, kind: str, staged: StagedFile, settings: Settings) -> None:
    header = csv_header(staged.text, lambda _: ())
    columns = tuple(_check_columns(warehouse, header, kind))
    if staged.clean and staged.text.stat().st_size >= BULK_BYTES and _read_in_bulk(warehouse, staged, header):
        return
    rows = iter(csv_rows(staged.text, header, columns, settings.max_line_bytes))
    warehouse.connection.register("text_rows", as_arrow([], columns))
    warehouse.run("steps.reference", "text_rows")
    warehouse.connection.unregister("text_rows")
    while some := list(islice(rows, ROWS_AT_ONCE)):
        warehouse.connection.register("text_rows", as_arrow(some, columns))
        warehouse.run("steps.reference", "add_text_rows")
        warehouse.connection.unregister("text_rows")


def _read_in_bulk(warehouse: Warehouse, staged: StagedFile, header: list[str]) -> bool:
    """Read a CSV text with DuckDB; False unless each of its lines is one record."""
    try:
        columns = dict.fromkeys([*header, "surplus_field"], "VARCHAR")
        warehouse.run(
            "steps.read_csv", "reference_rows", path=str(staged.text), columns=columns, last_column=header[-1]
        )
    except duckdb.Error as error:
        if is_engine_error(error):
            raise
        return False
    rows, doubtful = warehouse.row("steps.read_csv", "reference_row_count") or (0, 0)
    if doubtful or rows != staged.lines - 1 + (not staged.terminated):
        return False
    cut_line = None if staged.terminated else rows + 1
    warehouse.run("steps.read_csv", "numbered_reference_rows", cut_line=cut_line, cut_reason=CUT_OFF)
    return True
