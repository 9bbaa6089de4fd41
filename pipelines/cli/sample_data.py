"""Made-up deliveries: the small lively world of the demo, and data sets of any size for load.

Belongs here: writing files into the delivery folders, as a deliverer would. Does not: reading or running anything.
The same seed and the same `now` make the same files.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.kinds import EVENTS
from assets.engine.warehouse.statements import sql

EVENTS_PER_FILE = 1_000_000


@dataclass(frozen=True)
class Size:
    """How large a generated world is."""

    events: int
    brands: int = 100
    campaigns: int = 500
    ads: int = 5_000
    days: int = 30
    format: str = "jsonl"
    seed: int = 1


def generate(root: DataRoot, size: Size, now: datetime, progress: Callable[[int], None]) -> None:
    """Write reference files and events of the given size, the events over the days before `now`.

    Args:
        root: the data root to deliver to.
        size: how much, and as what.
        now: last instant of the events.
        progress: called with the number of events after each file.
    """
    root.create()
    values = {
        "brands": size.brands,
        "campaigns": size.campaigns,
        "ads": size.ads,
        "ad_sets": max(size.campaigns, size.ads // 10),
        "seed": size.seed,
        "now": now,
        "days": size.days,
    }
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for table in ("brands", "campaigns", "ad_sets", "ads", "global_ad_pricing"):
            _write(connection, table, values, root.reference / f"{table}.csv", "csv")
        for first in range(0, size.events, EVENTS_PER_FILE):
            count = min(EVENTS_PER_FILE, size.events - first)
            name = f"generated-{size.seed}-{first // EVENTS_PER_FILE:05}.{size.format}"
            target = root.landing(EVENTS) / name
            _write(connection, "events", {**values, "first": first, "count": count}, target, size.format)
            progress(count)


def _write(
    connection: duckdb.DuckDBPyConnection, statement: str, values: dict[str, Any], target: Path, format_: str
) -> None:
    """Write a query's rows to a file, under another name until it is whole."""
    text = sql("sample_data", statement)
    used = {name: value for name, value in values.items() if f"${name}" in text}
    rows = connection.sql(text, params=used)
    part = target.with_name(f"{target.name}.part")
    if format_ == "parquet":
        rows.write_parquet(str(part))
    else:
        if "occurred_at" in rows.columns:
            rows = rows.project("* replace (strftime(occurred_at, '%Y-%m-%dT%H:%M:%S.%gZ') as occurred_at)")
        frame = rows.pl()
        if format_ == "csv":
            frame.write_csv(part)
        else:
            frame.write_ndjson(part)
    part.rename(target)
