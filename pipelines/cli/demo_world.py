"""A small, lively world dated around now, for people who try it out.

Belongs here: its brands, campaigns and events. Does not: worlds of any size (`sample_data`).
"""

import gzip
import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.kinds import CORRECTIONS, EVENTS, PAYMENTS

DEMO_MARK = ".demo"
"""File in the data root that says: nothing but the demo lies here."""

# --- the demo

BRANDS = (
    # name, time zone, daily budget, monthly budget, currency
    ("Aurora Coffee", "America/New_York", "40.00", "900.00", "USD"),
    ("Birch & Co", "Europe/London", None, "45.00", "GBP"),
    ("Cobalt Bikes", "Asia/Kolkata", "25.00", None, "INR"),
    ("Delta Travel", "Australia/Sydney", "0.50", None, "AUD"),
    ("Ember Games", "America/Los_Angeles", "1.00", "500.00", "USD"),
    ("Fjord Outdoor", "Europe/Oslo", "0.75", None, "NOK"),
    ("Garnet Bank", "Asia/Tokyo", None, None, "JPY"),
    ("Heron Books", "UTC", "30.00", "400.00", "EUR"),
)
PREPAID = "Garnet Bank"

EVENTS_IN_DEMO = 6_000


def deliver_demo(root: DataRoot, now: datetime, seed: int = 7) -> None:
    """Deliver a small world dated around `now`: several time zones, dayparting, tight budgets, late and bad rows.

    Called again, it delivers what has happened since, and some of the same events twice.

    Raises:
        SpendgateError: the data root holds something that is not the demo's.
    """
    begin_demo(root, now)
    dice = random.Random(f"{seed} {now.isoformat()}")  # noqa: S311 a demo, not a secret
    stamp = f"{now:%Y%m%dT%H%M%S}"
    events = made_up_events(dice, stamp, now, EVENTS_IN_DEMO, timedelta(days=3))
    third = len(events) // 3
    _deliver(root.landing(EVENTS) / f"{stamp}-a.jsonl", _as_jsonl(events[: third + 50]) + BAD_LINES)
    pl.DataFrame(events[third : 2 * third]).write_csv(root.landing(EVENTS) / f"{stamp}-b.csv")
    typed = pl.DataFrame(events[2 * third :]).with_columns(pl.col("occurred_at").str.to_datetime(time_zone="UTC"))
    typed.write_parquet(root.landing(EVENTS) / f"{stamp}-c.parquet")
    late = [_event(dice, f"late-{stamp}-{n}", now - timedelta(days=3, hours=n)) for n in range(20)]
    _deliver(root.landing(EVENTS) / f"{stamp}-late.jsonl.gz", gzip.compress(_as_jsonl(late), mtime=0))
    deliver_rows(root, PAYMENTS, f"{stamp}.jsonl", payments_of(now))
    deliver_rows(root, CORRECTIONS, f"{stamp}.jsonl", corrections_of(now, events))


def begin_demo(root: DataRoot, now: datetime) -> None:
    """Deliver the reference files of the demo, if nothing but the demo lies there.

    Raises:
        SpendgateError: the data root holds something that is not the demo's.
    """
    root.create()
    mark = root.path / DEMO_MARK
    theirs = [*root.reference.iterdir(), *root.landing(EVENTS).iterdir(), *root.landing(PAYMENTS).iterdir()]
    if theirs and not mark.exists():
        raise SpendgateError(f"{root.path} already holds deliveries: name an empty folder for the demo with --data DIR")
    mark.touch()
    _deliver_reference(root, now)


def deliver_rows(root: DataRoot, kind: str, name: str, rows: list[dict[str, Any]], bad_lines: bytes = b"") -> None:
    """Deliver rows of a kind as JSONL, and lines that are none."""
    _deliver(root.landing(kind) / name, _as_jsonl(rows) + bad_lines)


BAD_LINES = b"""{"event_id":"bad-1","ad_id":1,"event_type":"clik","occurred_at":"2025-06-10T12:00:00Z"}
{"event_id":"bad-2","ad_id":1.5,"event_type":"click","occurred_at":"2025-06-10T12:00:00Z"}
{"event_id":"bad-3","ad_id":1,"event_type":"click","occurred_at":"2025-06-10 12:00"}
{"event_id":"bad-4","ad_id":1,"event_ty
"""


