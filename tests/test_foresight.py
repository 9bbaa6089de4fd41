"""Limits that are foreseen to be reached: when campaigns stop early, until when, and that it can be derived again."""

import json
import math
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from assets.engine.backtest.replay import Backtest, Plan, backtest
from assets.engine.decision import decide
from assets.engine.explanation import derive_unchecked_changes, explain
from assets.engine.warehouse.publication import open_published, publish
from assets.engine.warehouse.warehouse import Warehouse
from pipelines.cli.explanations import explanation_lines
from pipelines.cli.main import cli
from tests.world import NOON, World, event, jsonl, load_and_sum, spent

POLICIES = "scope,id,stop_early\n"
BUDGETS = "scope,id,period,amount,effective_from,effective_to\n"
MORNING = NOON - timedelta(hours=1)  # 07:00 in New York


def views(world: World, start: datetime, end: datetime, per_minute: int) -> None:
    """Deliver views on ad 101 of brand 1, which cost 0.01 each, evenly from `start` to before `end`."""
    step = timedelta(minutes=1) / per_minute
    times = [start + step * n for n in range(round((end - start) / step))]
    rows = [event(f"{at.isoformat()}", 101, "view", at.isoformat()) for at in times]
    world.deliver(f"{start:%d-%H%M}-{end:%d-%H%M}.jsonl", jsonl(*rows))


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


@pytest.fixture
def stopped(steady: World) -> World:
    """The same at 12:35, stopped with 9.30 spent; 0.70 are left, and nothing more is served."""
    views(steady, NOON, NOON + timedelta(minutes=35), 6)
    steady.run(NOON + timedelta(minutes=35))
    assert steady.status(11) == "BUDGET_REACHED"
    return steady


def test_a_projection_that_was_right_holds_until_the_period_is_over(stopped: World) -> None:
    for hours in (1, 2, 10):
        stopped.run(NOON + timedelta(hours=hours))
        assert stopped.status(11) == "BUDGET_REACHED"
    midnight = NOON + timedelta(hours=16)
    assert stopped.value("select next_change_at from ops.campaign_status where campaign_id = 11") == midnight
    stopped.run(midnight)
    assert [change[1:] for change in stopped.transitions(11)[-2:]] == [
        ("SCHEDULED", "UNDER_BUDGET"),
        ("RUNNING", "NO_WINDOW"),
    ]
    assert stopped.rows("select is_held from ops.early_stops order by recorded_at") == [(True,), (False,)]


def test_what_holds_it_is_told_and_the_change_is_derived_again(stopped: World) -> None:
    [(blocked_by, why)] = stopped.rows("select blocked_by, why from ops.campaign_status where campaign_id = 11")
    assert blocked_by == ["PROJECTED_DAILY_BUDGET_REACHED"]
    assert why.startswith("day 9.30 of 10.00 USD spent, the rest foreseen before a later decision can act")
    with open_published(stopped.root) as published:
        explanation = explain(published, 11, at=None, now=NOON + timedelta(minutes=40))
    assert explanation.differences == []
    words = dict(explanation_lines(explanation))
    assert "9.30 of 10.00 USD; at 3.6" in words["foreseen"]
    assert "within 12 minutes" in words["foreseen"]
    with stopped.open(NOON + timedelta(minutes=40)) as warehouse:
        warehouse.connection.execute("delete from internal.evidence_checks")
        derive_unchecked_changes(warehouse)
        assert warehouse.connection.execute("from underivable_changes").fetchall() == []


def test_a_projection_that_has_been_changed_is_found(stopped: World) -> None:
    with stopped.open(NOON + timedelta(minutes=40)) as warehouse:
        warehouse.connection.execute(
            "update ops.campaign_status_changes set limits_projected = [struct_update(limits_projected[1],"
            " hourly_rate := 9)] where len(limits_projected) > 0"
        )
        warehouse.connection.execute("delete from internal.evidence_checks")
        derive_unchecked_changes(warehouse)
        assert len(warehouse.connection.execute("from underivable_changes").fetchall()) == 1


