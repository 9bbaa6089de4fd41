"""The assets everybody reads: `published/spend.duckdb`, and the sealed days that it shows beside its own rows.

Belongs here: the assets. Does not: how the copy is made safe (`engine.warehouse.publication`), nor how days are
sealed (`engine.sealing.seal`).
"""

import logging

import dagster as dg

from assets.alerts import ALERTS
from assets.decision import DECISION
from assets.engine.kinds import REFERENCE_TABLES
from assets.engine.sealing.seal import seal
from assets.engine.warehouse.publication import publish, published_revision
from assets.engine.warehouse.warehouse import Warehouse
from assets.events import RAW
from assets.ledger import LEDGER
from assets.reference import UTC_OFFSETS
from assets.spend import OVERSPEND, SPEND
from assets.table_spec import POOL, materialized, table_spec

SEALED = "ops.sealed_files"

log = logging.getLogger("spendgate.publishing")


@dg.multi_asset(
    specs=[table_spec(SEALED, ["raw.ad_events", "core.transactions", "mart.daily_spend", "mart.monthly_spend"])],
    pool=POOL,
)
def sealed_files(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """Days that can hardly change, as immutable Parquet files; once a night."""
    files = seal(warehouse)
    result = materialized(warehouse, SEALED)
    return result._replace(metadata={**(result.metadata or {}), "new_files": len(files)})


@dg.asset(
    key=["published", "spend"],
    deps=[
        name.split(".")
        for name in (
            *UTC_OFFSETS,
            *(table.file for table in REFERENCE_TABLES.values()),
            *RAW,
            *LEDGER,
            *SPEND,
            *DECISION,
            OVERSPEND,
            ALERTS,
            SEALED,
        )
    ],
    group_name="published",
    kinds={"duckdb", "file"},
    pool=POOL,
)
def published_spend(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """Read-only copy of the whole warehouse, swapped in at the end of a run: one finished state, never half of one."""
    size = publish(warehouse)
    log.info("published" if size else "nothing changed: the published file stays")
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(warehouse.root.published_file)),
            "revision": published_revision(warehouse.root),
            "replaced": size is not None,
            "bytes": warehouse.root.published_file.stat().st_size,
        }
    )
