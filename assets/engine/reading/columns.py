"""The columns of each kind of file, what each holds, and as what types it may come in a Parquet file.

Belongs here: names and types. Does not: the rules for values (`sql/steps/field_rules.sql`), nor any reading.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from assets.engine.kinds import CORRECTIONS, EVENTS, PAYMENTS

DUCKDB_PRECISION = 38
"""Most digits a DuckDB DECIMAL can have: it reads longer ones as floats."""


@dataclass(frozen=True)
class ParquetColumn:
    """A column of a Parquet file: its type as Arrow has it, and as the file itself says (`INT96`, `UUID` ...)."""

    arrow: pa.DataType
    physical: str
    logical: str

    @property
    def is_empty(self) -> bool:
        """Whether its writer knew no value of it, and therefore no type."""
        return bool(pa.types.is_null(self.arrow))

    @property
    def is_local_time(self) -> bool:
        """Whether it holds times that do not say in which zone; INT96 is UTC by what its writers agreed on."""
        return bool(pa.types.is_timestamp(self.arrow) and self.arrow.tz is None and self.physical != "INT96")


@dataclass(frozen=True)
class LogicalType:
    """What a column holds.

    Attributes:
        wanted: what it may be in a Parquet file, in words.
        accepts: the same as a test.
    """

    wanted: str
    accepts: Callable[[ParquetColumn], bool]


def _is_text(column: ParquetColumn) -> bool:
    type_ = column.arrow.value_type if pa.types.is_dictionary(column.arrow) else column.arrow
    texts = pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view
    # writers that know no text leave bytes: those are UTF-8, or their rows are refused
    return any(is_text(type_) for is_text in texts) or (column.physical == "BYTE_ARRAY" and pa.types.is_binary(type_))


def _is_name(column: ParquetColumn) -> bool:
    return _is_text(column) or column.logical == "UUID"


def _is_whole_number(column: ParquetColumn) -> bool:
    type_ = column.arrow
    if pa.types.is_decimal(type_):  # databases without whole numbers write DECIMAL(38, 0)
        return bool(type_.scale == 0 and type_.precision <= DUCKDB_PRECISION)
    return bool(pa.types.is_integer(type_))


def _is_amount(column: ParquetColumn) -> bool:
    if pa.types.is_decimal(column.arrow):
        return bool(column.arrow.precision <= DUCKDB_PRECISION)
    return bool(pa.types.is_integer(column.arrow)) or _is_text(column)


def _is_instant(column: ParquetColumn) -> bool:
    return bool(pa.types.is_timestamp(column.arrow)) or _is_text(column)


NAME = LogicalType("text", _is_name)

WHOLE_NUMBER = LogicalType("a whole number", _is_whole_number)

NUMBER_OR_TEXT = LogicalType("a whole number, or text of one", lambda one: _is_whole_number(one) or _is_text(one))
"""For reference data: what exports it often knows text alone."""

TEXT = LogicalType("text, or a whole number", lambda one: _is_name(one) or _is_whole_number(one))

AMOUNT = LogicalType("a DECIMAL, a whole number or text (a binary float is not exact)", _is_amount)

INSTANT = LogicalType("a timestamp with a time zone (UTC), or ISO 8601 text", _is_instant)

FLAG = LogicalType(
    "a boolean, 0 and 1, or text",
    lambda one: bool(pa.types.is_boolean(one.arrow)) or _is_whole_number(one) or _is_text(one),
)

DATE = LogicalType("a date, or text", lambda one: bool(pa.types.is_date(one.arrow)) or _is_text(one))

TIME_OF_DAY = LogicalType("a time of day, or text", lambda one: bool(pa.types.is_time(one.arrow)) or _is_text(one))

COSTS = dict.fromkeys(("cost_per_click", "cost_per_mille", "cost_per_view", "cost_per_acquisition"), AMOUNT)

COLUMNS = {
    EVENTS: {"event_id": NAME, "ad_id": WHOLE_NUMBER, "event_type": NAME, "occurred_at": INSTANT},
    PAYMENTS: {"payment_id": NAME, "brand_id": WHOLE_NUMBER, "amount": AMOUNT, "paid_at": INSTANT},
    CORRECTIONS: {
        "correction_id": NAME,
        "transaction_id": NUMBER_OR_TEXT,
        "event_id": NAME,
        "amount": AMOUNT,
        "reason": TEXT,
    },
    "brands": {
        "brand_id": NUMBER_OR_TEXT,
        "name": TEXT,
        "daily_budget": AMOUNT,
        "monthly_budget": AMOUNT,
        "timezone": NAME,
        "owner": TEXT,
        "is_active": FLAG,
        "billing": NAME,
        "currency": NAME,
    },
    "campaigns": {
        "campaign_id": NUMBER_OR_TEXT,
        "brand_id": NUMBER_OR_TEXT,
        "name": TEXT,
        "status": NAME,
        "allowed_start": TIME_OF_DAY,
        "allowed_end": TIME_OF_DAY,
        "start_date": DATE,
        "end_date": DATE,
    },
    "budgets": {
        "scope": NAME,
        "id": NUMBER_OR_TEXT,
        "period": NAME,
        "amount": AMOUNT,
        "effective_from": DATE,
        "effective_to": DATE,
    },
    "policies": {"scope": NAME, "id": NUMBER_OR_TEXT, "stop_early": TEXT},
    "dayparting": {
        "campaign_id": NUMBER_OR_TEXT,
        "weekdays": NAME,
        "start": TIME_OF_DAY,
        "end": TIME_OF_DAY,
        "clock": NAME,
    },
    "ad_sets": {"ad_set_id": NUMBER_OR_TEXT, "campaign_id": NUMBER_OR_TEXT, "name": TEXT, "is_active": FLAG},
    "ads": {
        "ad_id": NUMBER_OR_TEXT,
        "ad_set_id": NUMBER_OR_TEXT,
        "name": TEXT,
        "is_active": FLAG,
        "media_file": TEXT,
        "content": TEXT,
        **COSTS,
    },
    "global_ad_pricing": {"effective_from": INSTANT, **COSTS},
}
"""Columns of each kind of file, in the order of its table."""

OPTIONAL = {
    CORRECTIONS: ("transaction_id", "event_id"),
    "brands": ("billing", "currency"),
    "campaigns": ("start_date", "end_date"),
}
"""Those that a file need not have: without one, it is as if its fields were empty. Corrections need one of theirs."""


def parquet_columns(file: pq.ParquetFile) -> dict[str, ParquetColumn]:
    """The columns of a Parquet file, from its footer; nested ones have neither a physical nor a logical type."""
    leaves = {leaf.path: leaf for leaf in map(file.schema.column, range(len(file.schema)))}
    return {
        field.name: ParquetColumn(
            field.type,
            leaves[field.name].physical_type if field.name in leaves else "",
            str(leaves[field.name].logical_type.type) if field.name in leaves else "",
        )
        for field in file.schema_arrow
    }
