"""A brand's zone is in force like any version: a change holds from the next local midnight and moves nothing."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner

from assets.checks import BROKEN, CHECKS, breaking_rows
from assets.engine.errors import SpendgateError
from assets.engine.explanation import explain
from assets.engine.rebuild.rebuild import rebuild
from assets.engine.recutting import preview_recut, recut
from assets.engine.sealing.seal import seal
from assets.engine.settings import Settings
from assets.engine.warehouse.publication import open_published, publish
from pipelines.cli.main import cli
from tests.oracle import STRANGE_ZONES, zone
from tests.world import BRANDS, World, event, jsonl

DAYS = "select local_date::varchar, spend from mart.daily_spend where brand_id = 1 order by 1"
MONTHS = "select local_month::varchar, spend from mart.monthly_spend where brand_id = 1 order by 1"
ZONES = (
    "select timezone, valid_from from core.brand_zones"
    " where brand_id = 1 and coalesce(valid_to > valid_from, true) order by valid_from"
)
HALF = Decimal("0.50")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def brands(timezone: str, daily: str = "", monthly: str = "") -> str:
    return (
        BRANDS.partition("\n")[0]
        + f"\n1,Acme,{daily},{monthly},{timezone},ann,true\n2,B,,,UTC,b,true\n3,C,,,UTC,c,true\n"
    )


def clicks(world: World, *instants: str) -> None:
    """Clicks at 0.50 each."""
    world.deliver(f"{instants[0]}.jsonl", jsonl(*(event(i, 101, "click", f"{i}Z") for i in instants)))


def moved(world: World, timezone: str, now: str, **budgets: str) -> None:
    world.deliver_reference("brands", brands(timezone, **budgets))
    world.run(at(now))


def zones(world: World) -> list[tuple[Any, ...]]:
    return world.rows(ZONES)


def restatements(world: World) -> list[tuple[Any, ...]]:
    return world.rows("select local_date::varchar, spend_before, spend_after from mart.restatements order by all")


def differing(world: World) -> list[str]:
    """Tables that come out otherwise when the warehouse is rebuilt."""
    with world.open() as warehouse:
        return [row.table for row in rebuild(warehouse, Settings()) if row.only_live or row.only_rebuilt]


def test_an_edit_of_the_zone_leaves_what_was_spent_before_it_in_its_month(world: World) -> None:
    clicks(world, "2025-05-31T23:00:00", "2025-05-31T22:00:00", "2025-05-31T21:00:00", "2025-05-31T20:00:00")
    moved(world, "America/New_York", "2025-06-01T12:00", monthly="2")
    moved(world, "Asia/Tokyo", "2025-06-02T12:00", monthly="2")
    clicks(world, "2025-06-03T20:00:00")
    world.run(at("2025-06-03T21:00"))
    assert world.rows(MONTHS) == [("2025-05-01", 2), ("2025-06-01", HALF)]
    assert world.status(11) == "RUNNING"
    assert restatements(world) == []
    assert differing(world) == []


def test_a_change_to_the_west_makes_the_last_day_longer(world: World) -> None:
    moved(world, "Asia/Tokyo", "2025-06-05T01:00")
    moved(world, "America/New_York", "2025-06-05T02:00")  # from midnight in Tokyo, 15:00 UTC: 11:00 in New York
    assert zones(world)[1:] == [("America/New_York", at("2025-06-05T15:00"))]
    clicks(world, "2025-06-04T15:00:00", "2025-06-05T14:59:59", "2025-06-05T15:00:00", "2025-06-06T03:59:59",
           "2025-06-06T04:00:00")  # fmt: skip
    world.run(at("2025-06-06T05:00"))
    assert world.rows(DAYS) == [("2025-06-05", 2), ("2025-06-06", HALF)]  # 37 hours
    hours = "select local_hour::varchar from mart.hourly_spend where brand_id = 1 order by 1"
    assert [hour for (hour,) in world.rows(hours)] == [
        "2025-06-05 00:00:00", "2025-06-05 11:00:00", "2025-06-05 23:00:00", "2025-06-06 00:00:00",
    ]  # fmt: skip


def test_a_change_to_the_east_makes_the_next_day_shorter(world: World) -> None:
    moved(world, "America/New_York", "2025-06-05T12:00")
    moved(world, "Asia/Tokyo", "2025-06-05T13:00")  # from 04:00 UTC of the 6th, 13:00 in Tokyo
    clicks(world, "2025-06-06T03:59:59", "2025-06-06T04:00:00", "2025-06-06T14:59:59", "2025-06-06T15:00:00")
    world.run(at("2025-06-06T16:00"))
    assert world.rows(DAYS) == [("2025-06-05", HALF), ("2025-06-06", 1), ("2025-06-07", HALF)]  # the 6th: 11 hours


def test_a_seam_at_the_end_of_a_month_lies_in_one_month(world: World) -> None:
    moved(world, "Asia/Tokyo", "2025-06-30T01:00")
    moved(world, "America/New_York", "2025-06-30T02:00")
    clicks(world, "2025-06-30T14:59:59", "2025-06-30T15:00:00", "2025-07-01T03:59:59", "2025-07-01T04:00:00")
    world.run(at("2025-07-01T05:00"))
    assert world.rows(MONTHS) == [("2025-06-01", Decimal("1.50")), ("2025-07-01", HALF)]


def test_a_second_edit_before_midnight_takes_the_place_of_the_first(world: World) -> None:
    moved(world, "America/New_York", "2025-06-05T12:00")
    moved(world, "Asia/Tokyo", "2025-06-05T13:00")
    moved(world, "Europe/London", "2025-06-05T14:00")
    assert [(name, since) for name, since in zones(world)[1:]] == [("Europe/London", at("2025-06-06T04:00"))]


def test_an_edit_and_back_before_midnight_changes_nothing(world: World) -> None:
    moved(world, "America/New_York", "2025-06-05T12:00")
    moved(world, "Asia/Tokyo", "2025-06-05T13:00")
    moved(world, "America/New_York", "2025-06-05T14:00")
    clicks(world, "2025-06-06T03:59:59", "2025-06-06T04:00:00")
    world.run(at("2025-06-06T16:00"))
    assert {name for name, _ in zones(world)} == {"America/New_York"}
    assert world.rows(DAYS) == [("2025-06-05", HALF), ("2025-06-06", HALF)]


def test_another_edit_of_a_brand_leaves_a_change_of_zone_under_way(world: World) -> None:
    moved(world, "America/New_York", "2025-06-05T12:00")
    moved(world, "Asia/Tokyo", "2025-06-05T13:00")
    moved(world, "Asia/Tokyo", "2025-06-05T14:00", daily="5")
    assert zones(world)[1:] == [("Asia/Tokyo", at("2025-06-06T04:00"))]


def test_no_date_comes_back_where_a_zone_is_more_than_a_day_behind(world: World) -> None:
    moved(world, "Pacific/Kiritimati", "2025-06-05T01:00")
    moved(world, "Etc/GMT+12", "2025-06-05T02:00")  # from 10:00 UTC, when it is 22:00 of the 4th there
    clicks(world, "2025-06-05T09:59:59", "2025-06-05T10:00:00", "2025-06-05T12:00:00", "2025-06-06T11:59:59",
           "2025-06-06T12:00:00")  # fmt: skip
    world.run(at("2025-06-06T13:00"))
    assert world.rows(DAYS) == [("2025-06-05", 2), ("2025-06-06", HALF)]
    # an edit while the days are put forward holds from the end of that date
    moved(world, "Asia/Tokyo", "2025-06-05T11:00")
    assert zones(world)[-1] == ("Asia/Tokyo", at("2025-06-06T12:00"))


def test_a_change_holds_from_the_first_instant_where_the_clock_skips_midnight(world: World) -> None:
    moved(world, "Africa/Cairo", "2025-04-24T10:00")
    moved(world, "UTC", "2025-04-24T12:00")
    assert zones(world)[1:] == [("UTC", at("2025-04-24T22:00"))]


def test_a_seam_on_a_day_on_which_the_clock_changes(world: World) -> None:
    moved(world, "America/New_York", "2025-11-02T04:30")  # 00:30 of a day of 25 hours
    moved(world, "Europe/London", "2025-11-02T05:00")
    assert zones(world)[1:] == [("Europe/London", at("2025-11-03T05:00"))]
    clicks(world, "2025-11-02T05:30:00", "2025-11-02T06:30:00", "2025-11-03T04:59:59", "2025-11-03T05:00:00")
    world.run(at("2025-11-03T06:00"))
    assert world.rows(DAYS) == [("2025-11-02", Decimal("1.50")), ("2025-11-03", HALF)]


def test_what_comes_late_counts_to_the_clock_of_its_time(world: World) -> None:
    moved(world, "America/New_York", "2025-06-05T12:00")
    moved(world, "Asia/Tokyo", "2025-06-05T13:00")
    clicks(world, "2025-06-07T00:00:00")
    world.run(at("2025-06-08T00:00"))
    clicks(world, "2025-06-05T03:59:59")  # the 4th in New York
    world.run(at("2025-06-08T01:00"))
    assert world.rows(DAYS) == [("2025-06-04", HALF), ("2025-06-07", HALF)]
    assert restatements(world) == [("2025-06-04", 0, HALF)]


def test_an_edit_for_the_past_moves_what_was_spent_since(world: World) -> None:
    clicks(world, "2025-06-04T12:00:00", "2025-06-06T23:00:00")  # the second is the 7th in Tokyo
    moved(world, "America/New_York", "2025-06-08T12:00")
    moved(world, "Asia/Tokyo", "2025-06-05T13:00")
    assert world.rows(DAYS) == [("2025-06-04", HALF), ("2025-06-07", HALF)]
    assert restatements(world) == [("2025-06-06", HALF, 0), ("2025-06-07", 0, HALF)]
    assert differing(world) == []


def test_days_that_are_sealed_stay_as_they_are_and_are_cut_anew_on_demand(world: World) -> None:
    clicks(world, "2025-05-31T20:00:00", "2025-06-05T10:00:00")
    moved(world, "America/New_York", "2025-06-05T12:00")
    with world.open(at("2025-07-20T00:00")) as warehouse:
        assert seal(warehouse)
    moved(world, "Asia/Tokyo", "2025-07-20T13:00")
    assert world.rows(DAYS) == [("2025-05-31", HALF), ("2025-06-05", HALF)]
    with world.open(at("2025-07-20T14:00")) as warehouse:
        recut(warehouse, 1, recut_by="ann", reason="never was in New York")
        publish(warehouse)
    assert world.rows(DAYS) == [("2025-06-01", HALF), ("2025-06-05", HALF)]
    assert world.rows(MONTHS) == [("2025-06-01", 1)]
    assert differing(world) == []


def test_decisions_before_and_after_a_seam_can_be_derived_again(world: World) -> None:
    moved(world, "Asia/Tokyo", "2025-06-05T01:00", daily="1.00")
    clicks(world, "2025-06-05T01:00:00", "2025-06-05T01:30:00", "2025-06-05T20:00:00")
    world.run(at("2025-06-05T01:40"))
    moved(world, "America/New_York", "2025-06-05T02:00", daily="1.00")
    for now in ("2025-06-05T14:59", "2025-06-05T16:00", "2025-06-06T03:59", "2025-06-06T04:00", "2025-06-06T05:00"):
        world.run(at(now))
    changes = (
        "select decided_at, to_status, local_date, timezone, daily_spend from ops.campaign_status_changes"
        " where campaign_id = 11 order by change_id"
    )
    assert world.rows(changes)[-2:] == [
        (at("2025-06-06T04:00"), status, date(2025, 6, 6), "America/New_York", 0) for status in ("SCHEDULED", "RUNNING")
    ]  # the 5th lasts until then, and its budget with it
    with open_published(world.root) as published:
        for (decided_at,) in set(
            world.rows("select decided_at from ops.campaign_status_changes where campaign_id = 11")
        ):
            assert explain(published, 11, at=decided_at, now=decided_at).differences == []
    with world.open() as warehouse:
        broken = [name for name, (_, severity) in CHECKS.items() if severity == BROKEN]
        assert [name for name in broken if not breaking_rows(warehouse, name).is_empty()] == []


def test_a_zone_delivered_wrong_from_the_start_is_mended_by_hand(world: World) -> None:
    clicks(world, "2025-05-31T20:00:00", "2025-06-02T12:00:00")
    moved(world, "America/New_York", "2025-06-05T12:00")
    with world.open() as warehouse, pytest.raises(SpendgateError, match="is by America/New_York already"):
        recut(warehouse, 1, recut_by="ann", reason="wrong")
    with world.open() as warehouse, pytest.raises(SpendgateError, match="brand 99 is not known"):
        recut(warehouse, 99, recut_by="ann", reason="wrong")
    moved(world, "Asia/Tokyo", "2025-06-05T13:00")
    with world.open() as warehouse:
        expected = [("MONTH", "2025-05-01", HALF, 0), ("MONTH", "2025-06-01", HALF, 1),
                    ("DAY", "2025-05-31", HALF, 0), ("DAY", "2025-06-01", 0, HALF)]  # fmt: skip
        found = preview_recut(warehouse, 1)
        assert [(m.period, str(m.starts_on), m.spend_before, m.spend_after) for m in found.moves] == expected
    assert world.rows(DAYS)[0] == ("2025-05-31", HALF)
    with world.open() as warehouse:
        assert recut(warehouse, 1, recut_by="ann", reason="never was in New York") == found
        publish(warehouse)
    assert world.rows(DAYS) == [("2025-06-01", HALF), ("2025-06-02", HALF)]
    assert restatements(world) == [("2025-05-31", HALF, 0), ("2025-06-01", 0, HALF)]
    assert [name for name, _ in zones(world)] == ["Asia/Tokyo"]
    assert world.rows("select mended_by, reason, table_name from internal.mendings") == [
        ("ann", "never was in New York", "core.brand_zones")
    ]
    world.run(at("2025-06-05T14:00"))
    assert differing(world) == []


def test_the_command_shows_what_moves_and_a_dry_run_writes_nothing(world: World) -> None:
    moved(world, "America/New_York", "2025-06-05T12:00")
    clicks(world, "2025-05-31T20:00:00")
    moved(world, "Asia/Tokyo", "2025-06-05T13:00")
    before = world.root.published_file.read_bytes()
    command = ["recut", "1", "--data", str(world.root.path), "--reason", "wrong from the start", "--clock-is-right"]
    shown = CliRunner().invoke(cli, [*command, "--dry-run"], catch_exceptions=False)
    assert "2025-06-01" in shown.output
    assert "Nothing was written" in shown.output
    assert world.root.published_file.read_bytes() == before
    CliRunner().invoke(cli, command, catch_exceptions=False)
    assert world.rows(DAYS) == [("2025-06-01", HALF)]


def local_date(history: list[tuple[str, datetime]], instant: datetime) -> date:
    """The date on a brand's clock, by its zones and from when they hold: it never comes back."""
    ends = [*(since for _, since in history[1:]), datetime.max.replace(tzinfo=UTC)]
    return max(
        min(instant, end - timedelta(microseconds=1)).astimezone(zone(name)).date()
        for (name, since), end in zip(history, ends, strict=True)
        if since <= instant
    )


