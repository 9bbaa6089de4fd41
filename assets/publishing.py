"""The asset everybody reads: `published/spend.duckdb`.

Belongs here: the asset. Does not: how the copy is made safe (`warehouse`).
"""

import logging

import dagster as dg

from assets.catalog import POOL
from assets.ledger import LEDGER, RAW
from assets.reference import UTC_OFFSETS
from assets.settings import REFERENCE_TABLES
from assets.spend import OVERSPEND, SPEND
from assets.status import DECISION
from assets.warehouse import Warehouse, published_revision

log = logging.getLogger("spendgate.publishing")


@dg.asset(
    key=["published", "spend"],
    deps=[
        name.split("/")
        for name in (
            *UTC_OFFSETS,
            *(f"core/{name}" for name in REFERENCE_TABLES),
            *RAW,
            *LEDGER,
            *SPEND,
            *DECISION,
            OVERSPEND,
        )
    ],
    group_name="published",
    kinds={"duckdb", "file"},
    pool=POOL,
)
def published_spend(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """Read-only copy of the whole warehouse, swapped in at the end of a run: one finished state, never half of one."""
    size = warehouse.publish()
    log.info("published" if size else "nothing changed: the published file stays")
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(warehouse.root.published_file)),
            "revision": published_revision(warehouse.root),
            "replaced": size is not None,
            "bytes": warehouse.root.published_file.stat().st_size,
        }
    )
