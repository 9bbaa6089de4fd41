"""The decision: the worked cases, its history, people's changes, the next change."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.decision import decide, due_transitions, evaluate
from assets.engine.errors import SpendgateError
from assets.engine.manual_status import DECIDED_ALONE, MANUAL_CHANGES, REOPENED, ManualChange, set_status
from assets.engine.warehouse.publication import open_published, publish
from tests.decision_world import world_of
from tests.world import BRANDS, CAMPAIGNS, NOON, World, event, jsonl, load_and_sum, spent

SCENARIOS = Path(__file__).parent / "scenarios"
CASES, LIMITS = (
    json.loads((SCENARIOS / name).read_text(encoding="utf-8")) for name in ("decisions.json", "limits.json")
)


@pytest.mark.parametrize("case", CASES + LIMITS, ids=[f"{case['id']} {case['title']}" for case in CASES + LIMITS])
def test_a_worked_case_takes_its_expected_hops(case: dict[str, Any], root: DataRoot) -> None:
    now = datetime.fromisoformat(case["now"])
    with world_of(case, root).open(now) as warehouse:
        load_and_sum(warehouse)
        decide(warehouse)
        statuses = warehouse.connection.execute(
            "select campaign_id::varchar, status, next_change_at, window_start, window_end from ops.campaign_status"
        ).fetchall()
        hops = warehouse.connection.execute(
            "select campaign_id::varchar, [from_status, to_status, reason] from ops.campaign_status_changes"
            " where decided_at = $now and reason <> 'INITIAL' order by change_id",
            {"now": now},
        ).fetchall()
    names = ("status", "next_change_at", "window_start", "window_end", "hops")
    found = {
        id_: dict(zip(names, (*map(in_json, values), [hop for of, hop in hops if of == id_]), strict=True))
        for id_, *values in statuses
    }
    for id_, expected in case["expected"].items():
        assert {key: found[id_][key] for key in expected} == expected


def in_json(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def test_there_are_44_worked_cases() -> None:
    assert len(CASES) == 44


def test_there_are_32_worked_cases_of_limits_windows_and_flights() -> None:
    assert len(LIMITS) == 32


def test_a_change_records_all_that_caused_it(world: World) -> None:
    spent(world, clicks=21)  # 10.50 of 10.00
    world.run()
    [row] = world.rows(
        "select from_status, to_status, reason, decided_at, daily_spend, daily_budget, monthly_spend, monthly_budget,"
        " local_date::varchar, timezone, watermark_batch_id, changed_by from ops.campaign_status_changes"
        " where campaign_id = 11 and to_status = 'SCHEDULED'"
    )
    assert row == (
        None, "SCHEDULED", "INITIAL", NOON, Decimal("10.50"), Decimal(10), Decimal("10.50"), None,
        "2025-06-10", "America/New_York", 2, "spendgate",
    )  # fmt: skip
    assert world.transitions(11) == []  # SCHEDULED over budget: it does not start
    assert world.value(
        "select next_change_at from ops.campaign_status where campaign_id = 11"
    ) == datetime.fromisoformat(
        "2025-06-11T04:00:00Z"  # midnight in New York
    )


def test_deciding_twice_at_one_instant_changes_nothing_the_second_time(world: World) -> None:
    world.run()
    before = world.rows("from ops.campaign_status_changes")
    world.run()
    assert world.rows("from ops.campaign_status_changes") == before


def test_a_campaign_over_budget_stops_and_the_next_local_day_lets_it_back(world: World) -> None:
    world.run()
    spent(world, clicks=20)  # exactly 10.00
    world.run(NOON + timedelta(minutes=5))
    assert world.status(11) == "BUDGET_REACHED"
    world.run(datetime.fromisoformat("2025-06-11T03:59:59Z"))
    assert world.status(11) == "BUDGET_REACHED"
    world.run(datetime.fromisoformat("2025-06-11T04:00:00Z"))
    assert world.transitions(11) == [
        ("SCHEDULED", "RUNNING", "NO_WINDOW"),
        ("RUNNING", "BUDGET_REACHED", "DAILY_BUDGET_REACHED"),
        ("BUDGET_REACHED", "SCHEDULED", "UNDER_BUDGET"),
        ("SCHEDULED", "RUNNING", "NO_WINDOW"),
    ]


def test_what_happened_after_the_instant_decided_for_does_not_count(world: World) -> None:
    spent(world, clicks=20)
    spent(world, clicks=30, at="2025-06-10T13:00:00Z")
    world.run(datetime.fromisoformat("2025-06-10T10:59:59Z"))
    assert world.rows("select daily_spend, monthly_spend from mart.brand_budget where brand_id = 1") == [(0, 0)]
    world.run(NOON)
    assert world.rows("select daily_spend, monthly_spend from mart.brand_budget where brand_id = 1") == [(10, 10)]
    world.run(datetime.fromisoformat("2025-06-10T13:00:00Z"))
    assert world.rows("select daily_spend, monthly_spend from mart.brand_budget where brand_id = 1") == [(25, 25)]


@pytest.mark.parametrize(
    ("now", "start", "end", "is_open"),
    [
        ("2025-06-10T21:59:59Z", "2025-06-10T22:00:00Z", "2025-06-11T04:00:00Z", False),
        ("2025-06-10T22:00:00Z", "2025-06-10T22:00:00Z", "2025-06-11T04:00:00Z", True),
        ("2025-06-11T03:59:59Z", "2025-06-10T22:00:00Z", "2025-06-11T04:00:00Z", True),
        ("2025-06-11T04:00:00Z", "2025-06-11T22:00:00Z", "2025-06-12T04:00:00Z", False),
    ],
)
def test_a_window_across_midnight_is_told_as_instants(
    world: World, now: str, start: str, end: str, *, is_open: bool
) -> None:
    world.run(datetime.fromisoformat(now))
    window = world.rows("select window_start, window_end, window_open from ops.campaign_status where campaign_id = 12")
    assert window == [(datetime.fromisoformat(start), datetime.fromisoformat(end), is_open)]


@pytest.mark.parametrize(
    ("bounds", "now", "is_open"),
    [
        ("18:00,24:00", "2025-06-10T23:59:59Z", True),
        ("18:00,24:00", "2025-06-11T00:00:00Z", False),
        ("00:00,24:00", "2025-06-10T12:00:00Z", True),
        ("00:00,24:00", "2025-06-11T00:00:00Z", True),
    ],
)
def test_a_window_may_end_at_24_hours(world: World, bounds: str, now: str, *, is_open: bool) -> None:
    world.deliver_reference("campaigns", CAMPAIGNS.replace("22:00,04:00", bounds))
    world.run(datetime.fromisoformat(now))
    assert world.status(12) == ("RUNNING" if is_open else "SCHEDULED")


def changes_at(world: World, now: datetime) -> dict[int, str]:
    """Which campaigns a decision at `now` would change, and to what."""
    with open_published(world.root) as published:
        evaluate(published, now)
        return dict(
            published.execute("select campaign_id, arg_max(to_status, step) from transitions group by all").fetchall()
        )


@pytest.mark.parametrize("clicks", [0, 20])
def test_the_next_change_is_the_first_instant_at_which_the_status_changes(world: World, clicks: int) -> None:
    world.deliver_reference("campaigns", CAMPAIGNS + "13,1,Acme mornings,RUNNING,02:00,13:30\n")
    spent(world, clicks=clicks) if clicks else None
    world.run()
    expected = world.rows("select campaign_id, next_change_at from ops.campaign_status")
    assert sum(at is not None for _, at in expected) >= 2
    for campaign_id, at in expected:
        if at is not None:
            assert campaign_id not in changes_at(world, at - timedelta(microseconds=1))
            assert campaign_id in changes_at(world, at)


def test_a_person_pauses_and_the_decision_leaves_it_alone(world: World) -> None:
    world.run()
    with world.open() as warehouse:
        set_status(warehouse, ManualChange(11, "PAUSED", "ann", "creative is wrong"))
        decide(warehouse)
        publish(warehouse)
    assert world.status(11) == "PAUSED"
    assert world.rows(
        "select from_status, to_status, reason, changed_by, note from ops.campaign_status_changes"
        " where campaign_id = 11 order by change_id desc limit 1"
    ) == [("RUNNING", "PAUSED", "MANUAL", "ann", "creative is wrong")]


def test_a_person_schedules_and_the_next_decision_starts_it(world: World) -> None:
    world.run()
    with world.open() as warehouse:
        set_status(warehouse, ManualChange(31, "SCHEDULED", "ann", "go"))
        publish(warehouse)
    assert world.rows("select status, next_change_at from ops.campaign_status where campaign_id = 31") == [
        ("SCHEDULED", NOON)
    ]
    world.run(NOON + timedelta(minutes=5))
    assert world.transitions(31) == [("PAUSED", "SCHEDULED", "MANUAL"), ("SCHEDULED", "RUNNING", "NO_WINDOW")]


def person_sets(world: World, campaign_id: int, status: str, *, now: datetime = NOON, **more: Any) -> str | None:
    """Set a status as ann would; returns the one before."""
    with world.open(now) as warehouse:
        before = set_status(warehouse, ManualChange(campaign_id, status, "ann", "try", **more))
        publish(warehouse)
        return before


REFUSED = {
    ("DRAFT", "PAUSED"): "set SCHEDULED or COMPLETED",
    ("DRAFT", "RUNNING"): "set SCHEDULED or COMPLETED",
    ("SCHEDULED", "RUNNING"): "set DRAFT or PAUSED or COMPLETED",
    ("RUNNING", "RUNNING"): "set SCHEDULED or PAUSED or COMPLETED",
    ("RUNNING", "DRAFT"): "set SCHEDULED or PAUSED or COMPLETED",
    ("RUNNING", "BUDGET_REACHED"): "set SCHEDULED or PAUSED or COMPLETED",
    ("BUDGET_REACHED", "SCHEDULED"): "set PAUSED or COMPLETED",
    ("BUDGET_REACHED", "DRAFT"): "set PAUSED or COMPLETED",
    ("BUDGET_REACHED", "RUNNING"): "set PAUSED or COMPLETED",
    ("PAUSED", "RUNNING"): "set SCHEDULED or DRAFT or COMPLETED",
    ("COMPLETED", "SCHEDULED"): "which is final: to reopen it, set SCHEDULED or DRAFT or PAUSED with `--reopen`",
    ("COMPLETED", "RUNNING"): "which is final",
}


def test_people_may_make_the_changes_of_the_table_and_no_other(world: World) -> None:
    world.run()
    count = "select count(*) from ops.campaign_status_changes"
    last = "select from_status, to_status, reason from ops.campaign_status_changes order by change_id desc limit 1"
    with world.open() as warehouse:
        for before, status in product(MANUAL_CHANGES, MANUAL_CHANGES):
            warehouse.connection.execute(
                "update internal.campaign_status set status = $1 where campaign_id = 31", [before]
            )
            changes = warehouse.connection.execute(count).fetchall()
            change = ManualChange(31, status, "ann", "try")
            if status in MANUAL_CHANGES[before]:
                assert set_status(warehouse, change) == before
                assert warehouse.connection.execute(last).fetchall() == [(before, status, "MANUAL")]
                continue
            if status == before and status not in DECIDED_ALONE:
                assert set_status(warehouse, change) is None
            else:
                with pytest.raises(SpendgateError, match=REFUSED.get((before, status), "^campaign 31 is ")):
                    set_status(warehouse, change)
            assert warehouse.connection.execute(count).fetchall() == changes


def test_the_page_on_operations_tells_what_people_may_set() -> None:
    text = (Path(__file__).parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    text = text.split("## Manual control")[1].split("\n## ")[0]
    told = {
        before: re.findall(r"[A-Z]{5,}", may)
        for before, may in re.findall(r"^\| ([A-Z_]+) \| (.*?) \| .*\|$", text, re.MULTILINE)
    }
    assert told == {**{before: list(may) for before, may in MANUAL_CHANGES.items()}, "COMPLETED": list(REOPENED)}


@pytest.mark.parametrize(("who", "why"), [("ann", " "), ("", "why not")])
def test_a_change_without_a_name_or_a_reason_is_refused(world: World, who: str, why: str) -> None:
    world.run()
    with world.open() as warehouse, pytest.raises(SpendgateError, match="needs a reason, and who makes it"):
        set_status(warehouse, ManualChange(31, "SCHEDULED", who, why))


def test_an_unknown_campaign_is_refused(world: World) -> None:
    world.run()
    with pytest.raises(SpendgateError, match="campaign 99 has no status: it is not in the campaigns file"):
        person_sets(world, 99, "PAUSED")


@pytest.mark.parametrize("status", ["SCHEDULED", "DRAFT", "PAUSED"])
def test_a_completed_campaign_can_be_reopened_on_purpose(world: World, status: str) -> None:
    world.run()
    person_sets(world, 31, "COMPLETED")
    world.run(NOON + timedelta(minutes=5))
    assert world.status(31) == "COMPLETED"
    assert person_sets(world, 31, status, reopen=True) == "COMPLETED"
    assert world.status(31) == status


def test_a_campaign_whose_flight_is_over_is_reopened_only_with_a_later_last_date(world: World) -> None:
    header, first, *others = CAMPAIGNS.splitlines()
    flights = "\n".join([f"{header},end_date", f"{first},2025-06-09", *(f"{other}," for other in others), ""])
    world.deliver_reference("campaigns", flights)
    world.run()
    assert world.transitions(11) == [("SCHEDULED", "COMPLETED", "FLIGHT_ENDED")]
    with pytest.raises(SpendgateError, match="its flight was over after 2025-06-09, on its"):
        person_sets(world, 11, "SCHEDULED", reopen=True)
    world.deliver_reference("campaigns", flights.replace("2025-06-09", "2025-06-10"))
    world.run(NOON + timedelta(minutes=5))
    assert world.status(11) == "COMPLETED"
    person_sets(world, 11, "SCHEDULED", reopen=True, now=NOON + timedelta(minutes=6))
    world.run(NOON + timedelta(minutes=10))
    assert world.status(11) == "RUNNING"


def test_a_pause_ends_by_itself_at_its_instant(world: World) -> None:
    world.run()
    until = NOON + timedelta(minutes=30)
    person_sets(world, 11, "PAUSED", until=until)
    status = "select status, paused_until, next_change_at from ops.campaign_status where campaign_id = 11"
    assert world.rows(status) == [("PAUSED", until, until)]
    world.run(until - timedelta(microseconds=1))
    assert world.rows(status) == [("PAUSED", until, until)]
    world.run(until)
    assert world.rows(status) == [("RUNNING", None, None)]
    assert world.transitions(11)[-3:] == [
        ("RUNNING", "PAUSED", "MANUAL"),
        ("PAUSED", "SCHEDULED", "PAUSE_ENDED"),
        ("SCHEDULED", "RUNNING", "NO_WINDOW"),
    ]


def test_a_pause_gets_another_end_and_loses_it_with_the_next_change(world: World) -> None:
    world.run()
    hour = timedelta(hours=1)
    person_sets(world, 11, "PAUSED", until=NOON + hour)
    assert person_sets(world, 11, "PAUSED", until=NOON + hour) is None
    assert person_sets(world, 11, "PAUSED", until=NOON + 2 * hour) == "PAUSED"
    world.run(NOON + hour)
    assert world.status(11) == "PAUSED"
    person_sets(world, 11, "SCHEDULED")
    person_sets(world, 11, "PAUSED")
    world.run(NOON + 3 * hour)
    assert world.status(11) == "PAUSED"


@pytest.mark.parametrize(
    ("status", "until", "said"),
    [
        ("SCHEDULED", NOON + timedelta(hours=1), "only a pause ends by itself: SCHEDULED takes no `--until`"),
        ("PAUSED", NOON, "a pause until 2025-06-10 12:00:00 UTC would be over before it begins"),
    ],
)
def test_an_end_that_makes_no_sense_is_refused(world: World, status: str, until: datetime, said: str) -> None:
    world.run()
    with pytest.raises(SpendgateError, match=said):
        person_sets(world, 11, status, until=until)


def test_a_decision_never_overwrites_what_a_person_set_meanwhile(world: World) -> None:
    """Between a decision's look and its writing, were the lock to fail: the status moved on is left alone."""
    world.run()
    spent(world, clicks=20)
    world.run(NOON - timedelta(hours=2))  # booked, and not yet to be seen
    with world.open() as warehouse:
        evaluate(warehouse.connection, NOON)
        assert [each.to_status for each in due_transitions(warehouse.connection)] == ["BUDGET_REACHED"]
        warehouse.connection.execute("update internal.campaign_status set status = 'PAUSED' where campaign_id = 11")
        warehouse.run("ops.campaign_status", "apply_decision", now=NOON)
        status = "select status from ops.campaign_status where campaign_id = 11"
        assert warehouse.connection.execute(status).fetchall() == [("PAUSED",)]


