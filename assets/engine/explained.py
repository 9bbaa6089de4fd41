"""What an explanation tells: the changes, the versions, the limits and the windows, as values.

Belongs here: their names and meanings. Does not: finding them (`explanation`), nor their words (`pipelines`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Change:
    """One stored change of a status, as in `ops.campaign_status_changes`; amounts exact, instants in UTC."""

    change_id: int
    campaign_id: int
    brand_id: int
    from_status: str | None
    to_status: str
    reason: str
    decided_at: datetime
    recorded_at: datetime
    daily_spend: Decimal
    daily_budget: Decimal | None
    monthly_spend: Decimal
    monthly_budget: Decimal | None
    local_date: date
    timezone: str
    window_start: datetime | None
    window_end: datetime | None
    watermark_batch_id: int
    run_id: str
    changed_by: str
    note: str | None
    paused_until: datetime | None
    limits_reached: list[dict[str, Any]] | None
    limits_projected: list[dict[str, Any]] | None


@dataclass(frozen=True)
class Limit:
    """A limit in force: what was spent of it in the period under way; amounts in the brand's currency.

    Attributes:
        scope: BRAND or CAMPAIGN.
        period: HOUR to LIFETIME, or FUNDS.
        starts_at: first instant of the period; None: from ever.
        foreseen: not reached, and held because its policy foresaw that it would be.
        ends_at: first instant after it, when the limit is free again; None: never.
        words: how much of it is spent, for people.
    """

    scope: str
    period: str
    spend: Decimal
    budget: Decimal
    reached: bool
    foreseen: bool
    starts_at: datetime | None
    ends_at: datetime | None
    words: str


@dataclass(frozen=True)
class Flight:
    """Between which local dates a campaign may run (None: no bound), and its windows of the day, as instants."""

    start_date: date | None
    end_date: date | None
    windows_today: list[dict[str, datetime]]


@dataclass(frozen=True)
class Versions:
    """The reference data in force at an instant: names, the batches that brought them, the brand's clock."""

    brand_id: int
    campaign_name: str | None
    campaign_batch_id: int
    brand_name: str | None
    brand_batch_id: int
    currency: str
    timezone: str
    local_time: datetime


@dataclass(frozen=True)
class Crossing:
    """The cost with which the spend of a limit came to its budget, in the order of events."""

    scope: str
    period: str
    period_spend: Decimal
    transaction_id: int
    occurred_at: datetime
    ad_id: int
    campaign_id: int
    cost_type: str
    amount: Decimal
    spend_before_it: Decimal
    spend_with_it: Decimal
    file: str | None
    line_number: int


@dataclass(frozen=True)
class Present:
    """What a decision at `at` makes of the campaign, from all that is known today.

    Attributes:
        status: the status it finds.
        final_status: the status it leaves.
        reasons: of the changes in between.
        blocked_by: every reason that holds it then, in the order of the rules.
        why: the same as a sentence.
    """

    at: datetime
    status: str
    final_status: str
    reasons: list[str]
    daily_spend: Decimal
    daily_budget: Decimal | None
    monthly_spend: Decimal
    monthly_budget: Decimal | None
    is_active: bool
    window_start: datetime | None
    window_end: datetime | None
    window_open: bool
    next_change_at: datetime | None
    paused_until: datetime | None
    not_begun: bool
    blocked_by: list[str]
    why: str


@dataclass(frozen=True)
class Explanation:
    """Why a campaign has, or had, a status.

    Attributes:
        changes: what one decision, or a person, made of it, in order; the last one led to the status.
        versions: the reference data counted.
        limits: every limit in force then, in the order of the rules.
        flight: its first and last date, and its windows of that day.
        crossing: what crossed the first limit that was reached; None where none was.
        before: the change before those; None at its first appearance.
        differences: how the changes come out when they are derived again; empty when just as they are stored.
        present: what a decision makes of it at the instant asked for.
    """

    changes: list[Change]
    versions: Versions
    limits: list[Limit]
    flight: Flight
    crossing: Crossing | None
    before: Change | None
    differences: list[str]
    present: Present
