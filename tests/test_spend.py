"""Spend by the brand's own clock, exact in every zone, and a run costs what is new."""

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import resources
from itertools import pairwise
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from assets.engine.decision import find_limits
from assets.engine.delivery.inbox import Inbox
from assets.engine.ingestion.ingest import ingest
from assets.engine.pricing import charge
from assets.engine.recutting import recut
from assets.engine.reference.load import load_reference
from assets.engine.spend import sum_spend
from assets.engine.time_zones import utc_offsets
from assets.engine.warehouse.publication import publish
from tests.oracle import STRANGE_ZONES, zone
from tests.world import AD_SETS, BRANDS, CAMPAIGNS, NOON, World, event, jsonl


def test_every_zone_has_the_right_offset_around_each_of_its_changes() -> None:
    """Each IANA zone, each change from 2012 to 2037, second by second around it and by the quarter-hour."""
    periods = defaultdict(list)
    for row in utc_offsets().to_pylist():
        periods[row["timezone"]].append(row)
    assert len(periods) > 590
    checked: dict[bytes, list[Any]] = {}
    for name, rows in periods.items():
        rules = resources.files("tzdata").joinpath("zoneinfo", name).read_bytes()
        table = [(row["starts_at"], row["ends_at"], row["utc_offset"]) for row in rows]
        if checked.setdefault(rules, table) is not table:
            assert table == checked[rules]
            continue
        expected = zone(name)
        for earlier, later in pairwise(table):
            assert earlier[1] == later[0]
            change = later[0]
            for seconds in (-3600, -900, -61, -60, -1, 0, 1, 59, 60, 61, 900, 3600):
                instant = change + timedelta(seconds=seconds)
                offset = next(o for start, end, o in table if start <= instant and (end is None or instant < end))
                assert instant.astimezone(expected).utcoffset() == timedelta(seconds=offset), (name, instant)


def test_no_change_is_missed_between_the_noons_that_are_looked_at() -> None:
    days = [datetime(2000, 1, 1, 12) + timedelta(days=day) for day in range(38 * 365)]  # noqa: DTZ001 of no zone yet
    periods = defaultdict(list)
    for row in utc_offsets().to_pylist():
        periods[row["timezone"]].append(row)
    for rows in {str([row["starts_at"] for row in rows]): rows for rows in periods.values()}.values():
        expected = map(zone(rows[0]["timezone"]).utcoffset, days)
        changes = sum(1 for earlier, later in pairwise(expected) if earlier != later)
        assert changes == sum(1 for row in rows[1:] if row["starts_at"].date() <= days[-1].date()), rows[0]


def test_every_offset_change_since_2012_but_those_of_casey_falls_on_a_quarter_hour() -> None:
    changes = [
        (row["timezone"], row["starts_at"])
        for row in utc_offsets().to_pylist()
        if row["starts_at"].year >= 2012 and row["starts_at"].timestamp() % 900
    ]
    assert {name for name, _ in changes} == {"Antarctica/Casey"}


def world_of_zones(world: World) -> dict[int, str]:
    """One brand, campaign, ad set and ad (a click costs 0.50) for each strange zone; returns zones by number."""
    zones = dict(enumerate(STRANGE_ZONES, 1))

    def table(text: str, row: str) -> str:
        header = text.partition("\n")[0]
        return header + "\n" + "".join(row.format(n=n, zone=name) + "\n" for n, name in zones.items())

    world.deliver_reference("brands", table(BRANDS, "{n},b,,,{zone},,true"))
    world.deliver_reference("campaigns", table(CAMPAIGNS, "{n},{n},c,SCHEDULED,,"))
    world.deliver_reference("ad_sets", table(AD_SETS, "{n},{n},s,true"))
    world.deliver_reference("ads", table(world.reference["ads"], "{n},{n},a,true,,,0.123456789,,,"))
    return zones


