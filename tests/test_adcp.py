"""What the public contract AdCP 3.2 says of caps, budgets, zones and flights, and what of it holds here.

Each test gives the rule in our own words and where it stands in the documents of adcontextprotocol/adcp. Their account
with its caps is our brand, their package our campaign. Everything goes through delivered files and runs.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from assets.engine.data_root import DataRoot
from tests.world import BRANDS, NOON, REFERENCE, World, spent

MINUTES = timedelta(minutes=5)
CAMPAIGNS = """campaign_id,brand_id,name,status,allowed_start,allowed_end
11,1,Acme one,SCHEDULED,,
12,1,Acme two,SCHEDULED,,
21,2,Borealis always,SCHEDULED,,
31,3,Cirrus paused,PAUSED,,
"""
FLIGHTS = """campaign_id,brand_id,name,status,allowed_start,allowed_end,start_date,end_date
11,1,Acme one,SCHEDULED,,,{},{}
12,1,Acme two,SCHEDULED,,,,
21,2,Borealis always,SCHEDULED,,,,
31,3,Cirrus paused,PAUSED,,,,
"""


@pytest.fixture
def world(root: DataRoot) -> World:
    """Brand 1 in New York with 10.00 a day and two campaigns; a click on ad 101 of campaign 11 costs 0.50."""
    reference = {**REFERENCE, "campaigns": CAMPAIGNS}
    return World(root, reference, usual=reference)


def caps(world: World, *rows: str) -> None:
    """Deliver the rows of budgets: scope, id, period, amount, first and last date."""
    header = "scope,id,period,amount,effective_from,effective_to\n"
    world.deliver_reference("budgets", header + "".join(row + "\n" for row in rows))


def daily_budget(world: World, amount: str) -> None:
    """Deliver another daily budget of brand 1; empty: none."""
    world.deliver_reference("brands", BRANDS.replace("1,Acme,10.00", f"1,Acme,{amount}"))


def last_change(world: World, campaign_id: int) -> tuple[Any, ...]:
    return world.transitions(campaign_id)[-1]


def cap(world: World, scope: str, number: int, period: str = "DAY") -> dict[str, Any]:
    """A row of mart.budgets."""
    names = ("timezone", "currency", "starts_at", "ends_at", "spend", "budget", "reached")
    [row] = world.rows(
        f"select {', '.join(names)} from mart.budgets where scope = $scope and id = $id and period = $period",  # noqa: S608
        scope=scope,
        id=number,
        period=period,
    )
    return dict(zip(names, row, strict=True))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- caps change


@pytest.mark.parametrize(
    ("scope", "reason"), [("BRAND", "DAILY_BUDGET_REACHED"), ("CAMPAIGN", "CAMPAIGN_DAILY_BUDGET_REACHED")]
)
def test_lowering_a_cap_below_todays_spend_stops_at_once_and_reverses_nothing(
    world: World, scope: str, reason: str
) -> None:
    """A cap set below what the day has spent stops further delivery, and leaves what was spent as it is.

    control_media_buy.mdx, Transaction boundary; update_media_buy.mdx, `decrease_budget` and `daily_budget_cap`.
    """
    caps(world, "CAMPAIGN,11,DAY,8,,")
    spent(world, clicks=12)  # 6.00
    world.run()
    assert world.status(11) == "RUNNING"
    ledger = world.rows("from core.transactions order by all")
    if scope == "BRAND":
        daily_budget(world, "5.00")
    else:
        caps(world, "CAMPAIGN,11,DAY,5,,")
    world.run(NOON + MINUTES)
    assert last_change(world, 11) == ("RUNNING", "BUDGET_REACHED", reason)
    assert world.rows("from core.transactions order by all") == ledger
    assert world.value("select sum(spend) from mart.daily_spend") == 6


@pytest.mark.parametrize(("amount", "status"), [("6.00", "BUDGET_REACHED"), ("6.01", "RUNNING")])
def test_a_cap_counts_what_the_day_has_already_spent_when_it_is_set(world: World, amount: str, status: str) -> None:
    """A new cap holds at once, and counts the day from its first instant, not from when the cap was set.

    control_media_buy.mdx, Transaction boundary; update_media_buy.mdx, `daily_budget_cap`.
    """
    spent(world, clicks=12, at="2025-06-10T04:00:00Z")  # 6.00 at midnight in New York
    spent(world, clicks=1, at="2025-06-10T03:59:59Z")
    world.run()
    caps(world, f"CAMPAIGN,11,DAY,{amount},,")
    world.run(NOON + MINUTES)
    assert cap(world, "CAMPAIGN", 11)["spend"] == 6
    assert world.status(11) == status


def test_raising_or_removing_a_cap_lets_delivery_go_on(world: World) -> None:
    """A cap that is raised relaxes at once; no cap is no limit.

    update_media_buy.mdx, `increase_budget`; control_media_buy.mdx: `null` removes a cap.
    """
    spent(world, clicks=20)  # 10.00
    world.run()
    assert world.status(11) == "SCHEDULED"
    daily_budget(world, "10.01")
    world.run(NOON + MINUTES)
    assert world.status(11) == "RUNNING"
    daily_budget(world, "9.00")
    world.run(NOON + 2 * MINUTES)
    assert world.status(11) == "BUDGET_REACHED"
    daily_budget(world, "")
    world.run(NOON + 3 * MINUTES)
    assert world.status(11) == "RUNNING"


# --- caps beside each other


def test_the_most_restrictive_of_several_caps_wins(world: World) -> None:
    """A campaign's cap is subordinate: it can stop the campaign before the brand's does, and never lets it go beyond.

    create_media_buy.mdx, `packages[].daily_budget_cap` and Seller-optimized allocation, 1.
    """
    caps(world, "CAMPAIGN,11,DAY,6,,", "CAMPAIGN,12,DAY,100,,")
    world.run()
    spent(world, clicks=12)  # 6.00: its own cap, below the brand's
    world.run(NOON + MINUTES)
    assert last_change(world, 11) == ("RUNNING", "BUDGET_REACHED", "CAMPAIGN_DAILY_BUDGET_REACHED")
    assert world.status(12) == "RUNNING"
    spent(world, clicks=8, at="2025-06-10T11:30:00Z")  # 10.00: the brand's, below that of the other campaign
    world.run(NOON + 2 * MINUTES)
    assert last_change(world, 12) == ("RUNNING", "BUDGET_REACHED", "DAILY_BUDGET_REACHED")


def test_a_campaigns_cap_reserves_nothing(world: World) -> None:
    """Caps of campaigns may add up to more than the brand's, and what one leaves unspent is not kept for it.

    get_adcp_capabilities.mdx, budget_capping: caps of packages are ceilings, never reservations.
    """
    caps(world, "CAMPAIGN,11,DAY,10,,", "CAMPAIGN,12,DAY,10,,")
    world.run()
    spent(world, clicks=20)  # all of the brand's 10.00, by one campaign
    world.run(NOON + MINUTES)
    assert cap(world, "CAMPAIGN", 12)["spend"] == 0
    assert last_change(world, 12) == ("RUNNING", "BUDGET_REACHED", "DAILY_BUDGET_REACHED")


def test_a_cap_of_a_day_does_not_stretch_the_total(world: World) -> None:
    """The budget of all time is as hard as that of a day: what is left of the day does not let it be exceeded.

    create_media_buy.mdx, Budget & Pacing Controls: `total_budget` and `packages[].budget` are hard lifetime caps.
    """
    caps(world, "BRAND,1,LIFETIME,12,,", "CAMPAIGN,11,LIFETIME,100,,")
    spent(world, clicks=18, at="2025-06-09T12:00:00Z")
    world.run()
    assert world.status(11) == "RUNNING"
    spent(world, clicks=6)  # 3.00 of 10.00 today, 12.00 of 12 in all
    world.run(NOON + MINUTES)
    assert last_change(world, 11) == ("RUNNING", "BUDGET_REACHED", "LIFETIME_BUDGET_REACHED")
    world.run(NOON + timedelta(days=40))
    assert world.status(11) == "BUDGET_REACHED"


def test_a_cap_is_hard_and_no_pace(world: World) -> None:
    """A cap bounds the day and does not spread it: up to the last unit it stops nothing, from then on everything.

    get_adcp_capabilities.mdx, budget_capping: a cap must not be taken as a soft pacing target.
    """
    caps(world, "CAMPAIGN,12,DAY,0,,")
    spent(world, clicks=19, at="2025-06-10T04:00:01Z")  # 9.50 of 10.00 in the first second of the day
    world.run(at("2025-06-10T04:00:01Z"))
    assert (world.status(11), world.status(12)) == ("RUNNING", "SCHEDULED")
    spent(world, clicks=1, at="2025-06-10T04:00:02Z")
    world.run(at("2025-06-10T04:00:02Z"))
    assert world.status(11) == "BUDGET_REACHED"


# --- zones


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "hours"),
    [
        ("2025-03-09T05:00:00Z", "2025-03-10T04:00:00Z", 23),
        ("2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z", 25),
    ],
)
@pytest.mark.parametrize("scope", ["BRAND", "CAMPAIGN"])
def test_a_day_of_23_or_25_hours_is_one_day_with_the_full_cap(
    world: World, scope: str, starts_at: str, ends_at: str, hours: int
) -> None:
    """Where the clock changes, the day is one calendar day that carries the whole cap.

    get_adcp_capabilities.mdx, budget_capping; core/media-buy.json, `budget_cap_timezone`.
    """
    start, end = at(starts_at), at(ends_at)
    assert end - start == timedelta(hours=hours)
    if scope == "CAMPAIGN":
        daily_budget(world, "")
        caps(world, "CAMPAIGN,11,DAY,10,,")
    spent(world, clicks=19, at=starts_at)  # 9.50 in its first instant
    world.run(end - timedelta(minutes=2))
    assert world.status(11) == "RUNNING"
    spent(world, clicks=1, at=(end - timedelta(seconds=90)).isoformat())
    world.run(end - timedelta(seconds=1))
    assert world.status(11) == "BUDGET_REACHED"
    assert world.value("select next_change_at from ops.campaign_status where campaign_id = 11") == end
    found = cap(world, scope, 1 if scope == "BRAND" else 11)
    assert (found["starts_at"], found["ends_at"]) == (start, end)
    assert (found["spend"], found["budget"], found["reached"]) == (10, 10, True)
    world.run(end)
    assert world.status(11) == "RUNNING"


def test_caps_are_echoed_with_their_zone_and_currency(world: World) -> None:
    """Whoever reads a cap also reads whose calendar day it is of; a campaign's cap has the zone of its brand's.

    get_media_buys.mdx, `daily_budget_cap` and `budget_cap_timezone`; core/package.json, `daily_budget_cap`;
    create_media_buy.mdx, `total_budget`: one currency for everything.
    """
    lines = BRANDS.splitlines()
    world.deliver_reference("brands", "\n".join([lines[0] + ",currency", lines[1] + ",EUR", lines[2] + ","]) + "\n")
    caps(world, "CAMPAIGN,11,DAY,4,,")
    spent(world, clicks=5)
    world.run()
    day = {"starts_at": at("2025-06-10T04:00:00Z"), "ends_at": at("2025-06-11T04:00:00Z")}
    shared = {"timezone": "America/New_York", "currency": "EUR", **day, "spend": Decimal("2.5")}
    assert cap(world, "BRAND", 1) == {**shared, "budget": 10, "reached": False}
    assert cap(world, "CAMPAIGN", 11) == {**shared, "budget": 4, "reached": False}
    other = cap(world, "BRAND", 2, "MONTH")
    assert (other["timezone"], other["currency"], other["budget"]) == ("Asia/Kolkata", "USD", 1000)


def test_another_zone_begins_with_the_next_day_of_the_zone_before(world: World) -> None:
    """A change of the zone leaves the day under way as it is; the new clock holds from the old one's next midnight.

    control_media_buy.mdx, Transaction boundary; update_media_buy.mdx, `budget_cap_timezone`.
    """
    caps(world, "CAMPAIGN,11,DAY,8,,")
    spent(world, clicks=16, at="2025-06-10T04:00:00Z")  # 8.00 on June 10, in New York as in UTC
    world.run()
    world.deliver_reference("brands", BRANDS.replace("America/New_York", "UTC"))
    world.run(NOON + MINUTES)
    midnight = at("2025-06-11T04:00:00Z")
    world.run(midnight - timedelta(seconds=1))  # in UTC June 11 has begun
    assert world.status(11) == "SCHEDULED"
    found = cap(world, "CAMPAIGN", 11)
    assert (found["timezone"], found["ends_at"], found["spend"]) == ("America/New_York", midnight, 8)
    world.run(midnight)
    assert world.status(11) == "RUNNING"
    found = cap(world, "CAMPAIGN", 11)
    assert (found["timezone"], found["starts_at"], found["ends_at"]) == ("UTC", midnight, at("2025-06-12T00:00:00Z"))


# --- what cannot be done is said


@pytest.mark.parametrize("row", ["PACKAGE,11,DAY,5,,", "CAMPAIGN,11,QUARTER,5,,", "CAMPAIGN,11,DAY,soon,,"])
def test_a_cap_that_is_not_understood_is_refused_and_changes_nothing(world: World, row: str) -> None:
    """What cannot be held as it was meant is refused before anything changes, never dropped or softened in silence.

    get_adcp_capabilities.mdx, budget_capping; buy_products.mdx: scopes that are not declared are refused.
    """
    caps(world, "CAMPAIGN,11,DAY,8,,")
    world.run()
    caps(world, "CAMPAIGN,11,DAY,8,,", row)
    world.run(NOON + MINUTES)
    assert len(world.reasons()) == 1
    assert cap(world, "CAMPAIGN", 11)["budget"] == 8
    assert world.status(11) == "RUNNING"


# --- flights


def test_a_campaign_waits_for_its_flight_and_is_completed_after_it(world: World) -> None:
    """Before its flight a campaign is accepted and does not deliver; after it, it is completed, whatever it has left.

    lifecycle.mdx, States and transitions: `pending_start`, `active`, `completed`.
    """
    world.deliver_reference("campaigns", FLIGHTS.format("2025-06-11", "2025-06-12"))
    world.run()
    assert world.status(11) == "SCHEDULED"
    world.run(at("2025-06-11T04:00:00Z"))
    assert world.status(11) == "RUNNING"
    world.run(at("2025-06-13T03:59:59Z"))
    assert world.status(11) == "RUNNING"
    world.run(at("2025-06-13T04:00:00Z"))
    assert last_change(world, 11) == ("RUNNING", "COMPLETED", "FLIGHT_ENDED")


def test_a_completed_campaign_does_not_come_back_with_a_later_end(world: World) -> None:
    """Completed is the end: a later end of the flight brings nothing back by itself.

    lifecycle.mdx, States: `completed` is terminal.
    """
    world.deliver_reference("campaigns", FLIGHTS.format("", "2025-06-09"))
    world.run()
    assert world.status(11) == "COMPLETED"
    world.deliver_reference("campaigns", FLIGHTS.format("", "2025-06-30"))
    world.run(NOON + MINUTES)
    assert world.status(11) == "COMPLETED"


def test_a_flight_that_is_cut_short_stops_at_once(world: World) -> None:
    """An end that is pulled to a date that is over ends the flight with the next decision.

    update_media_buy.mdx, `shorten_flight`.
    """
    world.deliver_reference("campaigns", FLIGHTS.format("", "2025-06-30"))
    world.run()
    assert world.status(11) == "RUNNING"
    world.deliver_reference("campaigns", FLIGHTS.format("", "2025-06-09"))
    world.run(NOON + MINUTES)
    assert world.status(11) == "COMPLETED"