def test_of_a_decision_and_a_person_who_write_at_the_same_moment_one_begins_anew(world: World) -> None:
    world.run()
    with world.open() as warehouse:
        other = warehouse.connection.cursor()
        with pytest.raises(duckdb.TransactionException, match="Conflict on"), warehouse.transaction():
            evaluate(warehouse.connection, NOON)
            other.execute("update internal.campaign_status set status = 'PAUSED' where campaign_id = 11")
            warehouse.run("ops.campaign_status", "apply_decision", now=NOON)
        status = "select status from ops.campaign_status where campaign_id = 11"
        assert warehouse.connection.execute(status).fetchall() == [("PAUSED",)]


def test_the_status_in_the_campaigns_file_counts_only_once(world: World) -> None:
    world.run()
    world.deliver_reference("campaigns", CAMPAIGNS.replace("11,1,Acme always,SCHEDULED", "11,1,Acme always,DRAFT"))
    world.run(NOON + timedelta(minutes=5))
    assert world.status(11) == "RUNNING"


def test_a_changed_budget_is_in_force_from_the_run_that_loads_it(world: World) -> None:
    spent(world, clicks=20)
    world.run()
    assert world.status(11) == "SCHEDULED"
    world.deliver_reference("brands", BRANDS.replace("10.00", "10.01"))
    world.run(NOON + timedelta(minutes=5))
    assert world.status(11) == "RUNNING"
    assert changes_at(world, NOON) == {11: "BUDGET_REACHED"}  # as of noon the old budget was in force


