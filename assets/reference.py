"""Assets of the reference data: time zone rules, and the versions of brands, campaigns, ad sets, ads and prices.

Belongs here: the assets. Does not: how a file is read and validated (`engine.reading.reference_rows`).
"""

from collections.abc import Iterator

import dagster as dg

from assets.engine.delivery.inbox import Inbox
from assets.engine.kinds import REFERENCE_TABLES
from assets.engine.reference.load import load_reference
from assets.engine.time_zones import load_utc_offsets
from assets.engine.warehouse.warehouse import Warehouse
from assets.mistakes import told_plainly
from assets.table_spec import POOL, materialized, table_spec

UTC_OFFSETS = ("core.utc_offsets", "core.superseded_utc_offsets")

delivered_reference = [
    dg.AssetSpec(
        key=["reference", name],
        description=f"The delivered file reference/{name}.csv or .parquet.",
        group_name="delivered",
        kinds={"file"},
    )
    for name in REFERENCE_TABLES
]
tzdata = dg.AssetSpec(
    key=["pypi", "tzdata"],
    description="The installed release of the time zone rules.",
    group_name="delivered",
    kinds={"python"},
)


@dg.multi_asset(specs=[table_spec(name, ["pypi.tzdata"]) for name in UTC_OFFSETS], pool=POOL)
@told_plainly
def utc_offsets(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
    """Time zone rules, from the tzdata release that is installed, and those of before where it changed them."""
    load_utc_offsets(warehouse)
    for name in UTC_OFFSETS:
        yield materialized(warehouse, name)


@dg.multi_asset(specs=[table_spec("core.brands", ["reference.brands", "core.utc_offsets"])], pool=POOL)
@told_plainly
def brands(warehouse: dg.ResourceParam[Warehouse], deliveries: dg.ResourceParam[Inbox]) -> dg.MaterializeResult[None]:
    """Versions of the brands."""
    load_reference(warehouse, deliveries, "brands")
    return materialized(warehouse, "core.brands")


@dg.multi_asset(specs=[table_spec("core.campaigns", ["reference.campaigns", "core.brands"])], pool=POOL)
@told_plainly
def campaigns(
    warehouse: dg.ResourceParam[Warehouse], deliveries: dg.ResourceParam[Inbox]
) -> dg.MaterializeResult[None]:
    """Versions of the campaigns, whose brand must be known."""
    load_reference(warehouse, deliveries, "campaigns")
    return materialized(warehouse, "core.campaigns")


@dg.multi_asset(specs=[table_spec("core.budgets", ["reference.budgets", "core.brands", "core.campaigns"])], pool=POOL)
@told_plainly
def budgets(warehouse: dg.ResourceParam[Warehouse], deliveries: dg.ResourceParam[Inbox]) -> dg.MaterializeResult[None]:
    """Versions of the budgets, whose brand or campaign must be known."""
    load_reference(warehouse, deliveries, "budgets")
    return materialized(warehouse, "core.budgets")


@dg.multi_asset(specs=[table_spec("core.policies", ["reference.policies", "core.brands", "core.campaigns"])], pool=POOL)
@told_plainly
def policies(warehouse: dg.ResourceParam[Warehouse], deliveries: dg.ResourceParam[Inbox]) -> dg.MaterializeResult[None]:
    """Versions of how budgets are held, of brands and campaigns that must be known."""
    load_reference(warehouse, deliveries, "policies")
    return materialized(warehouse, "core.policies")


@dg.multi_asset(specs=[table_spec("core.dayparting", ["reference.dayparting", "core.campaigns"])], pool=POOL)
@told_plainly
def dayparting(
    warehouse: dg.ResourceParam[Warehouse], deliveries: dg.ResourceParam[Inbox]
) -> dg.MaterializeResult[None]:
    """Versions of the times at which campaigns may run, which must be known."""
    load_reference(warehouse, deliveries, "dayparting")
    return materialized(warehouse, "core.dayparting")


@dg.multi_asset(specs=[table_spec("core.ad_sets", ["reference.ad_sets", "core.campaigns"])], pool=POOL)
@told_plainly
def ad_sets(warehouse: dg.ResourceParam[Warehouse], deliveries: dg.ResourceParam[Inbox]) -> dg.MaterializeResult[None]:
    """Versions of the ad sets, whose campaign must be known."""
    load_reference(warehouse, deliveries, "ad_sets")
    return materialized(warehouse, "core.ad_sets")


@dg.multi_asset(specs=[table_spec("core.ads", ["reference.ads", "core.ad_sets"])], pool=POOL)
@told_plainly
def ads(warehouse: dg.ResourceParam[Warehouse], deliveries: dg.ResourceParam[Inbox]) -> dg.MaterializeResult[None]:
    """Versions of the ads, whose ad set must be known."""
    load_reference(warehouse, deliveries, "ads")
    return materialized(warehouse, "core.ads")


@dg.multi_asset(
    specs=[table_spec("core.global_ad_pricing", ["reference.global_ad_pricing", "core.utc_offsets"])], pool=POOL
)
@told_plainly
def global_ad_pricing(
    warehouse: dg.ResourceParam[Warehouse], deliveries: dg.ResourceParam[Inbox]
) -> dg.MaterializeResult[None]:
    """Versions of the default price lists."""
    load_reference(warehouse, deliveries, "global_ad_pricing")
    return materialized(warehouse, "core.global_ad_pricing")
