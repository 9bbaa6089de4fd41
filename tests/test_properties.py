"""The SQL's decision against the plain-Python oracle, on worlds nobody thought of."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.engine.as_of import AsOf, derive
from assets.engine.data_root import DataRoot
from assets.engine.decision import due_transitions, evaluate
from assets.engine.spend import sum_spend
from assets.engine.time_zones import utc_offsets
from assets.engine.warehouse.warehouse import Warehouse, open_warehouse
from tests.decision_world import add_batch, add_campaigns, add_payments, empty
from tests.oracle import DAY, STRANGE_ZONES, Brand, Campaign, Cost, decide, next_change, spend
from tests.world import NOON, World

STATUSES = ("DRAFT", "SCHEDULED", "RUNNING", "PAUSED", "BUDGET_REACHED", "COMPLETED")
OFFSETS = utc_offsets().to_pylist()
CHANGES = {
    name: [row["starts_at"] for row in OFFSETS if row["timezone"] == name and 2012 <= row["starts_at"].year <= 2037]
    or [datetime(2024, 2, 29, tzinfo=UTC)]
    for name in STRANGE_ZONES
}
"""Instants at which each zone changed its offset: where days have 23 or 25 hours and midnights are skipped."""

AMOUNTS = st.sampled_from([Decimal(text) for text in ("0.000000001", "0.10", "1", "2.5", "99.999999999")])
BUDGETS = st.one_of(st.none(), st.sampled_from([Decimal(text) for text in ("0", "0.000000001", "1", "2.6", "100")]))
EDGES = st.sampled_from([0, 1, 3_600, 4 * 3_600, 9 * 3_600 + 1_800, 22 * 3_600, 86_399])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Brand], list[Campaign], list[Cost], datetime]:
    """Brands of strange zones, campaigns of every shape, costs around local midnights, and an instant among them."""
    timezone = draw(st.sampled_from(STRANGE_ZONES))
    anchor = draw(st.sampled_from(CHANGES[timezone]) | st.dates(date(2012, 1, 1), date(2037, 1, 1)).map(
        lambda day: datetime.combine(day, time(), UTC)
    ))  # fmt: skip
    near = st.one_of(
        st.integers(-40 * 96, 40 * 96).map(lambda quarters: timedelta(minutes=15 * quarters)),
        st.integers(-30, 30).map(lambda hours: timedelta(hours=hours)),
        st.sampled_from([timedelta(), timedelta(microseconds=-1), timedelta(microseconds=1), timedelta(seconds=59)]),
    )
    now = anchor + draw(near)
    brands = [
        Brand(1, timezone, draw(BUDGETS), draw(BUDGETS), draw(st.booleans())),
        Brand(2, draw(st.sampled_from(STRANGE_ZONES)), draw(BUDGETS), draw(BUDGETS), is_active=True),
    ]
    costs = [Cost(draw(st.integers(1, 2)), anchor + draw(near), draw(AMOUNTS)) for _ in range(draw(st.integers(0, 8)))]
    if draw(st.booleans()):  # an exact hit
        day, month = spend(brands[0], costs, now)
        brands[0] = replace(brands[0], daily_budget=day, monthly_budget=draw(st.sampled_from([None, month])))
    campaigns = []
    for campaign_id in range(1, draw(st.integers(1, 5)) + 1):
        opens, closes = draw(st.sampled_from([(None, None)]) | st.tuples(EDGES, EDGES | st.just(86_400)))
        if opens is not None and opens == closes:
            opens = closes = None
        status = draw(st.sampled_from(STATUSES))
        pause = draw(st.none() | near.map(lambda after: anchor + after)) if status == "PAUSED" else None
        campaigns.append(Campaign(campaign_id, draw(st.integers(1, 2)), status, opens, closes, pause))
    return brands, campaigns, costs, now


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    root: Path = tmp_path_factory.mktemp("properties")
    World(DataRoot(root), {})
    with open_warehouse(DataRoot(root), now=NOON, run_id="properties") as warehouse:
        yield warehouse


def fill(warehouse: Warehouse, brands: list[Brand], campaigns: list[Campaign], costs: list[Cost]) -> None:
    """Put a world into the tables, and sum its spend as a run does."""
    empty(warehouse)
    add_batch(warehouse, 1, brands, costs)
    add_campaigns(warehouse, campaigns)
    add_payments(warehouse, costs)
    sum_spend(warehouse)


def check(warehouse: Warehouse, world: tuple[list[Brand], list[Campaign], list[Cost], datetime]) -> None:
    brands, campaigns, costs, now = world
    fill(warehouse, brands, campaigns, costs)
    connection = warehouse.connection
    evaluate(connection, now)
    found = [
        (each.campaign_id, (each.from_status, each.to_status, each.reason)) for each in due_transitions(connection)
    ]
    brand_of = {brand.brand_id: brand for brand in brands}
    expected = {c.campaign_id: decide(brand_of[c.brand_id], c, costs, now) for c in campaigns}
    assert found == [(campaign_id, hop) for campaign_id, (_, hops) in expected.items() for hop in hops]
    amounts = "select brand_id, daily_spend, monthly_spend from brand_now order by 1"
    assert connection.execute(amounts).fetchall() == [(b.brand_id, *spend(b, costs, now)) for b in brands]
    changes = dict(connection.execute("select campaign_id, next_change_at from decided").fetchall())
    known = [cost for cost in costs if cost.at <= now]
    until = now + 33 * DAY
    for campaign in campaigns:
        after = replace(campaign, status=expected[campaign.campaign_id][0])
        at = next_change(brand_of[campaign.brand_id], after, known, now, until)
        said = changes[campaign.campaign_id]
        assert at == said or (at is None and (said is None or said > until)), (campaign, said, at)
    if len(costs) % 2:
        return
    seen = connection.execute("from decided join brand_now using (brand_id) order by campaign_id").fetchall()
    derive(connection, AsOf(now))
    again = connection.execute("from decided join brand_now using (brand_id) order by campaign_id").fetchall()
    assert again == seen


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(worlds())
def test_the_decision_agrees_with_the_oracle(
    warehouse: Warehouse, world: tuple[list[Brand], list[Campaign], list[Cost], datetime]
) -> None:
    check(warehouse, world)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_the_decision_agrees_with_the_oracle_in_ten_thousand_worlds(
    warehouse: Warehouse, world: tuple[list[Brand], list[Campaign], list[Cost], datetime]
) -> None:
    check(warehouse, world)