def test_spend_falls_into_the_local_hour_day_and_month_of_every_strange_zone(world: World) -> None:
    zones = world_of_zones(world)
    dice = random.Random(1)
    changes = defaultdict(list)
    for row in utc_offsets().to_pylist():
        if 2012 <= row["starts_at"].year <= 2025:
            changes[row["timezone"]].append(row["starts_at"])
    instants = [
        (n, change + timedelta(seconds=seconds))
        for n, name in zones.items()
        for change in changes[name]
        for seconds in (-1800, -1, 0, 59, 60, 61, 3599, dice.randint(-90_000, 90_000))
    ]
    instants += [(n, datetime(2024, 2, 29, tzinfo=UTC) + timedelta(minutes=17 * k)) for n in zones for k in range(90)]
    world.deliver("a.jsonl", jsonl(*(event(f"e{k}", n, "click", at.isoformat()) for k, (n, at) in enumerate(instants))))
    world.run()
    cost = Decimal("0.123456789")
    expected: dict[str, dict[Any, Decimal]] = {grain: defaultdict(Decimal) for grain in ("hour", "date", "month")}
    for n, at in instants:
        local = at.astimezone(zone(zones[n])).replace(tzinfo=None)
        expected["hour"][n, local.replace(minute=0, second=0, microsecond=0)] += cost
        expected["date"][n, local.date()] += cost
        expected["month"][n, local.date().replace(day=1)] += cost
    queries = {
        "hour": "select brand_id, local_hour, spend from mart.hourly_spend",
        "date": "select brand_id, local_date, spend from mart.daily_spend",
        "month": "select brand_id, local_month, spend from mart.monthly_spend",
    }
    for grain, query in queries.items():
        found = world.rows(query)
        assert {(brand, local): spend for brand, local, spend in found} == expected[grain]


def test_every_quarter_hour_around_every_change_of_every_zone_falls_where_the_rules_say(world: World) -> None:
    """All IANA zones, their changes from 2012 to 2037, through the SQL that sums: local hour, date and month."""
    changes = [row for row in utc_offsets().to_pylist() if 2012 <= row["starts_at"].year <= 2037]
    zones = dict(enumerate(sorted({row["timezone"] for row in changes}), 1))
    brand_of = {name: brand for brand, name in zones.items()}
    quarters = [timedelta(minutes=15 * n) for n in range(-6, 7)]
    costs = [(brand_of[row["timezone"]], row["starts_at"] + after) for row in changes for after in quarters]
    instants = pa.array([at for _, at in costs], pa.timestamp("us", "UTC"))
    with world.open() as warehouse:
        connection = warehouse.connection
        connection.register("zones", pa.table({"brand_id": list(zones), "timezone": list(zones.values())}))
        connection.execute(
            "insert into internal.brand_versions"
            " select brand_id, 'b', null, null, timezone, null, true, 'POSTPAID', null,"
            " core.beginning(), 1, now() from zones"
        )
        connection.execute(
            "insert into internal.brand_zone_versions select brand_id, timezone, core.beginning(), 1, now() from zones"
        )
        connection.register("costs", pa.table({"brand_id": [brand for brand, _ in costs], "occurred_at": instants}))
        connection.execute(
            "insert into internal.transactions select rowid, brand_id, brand_id, 1, 1, 'COST', 'CLICK', occurred_at,"
            " now(), 'AD', null, 1 from (select *, row_number() over () as rowid from costs)"
        )
        sum_spend(warehouse)
        found = {
            grain: {(brand, local): spend for brand, local, spend in connection.execute(query).fetchall()}
            for grain, query in (
                ("hour", "select brand_id, local_hour, spend from mart.hourly_spend"),
                ("date", "select brand_id, local_date, spend from mart.daily_spend"),
                ("month", "select brand_id, local_month, spend from mart.monthly_spend"),
            )
        }
    expected: dict[str, Counter[Any]] = {grain: Counter() for grain in found}
    for brand, at in costs:
        local = at.astimezone(zone(zones[brand])).replace(tzinfo=None)
        expected["hour"][brand, local.replace(minute=0, second=0, microsecond=0)] += 1
        expected["date"][brand, local.date()] += 1
        expected["month"][brand, local.date().replace(day=1)] += 1
    assert len(zones) > 250
    assert found == expected


def test_both_halves_of_a_repeated_hour_count_to_it(world: World) -> None:
    world.deliver("a.jsonl", jsonl(
        event("1", 101, "click", "2025-11-02T05:30:00Z"), event("2", 101, "click", "2025-11-02T06:30:00Z")
    ))  # fmt: skip
    world.run(datetime(2025, 11, 2, 12, tzinfo=UTC))
    assert world.rows("select local_hour::varchar, spend, transactions from mart.hourly_spend") == [
        ("2025-11-02 01:00:00", Decimal(1), 2)
    ]


