"""What may be delivered: events, payments, corrections, and the reference tables.

Belongs here: their names, and where each reference table is kept. Does not: their columns (`reading.columns`).
"""

from dataclasses import dataclass

EVENTS, PAYMENTS, CORRECTIONS = LANDED = "events", "payments", "corrections"
"""What lies in the folders below `landing/`."""

UNKNOWN = "unknown"
"""What lies in `reference/` and is no reference table."""


@dataclass(frozen=True)
class ReferenceTable:
    """A table whose rows are delivered as a whole, and kept as versions.

    Attributes:
        file: the SQL file of the view over its versions, with the rules for a row.
        versions: the table that holds them.
        key: what tells its rows apart, as people are told of it.
        parents: the tables that its rows belong to.
        gathered: the rows of a parent are one version, all together, and a row that is gone is gone; of the other
            tables each row is a version, and one that is gone keeps its last.
    """

    file: str
    versions: str
    key: str
    parents: tuple[str, ...] = ()
    gathered: bool = False


REFERENCE_TABLES = {
    "brands": ReferenceTable("core.brands", "internal.brand_versions", "brand_id"),
    "campaigns": ReferenceTable("core.campaigns", "internal.campaign_versions", "campaign_id", parents=("brands",)),
    "ad_sets": ReferenceTable("core.ad_sets", "internal.ad_set_versions", "ad_set_id", parents=("campaigns",)),
    "ads": ReferenceTable("core.ads", "internal.ad_versions", "ad_id", parents=("ad_sets",)),
    "global_ad_pricing": ReferenceTable(
        "core.global_ad_pricing", "internal.global_ad_pricing_versions", "effective_from"
    ),
    "budgets": ReferenceTable("core.budgets", "internal.budget_versions", "budget", parents=("brands", "campaigns")),
    "policies": ReferenceTable("core.policies", "internal.policy_versions", "policy", parents=("brands", "campaigns")),
    "dayparting": ReferenceTable(
        "core.dayparting", "internal.dayparting_versions", "window", parents=("campaigns",), gathered=True
    ),
}
"""Reference tables, each parent before its children."""
