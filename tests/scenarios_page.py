"""Prints `docs/scenarios.md` from the worked decisions, so that page and cases cannot differ.

uv run python -m tests.scenarios_page > docs/scenarios.md
"""

import json
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.decision_world import oracle_of
from tests.oracle import PERIODS, Brand, Cost, limits, spend, zone

CASES = Path(__file__).parent / "scenarios" / "decisions.json"
LIMITS = Path(__file__).parent / "scenarios" / "limits.json"

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


LIMITS_HEAD = """
## Budgets, windows and flights

Each row is one decision again, with budgets of any period, of a brand or of a campaign, with windows by weekday, and
with flights. There is one more step, before *enforce*: a campaign whose flight is over becomes COMPLETED. A campaign is
over budget when any limit of its brand or its own is reached; *stop* also holds while its flight has not begun.

*Limits* are those in force at `now`, with what was spent in their period; one that is reached is in bold. *Runs* is
when a campaign may run; times are on the brand's clock unless they say UTC, and both dates of a flight are included.
*Next change* is when, with no new spend, its status would change, in UTC; a dash: never; empty: the case does not say.

This part is printed from `tests/scenarios/limits.json`.

| | case | now (UTC) | brand's clock | limits: spend, budget | runs | before -> transitions | next change (UTC) |
|---|---|---|---|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    cases, limit_cases = (json.loads(file.read_text(encoding="utf-8")) for file in (CASES, LIMITS))
    return HEAD + "".join(map(row, cases)) + LIMITS_HEAD + "".join(map(limits_row, limit_cases))


def limits_row(case: dict[str, Any]) -> str:
    """One case of budgets, windows and flights as a row of the table."""
    now = instant(case["now"])
    [brand] = case["brands"]
    here = f"{clock(now.astimezone(zone(brand['timezone'])))} {brand['timezone']}"
    cells = (
        case["id"],
        case["title"],
        clock(now),
        here if brand["is_active"] else f"{here}, inactive",
        limit_cells(case),
        lines([runs(campaign, case) for campaign in case["campaigns"]]),
        lines([transitions(campaign, case["expected"]) for campaign in case["campaigns"]]),
        lines([change(case["expected"][str(campaign["campaign_id"])]) for campaign in case["campaigns"]]),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def limit_cells(case: dict[str, Any]) -> str:
    """The limits in force, one line each, and the rows of budgets that are not."""
    brands, campaigns, ledger = oracle_of(case)
    [brand] = brands.values()
    said = []
    for limit in limits(brand, campaigns, ledger, instant(case["now"])):
        of = "" if limit.scope == "BRAND" else f"campaign {limit.id} "
        text = f"{of}{limit.period.lower()}: {plain(limit.spend)} of {plain(limit.budget)}"
        said.append(f"**{text}**" if limit.reached else text)
    dated = [row for row in case.get("budgets", []) if row["effective_from"] or row["effective_to"]]
    said += [
        f"({row['period'].lower()} {row['amount']}: {row['effective_from'] or ''} to {row['effective_to'] or ''})"
        for row in sorted(dated, key=lambda row: (PERIODS.index(row["period"]), row["effective_from"] or ""))
    ]
    return "<br>".join(said) or "none"


def runs(campaign: dict[str, Any], case: dict[str, Any]) -> str:
    """The windows and the flight of a campaign, and until when it is paused."""
    rows = [row for row in case.get("dayparting", []) if row["campaign_id"] == campaign["campaign_id"]]
    said = [
        f"{row['weekdays'] or 'daily'} {row['start']}-{row['end']}{' UTC' if row['clock'] == 'UTC' else ''}"
        for row in rows
    ] or ([] if campaign["allowed_start"] is None else [f"{window(campaign)} UTC"])
    if campaign.get("start_date"):
        said.append(f"from {campaign['start_date']}")
    if campaign.get("end_date"):
        said.append(f"until {campaign['end_date']}")
    if campaign.get("paused_until"):
        said.append(f"paused until {clock(instant(campaign['paused_until']))} UTC")
    return ", ".join(said) or "any time"


def change(expected: dict[str, Any]) -> str:
    """When the status changes next."""
    if "next_change_at" not in expected:
        return ""
    return "-" if expected["next_change_at"] is None else clock(instant(expected["next_change_at"]))


def plain(amount: Decimal) -> str:
    """An amount without zeros at its end."""
    return f"{amount.normalize():f}"


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
    return f"{plain(amount)}, no limit" if budget is None else f"{plain(amount)} of {budget}"


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