def test_a_late_event_lands_in_its_own_local_day(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("1", 101, "click", "2025-06-10T10:00:00Z")))
    world.run()
    world.deliver("late.jsonl", jsonl(event("2", 101, "click", "2023-01-01T04:59:59Z")))  # 23:59:59 in New York
    world.run(NOON + timedelta(hours=1))
    assert world.rows("select local_date::varchar, spend from mart.daily_spend order by 1") == [
        ("2022-12-31", Decimal("0.50")),
        ("2025-06-10", Decimal("0.50")),
    ]


RESTATED = (
    "select brand_id, local_date::varchar, spend_before, spend_after, batch_id from mart.restatements order by all"
)


def test_what_a_late_event_changes_of_a_decided_day_is_listed(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("1", 101, "click", "2025-06-10T03:59:59Z")))  # the 9th in New York
    world.run()
    assert world.rows(RESTATED) == []  # nothing had been decided before
    world.deliver("b.jsonl", jsonl(
        event("2", 101, "click", "2025-06-10T03:00:00Z"), event("3", 102, "click", "2025-06-10T03:00:00Z"),
        event("4", 101, "click", "2025-06-01T10:00:00Z"), event("5", 101, "click", "2025-06-10T04:00:00Z"),
        event("6", 201, "click", "2025-06-10T03:00:00Z"),
    ))  # fmt: skip
    world.run(NOON + timedelta(hours=1))
    assert world.rows(RESTATED) == [
        (1, "2025-06-01", 0, Decimal("0.50"), 3),
        (1, "2025-06-09", Decimal("0.50"), Decimal("1.20"), 3),
    ]
    history = world.rows("from ops.campaign_status_changes")
    world.deliver("c.jsonl", jsonl(event("7", 101, "click", "2025-06-10T02:00:00Z")))
    world.run(NOON + timedelta(hours=2))
    assert world.rows(RESTATED)[2:] == [(1, "2025-06-09", Decimal("1.20"), Decimal("1.70"), 4)]
    assert world.rows("from ops.campaign_status_changes") == history


def recut_before_summing(world: World, now: datetime) -> None:
    """Load what was delivered, and cut the history of brand 1 anew by its zone."""
    with world.open(now) as warehouse:
        deliveries = Inbox(world.root, skip_stability_check=True)
        load_reference(warehouse, deliveries, "brands")
        ingest(warehouse, deliveries)
        charge(warehouse)
        recut(warehouse, 1, recut_by="ann", reason="delivered wrong from the start")
        publish(warehouse)


def test_what_another_time_zone_changes_of_decided_days_is_listed(world: World) -> None:
    clicks = {"1": "2025-06-10T03:00:00Z", "2": "2025-06-09T10:00:00Z", "3": "2025-06-08T10:00:00Z"}
    world.deliver("a.jsonl", jsonl(*(event(name, 101, "click", at) for name, at in clicks.items())))
    world.run()
    world.deliver_reference("brands", BRANDS.replace("America/New_York", "Asia/Kolkata"))
    world.deliver("b.jsonl", jsonl(event("4", 101, "click", "2025-06-07T10:00:00Z")))
    recut_before_summing(world, NOON + timedelta(hours=1))
    assert world.rows(RESTATED) == [  # the 8th stays as it is, the 10th is not over
        (1, "2025-06-07", 0, Decimal("0.50"), 3),
        (1, "2025-06-09", Decimal("1.00"), Decimal("0.50"), 3),
    ]


def test_a_day_that_was_over_by_the_old_clock_and_is_not_by_the_new_one_is_listed(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("1", 101, "click", "2025-06-11T05:00:00Z")))
    decided = datetime(2025, 6, 11, 6, tzinfo=UTC)  # 02:00 in New York, 23:00 of the 10th in Los Angeles
    world.run(decided)
    world.deliver_reference("brands", BRANDS.replace("America/New_York", "America/Los_Angeles"))
    recut_before_summing(world, decided + timedelta(hours=2))
    assert world.rows(RESTATED) == [(1, "2025-06-10", 0, Decimal("0.50"), 3)]


