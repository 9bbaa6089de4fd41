"""What brands spent beyond their budgets: how much, why, and that the causes add up."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.engine.data_root import DataRoot
from assets.engine.decision import decide
from assets.engine.overspend import measure_overspend
from assets.engine.spend import sum_spend
from assets.engine.warehouse.warehouse import Warehouse, open_warehouse
from tests.decision_world import add_batch, empty
from tests.oracle import DAY, STRANGE_ZONES, Brand, Cost, local_date, spend
from tests.test_properties import CHANGES
from tests.world import BRANDS, NOON, World, spent

CAUSES = "select period, overspend, before_decision, after_stop, late, budget_cut from mart.overspend order by 1"


def test_nothing_is_listed_while_the_budget_holds(world: World) -> None:
    spent(world, 20, "2025-06-10T11:00:00Z")
    world.run()
    assert world.rows(CAUSES) == []


def test_what_was_spent_before_a_decision_saw_it(world: World) -> None:
    spent(world, 23, "2025-06-10T11:00:00Z")
    world.run()
    assert world.rows(CAUSES) == [("DAY", Decimal("1.5"), Decimal("1.5"), 0, 0, 0)]


def test_what_was_spent_while_the_campaign_was_stopped(world: World) -> None:
    spent(world, 21, "2025-06-10T11:00:00Z")
    world.run()
    spent(world, 4, "2025-06-10T12:01:00Z")
    spent(world, 1, "2025-06-10T11:59:00Z")  # had happened before, and arrives with the others
    world.run(NOON + timedelta(minutes=5))
    assert world.rows(CAUSES) == [("DAY", Decimal(3), Decimal(1), Decimal(2), 0, 0)]


def test_what_came_after_the_day_had_been_decided(world: World) -> None:
    spent(world, 21, "2025-06-10T11:00:00Z")
    world.run()
    world.run(NOON + DAY)
    spent(world, 6, "2025-06-10T10:00:00Z")
    world.run(NOON + DAY + timedelta(minutes=5))
    assert world.rows(CAUSES) == [("DAY", Decimal("3.5"), Decimal("0.5"), 0, Decimal(3), 0)]


def test_what_was_within_the_budget_before_it_was_cut(world: World) -> None:
    spent(world, 16, "2025-06-10T11:00:00Z")
    world.run()
    world.deliver_reference("brands", BRANDS.replace("10.00", "5.00"))
    spent(world, 2, "2025-06-10T12:30:00Z")
    world.run(NOON + timedelta(hours=1))
    assert world.rows(CAUSES) == [("DAY", Decimal(4), 0, 0, 0, Decimal(4))]
    spent(world, 3, "2025-06-10T13:30:00Z")
    world.run(NOON + timedelta(hours=2))
    assert world.rows(CAUSES) == [("DAY", Decimal("5.5"), 0, Decimal("1.5"), 0, Decimal(4))]


def test_the_month_has_its_own_row(world: World) -> None:
    world.deliver_reference("brands", BRANDS.replace("10.00,", "10.00,12.00"))
    for day, clicks in ((8, 15), (9, 15)):
        spent(world, clicks, f"2025-06-{day:02}T11:00:00Z")
        world.run(datetime(2025, 6, day, 12, tzinfo=UTC))
    assert world.rows(CAUSES) == [("MONTH", Decimal(3), Decimal(3), 0, 0, 0)]


def test_a_row_goes_when_the_budget_is_raised_above_the_spend(world: World) -> None:
    spent(world, 23, "2025-06-10T11:00:00Z")
    world.run()
    world.deliver_reference("brands", BRANDS.replace("10.00", "20.00"))
    world.run(NOON + timedelta(minutes=5))
    assert world.rows(CAUSES) == []


def test_a_decision_for_an_earlier_instant_bears_on_what_is_there_already(world: World) -> None:
    """A replay: the whole day is delivered, then decided for step by step."""
    spent(world, 22, "2025-06-10T11:00:00Z")
    spent(world, 2, "2025-06-10T13:00:00Z")
    world.run(datetime(2025, 6, 10, 10, tzinfo=UTC))
    assert world.rows(CAUSES) == [("DAY", Decimal(2), Decimal(2), 0, 0, 0)]
    world.run()
    assert world.rows(CAUSES) == [("DAY", Decimal(2), Decimal(1), Decimal(1), 0, 0)]


def test_decisions_out_of_order_count_for_the_instants_they_were_made_for(world: World) -> None:
    spent(world, 22, "2025-06-10T11:00:00Z")
    spent(world, 2, "2025-06-10T11:45:00Z")
    world.run()
    assert world.rows(CAUSES) == [("DAY", Decimal(2), Decimal(2), 0, 0, 0)]
    world.run(NOON - timedelta(minutes=30))
    assert world.rows(CAUSES) == [("DAY", Decimal(2), Decimal(1), Decimal(1), 0, 0)]


def test_a_budget_loaded_for_an_earlier_instant_bears_on_the_day_from_which_it_holds(world: World) -> None:
    spent(world, 22, "2025-06-10T11:00:00Z")
    world.run()
    world.deliver_reference("brands", BRANDS.replace("10.00", "5.00"))
    world.run(NOON + timedelta(hours=1))
    world.deliver_reference("brands", BRANDS.replace("10.00", ""))
    world.run(NOON - DAY)  # it holds from the version before it
    assert world.rows(CAUSES) == []


# --- against an oracle


@dataclass(frozen=True)
class Step:
    """One run: the instant it stands for, what it brought, and the budgets in force from then on."""

    now: datetime
    costs: list[Cost]
    daily_budget: Decimal | None
    monthly_budget: Decimal | None


@cache
def first_instant(brand: Brand, day: date) -> datetime:
    """When a local date, or the first one after it, begins: looked for minute by minute."""
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=16)
    while local_date(brand, instant) < day:
        instant += timedelta(minutes=1)
    return instant


def period_of(period: str, day: date) -> tuple[date, date]:
    """First day of the local day or month, and the first one after it."""
    if period == "DAY":
        return day, day + DAY
    first = day.replace(day=1)
    return first, (first + 32 * DAY).replace(day=1)


def overspend(brand: Brand, steps: list[Step]) -> dict[tuple[str, date], list[Decimal]]:
    """Causes (before decision, after stop, late, budget cut) by period."""
    costs = defaultdict(list)
    for number, step in enumerate(steps):
        for cost in step.costs:
            for period in ("DAY", "MONTH"):
                costs[period, *period_of(period, local_date(brand, cost.at))].append((number, cost))
    result = {}
    for (period, first, after), some in costs.items():
        end = first_instant(brand, after)
        budget = budget_of(period, steps, end - timedelta(microseconds=1))
        closing = next((number for number, step in enumerate(steps) if step.now >= end), len(steps))
        if budget is not None and sum(cost.amount for _, cost in some) > budget:
            in_order = sorted(((number > closing, cost) for number, cost in some), key=lambda c: (c[0], c[1].at))
            result[period, first] = causes(period, budget, in_order, steps, findings(brand, steps))
    return result


def findings(brand: Brand, steps: list[Step]) -> list[tuple[datetime, bool]]:
    """What each decision found: whether the budget of the day or of the month was reached."""
    found = []
    known: list[Cost] = []
    for step in steps:
        known += step.costs
        pairs = zip(spend(brand, known, step.now), (step.daily_budget, step.monthly_budget), strict=True)
        found.append((step.now, any(budget is not None and spent >= budget for spent, budget in pairs)))
    return found


def causes(
    period: str,
    budget: Decimal,
    costs: list[tuple[bool, Cost]],
    steps: list[Step],
    found: list[tuple[datetime, bool]],
) -> list[Decimal]:
    """Lay the costs of a period end to end and cut each one into pieces, by cause."""
    result = [Decimal(0)] * 4
    laid = Decimal(0)
    for is_late, cost in costs:
        start, laid = laid, laid + cost.amount
        beyond = max(laid - max(start, budget), Decimal(0))
        if is_late:
            result[2] += beyond
            continue
        then = budget_of(period, steps, cost.at)
        within = beyond if then is None else max(min(laid, then) - max(start, budget), Decimal(0))
        stopped = [False, *(reached for at, reached in found if at < cost.at)][-1]
        result[3] += within
        result[1 if stopped else 0] += beyond - within
    return result


def budget_of(period: str, steps: list[Step], instant: datetime) -> Decimal | None:
    """The budget in force; the first one holds from the beginning."""
    step = [steps[0], *(step for step in steps[1:] if step.now <= instant)][-1]
    return step.daily_budget if period == "DAY" else step.monthly_budget


AMOUNTS = st.sampled_from([Decimal(text) for text in ("0.000000001", "0.5", "1", "2.5")])
BUDGETS = st.none() | st.sampled_from([Decimal(text) for text in ("0", "0.5", "1", "3", "4.000000001")])


@st.composite
def histories(draw: st.DrawFn) -> tuple[Brand, list[Step]]:
    """Runs around a local midnight, each with costs of before and after it, some with other budgets."""
    timezone = draw(st.sampled_from(STRANGE_ZONES))
    anchor = draw(st.sampled_from(CHANGES[timezone]))
    hours = st.integers(-60, 60).map(lambda n: timedelta(hours=n))
    instants = sorted(anchor + draw(hours) for _ in range(draw(st.integers(1, 4))))
    times = st.sampled_from(instants) | hours.map(lambda after: anchor + after)
    steps = []
    daily, monthly = draw(BUDGETS), draw(BUDGETS)
    for now in instants:
        if draw(st.booleans()):
            daily, monthly = draw(BUDGETS), draw(BUDGETS)
        costs = [Cost(1, draw(times), draw(AMOUNTS)) for _ in range(draw(st.integers(0, 4)))]
        steps.append(Step(now, costs, daily, monthly))
    return Brand(1, timezone, None, None, is_active=True), steps


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    root: Path = tmp_path_factory.mktemp("overspend")
    World(DataRoot(root), {})
    with open_warehouse(DataRoot(root), now=NOON, run_id="overspend") as warehouse:
        yield warehouse


def check(warehouse: Warehouse, brand: Brand, steps: list[Step]) -> None:
    empty(warehouse)
    for batch, step in enumerate(steps, 1):
        as_of_step = replace(brand, daily_budget=step.daily_budget, monthly_budget=step.monthly_budget)
        add_batch(warehouse, batch, [as_of_step], step.costs, None if batch == 1 else step.now)
        warehouse.now = step.now
        sum_spend(warehouse)
        decide(warehouse)
        measure_overspend(warehouse)
    found = warehouse.connection.execute(
        "select period, starts_on, before_decision, after_stop, late, budget_cut, overspend from mart.overspend"
    ).fetchall()
    assert all(sum(causes) == total for _, _, *causes, total in found)
    assert {(period, first): causes for period, first, *causes, _ in found} == overspend(brand, steps)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(histories())
def test_the_causes_agree_with_the_oracle(warehouse: Warehouse, history: tuple[Brand, list[Step]]) -> None:
    check(warehouse, *history)


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))  # so that every core takes some
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=histories())
def test_the_causes_agree_with_the_oracle_in_thousands_of_histories(
    warehouse: Warehouse,
    part: int,  # noqa: ARG001 hypothesis draws other histories for each
    history: tuple[Brand, list[Step]],
) -> None:
    check(warehouse, *history)
