"""Small tables that an engine is given and that are made here, row by row.

Belongs here: their columns, and writing them. Does not: what is in them (`given`).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FILES = pa.schema(
    [
        ("file_id", pa.int64()),
        ("path", pa.string()),
        ("name", pa.string()),
        ("sha256", pa.string()),
        ("readings", pa.string()),
    ]
)
READINGS = pa.schema([("file_id", pa.int64()), ("reading", pa.int32()), ("batch_id", pa.int64())])
KNOWN_FILES = pa.schema([("file_id", pa.int64())])
CONFLICTS = pa.schema([("file_id", pa.int64()), ("line_number", pa.int64())])
CHARGING_OF_FILES = pa.schema(
    [
        ("file_id", pa.int64()),
        ("batch_id", pa.int64()),
        ("charge_batch_id", pa.int64()),
        ("charged_at", pa.timestamp("us", "UTC")),
    ]
)
CHARGING = pa.schema(
    [
        ("batch_id", pa.int64()),
        ("charge_batch_id", pa.int64()),
        ("charged_at", pa.timestamp("us", "UTC")),
        ("state", pa.int64()),
    ]
)
CHARGES = pa.schema(
    [("batch_id", pa.int64()), ("charged_at", pa.timestamp("us", "UTC")), ("charged_before", pa.timestamp("us", "UTC"))]
)


def write_table(path: Path, rows: Iterable[dict[str, Any]], schema: pa.Schema) -> None:
    """Write some rows to a Parquet file."""
    pq.write_table(pa.Table.from_pylist(list(rows), schema), path)
