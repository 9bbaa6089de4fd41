"""Refused rows as they were delivered: lines of a text, JSON of a row of Parquet.

Belongs here: fetching them. Does not: which rows are refused (`sql/steps/refusals.sql`).
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import pyarrow as pa

from assets.engine.delivery.files import StagedFile
from assets.engine.kinds import CORRECTIONS, EVENTS, PAYMENTS
from assets.engine.reading.arriving_rows import ROWS_AT_ONCE
from assets.engine.reading.text import RAW_TEXT_LIMIT, cut, lines_of
from assets.engine.warehouse.warehouse import Warehouse


def fetch_refused_texts(warehouse: Warehouse, staged: Mapping[int, tuple[str, StagedFile]]) -> None:
    """Put the text of each row in `refusals` into the temporary table `refused_texts`.

    Args:
        warehouse: with `refusals`.
        staged: kind and copy of each file, by its number.
    """
    warehouse.run("steps.refusals", "texts")
    for (file_id,) in warehouse.run("steps.refusals", "files").fetchall():
        for table in _refused_texts(warehouse, file_id, *staged[file_id]):
            warehouse.connection.register("some_texts", table)
            warehouse.run("steps.refusals", "add_texts")
            warehouse.connection.unregister("some_texts")


def _refused_texts(warehouse: Warehouse, file_id: int, kind: str, staged: StagedFile) -> Iterator[pa.Table]:
    """Refused lines of one file, some at a time, as (file_id, line_number, raw)."""
    lines: Iterable[tuple[int, str]]
    if staged.format == "parquet":
        refused = {
            EVENTS: "refused_events",
            PAYMENTS: "refused_payments",
            CORRECTIONS: "refused_corrections",
        }[kind]
        lines = warehouse.run("steps.read_parquet", refused, file_id=file_id, path=str(staged.path)).fetchall()
    else:
        numbers = [n for (n,) in warehouse.run("steps.refusals", "lines", file_id=file_id).fetchall()]
        lines = lines_of(staged.text, numbers, RAW_TEXT_LIMIT)
    remaining = iter(lines)
    while some := list(islice(remaining, ROWS_AT_ONCE)):
        yield pa.table(
            {
                "file_id": pa.array([file_id] * len(some), pa.int64()),
                "line_number": pa.array([number for number, _ in some], pa.int64()),
                "raw": pa.array([cut(text, RAW_TEXT_LIMIT) for _, text in some], pa.string()),
            }
        )
