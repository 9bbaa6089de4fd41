"""The decision in plain Python, from the text of its rules and nothing else: no SQL, no table of offsets.

Decimal amounts, zone rules straight from the tzdata package. Slow and obvious on purpose.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from importlib import resources
from io import BytesIO
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
HORIZON = 400 * DAY
"""How far ahead a next change and the end of a window are looked for."""

STRANGE_ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "America/Havana", "America/New_York", "America/St_Johns",
    "America/Sao_Paulo", "Antarctica/Casey", "Antarctica/Troll", "Asia/Amman", "Asia/Gaza", "Asia/Kathmandu",
    "Asia/Pyongyang", "Australia/Lord_Howe", "Europe/Dublin", "Europe/London", "Pacific/Apia", "Pacific/Chatham",
    "Pacific/Kiritimati", "Pacific/Norfolk", "UTC",
)  # fmt: skip
"""Days of 23 and 25 hours, skipped midnights and dates, changes off the hour: the 20 strangest, UTC among them."""

PERIODS = ("HOUR", "DAY", "WEEK", "MONTH", "LIFETIME")
SCOPES = ("BRAND", "CAMPAIGN")
REASONS = {
    ("BRAND", "HOUR"): "HOURLY_BUDGET_REACHED",
    ("BRAND", "DAY"): "DAILY_BUDGET_REACHED",
    ("BRAND", "WEEK"): "WEEKLY_BUDGET_REACHED",
    ("BRAND", "MONTH"): "MONTHLY_BUDGET_REACHED",
    ("BRAND", "LIFETIME"): "LIFETIME_BUDGET_REACHED",
    ("BRAND", "FUNDS"): "NO_FUNDS",
    ("CAMPAIGN", "HOUR"): "CAMPAIGN_HOURLY_BUDGET_REACHED",
    ("CAMPAIGN", "DAY"): "CAMPAIGN_DAILY_BUDGET_REACHED",
    ("CAMPAIGN", "WEEK"): "CAMPAIGN_WEEKLY_BUDGET_REACHED",
    ("CAMPAIGN", "MONTH"): "CAMPAIGN_MONTHLY_BUDGET_REACHED",
    ("CAMPAIGN", "LIFETIME"): "CAMPAIGN_LIFETIME_BUDGET_REACHED",
}
"""The reason for each limit; of several that are reached, the first one here is named."""


@dataclass(frozen=True)
class Brand:
    brand_id: int
    timezone: str
    daily_budget: Decimal | None
    monthly_budget: Decimal | None
    is_active: bool
    billing: str = "POSTPAID"
    zones: tuple[tuple[datetime, str], ...] = ()
    """From when which zone holds, the first from the beginning; empty: `timezone` always."""


@dataclass(frozen=True)
class Daypart:
    """One row of dayparting."""

    weekdays: frozenset[int]
    """ISO: Monday is 1."""
    opens: int
    """Second of the local day."""
    closes: int
    """Second of the local day, 86,400: its end; before `opens`: on the next date."""
    clock: str = "BRAND"


@dataclass(frozen=True)
class Campaign:
    campaign_id: int
    brand_id: int
    status: str
    opens: int | None
    """Second of the UTC day from which it may run; None for both bounds: no dayparting."""
    closes: int | None
    paused_until: datetime | None = None
    start_date: date | None = None
    end_date: date | None = None
    dayparts: tuple[Daypart, ...] = ()


@dataclass(frozen=True)
class Cost:
    """What was spent, or, below zero, what was taken back of it."""

    brand_id: int
    at: datetime
    amount: Decimal
    campaign_id: int | None = None


@dataclass(frozen=True)
class Payment:
    """What a brand has paid, or, below zero, what was paid back to it."""

    brand_id: int
    at: datetime
    amount: Decimal


@dataclass(frozen=True)
class Budget:
    """One row of budgets."""

    scope: str
    id: int
    period: str
    amount: Decimal
    effective_from: date | None = None
    effective_to: date | None = None


@dataclass(frozen=True)
class Ledger:
    """Whatever limits are worked out from."""

    costs: tuple[Cost, ...] = ()
    payments: tuple[Payment, ...] = ()
    budgets: tuple[Budget, ...] = ()

    def as_known(self, now: datetime) -> "Ledger":
        """Without what happens after an instant."""
        costs = tuple(cost for cost in self.costs if cost.at <= now)
        return Ledger(costs, tuple(each for each in self.payments if each.at <= now), self.budgets)


@dataclass(frozen=True)
class Limit:
    scope: str
    id: int
    period: str
    starts_at: datetime | None
    ends_at: datetime | None
    spend: Decimal
    budget: Decimal
    reached: bool


Transition = tuple[str, str, str]
Window = tuple[datetime, datetime]


# --- clocks


@cache
def zone(name: str) -> ZoneInfo:
    """A zone by the rules of the tzdata package, whatever the operating system has."""
    return ZoneInfo.from_file(BytesIO(resources.files("tzdata").joinpath("zoneinfo", name).read_bytes()), name)


@dataclass(frozen=True)
class Reign:
    """A zone of a brand, from when it holds, and the last date that the clocks before it have shown."""

    holds_from: datetime
    timezone: str
    last_date: date


@cache
def reigns(zones: tuple[tuple[datetime, str], ...]) -> list[Reign]:
    """The zones of a brand, in order."""
    found: list[Reign] = []
    for holds_from, timezone in zones:
        last_date = date.min
        if found:
            shown = (holds_from - TICK).astimezone(zone(found[-1].timezone)).date()
            last_date = max(shown, found[-1].last_date)
        found.append(Reign(holds_from if found else datetime.min.replace(tzinfo=UTC), timezone, last_date))
    return found


def zones_of(brand: Brand) -> tuple[tuple[datetime, str], ...]:
    """From when which zone holds."""
    return brand.zones or ((datetime.min.replace(tzinfo=UTC), brand.timezone),)


def local_time(zones: tuple[tuple[datetime, str], ...], instant: datetime) -> datetime:
    """What the clock shows: by the zone in force, and never a date before the last one of the clock before it."""
    reign = [each for each in reigns(zones) if each.holds_from <= instant][-1]
    shown = instant.astimezone(zone(reign.timezone)).replace(tzinfo=None, fold=0)
    return shown + max(reign.last_date - shown.date(), timedelta())


def local_date(brand: Brand, instant: datetime) -> date:
    return local_time(zones_of(brand), instant).date()


@dataclass(frozen=True)
class Stretch:
    """A time in which a clock runs evenly: it shows the instant and so much more."""

    starts_at: datetime
    ends_at: datetime
    ahead: timedelta

    def shown(self, instant: datetime) -> datetime:
        return instant.replace(tzinfo=None) + self.ahead

    def instant(self, shown: datetime) -> datetime:
        return (shown - self.ahead).replace(tzinfo=UTC)

    def shows(self, shown: datetime) -> bool:
        return self.starts_at <= self.instant(shown) < self.ends_at


@cache
def offset_changes(name: str) -> list[datetime]:
    """Every instant from 2000 to 2045 at which a zone changes its offset, found by looking twice a day and halving."""
    rules = zone(name)
    found = []
    instant = datetime(2000, 1, 1, tzinfo=UTC)
    while instant.year < 2045:
        after = instant + DAY / 2
        if instant.astimezone(rules).utcoffset() != after.astimezone(rules).utcoffset():
            early, late = instant, after
            while late - early > timedelta(seconds=1):
                middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
                same = middle.astimezone(rules).utcoffset() == instant.astimezone(rules).utcoffset()
                early, late = (middle, late) if same else (early, middle)
            found.append(late)
        instant = after
    return found


@lru_cache(64)
def stretches(zones: tuple[tuple[datetime, str], ...], since: datetime, until: datetime) -> list[Stretch]:
    """The clock from `since` to `until`, cut wherever it may jump."""
    cuts = {since, until}
    for reign in reigns(zones):
        cuts.add(reign.holds_from)
        cuts |= set(offset_changes(reign.timezone))
        # dates are put forward until the clock has reached the last date of the one before it
        offsets = {reign.holds_from, *offset_changes(reign.timezone)} if reign.last_date > date.min else set()
        for change in offsets:
            ahead = change.astimezone(zone(reign.timezone)).utcoffset() or timedelta()
            for days in (0, 1):
                cuts.add((datetime.combine(reign.last_date, time()) - days * DAY - ahead).replace(tzinfo=UTC))
    edges = sorted(cut for cut in cuts if since <= cut <= until)
    return [
        Stretch(start, end, local_time(zones, start) - start.replace(tzinfo=None)) for start, end in pairwise(edges)
    ]


def first_shown(clock: list[Stretch], shown: datetime) -> datetime | None:
    """The first instant at which a clock shows a time, or that at which it skips it."""
    for stretch in clock:
        if stretch.shows(shown):
            return stretch.instant(shown)
    return skipped_at(clock, shown)


def last_shown(clock: list[Stretch], shown: datetime) -> datetime | None:
    """The last instant at which a clock shows a time, or that at which it skips it."""
    for stretch in reversed(clock):
        if stretch.shows(shown):
            return stretch.instant(shown)
    return skipped_at(clock, shown)


def skipped_at(clock: list[Stretch], shown: datetime) -> datetime | None:
    """When a clock jumps over a time."""
    for before, after in pairwise(clock):
        if before.shown(before.ends_at) <= shown < after.shown(after.starts_at):
            return after.starts_at
    return None


# --- limits


def bounds_of(period: str, shown: datetime) -> tuple[datetime, datetime]:
    """The local hour, date, ISO week or month of a local time: its first local time, and the first after it."""
    midnight = datetime.combine(shown.date(), time())
    if period == "HOUR":
        hour = shown.replace(minute=0, second=0, microsecond=0)
        return hour, hour + timedelta(hours=1)
    if period == "DAY":
        return midnight, midnight + DAY
    if period == "WEEK":
        monday = midnight - (midnight.isoweekday() - 1) * DAY
        return monday, monday + 7 * DAY
    first = midnight.replace(day=1)
    return first, (first + 31 * DAY).replace(day=1)


def budgets_of(brand: Brand, ledger: Ledger) -> list[Budget]:
    """All rows, and after them those of the brand's own columns, which have no dates."""
    columns = (("DAY", brand.daily_budget), ("MONTH", brand.monthly_budget))
    own = [Budget("BRAND", brand.brand_id, period, amount) for period, amount in columns if amount is not None]
    return [*ledger.budgets, *own]


