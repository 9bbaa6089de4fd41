"""The SQL's decision against the plain-Python oracle, on worlds nobody thought of."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.engine.as_of import AsOf, derive
from assets.engine.data_root import DataRoot
from assets.engine.decision import due_transitions, evaluate
from assets.engine.spend import sum_spend
from assets.engine.time_zones import utc_offsets
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse, open_warehouse
from tests.decision_world import add_batch, add_budgets, add_campaigns, add_payments, empty
from tests.oracle import (
    DAY,
    HORIZON,
    PERIODS,
    STRANGE_ZONES,
    Brand,
    Budget,
    Campaign,
    Cost,
    Daypart,
    Ledger,
    Payment,
    blocked_by,
    decide,
    first_shown,
    limits,
    local_date,
    local_time,
    next_change,
    spend,
    spend_of,
    stretches,
    window,
    zones_of,
)  # fmt: skip
from tests.world import NOON, World

STATUSES = ("DRAFT", "SCHEDULED", "RUNNING", "PAUSED", "BUDGET_REACHED", "COMPLETED")
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
OFFSETS = utc_offsets().to_pylist()
CHANGES = {
    name: [row["starts_at"] for row in OFFSETS if row["timezone"] == name and 2012 <= row["starts_at"].year <= 2035]
    or [datetime(2024, 2, 29, tzinfo=UTC)]
    for name in STRANGE_ZONES
}
"""Instants at which each zone changed its offset: where days have 23 or 25 hours and midnights are skipped."""

ZONES = st.sampled_from((*STRANGE_ZONES, "Etc/GMT+12", "Asia/Tokyo"))
AMOUNTS = st.sampled_from([Decimal(text) for text in ("0.000000001", "0.10", "1", "2.5", "99.999999999")])
BUDGETS = st.one_of(st.none(), st.sampled_from([Decimal(text) for text in ("0", "0.000000001", "1", "2.6", "100")]))
MOSTLY = st.sampled_from([True, True, True, True, False])
EDGES = st.sampled_from([0, 1, 3_600, 4 * 3_600, 9 * 3_600 + 1_800, 22 * 3_600, 86_399])


@dataclass(frozen=True)
class Case:
    """A world, and the instant to decide for."""

    brands: list[Brand]
    campaigns: list[Campaign]
    ledger: Ledger
    now: datetime


def seams(draw: st.DrawFn, timezone: str, anchor: datetime) -> tuple[tuple[datetime, str], ...]:
    """The zones of a brand: one, or others from local midnights of the clock before it, close to a change."""
    zones: tuple[tuple[datetime, str], ...] = ((BEGINNING, timezone),)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        edited_at = max(zones[-1][0], anchor - 3 * DAY) + timedelta(hours=draw(st.integers(0, 72)))
        tomorrow = local_time(zones, edited_at).date() + DAY
        clock = stretches(zones, edited_at, edited_at + 6 * DAY)
        holds_from = first_shown(clock, datetime.combine(tomorrow, time()))
        if holds_from is not None and (name := draw(ZONES)) != zones[-1][1]:
            zones = (*zones, (holds_from, name))
    return zones


def dayparts(draw: st.DrawFn, zones: tuple[tuple[datetime, str], ...], anchor: datetime) -> tuple[Daypart, ...]:
    """Rows of dayparting, many with bounds close to what the clock shows when it changes."""
    shown = [local_time(zones, anchor + timedelta(minutes=minutes)) for minutes in (-1, 0)]
    seconds = [each.hour * 3600 + each.minute * 60 + each.second for each in shown]
    near = st.tuples(st.sampled_from(seconds), st.sampled_from([-3600, -900, -1, 0, 1, 60, 900, 1800, 3600])).map(
        lambda both: sum(both) % 86_400
    )
    bounds = EDGES | near
    rows = []
    for _ in range(draw(st.integers(1, 3))):
        opens, closes = draw(bounds), draw(bounds | st.just(86_400))
        if opens == closes:
            closes = 86_400
        weekdays = draw(st.frozensets(st.integers(1, 7), min_size=1) | st.just(frozenset(range(1, 8))))
        rows.append(Daypart(weekdays, opens, closes, draw(st.sampled_from(["BRAND", "BRAND", "UTC"]))))
    return tuple(dict.fromkeys(rows))


def dates(draw: st.DrawFn, today: date) -> tuple[date | None, date | None]:
    """A first and a last date around today, either of which may be open."""
    days = st.none() | st.integers(-4, 4).map(lambda number: today + number * DAY)
    first, last = draw(days), draw(days)
    return (last, first) if first and last and last < first else (first, last)


def rows_of_budgets(
    draw: st.DrawFn, brands: list[Brand], campaigns: list[Campaign], costs: list[Cost], now: datetime
) -> tuple[Budget, ...]:
    """Rows of any scope and period, some with dates around today, some met exactly."""
    rows: dict[tuple[Any, ...], Budget] = {}
    brand_of = {brand.brand_id: brand for brand in brands}
    for _ in range(draw(st.integers(0, 6))):
        scope = draw(st.sampled_from(["BRAND", "CAMPAIGN"]))
        campaign = draw(st.sampled_from(campaigns))
        brand = draw(st.sampled_from(brands)) if scope == "BRAND" else brand_of[campaign.brand_id]
        number = brand.brand_id if scope == "BRAND" else campaign.campaign_id
        period = draw(st.sampled_from(PERIODS))
        own = [cost for cost in costs if scope == "BRAND" or cost.campaign_id == number]
        amount = draw(BUDGETS)
        if amount is None:  # an exact hit
            amount = spend_of(brand, own, period, now)
        first, last = dates(draw, local_date(brand, now))
        rows[scope, number, period, first] = Budget(scope, number, period, amount, first, last)
    return tuple(rows.values())


def costs_of(draw: st.DrawFn, campaigns: list[Campaign], instants: st.SearchStrategy[datetime]) -> list[Cost]:
    """Costs of two brands and their campaigns, some of them taken back, in part or as a whole."""
    costs = []
    for _ in range(draw(st.integers(0, 8))):
        brand_id = draw(st.integers(1, 2))
        ids = [c.campaign_id for c in campaigns if c.brand_id == brand_id] or [90 + brand_id]
        cost = Cost(brand_id, draw(instants), draw(AMOUNTS), draw(st.sampled_from(ids)))
        taken_back = draw(st.sampled_from([None, None, None, Decimal("0.000000001"), cost.amount]))
        costs += [cost] if taken_back is None else [cost, replace(cost, amount=-taken_back)]
    return costs


def campaigns_of(
    draw: st.DrawFn, brands: list[Brand], anchor: datetime, now: datetime, instants: st.SearchStrategy[datetime]
) -> list[Campaign]:
    """Campaigns of every shape: windows of both kinds, flights, pauses."""
    campaigns = []
    for campaign_id in range(1, draw(st.integers(1, 5)) + 1):
        brand = draw(st.sampled_from(brands))
        opens, closes = draw(st.sampled_from([(None, None)]) | st.tuples(EDGES, EDGES | st.just(86_400)))
        if opens is not None and opens == closes:
            opens = closes = None
        status = draw(st.sampled_from(STATUSES))
        first, last = (None, None) if draw(MOSTLY) else dates(draw, local_date(brand, now))
        campaigns.append(
            Campaign(
                campaign_id, brand.brand_id, status, opens, closes,
                draw(st.none() | instants) if status == "PAUSED" else None,
                first, last,
                dayparts(draw, zones_of(brand), anchor) if draw(st.booleans()) else (),
            )
        )  # fmt: skip
    return campaigns


@st.composite
def worlds(draw: st.DrawFn) -> Case:
    """Brands of strange zones, campaigns of every shape, costs around local midnights, and an instant among them."""
    timezone = draw(st.sampled_from(STRANGE_ZONES))
    anchor = draw(st.sampled_from(CHANGES[timezone]) | st.dates(date(2012, 1, 1), date(2035, 1, 1)).map(
        lambda day: datetime.combine(day, time(), UTC)
    ))  # fmt: skip
    near = st.one_of(
        st.integers(-40 * 96, 40 * 96).map(lambda quarters: timedelta(minutes=15 * quarters)),
        st.integers(-30, 30).map(lambda hours: timedelta(hours=hours)),
        st.sampled_from([timedelta(), timedelta(microseconds=-1), timedelta(microseconds=1), timedelta(seconds=59)]),
    )
    instants = near.map(lambda after: anchor + after)
    now = draw(instants)
    billing = st.sampled_from(["POSTPAID", "POSTPAID", "PREPAID"])
    zones = (seams(draw, timezone, anchor), ((BEGINNING, draw(ZONES)),))
    brands = [
        Brand(
            number, zones[number - 1][-1][1], draw(st.none() | BUDGETS), draw(st.none() | BUDGETS), draw(MOSTLY),
            draw(billing), zones[number - 1],
        )
        for number in (1, 2)
    ]  # fmt: skip
    campaigns = campaigns_of(draw, brands, anchor, now, instants)
    costs = costs_of(draw, campaigns, instants)
    payments = [
        Payment(draw(st.integers(1, 2)), draw(instants), draw(AMOUNTS) * draw(st.sampled_from([1, 1, 10, -1])))
        for _ in range(draw(st.integers(0, 4)))
    ]
    if draw(st.booleans()):  # an exact hit
        day, month = spend(brands[0], costs, now)
        brands[0] = replace(brands[0], daily_budget=day, monthly_budget=draw(st.sampled_from([None, month])))
    budgets = rows_of_budgets(draw, brands, campaigns, costs, now)
    return Case(brands, campaigns, Ledger(tuple(costs), tuple(payments), budgets), now)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    root: Path = tmp_path_factory.mktemp("properties")
    World(DataRoot(root), {})
    with open_warehouse(DataRoot(root), now=NOON, run_id="properties") as warehouse:
        yield warehouse


def fill(warehouse: Warehouse, case: Case) -> None:
    """Put a world into the tables, and sum its spend as a run does."""
    empty(warehouse)
    add_batch(warehouse, 1, case.brands, list(case.ledger.costs))
    add_campaigns(warehouse, case.campaigns)
    add_payments(warehouse, case.ledger.payments)
    add_budgets(warehouse, case.ledger.budgets)
    sum_spend(warehouse)


def answers(connection: duckdb.DuckDBPyConnection) -> list[list[tuple[Any, ...]]]:
    """Everything that the decision has worked out, as it stands in its temporary tables."""
    queries = (
        "from decided order by campaign_id",
        "select brand_id, daily_spend, monthly_spend from brand_now order by brand_id",
        "select scope, id, brand_id, period, starts_at, ends_at, spend, budget, reached from limits order by all",
    )
    return [connection.execute(query).fetchall() for query in queries]


def check(warehouse: Warehouse, case: Case) -> None:
    fill(warehouse, case)
    connection, now, ledger = warehouse.connection, case.now, case.ledger
    evaluate(connection, now)
    found = [
        (each.campaign_id, (each.from_status, each.to_status, each.reason)) for each in due_transitions(connection)
    ]
    brand_of = {brand.brand_id: brand for brand in case.brands}
    expected = {c.campaign_id: decide(brand_of[c.brand_id], c, ledger, now) for c in case.campaigns}
    assert found == [(campaign_id, hop) for campaign_id, (_, hops) in expected.items() for hop in hops]
    seen = answers(connection)
    assert seen[1] == [(b.brand_id, *spend(b, ledger.costs, now)) for b in case.brands]
    check_limits(case, seen[2])
    statuses = {campaign_id: status for campaign_id, (status, _) in expected.items()}
    check_times(connection, case, statuses)
    check_what_holds(connection, case, statuses)
    if len(ledger.costs) % 2:
        return
    derive(connection, AsOf(now))
    assert answers(connection) == seen


def check_limits(case: Case, found: list[tuple[Any, ...]]) -> None:
    """Each limit in force, once, with its bounds and amounts."""
    expected = {
        (each.scope, each.id, brand.brand_id, each.period): (
            each.starts_at, each.ends_at, each.spend, each.budget, each.reached
        )
        for brand in case.brands
        for each in limits(brand, [c for c in case.campaigns if c.brand_id == brand.brand_id], case.ledger, case.now)
    }  # fmt: skip
    assert len(found) == len(expected)
    assert {row[:4]: row[4:] for row in found} == expected


def check_times(connection: duckdb.DuckDBPyConnection, case: Case, statuses: dict[int, str]) -> None:
    """The window of each campaign, and when its status changes next."""
    times = "select campaign_id, window_start, window_end, next_change_at from decided"
    said = {campaign_id: rest for campaign_id, *rest in connection.execute(times).fetchall()}
    for campaign in case.campaigns:
        brand = next(brand for brand in case.brands if brand.brand_id == campaign.brand_id)
        starts, ends, changes_at = said[campaign.campaign_id]
        after = replace(campaign, status=statuses[campaign.campaign_id])
        expected = next_change(brand, after, case.ledger, case.now)
        assert alike(changes_at, expected, case.now), (campaign, changes_at, expected)
        opens, closes = window(brand, campaign, case.now) or (None, None)
        assert alike(ends, closes, case.now), (campaign, ends, closes)
        if ends is not None and opens is not None and opens > case.now - HORIZON:
            assert starts == opens, (campaign, starts, opens)


def check_what_holds(connection: duckdb.DuckDBPyConnection, case: Case, statuses: dict[int, str]) -> None:
    """Every reason that holds a campaign; none exactly when it is RUNNING."""
    nobody = {"now": case.now, "campaign_id": None, "changed_by": None, "note": None}
    connection.execute(sql("steps.explanation", "state"), nobody)
    connection.execute(sql("steps.explanation", "state_limits"))
    held = "select campaign_id, blocked_by from ops.with_what_holds('state', 'state_limits')"
    found = dict(connection.execute(held).fetchall())
    brand_of = {brand.brand_id: brand for brand in case.brands}
    for campaign in case.campaigns:
        after = replace(campaign, status=statuses[campaign.campaign_id])
        expected = blocked_by(brand_of[campaign.brand_id], after, case.ledger, case.now)
        assert found[campaign.campaign_id] == expected
        assert (after.status == "RUNNING") == (expected == [])


def alike(said: datetime | None, expected: datetime | None, now: datetime) -> bool:
    """Whether two instants are the same one; what lies a day or less from the horizon may be on either side of it."""
    far = now + HORIZON - DAY
    return said == expected or all(each is None or each >= far for each in (said, expected))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(worlds())
def test_the_decision_agrees_with_the_oracle(warehouse: Warehouse, case: Case) -> None:
    check(warehouse, case)


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))  # so that every core takes some
@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(case=worlds())
def test_the_decision_agrees_with_the_oracle_in_ten_thousand_worlds(
    warehouse: Warehouse,
    part: int,  # noqa: ARG001 hypothesis draws other worlds for each
    case: Case,
) -> None:
    check(warehouse, case)
