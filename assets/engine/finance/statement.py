"""A brand's statement of a month, as rows and as a page.

Belongs here: finding it, and its page. Does not: its lines (`sql/mart/statement.sql`).
"""

from dataclasses import dataclass
from datetime import date

import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined

from assets.engine.errors import SpendgateError
from assets.engine.shown import printable
from assets.engine.warehouse.statements import sql


@dataclass(frozen=True)
class Head:
    """Whose statement it is."""

    brand: str
    currency: str
    is_closed: bool


def head_of(published: duckdb.DuckDBPyConnection, brand_id: int, month: date) -> Head:
    """Whose statement of a month it is.

    Raises:
        SpendgateError: there is none, with the months of which there are.
    """
    wanted = {"brand_id": brand_id, "local_month": month}
    rows = published.execute(sql("reports.statement", "head"), wanted).fetchall()
    for name, currency, is_closed in rows:
        return Head(f"{name or ''} ({brand_id})".strip(), currency, is_closed)
    months = published.execute(sql("reports.statement", "months"), {"brand_id": brand_id}).fetchall()
    known = f"its months are {months[0][0]:%Y-%m} to {months[-1][0]:%Y-%m}" if months else "it has none"
    raise SpendgateError(f"there is no statement of brand {brand_id} for {month:%Y-%m}: {known}")


def statement_page(published: duckdb.DuckDBPyConnection, brand_id: int, month: date) -> str:
    """The statement as a page of HTML, without anything from a network."""
    head = head_of(published, brand_id, month)
    wanted = {"brand_id": brand_id, "local_month": month}
    result = published.execute(sql("reports.statement", "lines"), wanted)
    names = [column[0] for column in result.description or []]
    lines = []
    for row in result.fetchall():
        line = dict(zip(names, row, strict=True))
        campaign = f"{line['campaign_name'] or ''} ({line['campaign_id']})" if line["campaign_id"] is not None else ""
        of = line["cost_type"] or line["detail"]
        lines.append(
            {**line, "campaign": printable(campaign.strip()), "of": of, "of_month": f"{line['of_month']:%Y-%m}"}
        )
    environment = Environment(
        loader=PackageLoader("assets.engine.finance", ""), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    shown = {"brand": printable(head.brand), "currency": head.currency, "is_closed": head.is_closed}
    return environment.get_template("statement.html.jinja").render(lines=lines, month=f"{month:%Y-%m}", **shown) + "\n"