def budget_in_force(rows: Iterable[Budget], today: date) -> Budget | None:
    """Of the rows of one scope, id and period that hold on a date, the one that began last; of two the first here."""
    in_force = [
        row for row in rows if (row.effective_from or date.min) <= today and today <= (row.effective_to or date.max)
    ]
    return max(in_force, key=lambda row: row.effective_from or date.min, default=None)


def spend_of(brand: Brand, costs: Iterable[Cost], period: str, now: datetime) -> Decimal:
    """Sum of the costs up to `now` whose own local hour, date, week or month is that of `now`."""
    zones = zones_of(brand)
    so_far = [cost for cost in costs if cost.brand_id == brand.brand_id and cost.at <= now]
    if period not in ("LIFETIME", "FUNDS"):
        bounds = bounds_of(period, local_time(zones, now))
        so_far = [cost for cost in so_far if bounds_of(period, local_time(zones, cost.at)) == bounds]
    return sum((cost.amount for cost in so_far), Decimal(0))


def spend(brand: Brand, costs: Iterable[Cost], now: datetime) -> tuple[Decimal, Decimal]:
    """Spend of the brand's day and month up to `now`."""
    costs = list(costs)
    return spend_of(brand, costs, "DAY", now), spend_of(brand, costs, "MONTH", now)


