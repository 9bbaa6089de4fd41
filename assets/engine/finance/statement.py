"""A brand's statement of a month, as rows and as a page.

Belongs here: finding it, and its page. Does not: its lines (`sql/mart/statement.sql`).
"""

from dataclasses import dataclass
from datetime import date

import duckdb

from assets.engine.errors import SpendgateError
from assets.engine.html_pages import render_page
from assets.engine.known_brands import require_brands
from assets.engine.rows_as_text import column_names
from assets.engine.shown import printable
from assets.engine.warehouse.statements import sql


@dataclass(frozen=True)
class Head:
    """Whose statement it is."""

    brand: str
    currency: str
    is_closed: bool


def statement_of(
    published: duckdb.DuckDBPyConnection, brand_id: int, month: date
) -> tuple[Head, duckdb.DuckDBPyConnection]:
    """Whose statement of a month it is, and its lines, in order.

    Raises:
        SpendgateError: there is none, with the months of which there are, or no such brand.
    """
    wanted = {"brand_id": brand_id, "local_month": month}
    rows = published.execute(sql("reports.statement", "head"), wanted).fetchall()
    for name, currency, is_closed in rows:
        head = Head(f"{name or ''} ({brand_id})".strip(), currency, is_closed)
        return head, published.execute(sql("reports.statement", "lines"), wanted)
    require_brands(published, [brand_id])
    months = published.execute(sql("reports.statement", "months"), {"brand_id": brand_id}).fetchall()
    known = f"its months are {months[0][0]:%Y-%m} to {months[-1][0]:%Y-%m}" if months else "it has none"
    raise SpendgateError(f"there is no statement of brand {brand_id} for {month:%Y-%m}: {known}")


def statement_page(head: Head, month: date, result: duckdb.DuckDBPyConnection) -> str:
    """The statement as a page of HTML, without anything from a network."""
    names = column_names(result)
    lines = []
    for row in result.fetchall():
        line = dict(zip(names, row, strict=True))
        campaign = f"{line['campaign_name'] or ''} ({line['campaign_id']})" if line["campaign_id"] is not None else ""
        of = line["cost_type"] or line["detail"]
        lines.append(
            {**line, "campaign": printable(campaign.strip()), "of": of, "of_month": f"{line['of_month']:%Y-%m}"}
        )
    return render_page(
        "assets.engine.finance",
        "statement.html.jinja",
        brand=printable(head.brand),
        currency=head.currency,
        is_closed=head.is_closed,
        month=f"{month:%Y-%m}",
        lines=lines,
    )
