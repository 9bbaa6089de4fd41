"""Assets of delivered events: `raw.*`.

Belongs here: the assets. Does not: how files are read (`engine.ingestion`).
"""

from collections.abc import Iterator

import dagster as dg

from assets.engine.delivery.inbox import Inbox
from assets.engine.ingestion.ingest import ingest
from assets.engine.kinds import LANDED
from assets.engine.warehouse.warehouse import Warehouse
from assets.mistakes import told_plainly
from assets.numbers import Numbers, numbers
from assets.table_spec import POOL, materialized, table_spec

RAW = ("raw.event_files", "raw.ad_events", "raw.payments", "raw.corrections", "raw.rejected_rows")

LEFT = "files_left"
"""In the metadata of `raw/event_files`: files that the next run has to take."""

delivered_events = [
    dg.AssetSpec(
        key=["landing", kind],
        description=f"Files delivered below landing/{kind}: .jsonl, .csv, .parquet, gzipped text.",
        group_name="delivered",
        kinds={"file"},
    )
    for kind in LANDED
]


@dg.multi_asset(
    specs=[
        table_spec("raw.event_files", [f"landing.{kind}" for kind in LANDED]),
        table_spec("raw.ad_events", ["landing.events"]),
        table_spec("raw.payments", ["landing.payments"]),
        table_spec("raw.corrections", ["landing.corrections"]),
        table_spec("raw.rejected_rows", [f"landing.{kind}" for kind in LANDED]),
    ],
    pool=POOL,
)
@told_plainly
def ingestion(
    context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse], deliveries: dg.ResourceParam[Inbox]
) -> Iterator[dg.MaterializeResult[None]]:
    """Delivered files, each taken in exactly once, whole or not at all."""
    ingested = ingest(warehouse, deliveries)
    files = numbers(warehouse.run("reports.numbers", "files", run_id=warehouse.run_id, now=warehouse.now))
    shown: dict[str, Numbers] = {
        "raw.event_files": {**files, LEFT: dg.MetadataValue.int(ingested.left)},
        "raw.ad_events": numbers(warehouse.run("reports.numbers", "events", run_id=warehouse.run_id)),
    }
    tags = {f"spendgate/{name}": f"{files[name].value:.0f}" for name in ("files", "rows")}
    context.instance.add_run_tags(context.run.run_id, tags)
    for name in RAW:
        yield materialized(warehouse, name, shown.get(name))
