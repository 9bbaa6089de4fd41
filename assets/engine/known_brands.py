"""Brands that a person names: whether there are such brands.

Belongs here: asking, and what is said where there is none. Does not: what a brand is (`sql/core/brands.sql`).
"""

from collections.abc import Iterable

import duckdb

from assets.engine.errors import SpendgateError
from assets.engine.warehouse.statements import sql


def require_brands(connection: duckdb.DuckDBPyConnection, brands: Iterable[int] | None) -> None:
    """Hold that there is each of these brands; None names none: all are meant.

    Raises:
        SpendgateError: one of them is none; a typing error must not look like a brand without rows.
    """
    for brand_id in brands or ():
        [known] = connection.execute(sql("reports.status", "is_brand"), {"brand_id": brand_id}).fetchall()[0]
        if not known:
            raise no_brand(brand_id)


def no_brand(brand_id: int) -> SpendgateError:
    """What is said of a brand that is none."""
    return SpendgateError(f"there is no brand {brand_id}: it is not in the brands file, or no run has seen it")