def amounts(
    brand: Brand, ids: dict[str, int], ledger: Ledger, now: datetime
) -> Iterator[tuple[str, str, Decimal, Decimal]]:
    """Scope, period, spend and budget of each limit of a brand or of one of its campaigns, the first named first."""
    today = local_date(brand, now)
    rows = budgets_of(brand, ledger)
    for scope, period in REASONS:
        if scope not in ids:
            continue
        costs = [cost for cost in ledger.costs if scope == "BRAND" or cost.campaign_id == ids[scope]]
        if period == "FUNDS":
            paid = [each.amount for each in ledger.payments if each.brand_id == brand.brand_id and each.at <= now]
            if brand.billing == "PREPAID":
                yield scope, period, spend_of(brand, costs, period, now), sum(paid, Decimal(0))
            continue
        row = budget_in_force((r for r in rows if (r.scope, r.id, r.period) == (scope, ids[scope], period)), today)
        if row is not None:
            yield scope, period, spend_of(brand, costs, period, now), row.amount


def limits(brand: Brand, campaigns: Iterable[Campaign], ledger: Ledger, now: datetime) -> list[Limit]:
    """Every limit in force at `now`: of a brand and of its campaigns."""
    clock = stretches(zones_of(brand), now - 40 * DAY, now + 40 * DAY)
    shown = local_time(zones_of(brand), now)
    found = []
    for ids in ({"BRAND": brand.brand_id}, *({"CAMPAIGN": each.campaign_id} for each in campaigns)):
        for scope, period, spent, budget in amounts(brand, ids, ledger, now):
            starts_at = ends_at = None
            if period not in ("LIFETIME", "FUNDS"):
                first, after = bounds_of(period, shown)
                within = [s for s in clock if s.shown(s.starts_at) < after and s.shown(s.ends_at) > first]
                starts_at = max(within[0].starts_at, within[0].instant(first))
                ends_at = min(within[-1].ends_at, within[-1].instant(after))
            found.append(Limit(scope, ids[scope], period, starts_at, ends_at, spent, budget, spent >= budget))
    return found


