"""Assets from delivered events to priced transactions: `raw.*`, `core.transactions`, `core.unpriced`.

Belongs here: the assets. Does not: how files are read (`ingestion`) and events are priced (`accounting`).
"""

from collections.abc import Iterator

import dagster as dg

from assets.accounting import charge
from assets.catalog import POOL, materialized, table
from assets.ingestion import ingest
from assets.landing import Deliveries
from assets.settings import EVENTS, PAYMENTS
from assets.warehouse import Warehouse

RAW = ("raw.event_files", "raw.ad_events", "raw.payments", "raw.rejected_rows")
LEDGER = ("core.transactions", "core.unpriced")
LEFT = "files_left"
"""In the metadata of `raw/event_files`: files that the next run has to take."""

delivered_events = [
    dg.AssetSpec(
        key=["landing", kind],
        description=f"Files delivered below landing/{kind}: .jsonl, .csv, .parquet, gzipped text.",
        group_name="delivered",
        kinds={"file"},
    )
    for kind in (EVENTS, PAYMENTS)
]


@dg.multi_asset(
    specs=[
        table("raw.event_files", ["landing.events", "landing.payments"]),
        table("raw.ad_events", ["landing.events"]),
        table("raw.payments", ["landing.payments"]),
        table("raw.rejected_rows", ["landing.events", "landing.payments"]),
    ],
    pool=POOL,
)
def ingestion(
    warehouse: dg.ResourceParam[Warehouse], deliveries: dg.ResourceParam[Deliveries]
) -> Iterator[dg.MaterializeResult[None]]:
    """Delivered files, each taken in exactly once, whole or not at all."""
    ingested = ingest(warehouse, deliveries)
    for name in RAW:
        result = materialized(warehouse, name)
        left = {LEFT: ingested.left} if name == "raw.event_files" else {}
        yield result._replace(metadata={**(result.metadata or {}), **left})


@dg.multi_asset(
    specs=[
        table(
            name,
            [
                "raw.ad_events",
                "raw.payments",
                "core.brands",
                "core.campaigns",
                "core.ad_sets",
                "core.ads",
                "core.global_ad_pricing",
            ],
        )
        for name in LEDGER
    ],
    pool=POOL,
)
def transactions(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
    """Every event charged once at the price in force, every payment booked once; the rest waits."""
    charge(warehouse)
    for name in LEDGER:
        yield materialized(warehouse, name)