def test_late_costs_leave_an_early_stop_derivable(stopped: World) -> None:
    views(stopped, NOON - timedelta(minutes=30), NOON - timedelta(minutes=29), 7)
    stopped.run(NOON + timedelta(minutes=40))
    with stopped.open(NOON + timedelta(minutes=45)) as warehouse:
        warehouse.connection.execute("delete from internal.evidence_checks")
        derive_unchecked_changes(warehouse)
        assert warehouse.connection.execute("from underivable_changes").fetchall() == []


def test_a_spike_that_was_foreseen_to_last_is_let_go_after_an_hour_and_not_before(world: World) -> None:
    world.deliver_reference("policies", POLICIES + "BRAND,1,12\n")
    views(world, MORNING, NOON, 1)
    world.run()
    views(world, NOON, NOON + timedelta(minutes=5), 100)  # 5.00 in five minutes, after 0.60 in an hour
    world.run(NOON + timedelta(minutes=5))
    assert world.transitions(11)[-1][2] == "PROJECTED_DAILY_BUDGET_REACHED"
    world.run(NOON + timedelta(minutes=64))
    assert world.status(11) == "BUDGET_REACHED"
    assert world.value("select next_change_at from ops.campaign_status where campaign_id = 11") == (
        NOON + timedelta(minutes=65)
    )
    world.run(NOON + timedelta(minutes=65))
    assert world.status(11) == "RUNNING"


def test_a_larger_spike_holds_for_as_long_as_half_of_it_each_hour_would_spend_what_is_left(world: World) -> None:
    world.deliver_reference("policies", POLICIES + "BRAND,1,12\n")
    views(world, MORNING, NOON, 1)
    world.run()
    views(world, NOON, NOON + timedelta(minutes=5), 120)
    world.run(NOON + timedelta(minutes=5))
    [(spend, of_burst, of_hour)] = world.rows(
        "select spend, hourly_rate * horizon_seconds / 3600, usual_rate * horizon_seconds / 3600 from ops.early_stops"
    )
    hours = math.log2((of_burst - of_hour) / (10 - float(spend) - 2 * of_hour))
    assert 1 < hours < 10
    let_go_at = world.value("select next_change_at from ops.campaign_status where campaign_id = 11")
    assert abs(let_go_at - (NOON + timedelta(minutes=5, hours=hours))) < timedelta(seconds=1)
    world.run(let_go_at - timedelta(seconds=1))
    assert world.status(11) == "BUDGET_REACHED"
    world.run(let_go_at)
    assert world.status(11) == "RUNNING"


@pytest.mark.parametrize(
    ("table", "text"),
    [("policies", POLICIES + "BRAND,1,off\n"), ("budgets", BUDGETS + "BRAND,1,DAY,50,,\n")],
    ids=["the policy is off", "the budget is raised"],
)
def test_another_policy_or_budget_lets_it_go_at_once(stopped: World, table: str, text: str) -> None:
    stopped.deliver_reference(table, text)
    stopped.run(NOON + timedelta(minutes=40))
    assert stopped.status(11) == "RUNNING"


def test_a_policy_of_a_campaign_is_for_its_own_limits_in_place_of_its_brands(world: World) -> None:
    world.deliver_reference("policies", POLICIES + "BRAND,1,12\nCAMPAIGN,11,off\n")
    world.deliver_reference("budgets", BUDGETS + "BRAND,1,DAY,100,,\nCAMPAIGN,11,DAY,10,,\n")
    views(world, NOON - timedelta(hours=4), NOON, 4)  # 9.60 of its own 10.00, 0.48 in 12 minutes
    world.run()
    assert world.status(11) == "RUNNING"
    world.deliver_reference("policies", POLICIES + "BRAND,1,off\nCAMPAIGN,11,12\n")
    world.run(NOON + timedelta(seconds=1))
    assert world.transitions(11)[-1][2] == "PROJECTED_CAMPAIGN_DAILY_BUDGET_REACHED"