def first_reached(brand: Brand, campaign: Campaign, ledger: Ledger, now: datetime) -> str | None:
    """The reason for which a campaign is over budget, if it is."""
    ids = {"BRAND": brand.brand_id, "CAMPAIGN": campaign.campaign_id}
    for scope, period, spent, budget in amounts(brand, ids, ledger, now):
        if spent >= budget:
            return REASONS[scope, period]
    return None


# --- windows


@lru_cache(64)
def windows(
    zones: tuple[tuple[datetime, str], ...], dayparts: tuple[Daypart, ...], since: datetime, until: datetime
) -> list[Window]:
    """The times from about `since` to about `until` at which rows of dayparting let a campaign run, united."""
    margin = 6 * DAY
    found = []
    for row in dayparts:
        clock = stretches(zones if row.clock == "BRAND" else UTC_CLOCK, since - margin, until + margin)
        shown_dates = dates_shown(clock)
        day = (since - margin / 2).date()
        while day < (until + margin / 2).date():
            day += DAY
            if day.isoweekday() not in row.weekdays or day not in shown_dates:
                continue
            midnight = datetime.combine(day, time())
            opens = first_shown(near(clock, day), midnight + timedelta(seconds=row.opens))
            past = DAY if row.closes < row.opens else timedelta()
            closes = last_shown(near(clock, day), midnight + past + timedelta(seconds=row.closes))
            if opens and closes and opens < closes:
                found.append((opens, closes))
    return united(found)


UTC_CLOCK = ((datetime.min.replace(tzinfo=UTC), "UTC"),)


def near(clock: list[Stretch], day: date) -> list[Stretch]:
    """The part of a clock that may show a date or the next one."""
    noon = datetime.combine(day, time(12), UTC)
    return [each for each in clock if each.starts_at < noon + 4 * DAY and each.ends_at > noon - 4 * DAY]