def test_payments_are_no_spend(world: World) -> None:
    world.deliver(
        "p.jsonl", '{"payment_id":"p","brand_id":1,"amount":5,"paid_at":"2025-06-10T10:00:00Z"}\n', kind="payments"
    )
    world.run()
    assert world.value("select count(*) from core.transactions") == 1
    assert world.value("select count(*) from mart.hourly_spend") == 0


def test_a_brand_whose_history_is_cut_anew_is_summed_anew(world: World) -> None:
    at = "2025-06-10T03:00:00Z"  # the 9th in New York, the 10th in Kolkata
    world.deliver("a.jsonl", jsonl(event("1", 101, "click", at), event("2", 201, "click", at)))
    world.run()
    world.deliver_reference("brands", BRANDS.replace("America/New_York", "Asia/Kolkata"))
    world.deliver("b.jsonl", jsonl(event("3", 101, "click", at)))
    recut_before_summing(world, NOON + timedelta(hours=1))
    assert world.rows("select brand_id, local_date::varchar, spend from mart.daily_spend order by 1") == [
        (1, "2025-06-10", Decimal("1.00")),
        (2, "2025-06-10", Decimal("0.20")),
    ]


def test_a_run_adds_the_new_batch_and_leaves_the_stored_sums_alone(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("1", 101, "click", "2025-06-10T10:00:00Z")))
    world.run()
    world.deliver("b.jsonl", jsonl(event("2", 102, "click", "2025-06-10T10:00:00Z")))
    with world.open(NOON + timedelta(hours=1)) as warehouse:
        ingest(warehouse, Inbox(world.root, skip_stability_check=True))
        charge(warehouse)
        sum_spend(warehouse)
        assert warehouse.connection.execute("select campaign_id, transactions from new_spend").fetchall() == [(12, 1)]


def test_the_order_of_files_and_the_way_they_are_split_do_not_matter(world: World) -> None:
    dice = random.Random(2)
    events = [
        event(f"e{n}", dice.choice((101, 102, 201, 301)), dice.choice(("click", "view", "impression")),
              f"2025-06-{dice.randint(1, 9):02}T{dice.randint(0, 23):02}:00:00Z")
        for n in range(300)
    ]  # fmt: skip
    other = World(type(world.root)(world.root.path.parent / "other"))
    world.deliver("all.jsonl", jsonl(*events))
    world.run()
    dice.shuffle(events)
    for part in range(3):
        other.deliver(f"{part}.jsonl", jsonl(*events[part * 90 : part * 90 + 120]))  # they overlap
        other.run(NOON + timedelta(minutes=part))
    for query in (
        "select brand_id, campaign_id, ad_id, amount, cost_type, occurred_at from core.transactions order by all",
        "from mart.hourly_spend order by all",
        "from mart.daily_spend order by all",
        "from mart.monthly_spend order by all",
    ):
        assert world.rows(query) == other.rows(query)


@pytest.mark.parametrize(
    ("timezone", "now", "day", "month"),
    [
        ("Africa/Cairo", "2025-04-24T20:00:00Z", "2025-04-24T22:00:00Z", "2025-04-30T21:00:00Z"),  # 00:00 is skipped
        ("America/New_York", "2025-03-09T05:00:00Z", "2025-03-10T04:00:00Z", "2025-04-01T04:00:00Z"),  # 23 hours
        ("Asia/Kolkata", "2025-02-28T18:29:59Z", "2025-02-28T18:30:00Z", "2025-02-28T18:30:00Z"),
        ("Pacific/Apia", "2011-12-30T09:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"),  # a day is skipped
    ],
)
def test_the_next_local_day_begins_at_its_first_instant(
    world: World, timezone: str, now: str, day: str, month: str
) -> None:
    world.deliver_reference("brands", BRANDS.replace("America/New_York", timezone))
    world.run()
    with duckdb.connect(str(world.root.published_file), read_only=True) as published:
        published.execute("set TimeZone = 'UTC'")
        find_limits(published, {"now": datetime.fromisoformat(now), "known_at": None}, brand_id=None)
        turns = published.execute(
            "select max(ends_at) filter (period = 'DAY'), max(ends_at) filter (period = 'MONTH') from spend_wanted"
            " where brand_id = 1"
        ).fetchall()
    assert turns == [(datetime.fromisoformat(day), datetime.fromisoformat(month))]
