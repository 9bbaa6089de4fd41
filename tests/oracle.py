"""The decision in plain Python, from the text of its rules and nothing else: no SQL, no table of offsets.

Decimal amounts, zone rules straight from the tzdata package. Slow and obvious on purpose.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources
from io import BytesIO
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)

STRANGE_ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "America/Havana", "America/New_York", "America/St_Johns",
    "America/Sao_Paulo", "Antarctica/Casey", "Antarctica/Troll", "Asia/Amman", "Asia/Gaza", "Asia/Kathmandu",
    "Asia/Pyongyang", "Australia/Lord_Howe", "Europe/Dublin", "Europe/London", "Pacific/Apia", "Pacific/Chatham",
    "Pacific/Kiritimati", "Pacific/Norfolk", "UTC",
)  # fmt: skip
"""Days of 23 and 25 hours, skipped midnights and dates, changes off the hour: the 20 strangest, UTC among them."""


@dataclass(frozen=True)
class Brand:
    brand_id: int
    timezone: str
    daily_budget: Decimal | None
    monthly_budget: Decimal | None
    is_active: bool


@dataclass(frozen=True)
class Campaign:
    campaign_id: int
    brand_id: int
    status: str
    opens: int | None
    """Second of the UTC day from which it may run; None for both bounds: no dayparting."""
    closes: int | None
    paused_until: datetime | None = None


@dataclass(frozen=True)
class Cost:
    brand_id: int
    at: datetime
    amount: Decimal


Transition = tuple[str, str, str]


@cache
def zone(name: str) -> ZoneInfo:
    """A zone by the rules of the tzdata package, whatever the operating system has."""
    return ZoneInfo.from_file(BytesIO(resources.files("tzdata").joinpath("zoneinfo", name).read_bytes()), name)


def local_date(brand: Brand, instant: datetime) -> date:
    return instant.astimezone(zone(brand.timezone)).date()


def spend(brand: Brand, costs: list[Cost], now: datetime) -> tuple[Decimal, Decimal]:
    """Spend of the brand's day and month up to `now`."""
    today = local_date(brand, now)
    day = month = Decimal(0)
    for cost in costs:
        if cost.brand_id == brand.brand_id and cost.at <= now:
            on = local_date(brand, cost.at)
            day += cost.amount if on == today else 0
            month += cost.amount if (on.year, on.month) == (today.year, today.month) else 0
    return day, month


def window_is_open(campaign: Campaign, now: datetime) -> bool:
    if campaign.opens is None or campaign.closes is None:
        return True
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    time_of_day = now - midnight
    opens, closes = timedelta(seconds=campaign.opens), timedelta(seconds=campaign.closes)
    if opens < closes:
        return opens <= time_of_day < closes
    return time_of_day >= opens or time_of_day < closes


def decide(brand: Brand, campaign: Campaign, costs: list[Cost], now: datetime) -> tuple[str, list[Transition]]:
    """Final status and hops of one campaign."""
    day, month = spend(brand, costs, now)
    daily = brand.daily_budget is not None and day >= brand.daily_budget
    monthly = brand.monthly_budget is not None and month >= brand.monthly_budget
    is_open = window_is_open(campaign, now)
    status = campaign.status
    hops: list[Transition] = []

    def hop(to: str, reason: str) -> None:
        nonlocal status
        hops.append((status, to, reason))
        status = to

    if status == "PAUSED" and campaign.paused_until is not None and campaign.paused_until <= now:
        hop("SCHEDULED", "PAUSE_ENDED")
    if status == "RUNNING" and (daily or monthly):
        hop("BUDGET_REACHED", "DAILY_BUDGET_REACHED" if daily else "MONTHLY_BUDGET_REACHED")
    elif status == "BUDGET_REACHED" and not (daily or monthly):
        hop("SCHEDULED", "UNDER_BUDGET")
    if status == "RUNNING" and not brand.is_active:
        hop("SCHEDULED", "BRAND_INACTIVE")
    elif status == "RUNNING" and not is_open:
        hop("SCHEDULED", "WINDOW_CLOSED")
    if status == "SCHEDULED" and brand.is_active and is_open and not (daily or monthly):
        hop("RUNNING", "NO_WINDOW" if campaign.opens is None else "WINDOW_OPEN")
    return status, hops


def candidates(timezone: str, campaign: Campaign, now: datetime, until: datetime) -> Iterator[datetime]:
    """Every instant after `now` at which something could change: half-hours, edges of windows and pauses."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    step = 15 if timezone in ("Asia/Kathmandu", "Pacific/Chatham") else 30  # minutes past the hour of local midnights
    instants = {midnight + timedelta(minutes=step * n) for n in range(1440 // step * ((until - midnight).days + 1))}
    if campaign.opens is not None and campaign.closes is not None:
        days = [midnight + DAY * n for n in range((until - midnight).days + 1)]
        instants |= {day + timedelta(seconds=edge) for day in days for edge in (campaign.opens, campaign.closes)}
    if timezone == "Antarctica/Casey":
        instants |= {instant + timedelta(minutes=1) for instant in set(instants)}
    if campaign.paused_until is not None:
        instants.add(campaign.paused_until)
    yield from sorted(instant for instant in instants if now < instant <= until)


def next_change(brand: Brand, campaign: Campaign, costs: list[Cost], now: datetime, until: datetime) -> datetime | None:
    """First instant up to `until` at which a campaign, in the status it has, would change with no new spend."""
    changes: dict[tuple[date, bool, bool], bool] = {}
    for instant in candidates(brand.timezone, campaign, now, until):
        paused = campaign.paused_until is not None and instant < campaign.paused_until
        alike = local_date(brand, instant), window_is_open(campaign, instant), paused
        if alike not in changes:
            changes[alike] = bool(decide(brand, campaign, costs, instant)[1])
        if changes[alike]:
            return instant
    return None