def dates_shown(clock: list[Stretch]) -> set[date]:
    """Every date that a clock shows: none that it skips."""
    found = set()
    for each in clock:
        day = each.shown(each.starts_at).date()
        while day <= each.shown(each.ends_at - TICK).date():
            found.add(day)
            day += DAY
    return found


def united(found: list[Window]) -> list[Window]:
    """Windows that overlap or touch as one."""
    together: list[Window] = []
    for opens, closes in sorted(found):
        if together and opens <= together[-1][1]:
            together[-1] = (together[-1][0], max(together[-1][1], closes))
        else:
            together.append((opens, closes))
    return together


def daily_windows(campaign: Campaign, since: datetime, until: datetime) -> list[Window]:
    """The windows of allowed_start and allowed_end, one for each UTC date, not united."""
    if campaign.opens is None or campaign.closes is None:
        return []
    opens, closes = timedelta(seconds=campaign.opens), timedelta(seconds=campaign.closes)
    length = closes - opens if opens < closes else closes + DAY - opens
    first = since.replace(hour=0, minute=0, second=0, microsecond=0) - 2 * DAY
    return [(first + n * DAY + opens, first + n * DAY + opens + length) for n in range((until - first).days + 2)]


def windows_of(brand: Brand, campaign: Campaign, since: datetime, until: datetime) -> list[Window] | None:
    """When a campaign may run; None: always, for it has no windows."""
    if campaign.dayparts:
        return windows(zones_of(brand), campaign.dayparts, since, until)
    return daily_windows(campaign, since, until) if campaign.opens is not None else None


def is_open(found: list[Window] | None, now: datetime) -> bool:
    """Whether the last of the windows that have opened is not closed yet."""
    if found is None:
        return True
    opened = bisect_right(found, now, key=lambda each: each[0])
    return opened > 0 and now < found[opened - 1][1]


def window(brand: Brand, campaign: Campaign, now: datetime) -> Window | None:
    """The window that is open at `now`, else the next one; None where there is none, or it never closes."""
    for opens, closes in windows_of(brand, campaign, now - HORIZON, now + HORIZON) or []:
        if closes > now:
            return (opens, closes) if closes <= now + HORIZON else None
    return None


# --- the decision


def decide(brand: Brand, campaign: Campaign, ledger: Ledger, now: datetime) -> tuple[str, list[Transition]]:
    """Final status and hops of one campaign."""
    found = windows_of(brand, campaign, now - 3 * DAY, now + 3 * DAY)
    return steps(brand, campaign, now, first_reached(brand, campaign, ledger, now), found)


def steps(
    brand: Brand, campaign: Campaign, now: datetime, reached: str | None, found: list[Window] | None
) -> tuple[str, list[Transition]]:
    """The steps in their order, given which limit is reached and the windows."""
    today = local_date(brand, now)
    flight_over = campaign.end_date is not None and today > campaign.end_date
    flight_begun = campaign.start_date is None or today >= campaign.start_date
    may_run = brand.is_active and flight_begun and is_open(found, now)
    status = campaign.status
    hops: list[Transition] = []

    def hop(to: str, reason: str) -> None:
        nonlocal status
        hops.append((status, to, reason))
        status = to

    if status == "PAUSED" and campaign.paused_until is not None and campaign.paused_until <= now:
        hop("SCHEDULED", "PAUSE_ENDED")
    if flight_over and status in ("RUNNING", "SCHEDULED", "BUDGET_REACHED"):
        hop("COMPLETED", "FLIGHT_ENDED")
    if status == "RUNNING" and reached:
        hop("BUDGET_REACHED", reached)
    elif status == "BUDGET_REACHED" and not reached:
        hop("SCHEDULED", "UNDER_BUDGET")
    if status == "RUNNING" and not may_run:
        hop("SCHEDULED", why_not(brand, flight_begun=flight_begun))
    if status == "SCHEDULED" and may_run and not reached:
        hop("RUNNING", "NO_WINDOW" if found is None else "WINDOW_OPEN")
    return status, hops


