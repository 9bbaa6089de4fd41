"""What an engine has written, as DuckDB reads it.

Belongs here: its columns, and views over its files. Does not: holding it against anything (`comparison`, `adoption`).
"""

from collections.abc import Sequence

import duckdb

from assets.engine.warehouse.warehouse import Warehouse

COLUMNS = {
    "ad_events": {
        "event_id": "varchar", "ad_id": "bigint", "event_type": "event_type", "occurred_at": "timestamptz",
        "file_id": "bigint", "line_number": "bigint", "batch_id": "bigint",
    },
    "transactions": {
        "transaction_id": "bigint", "brand_id": "bigint", "campaign_id": "bigint", "ad_id": "bigint",
        "amount": "decimal(18, 9)", "transaction_type": "transaction_type", "cost_type": "cost_type",
        "occurred_at": "timestamptz", "recorded_at": "timestamptz", "price_source": "price_source",
        "price_effective_from": "timestamptz", "batch_id": "bigint",
    },
    "spend": {
        "brand_id": "bigint", "campaign_id": "bigint", "cost_type": "cost_type", "local_date": "date",
        "spend": "decimal(38, 9)", "transactions": "bigint",
    },
    "repeated": {
        "event_id": "varchar", "file_id": "bigint", "line_number": "bigint", "first_file_id": "bigint",
        "first_line_number": "bigint", "is_conflict": "boolean",
    },
    "waiting": {
        "transaction_id": "bigint", "ad_id": "bigint", "event_type": "event_type", "occurred_at": "timestamptz",
    },
    "arrived": {
        "file_id": "bigint", "line_number": "bigint", "fault": "varchar", "raw": "varchar", "facts": "varchar",
    },
}  # fmt: skip
"""The columns of each part of an attempt, in order; an engine has texts for enums."""


def made(connection: duckdb.DuckDBPyConnection, part: str, paths: Sequence[str]) -> duckdb.DuckDBPyRelation:
    """Rows of some files of a part; of none, if the engine had nothing to write."""
    columns = COLUMNS[part]
    if not paths:
        nothing = connection.values([None]).filter("false")
        return nothing.project(", ".join(f"null::{type_} as {name}" for name, type_ in columns.items()))
    rows = connection.from_parquet(list(paths), hive_partitioning=False)
    return rows.project(", ".join(f"{name}::{type_} as {name}" for name, type_ in columns.items()))


def show_made(warehouse: Warehouse, part: str, paths: Sequence[str]) -> None:
    """Let the view `made_<part>` show some files of a part."""
    made(warehouse.connection, part, paths).create_view(f"made_{part}", replace=True)