def test_a_run_for_the_future_does_not_put_off_budgets_loaded_after_it(world: World) -> None:
    world.run()
    world.deliver_reference("brands", BRANDS.replace("10.00", "50.00"))
    world.run(datetime(2999, 6, 10, tzinfo=UTC))  # a slip of the pen
    world.deliver_reference("brands", BRANDS.replace("10.00", "1.00"))
    now = datetime.now(UTC)
    world.run(now)
    assert world.value("select daily_budget from mart.brand_budget where brand_id = 1") == 1


def test_a_replay_counts_the_day_as_the_brand_counted_it_then(world: World) -> None:
    # 19:00, 23:00 and 01:00 in New York
    for at in ("2025-06-09T23:00:00Z", "2025-06-10T03:00:00Z", "2025-06-10T05:00:00Z"):
        spent(world, clicks=2, at=at)
    world.run()
    budget = "select timezone, daily_spend, monthly_spend from mart.brand_budget where brand_id = 1"
    assert world.rows(budget) == [("America/New_York", 1, 3)]
    world.deliver_reference("brands", BRANDS.replace("America/New_York", "UTC"))
    world.run(NOON + timedelta(hours=1))
    assert world.rows(budget) == [("America/New_York", 1, 3)]
    world.run(NOON + timedelta(days=1))
    assert world.rows(budget) == [("UTC", 0, 3)]
    with world.open(NOON) as warehouse:
        decide(warehouse)
        publish(warehouse)
    assert world.rows(budget) == [("America/New_York", 1, 3)]


