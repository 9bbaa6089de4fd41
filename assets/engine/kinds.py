"""What may be delivered: events, payments, and the reference tables.

Belongs here: their names, and where each reference table is kept. Does not: their columns (`reading.columns`).
"""

from dataclasses import dataclass

EVENTS, PAYMENTS = "events", "payments"
"""What lies in the folders below `landing/`."""

UNKNOWN = "unknown"
"""What lies in `reference/` and is no reference table."""


@dataclass(frozen=True)
class ReferenceTable:
    """A table whose rows are delivered as a whole, and kept as versions.

    Attributes:
        file: the SQL file of the view over its versions, with the rules for a row.
        versions: the table that holds them.
        parent: the table that each row belongs to, if it belongs to one.
    """

    file: str
    versions: str
    parent: str | None = None


REFERENCE_TABLES = {
    "brands": ReferenceTable("core.brands", "core.brand_versions"),
    "campaigns": ReferenceTable("core.campaigns", "core.campaign_versions", parent="brands"),
    "ad_sets": ReferenceTable("core.ad_sets", "core.ad_set_versions", parent="campaigns"),
    "ads": ReferenceTable("core.ads", "core.ad_versions", parent="ad_sets"),
    "global_ad_pricing": ReferenceTable("core.global_ad_pricing", "core.global_ad_pricing_versions"),
}
"""Reference tables, each parent before its children."""
