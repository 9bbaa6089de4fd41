"""What every reader asks of DuckDB: the rules for values, rows handed over as Arrow, and whose fault an error is.

Belongs here: what the readers of deliveries and of reference files have in common. Does not: the rules themselves
(`sql/steps/field_rules.sql`), nor what is in a file.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from assets.engine.delivery.files import QuarantineError
from assets.engine.errors import first_line
from assets.engine.reading.text import Row
from assets.engine.warehouse.warehouse import Warehouse

ENGINE_ERRORS = (
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.InterruptException,
    duckdb.OutOfMemoryException,
    duckdb.TransactionException,
)
"""What DuckDB raises for reasons of its own; all else, while it reads a file, is for what is in the file."""


def is_engine_error(error: duckdb.Error) -> bool:
    """Whether DuckDB failed for a reason that is not in the file it read: memory, a full disk, an interruption."""
    return isinstance(error, ENGINE_ERRORS) or "Could not write" in str(error)


@contextmanager
def refused_if_damaged() -> Iterator[None]:
    """Refuse the Parquet file that is read meanwhile, if what DuckDB raises is in it.

    Raises:
        QuarantineError: it is.
    """
    try:
        yield
    except (duckdb.Error, UnicodeDecodeError) as error:  # a zone's name may be no text
        if isinstance(error, duckdb.Error) and is_engine_error(error):
            raise
        raise QuarantineError(f"damaged Parquet file ({first_line(error)[:200]}): deliver it again") from error


def define_rules(warehouse: Warehouse, zone: str) -> None:
    """Define the rules for values; times that do not say in which zone they are, are those of `zone`, or refused.

    They are temporary macros of the connection, and defined once for each zone it reads by.
    """
    if warehouse.rules_zone == zone:
        return
    warehouse.run("steps.field_rules", "rules")
    if zone:
        warehouse.run("steps.field_rules", "local_zone", zone=zone)
        warehouse.run("steps.field_rules", "local_times")
    warehouse.rules_zone = zone


def as_arrow(rows: list[Row], columns: tuple[str, ...]) -> pa.Table:
    """Rows as text: the line, what is wrong with the form, and the columns."""
    texts = {
        name: pa.array([row.values[place] if row.values else None for row in rows], pa.string())
        for place, name in enumerate(columns)
    }
    numbers = pa.array([row.line_number for row in rows], pa.int64())
    return pa.table({"line_number": numbers, "fault": pa.array([row.fault for row in rows], pa.string()), **texts})