# --- stability


def at_the_end_of_a_month(world: World, minutes: range = range(-45, 60)) -> None:
    """Every kind of window and budget, and spend in these minutes around the turn of the month in New York."""
    world.deliver_reference("brands", BRANDS.replace("1000.00", "0.20").replace("3,Cirrus,,", "3,Cirrus,1.00,4.00"))
    more = "13,1,m,SCHEDULED,03:30,04:30\n14,1,m,RUNNING,04:00,05:00\n32,3,c,SCHEDULED,23:30,00:30\n33,3,c,RUNNING,,\n"
    world.deliver_reference("campaigns", CAMPAIGNS + more)
    costs = [
        event(f"{ad}-{minute}", ad, "click", (MONTH_END + timedelta(minutes=minute, seconds=7)).isoformat())
        for ad, every in ((101, 2), (102, 13), (201, 47), (301, 7))
        for minute in minutes[::every]
    ]
    world.deliver("a.jsonl", jsonl(*costs))


MONTH_END = datetime(2025, 7, 1, 4, tzinfo=UTC)
"""The first instant of July in New York."""


def decided_every(world: World, step: timedelta, start: datetime, end: datetime) -> list[tuple[Any, ...]]:
    """Statuses at the end, after a look at every step, as the sensor does, and a decision where one is due."""
    world.run(start)
    now = start
    while now < end:
        with world.open(now) as warehouse:  # anew each day: after thousands of looks it is slow
            now = min(now + timedelta(days=1), end)
            while warehouse.now < now:
                warehouse.now += step
                if evaluate(warehouse.connection, warehouse.now).due or warehouse.now >= end:
                    decide(warehouse)
                    assert evaluate(warehouse.connection, warehouse.now).due == 0  # taken again, nothing changes
            publish(warehouse)
    return world.rows(
        "select campaign_id, status, window_start, window_end, window_open, next_change_at from ops.campaign_status"
        " order by campaign_id"
    )