def test_learned_looks_as_far_as_the_next_decision_and_what_loading_and_serving_take(world: World) -> None:
    world.deliver_reference("policies", POLICIES + "BRAND,1,learned\n")
    views(world, NOON - timedelta(hours=4), NOON, 4)  # 9.60
    with world.open(NOON) as warehouse:
        load_and_sum(warehouse)
        warehouse.connection.execute("update internal.transactions set recorded_at = occurred_at + interval 200 second")
        decide(warehouse)
        publish(warehouse)
    assert world.rows("select id, horizon_seconds from ops.early_stops") == [(1, 300 + 120 + 200)]


def test_without_a_policy_nothing_is_foreseen(world: World) -> None:
    views(world, NOON - timedelta(hours=4), NOON - timedelta(minutes=1), 4)
    world.run()
    assert world.status(11) == "RUNNING"
    assert world.rows("from ops.early_stops") == []


# --- pace


def test_pace_is_held_against_the_brands_own_hours(world: World) -> None:
    for days in range(1, 6):
        start = NOON - timedelta(days=days, hours=4)
        views(world, start, start + timedelta(hours=10), 1)
    views(world, NOON - timedelta(hours=4), NOON, 2)
    world.run()
    [(pace, spend, expected, exhausted, unknown)] = world.rows(
        "select pace, spend, expected_spend, projected_exhaustion_at, unknown_because from mart.pace"
        " where id = 1 and period = 'DAY'"
    )
    assert (pace, spend, unknown) == ("AHEAD", Decimal("4.80"), None)
    assert 3 < expected < Decimal("4.3")  # four of the ten hours of its days, and a little of every other one
    assert NOON + timedelta(hours=4) < exhausted < NOON + timedelta(hours=8)  # 5.20 are left, 1.20 an hour


def test_what_cannot_be_known_is_unknown_and_says_why(world: World) -> None:
    views(world, NOON - timedelta(hours=1), NOON, 1)
    world.run()
    asked = "select id, pace, unknown_because from mart.pace where period in ('DAY', 'MONTH') order by id"
    assert world.rows(asked) == [(1, "UNKNOWN", "there is no history"), (2, "UNKNOWN", "nothing is spent")]
    spent(world, 30, "2025-06-10T11:30:00Z")
    world.run(NOON + timedelta(minutes=5))
    assert world.rows(asked)[0] == (1, "REACHED", "it is reached")


def test_no_exhaustion_is_foreseen_for_a_day_that_is_over_by_then(world: World) -> None:
    for days in range(1, 4):
        views(world, NOON - timedelta(days=days, hours=8), NOON - timedelta(days=days - 1, hours=8), 1)
    views(world, NOON - timedelta(hours=2), NOON, 1)
    world.run(NOON)  # 1.20 spent, 0.60 an hour, sixteen hours left: 10.80
    asked = "select projected_spend, projected_exhaustion_at from mart.pace where id = 1 and period = 'DAY'"
    [(projected, exhausted)] = world.rows(asked)
    assert Decimal(9) < projected < Decimal("12.5")
    world.deliver_reference("budgets", BUDGETS + "BRAND,1,DAY,40,,\n")
    world.run(NOON + timedelta(minutes=1))
    [(projected, exhausted)] = world.rows(asked)
    assert exhausted is None


DAYPARTING = "campaign_id,weekdays,start,end,clock\n"


