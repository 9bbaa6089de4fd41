"""A staged reference file becomes rows with types, each validated: texts of a CSV file, typed values of a Parquet file.

Belongs here: which columns a reference file must have, and which reader has it. Does not: what may stand in them
(`validate` in `sql/core/<table>.sql`), versions (`engine.reference`).
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

import duckdb

from assets.engine.delivery.files import QuarantineError, StagedFile
from assets.engine.kinds import REFERENCE_TABLES
from assets.engine.reading.arriving_rows import ROWS_AT_ONCE
from assets.engine.reading.columns import COLUMNS
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
    values = {"is_utc": is_utc} if kind == "global_ad_pricing" else {}
    warehouse.run(REFERENCE_TABLES[kind].file, "validate", **values)
    warehouse.run("steps.reference", "refuse_repeated", key=next(iter(COLUMNS[kind])))


def refused_texts(warehouse: Warehouse, staged: StagedFile, numbers: list[int]) -> Iterator[tuple[int, str]]:
    """Refused rows of the file that was validated last as they were delivered: lines of a text, JSON of Parquet."""
    if staged.format == "parquet":
        yield from warehouse.run("steps.reference", "refused_rows_as_json").fetchall()
    else:
        yield from lines_of(staged.text, numbers, RAW_TEXT_LIMIT)


def _check_columns(found: Iterable[str], kind: str) -> None:
    known = COLUMNS[kind]
    names = [name for name in found if not INDEX.fullmatch(name)]
    for name in names:
        if name not in known:
            what = f"unknown column {name}" if name.strip() else "a column without a name"
            raise QuarantineError(f"{what} (known: {', '.join(known)})")
    for name in known:
        if names.count(name) != 1:
            raise QuarantineError(f"column {name} is {'missing' if name not in names else 'there twice'}")


def _read_parquet(warehouse: Warehouse, kind: str, staged: StagedFile, settings: Settings) -> bool:
    """Read a Parquet file; tells whether its times are UTC, or say in which zone they are."""
    schema = parquet_schema(staged, settings)
    _check_columns(schema.names, kind)
    check_columns(schema, COLUMNS[kind], {}, local_times=bool(settings.prices_zone))
    with refused_if_damaged():
        warehouse.run("steps.read_parquet", "reference_rows", path=str(staged.path))
    return not any(schema.columns[name].is_local_time for name in COLUMNS[kind])


def _read_csv(warehouse: Warehouse, kind: str, staged: StagedFile, settings: Settings) -> None:
    header = csv_header(staged.text, ())
    _check_columns(header, kind)
    columns = tuple(COLUMNS[kind])
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