def check_cadences(world: World, other: World, start: datetime, end: datetime) -> None:
    """Deciding every 5 minutes ends where every minute ends, and nothing flaps either way."""
    minutely = decided_every(world, timedelta(minutes=1), start, end)
    assert decided_every(other, timedelta(minutes=5), start, end) == minutely
    changes = "select campaign_id, to_status, reason, local_date, window_start from ops.campaign_status_changes"
    often, seldom = (one.rows(f"{changes} where reason <> 'INITIAL' order by all") for one in (world, other))
    for rows in (often, seldom):
        assert {
            "DAILY_BUDGET_REACHED", "MONTHLY_BUDGET_REACHED", "UNDER_BUDGET", "WINDOW_OPEN", "WINDOW_CLOSED"
        } <= {reason for _, _, reason, *_ in rows}  # fmt: skip
        # no status is taken twice for the same reason within one day and window
        assert len(rows) == len(set(rows))
    assert often == seldom


def test_deciding_every_five_minutes_ends_where_every_minute_ends(world: World) -> None:
    other = World(DataRoot(world.root.path.parent / "other"))
    for one in (world, other):
        at_the_end_of_a_month(one)
    check_cadences(world, other, MONTH_END - timedelta(minutes=45), MONTH_END + timedelta(minutes=10))