def test_what_opens_again_later_in_the_day_is_looked_ahead_to(world: World) -> None:
    """Windows from 07:00 to 09:00 in New York, and from 17:00 to 19:00 UTC, which is 13:00 to 15:00 there."""
    world.deliver_reference(
        "dayparting", DAYPARTING + "11,mon-sun,07:00,09:00,\n11,mon-sun,17:00,19:00,UTC\n12,mon-sun,20:00,20:30,\n"
    )
    for days in range(1, 4):
        views(world, NOON - timedelta(days=days, hours=1), NOON - timedelta(days=days, hours=-1), 4)
        views(world, NOON - timedelta(days=days, hours=-5), NOON - timedelta(days=days, hours=-7), 4)
    views(world, NOON - timedelta(hours=1), NOON, 4)
    world.run()
    assert world.rows("select open_until, closed from internal.closed_today where scope = 'BRAND'") == [
        (NOON + timedelta(hours=7), [{"from_at": datetime(2025, 6, 10, 9), "until_at": datetime(2025, 6, 10, 13)}])  # noqa: DTZ001
    ]
    asked = "select projected_spend, projected_exhaustion_at from mart.pace where id = 1 and period = 'DAY'"
    [(projected, exhausted)] = world.rows(asked)
    assert Decimal(8) < projected < Decimal(10)  # 2.40 spent, and 2.40 in each of three hours, less what is drawn flat
    assert exhausted is None
    world.deliver_reference("budgets", BUDGETS + "BRAND,1,DAY,6,,\n")
    world.run(NOON + timedelta(seconds=1))
    [(_, exhausted)] = world.rows(asked)
    assert NOON + timedelta(hours=5) < exhausted < NOON + timedelta(hours=6)  # 3.60 left: an hour, and half of another


# --- backtest


def replayed(world: World, hours: int, every: int, stop_early: str | None = None) -> Backtest:
    plan = Plan(NOON, NOON + timedelta(hours=hours), timedelta(minutes=every), stop_early)
    with open_published(world.root) as published:
        return backtest(published, plan)


def test_a_replay_stops_at_the_first_step_that_knows_and_serves_on_for_its_delay(world: World) -> None:
    midnight = NOON + timedelta(hours=16)
    world.run(NOON - timedelta(minutes=1))
    views(world, midnight, midnight + timedelta(hours=23), 2)  # 10.00 after 500 minutes
    world.run(midnight + timedelta(hours=25))
    plan = Plan(midnight - timedelta(hours=1), midnight + timedelta(hours=25), timedelta(minutes=15), "off")
    with open_published(world.root) as published:
        done = backtest(published, plan)
        rows = published.execute("select demand, spend, budget, lasted from replayed_outcomes").fetchall()
        changes = published.execute("select is_start from replayed_changes where campaign_id = 11").fetchall()
        assert published.execute("select count(*) from core.transactions").fetchone() == (23 * 60 * 2,)
    # stopped at 510 minutes, served until 512
    assert rows == [(Decimal("27.60"), Decimal("10.24"), Decimal("10.00"), "over 6 h")]
    [outcome] = done.outcomes
    assert outcome.overspend_worst == pytest.approx(2.4)
    assert changes == [(False,), (True,)]
    assert done.decisions == 26 * 4 + 1
    early = backtest_of(world, plan, "learned")
    assert early.outcomes[0].overspend_worst == 0
    assert early.outcomes[0].underspend_of_all < 3.5


def backtest_of(world: World, plan: Plan, stop_early: str) -> Backtest:
    with open_published(world.root) as published:
        return backtest(published, replace(plan, stop_early=stop_early))


def test_bursts_after_each_decision_make_no_campaign_flap(world: World) -> None:
    times = [NOON + timedelta(minutes=step + 1, seconds=n) for step in range(0, 12 * 60, 5) for n in range(step % 37)]
    world.deliver("bursts.jsonl", jsonl(*(event(f"{at}", 101, "view", at.isoformat()) for at in times)))
    world.run(NOON + timedelta(hours=13))
    for policy in ("learned", "30"):
        assert replayed(world, 12, 5, policy).most_within_an_hour <= 2


def test_bursts_after_each_decision_are_counted_before_the_next_one_can_act(world: World) -> None:
    times = [NOON + timedelta(minutes=minutes, seconds=n) for minutes in range(1, 12 * 60, 5) for n in range(20)]
    world.deliver("bursts.jsonl", jsonl(*(event(f"{at}", 101, "view", at.isoformat()) for at in times)))
    world.run(NOON + timedelta(hours=13))
    plan = Plan(NOON, NOON + timedelta(hours=12), timedelta(minutes=5), arrival=timedelta(seconds=60))
    spends = {}
    for policy in ("off", "learned"):
        with open_published(world.root) as published:
            backtest(published, replace(plan, stop_early=policy, budget_scale=0.5))
            spends[policy] = published.execute(
                "select sum(amount) from replayed_costs where not exists (from serving_stops where"
                " occurred_at >= from_at and occurred_at < until_at)"
            ).fetchone()
    # the 25th burst reaches 5.00 at 14:01: the stop is served at 14:07, and with foresight at 13:57
    assert spends == {"off": (Decimal("5.20"),), "learned": (Decimal("4.80"),)}


