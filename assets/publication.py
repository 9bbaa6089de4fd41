"""The assets everybody reads: `published/spend.duckdb`, the sealed days that it shows beside its own rows, the feed.

Belongs here: the assets. Does not: how the copy is made safe (`engine.warehouse.publication`), how days are sealed
(`engine.sealing.seal`), how the feed is written (`engine.feed`).
"""

import logging

import dagster as dg

from assets.alerts import ALERTS
from assets.engine.feed.writing import write_feed
from assets.engine.report.rewriting import rewrite_report
from assets.engine.sealing.seal import seal
from assets.engine.warehouse.publication import publish, published_revision
from assets.engine.warehouse.warehouse import Warehouse
from assets.mistakes import told_plainly
from assets.spend import OVERSPEND
from assets.table_spec import POOL, materialized, table_spec

SEALED = "ops.sealed_files"

log = logging.getLogger("spendgate.publishing")


@dg.multi_asset(
    specs=[table_spec(SEALED, ["raw.ad_events", "core.transactions", "mart.daily_spend", "mart.monthly_spend"])],
    pool=POOL,
)
@told_plainly
def sealed_files(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """Days that can hardly change, as immutable Parquet files; once a night."""
    files = seal(warehouse)
    result = materialized(warehouse, SEALED)
    return result._replace(metadata={**(result.metadata or {}), "new_files": len(files)})


@dg.asset(
    key=["published", "spend"],
    # the last of each branch: all the rest comes before them
    deps=[name.split(".") for name in ("ops.campaign_status", OVERSPEND, ALERTS, SEALED)],
    group_name="decided",
    kinds={"duckdb", "file"},
    pool=POOL,
)
@told_plainly
def published_spend(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """Read-only copy of the whole warehouse, swapped in at the end of a run: one finished state, never half of one."""
    size = publish(warehouse)
    log.info("published" if size else "nothing changed: the published file stays")
    report = rewrite_report(warehouse.root, warehouse.clock())
    return dg.MaterializeResult(
        metadata={
            "report": dg.MetadataValue.url(warehouse.root.report_file.as_uri()) if report is None else report,
            "path": dg.MetadataValue.path(str(warehouse.root.published_file)),
            "revision": published_revision(warehouse.root),
            "replaced": size is not None,
            "bytes": warehouse.root.published_file.stat().st_size,
        }
    )


@dg.asset(
    key=["published", "feed"],
    deps=[["published", "spend"]],
    group_name="decided",
    kinds={"json", "parquet", "file"},
    pool=POOL,
)
@told_plainly
def published_feed(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """What each campaign may do now, for ad servers: versions that only grow, believed until they say."""
    header = write_feed(warehouse.root, warehouse.clock())
    log.info("the feed is version %d, valid until %s", header.version, header.valid_until)
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(warehouse.root.feed)),
            "version": header.version,
            "valid_until": header.valid_until,
            "campaigns": header.campaigns_total,
        }
    )