def next_midnight(history: list[tuple[str, datetime]], instant: datetime) -> datetime:
    today, step = local_date(history, instant), timedelta(minutes=1)
    later = instant.replace(second=0, microsecond=0) + step
    while local_date(history, later) <= today:
        later += step
    return later


FAR = ("Pacific/Kiritimati", "Etc/GMT+12", "Pacific/Pago_Pago", "Pacific/Apia", "Asia/Tokyo")


def test_local_dates_for_random_sequences_of_zones_are_those_of_zoneinfo(world: World) -> None:
    dice = random.Random(4)
    with world.open() as warehouse:
        connection = warehouse.connection
        for brand_id in range(1, 25):
            noted = dice.choice((*STRANGE_ZONES, *FAR))
            history = [(noted, at("2000-01-01T00:00"))]
            now = at("2025-03-01T00:00") + timedelta(minutes=dice.randrange(300_000))
            for edit in range(6):
                name = dice.choice((*STRANGE_ZONES, *FAR)) if edit else noted
                values = {"id": brand_id, "zone": name, "at": now, "n": edit}
                connection.execute(
                    "create or replace temp table new_versions as select $id::bigint as brand_id, $zone as timezone,"
                    " $at::timestamptz as valid_from, 1::bigint as batch_id, '2025-01-01 00:00:00+00'::timestamptz"
                    " + to_seconds($n) as recorded_at",
                    values,
                )
                warehouse.run("core.brand_zones", "add", mends=False)
                if name != noted:
                    begins = next_midnight([row for row in history if row[1] <= now], now)
                    history = [*(row for row in history if row[1] < begins), (name, begins)]
                noted = name
                now += timedelta(minutes=dice.choice((1, 60, 600, 1500, 30_000)))
            seams = [since for _, since in history[1:]]
            steps = (-86400, -3600, -1, 0, 1, 3599, 7200, 100_000)
            instants = sorted({near + timedelta(seconds=step) for near in [*seams, now] for step in steps})
            connection.register("instants", pa.table({"instant": pa.array(instants, pa.timestamp("us", "UTC"))}))
            found = connection.execute(
                "with span as (select min(instant) as first_at, max(instant) as last_at from instants)"
                " select instant, core.local_time(instant, utc_offset)::date from instants"
                " left join (select * from core.brand_offsets('infinity'::timestamptz,"
                " (select first_at from span), (select last_at from span)) where brand_id = $id)"
                " on instant >= starts_at and instant < ends_at order by instant",
                {"id": brand_id},
            ).fetchall()
            assert found == [(instant, local_date(history, instant)) for instant in instants], history
