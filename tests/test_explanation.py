"""Every change explains itself: derived again from the ledger, as known then, and by replays."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from assets.engine import time_zones
from assets.engine.as_of import replay
from assets.engine.decision import decide, due_transitions
from assets.engine.errors import SpendgateError
from assets.engine.explained import Explanation
from assets.engine.explanation import derive_unchecked_changes, explain
from assets.engine.manual_status import ManualChange, set_status
from assets.engine.time_zones import utc_offsets
from assets.engine.warehouse.publication import open_published, publish
from assets.engine.warehouse.statements import sql, whole
from pipelines.cli.explanations import REASONS, explanation_lines
from tests.world import BRANDS, CAMPAIGNS, NOON, World, event, jsonl, spent

LATER = NOON + timedelta(minutes=5)
MIDNIGHT = datetime(2025, 6, 11, 4, tzinfo=UTC)
"""In New York."""


def explained(world: World, campaign_id: int, at: datetime | None = None) -> Explanation:
    with open_published(world.root) as published:
        return explain(published, campaign_id, at=at, now=MIDNIGHT)


def differences(world: World) -> int:
    """How many stored changes since the last check do not follow from the ledger."""
    with world.open() as warehouse:
        derive_unchecked_changes(warehouse)
        return len(warehouse.run("checks.changes_follow_from_the_ledger").fetchall())


def test_the_crossing_is_the_first_cost_over_the_budget_in_the_order_of_events(world: World) -> None:
    spent(world, 19, "2025-06-10T10:00:00Z")  # 9.50
    clicks = {"second": "11:40", "third": "11:50", "first": "11:30", "future": "12:10"}  # 0.20 each
    rows = (event(name, 102, "click", f"2025-06-10T{time}:00Z") for name, time in clicks.items())
    world.deliver("b.jsonl", jsonl(*rows))
    world.run()
    crossing = explained(world, 11, NOON).crossing
    assert crossing is not None
    assert (crossing.file, crossing.line_number, crossing.ad_id) == ("landing/events/b.jsonl", 2, 102)
    assert (crossing.spend_before_it, crossing.spend_with_it) == (Decimal("9.9"), Decimal("10.1"))


def test_explanations_of_a_day_in_the_life_of_a_campaign(world: World) -> None:
    world.run()
    spent(world, 21, "2025-06-10T11:00:00Z")
    world.run(LATER)
    world.run(MIDNIGHT)
    stopped = explained(world, 11, LATER)
    assert [(c.from_status, c.to_status, c.reason) for c in stopped.changes] == [
        ("RUNNING", "BUDGET_REACHED", "DAILY_BUDGET_REACHED")
    ]
    crossing = stopped.crossing
    assert crossing is not None
    assert (crossing.ad_id, crossing.cost_type, crossing.spend_before_it, crossing.spend_with_it) == (
        101, "CLICK", Decimal("9.5"), Decimal(10),
    )  # fmt: skip
    assert (crossing.file, crossing.line_number) == ("landing/events/21-2025-06-10T11:00:00Z.jsonl", 20)
    assert stopped.before is not None
    assert (stopped.before.to_status, stopped.before.decided_at) == ("RUNNING", NOON)
    assert stopped.differences == []
    assert (stopped.present.final_status, stopped.present.next_change_at) == ("BUDGET_REACHED", MIDNIGHT)
    again = explained(world, 11)
    assert [change.reason for change in again.changes] == ["UNDER_BUDGET", "NO_WINDOW"]
    assert (again.crossing, again.present.final_status) == (None, "RUNNING")
    first = explained(world, 11, NOON)
    assert [change.reason for change in first.changes] == ["INITIAL", "NO_WINDOW"]
    assert first.before is None


def test_a_campaign_that_moved_to_another_brand_is_explained_by_the_brand_it_had(world: World) -> None:
    world.run()
    world.deliver_reference("campaigns", CAMPAIGNS.replace("11,1,", "11,3,"))
    world.run(LATER)
    found = explained(world, 11)
    assert (found.changes[-1].brand_id, found.versions.brand_name, found.differences) == (1, "Acme", [])
    assert found.present.daily_budget is None  # Cirrus has none
    assert explained(world, 11, NOON).present.daily_budget == 10


def test_an_explanation_is_told_in_words(world: World) -> None:
    spent(world, 20, "2025-06-10T11:00:00Z")
    world.deliver_reference("campaigns", CAMPAIGNS.replace("11,1,Acme always,SCHEDULED", "11,1,Acme always,RUNNING"))
    world.run()
    words = dict(explanation_lines(explained(world, 11, NOON)))
    assert words["why"].startswith("RUNNING -> BUDGET_REACHED, DAILY_BUDGET_REACHED: it was RUNNING")
    assert words["at"] == "2025-06-10 12:00:00 UTC, 2025-06-10 08:00:00 in America/New_York"
    assert words["day"] == "10.00 of 10.00 USD"
    assert words["month"] == "10.00 USD, no limit"
    assert words["crossed by"].startswith(
        "click on ad 101 (campaign 11) at 2025-06-10 11:00:00 UTC for 0.50: 9.50 before it, 10.00 with it,"
    )
    assert "nothing after it" in words["crossed by"]
    assert words["derived again"] == "the same"
    assert words["a decision"].startswith(
        "at 2025-06-10 12:00:00 UTC would leave it BUDGET_REACHED: day 10.00 of 10.00"
    )


def test_every_reason_has_its_rule_in_words() -> None:
    text = sql("steps.decision", "transitions")
    budgets = re.findall(r"'(\w+)'\)", whole("internal.limit_kinds"))
    assert len(budgets) == 11
    reasons = set(re.findall(r"'([A-Z_]+)'(?: as reason|$)", text, re.MULTILINE)) - {"SCHEDULED"}
    reasons |= set(re.findall(r"(?:then|else) '([A-Z_]+)'", text)) | {"MANUAL", *budgets}
    assert reasons | {f"PROJECTED_{budget}" for budget in budgets} == REASONS.keys()


@pytest.mark.parametrize(("campaign_id", "at"), [(99, None), (11, datetime(2025, 6, 10, 11, tzinfo=UTC))])
def test_a_campaign_without_a_status_is_not_explained(world: World, campaign_id: int, at: datetime | None) -> None:
    world.run()
    with pytest.raises(SpendgateError, match=f"campaign {campaign_id} had no status"):
        explained(world, campaign_id, at)


def test_late_events_new_versions_and_other_zones_leave_stored_changes_derivable(world: World) -> None:
    spent(world, 21, "2025-06-10T11:00:00Z")
    world.deliver_reference("campaigns", CAMPAIGNS.replace("SCHEDULED", "RUNNING"))
    world.run()
    spent(world, 7, "2025-06-10T10:00:00Z")
    world.deliver_reference("brands", BRANDS.replace("10.00", "20.00").replace("America/New_York", "Asia/Tokyo"))
    world.deliver_reference("campaigns", CAMPAIGNS.replace("22:00,04:00", "01:00,02:00"))
    world.run(LATER)
    world.run(MIDNIGHT)
    for at in (NOON, LATER, MIDNIGHT):
        for campaign_id in (11, 12, 21, 31):
            assert explained(world, campaign_id, at).differences == []
    assert explained(world, 11, NOON).changes[-1].daily_spend == Decimal("10.5")
    assert explained(world, 11, NOON).present.daily_spend == Decimal("14")  # what is known of noon today
    assert differences(world) == 0


@pytest.mark.parametrize(
    "harm",
    [
        "update ops.campaign_status_changes set daily_spend = 10.49 where to_status = 'BUDGET_REACHED'",
        "update ops.campaign_status_changes set reason = 'MONTHLY_BUDGET_REACHED' where to_status = 'BUDGET_REACHED'",
        "update ops.campaign_status_changes set local_date = local_date + 1 where to_status = 'BUDGET_REACHED'",
        "delete from ops.campaign_status_changes where campaign_id = 12 and reason = 'DAILY_BUDGET_REACHED'",
        "update internal.transactions set amount = 0.49 where occurred_at = '2025-06-10 11:00:00+00'",
        "update internal.brand_versions set daily_budget = 11",
    ],
)
def test_a_stored_change_that_no_longer_follows_from_the_ledger_is_found(world: World, harm: str) -> None:
    spent(world, 21, "2025-06-10T11:00:00Z")
    world.deliver_reference("campaigns", CAMPAIGNS.replace("SCHEDULED", "RUNNING"))
    world.run()
    with world.open(LATER) as warehouse:
        set_status(warehouse, ManualChange(11, "PAUSED", "ann", "wait"))
        warehouse.connection.execute(harm)
        warehouse.connection.execute("update ops.revision set revision = revision + 1")
        publish(warehouse)
    assert differences(world) > 0
    if "campaign_id = 12" not in harm:
        assert explained(world, 11, NOON).differences != []


def test_the_check_derives_what_was_recorded_since_the_last_one(world: World) -> None:
    world.run()
    assert differences(world) == 0
    spent(world, 21, "2025-06-10T11:00:00Z")
    world.run(LATER)
    assert differences(world) == 0
    assert differences(world) == 0
    world.run(LATER)
    with world.open() as warehouse:
        checks = warehouse.connection.execute("select changes, differences from internal.evidence_checks").fetchall()
        assert checks == [(5 + 1, 0), (1, 0)]


def test_what_a_decision_saw_can_be_asked_for_ever(world: World) -> None:
    """By its recorded time, whatever came late, and whatever budget or zone came after it."""
    spent(world, 4, "2025-06-10T03:30:00Z")  # the 9th in New York, the 10th in Tokyo
    spent(world, 3, "2025-06-10T11:00:00Z")
    world.run()
    spent(world, 5, "2025-06-10T10:00:00Z")
    world.deliver_reference("brands", BRANDS.replace("10.00", "20.00").replace("America/New_York", "Asia/Tokyo"))
    world.run(LATER)
    seen = (
        "select timezone, local_date::varchar, daily_spend, daily_budget, monthly_spend from"
        " mart.brand_spend_as_known('{0}', (select min(recorded_at) from ops.decisions where decided_at {1}'{0}'))"
        " where brand_id = 1"
    )
    assert world.rows(seen.format(NOON.isoformat(), "= ")) == [
        ("America/New_York", "2025-06-10", Decimal("1.5"), Decimal(10), Decimal("3.5"))
    ]
    assert world.rows(seen.format(NOON.isoformat(), "> ")) == [
        ("America/New_York", "2025-06-10", Decimal(4), Decimal(10), Decimal(6))
    ]
    assert world.rows(seen.format(LATER.isoformat(), "= ")) == [
        ("America/New_York", "2025-06-10", Decimal(4), Decimal(20), Decimal(6))  # Tokyo from midnight
    ]
    known = "select sum(amount) from mart.costs_as_known((select min(recorded_at) from ops.decisions))"
    assert world.value(known) == Decimal("3.5")


def replayed(world: World, now: datetime, *, as_known: bool = False) -> list[tuple[int, str | None, str, str]]:
    with open_published(world.root) as published:
        replay(published, now, as_known=as_known)
        return [
            (each.campaign_id, each.from_status, each.to_status, each.reason) for each in due_transitions(published)
        ]


def test_a_replay_answers_as_the_instant_would_have_and_as_known_then(world: World) -> None:
    world.run()
    spent(world, 19, "2025-06-10T11:00:00Z")
    world.run(LATER)
    spent(world, 5, "2025-06-10T10:00:00Z")  # late: with it the budget had been reached at LATER
    world.run(MIDNIGHT)
    stop = (11, "RUNNING", "BUDGET_REACHED", "DAILY_BUDGET_REACHED")
    assert replayed(world, LATER) == [stop]
    assert replayed(world, LATER, as_known=True) == []
    assert replayed(world, LATER - timedelta(minutes=1)) == [stop]
    assert replayed(world, LATER - timedelta(minutes=1), as_known=True) == []  # nothing of it was known yet
    first = replayed(world, NOON, as_known=True)
    assert (11, None, "SCHEDULED", "INITIAL") in first
    assert (11, "SCHEDULED", "RUNNING", "NO_WINDOW") in first
    assert replayed(world, MIDNIGHT) == []  # the present: decided already
    with pytest.raises(SpendgateError, match="nothing had been recorded by 2025-06-10 11:59:00 UTC"):
        replayed(world, NOON - timedelta(minutes=1), as_known=True)


def test_a_replay_finds_the_status_a_person_had_set_by_then(world: World) -> None:
    world.run()
    with world.open(NOON + timedelta(minutes=2)) as warehouse:
        set_status(warehouse, ManualChange(31, "SCHEDULED", "ann", "go"))
        publish(warehouse)
    world.run(LATER)
    start = [(31, "SCHEDULED", "RUNNING", "NO_WINDOW")]
    assert replayed(world, LATER, as_known=True) == start
    assert replayed(world, NOON + timedelta(minutes=3)) == start
    assert replayed(world, NOON + timedelta(minutes=1)) == []


def test_every_stored_decision_can_be_replayed_to_the_same_changes(world: World) -> None:
    spent(world, 21, "2025-06-10T11:00:00Z")
    now = NOON
    for _ in range(7):
        world.run(now)
        now += timedelta(hours=5)
        spent(world, 3, (now - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%SZ"))  # half of them late
    decided = world.rows("select distinct decided_at from ops.decisions order by 1")
    assert len(decided) == 7
    for (at,) in decided:
        stored = world.rows(
            "select campaign_id, from_status, to_status, reason from ops.campaign_status_changes"
            " where decided_at = $at order by campaign_id, change_id",
            at=at,
        )
        assert replayed(world, at, as_known=True) == stored
    assert differences(world) == 0


def test_recorded_times_grow_even_when_the_clock_is_set_back(world: World) -> None:
    world.run()
    with world.open() as warehouse:
        warehouse.connection.execute("update ops.revision set recorded_at = '2040-01-01 00:00:00+00'")
        decide(warehouse)
        decide(warehouse)
        recorded = warehouse.connection.execute(
            "select recorded_at from ops.decisions order by decision_id desc limit 2"
        ).fetchall()
    assert [at for (at,) in recorded] == [
        datetime(2040, 1, 1, 0, 0, 0, 2, tzinfo=UTC), datetime(2040, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    ]  # fmt: skip


def test_decisions_made_out_of_order_are_found_again(world: World) -> None:
    world.run()
    earlier = NOON - timedelta(minutes=30)
    spent(world, 21, "2025-06-10T11:00:00Z")
    world.run(earlier)
    stop = [(11, "RUNNING", "BUDGET_REACHED", "DAILY_BUDGET_REACHED")]
    assert replayed(world, earlier, as_known=True) == stop
    assert replayed(world, earlier) == stop
    assert replayed(world, NOON, as_known=True)[0] == (11, None, "SCHEDULED", "INITIAL")


def test_a_budget_of_zero_is_crossed_by_nothing(world: World) -> None:
    world.deliver_reference("brands", BRANDS.replace("10.00", "0"))
    world.deliver_reference("campaigns", CAMPAIGNS.replace("11,1,Acme always,SCHEDULED", "11,1,Acme always,RUNNING"))
    spent(world, 1, "2025-06-10T11:00:00Z")
    world.run()
    found = explained(world, 11)
    assert (found.changes[-1].to_status, found.crossing) == ("BUDGET_REACHED", None)


def test_a_time_as_it_is_shown_names_the_change_it_was_shown_for(world: World) -> None:
    """People read seconds, decisions are made between them."""
    world.run(NOON.replace(microsecond=654_321))
    assert explained(world, 11, NOON).changes[-1].to_status == "RUNNING"


def test_a_tzdata_release_that_changes_the_past_leaves_stored_changes_derivable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver_reference("brands", BRANDS.replace("America/New_York", "Africa/Cairo"))
    spent(world, 1, "2025-06-10T20:30:00Z")
    night = datetime(2025, 6, 10, 21, 45, tzinfo=UTC)  # the 11th in Cairo, where summer time was brought back in 2023
    world.run(night)
    names = ("timezone", "starts_at", "ends_at", "utc_offset", "tzdata_version")
    rows = [
        {**row, "tzdata_version": "2099a"} for row in utc_offsets().to_pylist() if row["timezone"] != "Africa/Cairo"
    ]
    winter = {"starts_at": datetime(2000, 1, 1, tzinfo=UTC), "ends_at": None, "utc_offset": 7200}
    rows.append({"timezone": "Africa/Cairo", **winter, "tzdata_version": "2099a"})
    table = pa.Table.from_pylist([{name: row[name] for name in names} for row in rows], schema=utc_offsets().schema)
    monkeypatch.setattr(time_zones, "tzdata_version", lambda: "2099a")
    monkeypatch.setattr(time_zones, "utc_offsets", lambda: table)
    world.run(night + timedelta(minutes=1))
    assert world.value("select local_date::varchar from mart.brand_budget where brand_id = 1") == "2025-06-10"
    then = explained(world, 11, night)
    assert (str(then.changes[-1].local_date), then.versions.local_time.hour, then.differences) == ("2025-06-11", 0, [])
    assert replayed(world, night, as_known=True)[0] == (11, None, "SCHEDULED", "INITIAL")