def test_a_replay_of_what_was_decided_comes_to_the_same_changes(world: World) -> None:
    """Runs every half an hour, each with what was served by then: a replay finds their changes, and no others."""
    world.deliver_reference("policies", POLICIES + "BRAND,1,40\n")
    world.run(NOON)
    steps = [NOON + timedelta(minutes=30 * n) for n in range(1, 11)]
    for at in steps:
        if world.status(11) == "RUNNING":
            views(world, at - timedelta(minutes=30), at - timedelta(minutes=1), 4)
        world.run(at)
    decided = world.rows(
        "select campaign_id, decided_at, to_status = 'RUNNING' from ops.campaign_status_changes"
        " where decided_at > $since and from_status is not null order by campaign_id, decided_at",
        since=NOON,
    )
    assert (11, steps[-1], False) != decided[-1]
    plan = Plan(NOON, steps[-1], timedelta(minutes=30), delay=timedelta(0))
    with open_published(world.root) as published:
        backtest(published, plan)
        assert published.execute("from replayed_changes order by campaign_id, decided_at").fetchall() == decided


def test_a_replay_may_have_other_budgets_and_writes_nothing(world: World) -> None:
    views(world, NOON, NOON + timedelta(hours=8), 2)
    world.run(NOON + timedelta(hours=9))
    before = world.rows("from ops.revision")
    plan = Plan(NOON, NOON + timedelta(hours=8), timedelta(minutes=15), "off", budget_scale=100.0)
    with open_published(world.root) as published:
        backtest(published, plan)
        assert published.execute("select is_start from replayed_changes where campaign_id = 11").fetchall() == [(True,)]
    assert world.rows("from ops.revision") == before


def test_the_command_compares_policies_draws_them_and_refuses_what_makes_no_sense(world: World, tmp_path: Path) -> None:
    views(world, NOON, NOON + timedelta(hours=3), 2)
    world.run(NOON + timedelta(hours=4))
    command = ["backtest", "--data", str(world.root.path), "--from", NOON.isoformat()]
    ends = ["--to", (NOON + timedelta(hours=3)).isoformat(), "--every", "1h", "--json"]
    plot = ["--plot", str(tmp_path / "plot.svg")]
    done = CliRunner().invoke(cli, [*command, *ends, *plot, "--stop-early", "off", "--stop-early", "learned"])
    assert [each["plan"]["stop_early"] for each in json.loads(done.stdout)] == ["off", "learned"]
    assert (tmp_path / "plot.svg").read_text().lstrip().startswith("<?xml")
    refused = CliRunner().invoke(cli, [*command, "--to", NOON.isoformat()])
    assert "is not after --from" in refused.stderr
    refused = CliRunner().invoke(cli, [*command, *ends, "--stop-early", "soon"])
    assert "'soon' is not off, learned, as-set or a number of minutes" in refused.stderr


def test_a_profile_that_takes_too_much_memory_stops_no_decision(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    views(world, MORNING, NOON, 1)
    run = Warehouse.run

    def fail(warehouse: Warehouse, file: str, statement: str = "", /, **values: Any) -> Any:
        if (file, statement) == ("internal.spend_profiles", "learn"):
            raise duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate data")
        return run(warehouse, file, statement, **values)

    monkeypatch.setattr(Warehouse, "run", fail)
    world.run()
    assert "how brands spend" not in caplog.text, "no day with spend is over, so nothing is to be learned"
    world.run(NOON + timedelta(days=1))
    assert world.status(11) == "RUNNING"
    assert "how brands spend was not learned" in caplog.text