def why_not(brand: Brand, *, flight_begun: bool) -> str:
    """Why a campaign stops that is not over budget."""
    if not brand.is_active:
        return "BRAND_INACTIVE"
    return "WINDOW_CLOSED" if flight_begun else "FLIGHT_NOT_STARTED"


def blocked_by(brand: Brand, campaign: Campaign, ledger: Ledger, now: datetime) -> list[str]:
    """Every reason that holds a campaign with its present status, in the order of the rules."""
    ids = {"BRAND": brand.brand_id, "CAMPAIGN": campaign.campaign_id}
    today = local_date(brand, now)
    found = [campaign.status] if campaign.status in ("DRAFT", "PAUSED", "COMPLETED") else []
    if campaign.end_date is not None and today > campaign.end_date:
        found.append("FLIGHT_ENDED")
    found += [
        REASONS[scope, period] for scope, period, spent, budget in amounts(brand, ids, ledger, now) if spent >= budget
    ]
    if not brand.is_active:
        found.append("BRAND_INACTIVE")
    if campaign.start_date is not None and today < campaign.start_date:
        found.append("FLIGHT_NOT_STARTED")
    if not is_open(windows_of(brand, campaign, now - 3 * DAY, now + 3 * DAY), now):
        found.append("WINDOW_CLOSED")
    return found


# --- the next change


def edge_dates(campaign: Campaign, ledger: Ledger) -> set[date]:
    """The dates at whose beginning a flight, or a row of budgets, begins or has ended."""
    begins = [campaign.start_date, *(row.effective_from for row in ledger.budgets)]
    ends = [campaign.end_date, *(row.effective_to for row in ledger.budgets)]
    return {day for day in begins if day} | {day + DAY for day in ends if day}


def candidates(brand: Brand, campaign: Campaign, ledger: Ledger, now: datetime, until: datetime) -> Iterator[datetime]:
    """Every instant after `now` up to `until` at which something could change.

    With no new spend a period later than the one under way has none: a zone moves it by two days at the most. So hours
    are looked at for four days and midnights for forty, later on only those of dates at which a row begins or ends.
    """
    clock = stretches(zones_of(brand), now, until + DAY)
    found = {each.starts_at for each in clock}
    edges = edge_dates(campaign, ledger)
    for each in clock:
        hour = each.shown(each.starts_at).replace(minute=0, second=0, microsecond=0)
        while hour < each.shown(each.ends_at):
            instant = each.instant(hour)
            midnight = hour.time() == time()
            if instant < now + 4 * DAY or (midnight and (instant < now + 40 * DAY or hour.date() in edges)):
                found.add(instant)
            hour += timedelta(hours=1) if instant < now + 4 * DAY or not midnight else DAY
    for opened, closed in windows_of(brand, campaign, now, until) or []:
        found |= {opened, closed}
    if campaign.paused_until is not None:
        found.add(campaign.paused_until)
    yield from sorted(instant for instant in found if now < instant <= until)


def next_change(
    brand: Brand, campaign: Campaign, ledger: Ledger, now: datetime, until: datetime | None = None
) -> datetime | None:
    """First instant, of the next 400 days, at which a campaign in the status it has would change with no new spend."""
    until = until or now + HORIZON
    known = ledger.as_known(now)
    found = windows_of(brand, campaign, now, until)
    over: dict[tuple[date, int | None], str | None] = {}
    for instant in candidates(brand, campaign, known, now, until):
        shown = local_time(zones_of(brand), instant)
        alike = shown.date(), shown.hour if instant < now + 5 * DAY else None
        if alike not in over:
            over[alike] = first_reached(brand, campaign, known, instant)
        if steps(brand, campaign, instant, over[alike], found)[1]:
            return instant
    return None
