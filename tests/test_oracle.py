"""The oracle itself: every worked case and its clocks, in plain Python alone."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.decision_world import oracle_of
from tests.oracle import (
    DAY,
    STRANGE_ZONES,
    Brand,
    Budget,
    Campaign,
    Ledger,
    Limit,
    decide,
    limits,
    local_time,
    next_change,
    stretches,
    window,
    zone,
    zones_of,
)  # fmt: skip

SCENARIOS = Path(__file__).parent / "scenarios"
CASES = [
    case
    for name in ("decisions.json", "limits.json")
    for case in json.loads((SCENARIOS / name).read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("case", CASES, ids=[f"{case['id']} {case['title']}" for case in CASES])
def test_the_oracle_agrees_with_a_worked_case(case: dict[str, Any]) -> None:
    brands, campaigns, ledger = oracle_of(case)
    now = datetime.fromisoformat(case["now"])
    for campaign in campaigns:
        expected = case["expected"].get(str(campaign.campaign_id))
        if expected is None:
            continue
        brand = brands[campaign.brand_id]
        status, hops = decide(brand, campaign, ledger, now)
        found: dict[str, Any] = {"status": status, "hops": [list(hop) for hop in hops]}
        found["next_change_at"] = text(next_change(brand, after(campaign, status), ledger, now))
        found["window_start"], found["window_end"] = map(text, window(brand, campaign, now) or (None, None))
        assert {key: found[key] for key in expected} == expected


def after(campaign: Campaign, status: str) -> Campaign:
    return Campaign(**{**vars(campaign), "status": status})


def text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("name", STRANGE_ZONES)
def test_stretches_of_a_clock_show_what_its_zone_shows(name: str) -> None:
    since = datetime(2012, 1, 1, tzinfo=UTC)
    for each in stretches(((since, name),), since, datetime(2030, 1, 1, tzinfo=UTC)):
        for instant in (each.starts_at, each.ends_at - timedelta(microseconds=1)):
            assert each.shown(instant) == instant.astimezone(zone(name)).replace(tzinfo=None)


BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

TOKYO_TO_NEW_YORK = Brand(
    1, "", None, None, is_active=True,
    zones=((BEGINNING, "Asia/Tokyo"), (datetime(2025, 6, 5, 15, tzinfo=UTC), "America/New_York")),
)  # fmt: skip
"""From the midnight that begins June 6 in Tokyo: 11:00 of June 5 in New York."""


def day_of(brand: Brand, now: datetime) -> Limit:
    [limit] = limits(brand, [], Ledger(budgets=(Budget("BRAND", 1, "DAY", Decimal(1)),)), now)
    return limit


def test_a_seam_to_the_west_makes_a_day_longer() -> None:
    limit = day_of(TOKYO_TO_NEW_YORK, datetime(2025, 6, 5, 20, tzinfo=UTC))
    assert (limit.starts_at, limit.ends_at) == (
        datetime(2025, 6, 4, 15, tzinfo=UTC), datetime(2025, 6, 6, 4, tzinfo=UTC)
    )  # fmt: skip


def test_a_date_never_goes_back_at_a_seam() -> None:
    # At 10:00 UTC June 6 begins in Kiritimati; twelve hours behind UTC it is 22:00 of June 4.
    seam = datetime(2025, 6, 5, 10, tzinfo=UTC)
    brand = Brand(
        1, "", None, None, is_active=True,
        zones=((BEGINNING, "Pacific/Kiritimati"), (seam, "Etc/GMT+12")),
    )  # fmt: skip
    shown = [local_time(zones_of(brand), seam + timedelta(hours=hours)) for hours in (-1, 0, 1, 2, 26)]
    assert [f"{each:%d %H}" for each in shown] == ["05 23", "05 22", "05 23", "05 00", "06 00"]
    limit = day_of(brand, seam)
    assert (limit.starts_at, limit.ends_at) == (seam - DAY, seam + timedelta(hours=26))
    assert local_time(zones_of(brand), seam + timedelta(hours=25)).date() == date(2025, 6, 5)


@pytest.mark.parametrize("seed", range(50))
def test_stretches_of_a_clock_with_seams_show_its_local_time(seed: int) -> None:
    dice = Random(seed)
    since = datetime(2020, 1, 1, tzinfo=UTC)
    names = (*STRANGE_ZONES, "Etc/GMT+12")
    hours = sorted(dice.sample(range(24, 40 * 24), 4))
    zones = ((BEGINNING, dice.choice(names)), *((since + timedelta(hours=n), dice.choice(names)) for n in hours))
    last = date.min
    for each in stretches(zones, since, since + 60 * DAY):
        for _ in range(5):
            instant = each.starts_at + dice.random() * (each.ends_at - each.starts_at)
            assert each.shown(instant) == local_time(zones, instant)
        first_date = each.shown(each.starts_at).date()
        assert first_date >= last or each.starts_at not in [start for start, _ in zones]
        last = each.shown(each.ends_at - timedelta(microseconds=1)).date()


@pytest.mark.parametrize(("last", "budget"), [(None, 7), (date(2025, 6, 10), 7), (date(2025, 6, 9), 5)])
def test_a_row_without_a_first_date_holds_before_the_brands_own_budget_while_it_is_in_force(
    last: date | None, budget: int
) -> None:
    brand = Brand(1, "UTC", Decimal(5), None, is_active=True)
    ledger = Ledger(budgets=(Budget("BRAND", 1, "DAY", Decimal(7), None, last),))
    [limit] = limits(brand, [], ledger, datetime(2025, 6, 10, 12, tzinfo=UTC))
    assert limit.budget == budget
