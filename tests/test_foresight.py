"""Limits that are foreseen to be reached: when campaigns stop early, until when, and that it can be derived again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from assets.engine.explanation import derive_unchecked_changes, explain
from assets.engine.warehouse.publication import open_published
from pipelines.cli.explanations import explanation_lines
from tests.world import NOON, World, event, jsonl

POLICIES = "scope,id,stop_early\n"
MORNING = NOON - timedelta(hours=1)  # 07:00 in New York


def views(world: World, start: datetime, end: datetime, per_minute: int) -> None:
    """Deliver views on ad 101 of brand 1, which cost 0.01 each, evenly from `start` to before `end`."""
    step = timedelta(minutes=1) / per_minute
    times = [start + step * n for n in range(round((end - start) / step))]
    rows = [event(f"{at.isoformat()}", 101, "view", at.isoformat()) for at in times]
    world.deliver(f"{start:%d-%H%M}-{end:%d-%H%M}.jsonl", jsonl(*rows))


def run_every(
    world: World, start: datetime, end: datetime, per_minute: int, minutes: int = 5, served: Callable[[], bool] = bool
) -> None:
    """Runs with steady traffic between them, while campaign 11 runs."""
    now = start
    while now < end:
        after = now + timedelta(minutes=minutes)
        if now == start or world.status(11) == "RUNNING":
            views(world, now, after, per_minute)
        now = after
        world.run(now)


@pytest.fixture
def steady(world: World) -> World:
    """Brand 1 wants to be stopped 12 minutes ahead; it has spent 8.00 of 10.00, 0.06 a minute of it since 11:00."""
    world.deliver_reference("policies", POLICIES + "BRAND,1,12\n")
    views(world, MORNING - timedelta(hours=3), MORNING, 2)
    views(world, MORNING, NOON, 6)
    world.run()
    return world


def test_a_limit_that_will_be_reached_before_the_next_decision_can_act_stops(steady: World) -> None:
    assert steady.status(11) == "RUNNING"
    views(steady, NOON, NOON + timedelta(minutes=25), 6)
    steady.run(NOON + timedelta(minutes=25))  # 8.70 spent, 0.72 in 12 minutes
    assert steady.status(11) == "RUNNING"
    views(steady, NOON + timedelta(minutes=25), NOON + timedelta(minutes=35), 6)
    steady.run(NOON + timedelta(minutes=35))
    assert steady.transitions(11)[-1] == ("RUNNING", "BUDGET_REACHED", "PROJECTED_DAILY_BUDGET_REACHED")
    [(reached, [limit])] = steady.rows(
        "select limits_reached, limits_projected from ops.campaign_status_changes where campaign_id = 11"
        " order by change_id desc limit 1"
    )
    assert reached == []
    assert (limit["scope"], limit["period"], limit["spend"]) == ("BRAND", "DAY", Decimal("9.30"))
    assert limit["horizon_seconds"] == 720
    assert limit["spend"] + limit["hourly_rate"] * 720 / 3600 == pytest.approx(limit["projected_spend"])
    assert Decimal("3.5") < limit["hourly_rate"] < Decimal("3.7")
    assert limit["projected_spend"] >= 10
