"""The report page: spend beside budgets, statuses with what holds them, what changed, overspend, files.

Belongs here: what is asked for the page, and writing it. Does not: how it looks (`page.html.jinja`), its pictures
(`pictures`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from assets.engine.data_root import DataRoot
from assets.engine.freshness import freshness
from assets.engine.html_pages import render_page
from assets.engine.known_brands import require_brands
from assets.engine.report.pictures import day_curve
from assets.engine.rows_as_text import column_names
from assets.engine.shown import printable
from assets.engine.warehouse.disk import write_whole
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import sql

BRANDS_SHOWN = 100
CAMPAIGNS_SHOWN = 500
CHANGES_SHOWN = 100
REASONS_SHOWN = 20
PICTURES = 12
"""How much of each a page for everybody shows, so that it stays small; it says how much there is."""

ALL = 1_000_000
"""A page for some brands shows all of them."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Part:
    """Rows of one part of the page, and the SQL that makes them."""

    rows: Rows
    sql: str


def write_report(root: DataRoot, file: Path, now: datetime, brands: Sequence[int] | None = None) -> None:
    """Write the page, in one step, so that a reader has the old one or the new one.

    Args:
        root: whose published copy is shown.
        file: where to.
        now: the present, to tell how old everything is.
        brands: those that may be seen; None: all.

    Raises:
        SpendgateError: nothing is published, or there is no such brand.
    """
    with open_published(root) as published:
        page = _render(root, published, now, brands)
    write_whole(file, page)


def _render(root: DataRoot, published: duckdb.DuckDBPyConnection, now: datetime, brands: Sequence[int] | None) -> str:
    chosen = None if brands is None else sorted(set(brands))
    require_brands(published, chosen)
    limit = {"brands": chosen, "at_most": BRANDS_SHOWN if chosen is None else ALL}
    published.execute(sql("reports.page", "shown_brands"), limit)
    published.execute(sql("reports.page", "shown_campaigns"), {"at_most": CAMPAIGNS_SHOWN if chosen is None else ALL})
    only: dict[str, Any] = {"brands": chosen}
    parts = {
        "brands": _part(published, sql("reports.page", "brands"), made_of=sql("reports.page", "shown_brands")),
        "hours": _part(published, sql("reports.page", "hours"), at_most=PICTURES),
        "statuses": _part(published, sql("reports.page", "statuses"), **only),
        "campaigns": _part(published, sql("reports.page", "campaigns"), made_of=sql("reports.page", "shown_campaigns")),
        "changes": _part(published, sql("reports.page", "changes"), **only, at_most=CHANGES_SHOWN),
        "overspend": _part(published, sql("reports.page", "overspend"), **only),
    }
    if chosen is None:  # files hold rows of everybody
        parts["files"] = _part(published, sql("reports.page", "files"))
        parts["refused"] = _part(published, sql("reports.page", "refused"), at_most=REASONS_SHOWN)
        parts["newest"] = _part(published, sql("reports.page", "newest"))
    fresh = freshness(root, published, now)
    return render_page(
        "assets.engine.report",
        "page.html.jinja",
        head=_part(published, sql("reports.page", "head"), **only).rows[0],
        fresh=fresh,
        stale_after_minutes=root.settings().stale_after_minutes,
        parts=parts,
        curves=_curves(parts["brands"].rows, parts["hours"].rows),
        is_for_some=chosen is not None,
        now=now,
    )


def _part(published: duckdb.DuckDBPyConnection, statement: str, *, made_of: str = "", **values: Any) -> Part:
    """Rows of a statement; `made_of` is one that has been run before it, and is a part of how its figures are made."""
    result = published.execute(statement, values or None)
    names = column_names(result)
    rows = [dict(zip(names, map(_shown, row), strict=True)) for row in result.fetchall()]
    return Part(rows, f"{made_of}\n{statement}".strip())


def _shown(value: Any) -> Any:
    """What was delivered as text that nothing obeys; the template escapes it for HTML."""
    return printable(value) if isinstance(value, str) else value


def _curves(brands: Rows, hours: Rows) -> list[dict[str, Any]]:
    """A picture, and the table behind it, of each of the first brands."""
    by_brand: dict[int, dict[int, Decimal]] = defaultdict(dict)
    said: dict[int, Rows] = defaultdict(list)
    for row in hours:
        by_brand[row["brand_id"]][row["hour"]] = row["spend"]
        said[row["brand_id"]].append(row)
    return [
        {
            "brand": brand,
            "hours": said[brand["brand_id"]],
            # made of numbers and of a name that is escaped there
            "svg": Markup(day_curve(by_brand[brand["brand_id"]], f"Spend by hour of {brand['name']}")),  # noqa: S704
        }
        for brand in brands[:PICTURES]
    ]