@pytest.mark.long
def test_deciding_every_five_minutes_of_ten_days_ends_where_every_minute_ends(world: World) -> None:
    other = World(DataRoot(world.root.path.parent / "other"))
    for one in (world, other):
        at_the_end_of_a_month(one, range(-5 * 1440, 5 * 1440, 10))
    check_cadences(world, other, MONTH_END - timedelta(days=5), MONTH_END + timedelta(days=5))


def test_the_order_of_rows_files_and_runs_does_not_matter(world: World) -> None:
    at_the_end_of_a_month(world)
    world.run(MONTH_END - timedelta(hours=2))
    other = World(DataRoot(world.root.path.parent / "other"))
    for name in ("brands", "campaigns", "ads"):
        header, *rows = (world.root.reference / f"{name}.csv").read_text().splitlines(keepends=True)
        other.deliver_reference(name, header + "".join(reversed(rows)))
    lines = (world.root.landing("events") / "a.jsonl").read_text().splitlines(keepends=True)
    for part in range(3):
        other.deliver(f"{part}.jsonl", "".join(reversed(lines[part::3])))
        with other.open(MONTH_END - timedelta(hours=2)) as warehouse:
            load_and_sum(warehouse)
    other.run(MONTH_END - timedelta(hours=2))
    for hours in (-1, 0, 1):
        for one in (world, other):
            one.run(MONTH_END + timedelta(hours=hours))
    for query in (
        "from mart.brand_budget order by all",
        "from ops.campaign_status order by all",
        "select * exclude (recorded_at, watermark_batch_id, run_id) from ops.campaign_status_changes order by 1",
    ):
        assert world.rows(query) == other.rows(query)


def test_what_a_person_schedules_waits_for_the_next_decision(world: World) -> None:
    world.run()
    held = "select status, blocked_by, why from ops.campaign_status where campaign_id = 11"
    assert world.rows(held) == [("RUNNING", [], "nothing holds it")]
    for status in ("PAUSED", "SCHEDULED"):
        with world.open(NOON + timedelta(minutes=1)) as warehouse:
            set_status(warehouse, ManualChange(11, status, "ann", "a new picture"))
            publish(warehouse)
        expected = {
            "PAUSED": (["PAUSED"], "paused by ann: a new picture"),
            "SCHEDULED": (["NEXT_DECISION"], "nothing holds it: the next decision starts it"),
        }
        assert world.rows(held) == [(status, *expected[status])]
    world.run(NOON + timedelta(minutes=2))
    assert world.rows(held) == [("RUNNING", [], "nothing holds it")]


def test_periods_of_a_status_follow_each_other_with_what_was_spent_in_them(world: World) -> None:
    world.run()
    spent(world, 21, "2025-06-10T13:00:00Z")  # 10.50 of 10.00
    world.run(NOON + timedelta(hours=2))
    spent(world, 2, "2025-06-10T14:30:00Z")
    world.run(NOON + timedelta(hours=3))
    periods = (
        "select status, reason, from_at, to_at, seconds, spend from ops.campaign_status_periods"
        " where campaign_id = 11 order by from_at"
    )
    later = NOON + timedelta(hours=2)
    assert world.rows(periods) == [
        ("RUNNING", "NO_WINDOW", NOON, later, 7200, Decimal("10.50")),
        ("BUDGET_REACHED", "DAILY_BUDGET_REACHED", later, None, 3600, Decimal("1.00")),
    ]
