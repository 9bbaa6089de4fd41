"""Numbers that a run shows beside its assets: Dagster draws each of them over time.

Belongs here: their form. Does not: what they are (`sql/reports/numbers.sql`).
"""

from typing import Any

import dagster as dg
import duckdb

from assets.engine.shown import printable
from assets.engine.warehouse.warehouse import Warehouse

CHANGES_SHOWN = 20
"""Changes of statuses in the metadata of a run; a number tells of the rest."""

BRANDS_PICTURED = 10

Numbers = dict[str, dg.MetadataValue[Any]]


def numbers(result: duckdb.DuckDBPyConnection) -> Numbers:
    """Rows of (name, value) as numbers; what is not whole is only drawn, so it need not be exact."""
    return {
        str(name): dg.MetadataValue.int(value) if isinstance(value, int) else dg.MetadataValue.float(value)
        for name, value in result.fetchall()
    }


def changes_of_run(warehouse: Warehouse) -> tuple[Numbers, dict[str, str]]:
    """What a decision has changed: as numbers with a table, and as tags of the run."""
    newest = {"run_id": warehouse.run_id, "at_most": CHANGES_SHOWN}
    warehouse.run("reports.numbers", "last_changes", **newest)
    result = warehouse.run("reports.numbers", "changes", **newest)
    rows = result.fetchall()
    changes, brands = rows[0][-2:] if rows else (0, 0)
    names = [column[0] for column in result.description or []][:-2]
    shown: Numbers = {"changes": dg.MetadataValue.int(changes)}
    if rows:
        records = [
            dg.TableRecord({name: text_of(value) for name, value in zip(names, row, strict=False)}) for row in rows
        ]
        shown["what changed"] = dg.MetadataValue.table(records)
    return shown, {"spendgate/changes": str(changes), "spendgate/brands": str(brands)}


def nearest_limits(warehouse: Warehouse) -> Numbers:
    """A picture of the brands nearest a limit of theirs."""
    from assets.engine.report.pictures import budget_bars

    rows = warehouse.run("reports.numbers", "nearest", at_most=BRANDS_PICTURED).fetchall()
    if not rows:
        return {}
    # the picture is a name's only place in it, and is no markup
    return {"nearest their limits": dg.MetadataValue.md(f"![nearest their limits]({budget_bars(rows)})")}  # noqa: TID251


def text_of(value: object) -> str | None:
    """A value as text: as Markdown, what was delivered could be a link, or an image from elsewhere."""
    return None if value is None else printable(str(value))
