"""Prints `docs/scenarios.md` from the worked decisions, so that page and cases cannot differ.

uv run python -m tests.scenarios_page > docs/scenarios.md
"""

import json
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.oracle import Brand, Cost, spend, zone

CASES = Path(__file__).parent / "scenarios" / "decisions.json"

HEAD = """# Worked decisions

Each row is one decision, worked out by hand: a brand, what it had spent at `now`, and what becomes of its campaigns.
The tests run every row through the whole pipeline, from delivered files to the status table.

A decision takes three steps for each campaign, in this order:

1. *enforce*: RUNNING becomes BUDGET_REACHED when a budget is reached; BUDGET_REACHED becomes SCHEDULED when none is.
2. *stop*: RUNNING becomes SCHEDULED when the brand is inactive or the window closed.
3. *start*: SCHEDULED becomes RUNNING when no budget is reached, the brand is active, and the window is open or there is
   none.

*Spend* is the sum of the costs up to `now`, in the brand's own day and month; payments and later costs do not count. A
budget is reached at `spend >= budget`. A window is in UTC; its start is included, its end is not. DRAFT, PAUSED and
COMPLETED belong to people: no decision changes them. Where a brand has several campaigns, each has a line of its own.

This page is printed from `tests/scenarios/decisions.json` by `uv run python -m tests.scenarios_page`.

| | case | now (UTC) | brand's clock | day: spend, budget | month: spend, budget | window | before -> transitions |
|---|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    cases: list[dict[str, Any]] = json.loads(CASES.read_text(encoding="utf-8"))
    return HEAD + "".join(row(case) for case in cases)


def row(case: dict[str, Any]) -> str:
    """One case as a row of the table."""
    cells = (
        case["id"],
        case["title"],
        clock(instant(case["now"])),
        *brand_cells(case),
        lines([window(campaign) for campaign in case["campaigns"]]),
        lines([transitions(campaign, case["expected"]) for campaign in case["campaigns"]]),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def brand_cells(case: dict[str, Any]) -> tuple[str, str, str]:
    """The clock of the case's brand, and its spend beside its budgets."""
    [delivered] = case["brands"]
    brand = Brand(
        delivered["brand_id"],
        delivered["timezone"],
        decimal_or_none(delivered["daily_budget"]),
        decimal_or_none(delivered["monthly_budget"]),
        delivered["is_active"],
    )
    now = instant(case["now"])
    day, month = spend(brand, costs(case), now)
    here = f"{clock(now.astimezone(zone(brand.timezone)))} {brand.timezone}"
    return (
        here if brand.is_active else f"{here}, inactive",
        beside_budget(day, delivered["daily_budget"]),
        beside_budget(month, delivered["monthly_budget"]),
    )


def costs(case: dict[str, Any]) -> list[Cost]:
    """The transactions that are spend."""
    return [
        Cost(transaction["brand_id"], instant(transaction["at"]), Decimal(transaction["amount"]))
        for transaction in case["transactions"]
        if transaction["type"] == "COST"
    ]


def beside_budget(amount: Decimal, budget: str | None) -> str:
    """Spend and budget of a day or month."""
    spent = f"{amount.normalize():f}"
    return f"{spent}, no limit" if budget is None else f"{spent} of {budget}"


def window(campaign: dict[str, Any]) -> str:
    """When a campaign may run."""
    if campaign["allowed_start"] is None:
        return "any time"
    return f"{campaign['allowed_start']}-{campaign['allowed_end']}"


def transitions(campaign: dict[str, Any], expected: dict[str, Any]) -> str:
    """The status before, and each one it takes with its reason."""
    before: str = campaign["status"]
    steps = [f"{to} ({reason})" for _, to, reason in expected[str(campaign["campaign_id"])]["hops"]]
    return " -> ".join([before, *steps]) if steps else f"{before} stays"


def lines(of_campaigns: list[str]) -> str:
    """One line per campaign, or one for all of them where they are alike."""
    return of_campaigns[0] if len(set(of_campaigns)) == 1 else "<br>".join(of_campaigns)


def instant(text: str) -> datetime:
    """A time of the JSON."""
    return datetime.fromisoformat(text)


def clock(at: datetime) -> str:
    """A time as a clock shows it, without what is zero beyond the second."""
    return at.replace(tzinfo=None).isoformat(" ")


def decimal_or_none(text: str | None) -> Decimal | None:
    """An amount of the JSON."""
    return None if text is None else Decimal(text)


if __name__ == "__main__":
    sys.stdout.write(page())