def _deliver_reference(root: DataRoot, now: datetime) -> None:
    def clock(hours: int) -> str:
        return f"{(now.hour + hours) % 24:02}:00"

    brands: list[dict[str, Any]] = [
        {
            "brand_id": number,
            "name": name,
            "daily_budget": daily,
            "monthly_budget": monthly,
            "timezone": timezone,
            "owner": "demo",
            "is_active": name != "Heron Books",
            "billing": "PREPAID" if name == PREPAID else None,
            "currency": currency,
        }
        for number, (name, timezone, daily, monthly, currency) in enumerate(BRANDS, 1)
    ]
    windows = [(None, None), (clock(-2), clock(3)), (clock(4), clock(9))]
    campaigns: list[dict[str, Any]] = [
        {
            "campaign_id": brand["brand_id"] * 10 + number,
            "brand_id": brand["brand_id"],
            "name": f"{brand['name']} {('always on', 'now', 'later')[number]}",
            "status": ("RUNNING", "PAUSED" if brand["name"] == "Garnet Bank" else "SCHEDULED", "SCHEDULED")[number],
            "allowed_start": windows[number][0] if (brand["brand_id"], number) not in BY_ROWS else None,
            "allowed_end": windows[number][1] if (brand["brand_id"], number) not in BY_ROWS else None,
            # the last campaign of the third brand begins next week, that of the fourth ended a week ago
            "start_date": f"{now + timedelta(days=7):%Y-%m-%d}" if brand["brand_id"] == 3 and number == 2 else None,
            "end_date": f"{now - timedelta(days=7):%Y-%m-%d}" if brand["brand_id"] == 4 and number == 2 else None,
        }
        for brand in brands
        for number in range(3)
    ]
    ad_sets: list[dict[str, Any]] = [
        {
            "ad_set_id": campaign["campaign_id"],
            "campaign_id": campaign["campaign_id"],
            "name": "all",
            "is_active": True,
        }
        for campaign in campaigns
    ]
    ads = [
        {
            "ad_id": ad_set["ad_set_id"] * 10 + number,
            "ad_set_id": ad_set["ad_set_id"],
            "name": f"ad {number}",
            "is_active": True,
            "media_file": None,
            "content": None,
            "cost_per_click": "0.0425" if number == 1 else None,
            "cost_per_mille": "1.25" if number == 2 else None,
            "cost_per_view": None,
            "cost_per_acquisition": None,
        }
        for ad_set in ad_sets
        for number in range(3)
    ]
    for name, rows in (
        ("brands", brands),
        ("campaigns", campaigns),
        ("budgets", _demo_budgets(now)),
        ("dayparting", DAYPARTING),
        ("ad_sets", ad_sets),
        ("ads", ads),
        ("global_ad_pricing", [PRICE]),
    ):
        pl.DataFrame(rows, infer_schema_length=None).write_csv(root.reference / f"{name}.csv")


PRICE = {
    "effective_from": "2000-01-01T00:00:00Z",
    "cost_per_click": "0.03",
    "cost_per_mille": "0.90",
    "cost_per_view": "0.004",
    "cost_per_acquisition": "0.75",
}

BY_ROWS = {(2, 2), (3, 2)}
"""Brands and their campaigns that have rows of dayparting."""

DAYPARTING = [
    {"campaign_id": 22, "weekdays": "mon-fri", "start": "09:00", "end": "17:30", "clock": None},
    {"campaign_id": 22, "weekdays": "sat,sun", "start": "22:00", "end": "02:00", "clock": None},
    {"campaign_id": 32, "weekdays": None, "start": "06:00", "end": "24:00", "clock": "UTC"},
]


def _demo_budgets(now: datetime) -> list[dict[str, Any]]:
    """A budget of each period, of brands and campaigns, and three days on which another one holds."""
    yesterday, tomorrow = (f"{now + timedelta(days=days):%Y-%m-%d}" for days in (-1, 1))
    rows = [
        ("CAMPAIGN", 10, "HOUR", "0.20", None, None),
        ("CAMPAIGN", 11, "WEEK", "1.50", None, None),
        ("CAMPAIGN", 20, "DAY", "0.40", None, None),
        ("BRAND", 5, "DAY", "2.00", yesterday, tomorrow),
        ("BRAND", 3, "LIFETIME", "2500.00", None, None),
        ("BRAND", 7, "WEEK", "20.00", None, None),
    ]
    names = ("scope", "id", "period", "amount", "effective_from", "effective_to")
    return [dict(zip(names, row, strict=True)) for row in rows]


def corrections_of(now: datetime, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Five clicks that were no people's, taken back."""
    clicks = [event["event_id"] for event in events if event["event_type"] == "click"][:5]
    return [
        {"correction_id": f"{now:%Y%m%dT%H%M%S}-{n}", "event_id": id_, "amount": "whole", "reason": "invalid traffic"}
        for n, id_ in enumerate(clicks)
    ]


def made_up_events(dice: random.Random, stamp: str, now: datetime, count: int, over: timedelta) -> list[dict[str, Any]]:
    """Events of the time before `now`, more of them lately, in no order."""
    return [_event(dice, f"{stamp}-{number:05}", now - over * dice.random() ** 2) for number in range(count)]


def _event(dice: random.Random, event_id: str, at: datetime) -> dict[str, Any]:
    brand, campaign, ad = dice.randint(1, len(BRANDS)), dice.randint(0, 2), dice.randint(0, 2)
    unknown = dice.random() < 0.002
    return {
        "event_id": event_id,
        "ad_id": 999_999 if unknown else brand * 100 + campaign * 10 + ad,
        "event_type": dice.choices(("impression", "view", "click", "acquisition"), weights=(800, 150, 45, 5))[0],
        "occurred_at": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
    }


def payments_of(now: datetime) -> list[dict[str, Any]]:
    """A payment of each brand."""
    return [
        {
            "payment_id": f"{now:%Y%m%d}-{brand}",
            "brand_id": brand,
            "amount": "100.00",
            "paid_at": f"{now:%Y-%m-%d}T00:00:00Z",
        }
        for brand in range(1, len(BRANDS) + 1)
    ]


def _as_jsonl(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def _deliver(target: Path, content: bytes) -> None:
    part = target.with_name(f"{target.name}.part")
    part.write_bytes(content)
    part.rename(target)
