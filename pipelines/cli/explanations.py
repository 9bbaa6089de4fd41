"""An explanation in plain words.

Belongs here: the words. Does not: what is explained (`engine.explanation`), nor how it is laid out (`printing`).
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from assets.engine.explained import Change, Crossing, Explanation, Flight, Limit, Present
from pipelines.cli.printing import for_people

LIMITS = {
    "HOURLY_BUDGET_REACHED": "it was RUNNING, and its brand had spent its budget of the hour",
    "DAILY_BUDGET_REACHED": "it was RUNNING, and its brand had spent its budget of the day",
    "WEEKLY_BUDGET_REACHED": "it was RUNNING, and its brand had spent its budget of the week",
    "MONTHLY_BUDGET_REACHED": "it was RUNNING, and its brand had spent its budget of the month",
    "LIFETIME_BUDGET_REACHED": "it was RUNNING, and its brand had spent its budget of all time",
    "NO_FUNDS": "it was RUNNING, and its brand, which pays in advance, had spent what it had paid",
    "CAMPAIGN_HOURLY_BUDGET_REACHED": "it was RUNNING, and had spent its own budget of the hour",
    "CAMPAIGN_DAILY_BUDGET_REACHED": "it was RUNNING, and had spent its own budget of the day",
    "CAMPAIGN_WEEKLY_BUDGET_REACHED": "it was RUNNING, and had spent its own budget of the week",
    "CAMPAIGN_MONTHLY_BUDGET_REACHED": "it was RUNNING, and had spent its own budget of the month",
    "CAMPAIGN_LIFETIME_BUDGET_REACHED": "it was RUNNING, and had spent its own budget of all time",
}
"""The rule behind each reason that is a limit, in words."""

REASONS = {
    "INITIAL": "it appeared in the campaigns file with this status",
    **LIMITS,
    **{
        f"PROJECTED_{reason}": f"{words.replace('had spent', 'would have spent', 1)} before a later decision could act"
        for reason, words in LIMITS.items()
    },
    "UNDER_BUDGET": "it had been stopped for a budget, and none of its brand or its own was reached any more",
    "FLIGHT_ENDED": "its last date was over on its brand's clock",
    "FLIGHT_NOT_STARTED": "it was RUNNING, and its first date had not begun on its brand's clock",
    "BRAND_INACTIVE": "it was RUNNING, and its brand was no longer active",
    "WINDOW_CLOSED": "it was RUNNING, and its window had closed",
    "WINDOW_OPEN": "it was SCHEDULED, its window was open, its brand active and no budget reached",
    "NO_WINDOW": "it was SCHEDULED, its brand was active and no budget reached; it has no window to wait for",
    "PAUSE_ENDED": "the pause that a person had set was over",
    "MANUAL": "a person set it",
}
"""The rule behind each reason, in words."""


# --- explanations


def explanation_lines(explanation: Explanation) -> list[tuple[str, str]]:
    """An explanation in plain words, as (what, words)."""
    last, versions = explanation.changes[-1], explanation.versions
    present = explanation.present
    lines = [
        ("holds it", f"{present.why} (at {for_people(present.at)} UTC)"),
        *(("why", _transition(change)) for change in explanation.changes),
    ]
    if last.reason == "MANUAL":
        lines.append(("who", f"{last.changed_by}: {last.note}"))
    if last.paused_until:
        lines.append(("until", f"{for_people(last.paused_until)} UTC, then SCHEDULED by itself"))
    clock = f"{versions.local_time:%Y-%m-%d %H:%M:%S} in {last.timezone}"
    lines += [
        ("at", f"{for_people(last.decided_at)} UTC, {clock}"),
        ("day", _spend(last.daily_spend, last.daily_budget, versions.currency)),
        ("month", _spend(last.monthly_spend, last.monthly_budget, versions.currency)),
        *[
            (_name(limit.scope, limit.period), _limit(limit, versions.currency))
            for limit in explanation.limits
            if not _is_told(limit)
        ],
        ("nearest", _nearest(explanation.limits)),
        ("window", _window(last.window_start, last.window_end)),
        *_flight_lines(explanation.flight),
    ]
    lines += [("foreseen", _projection(limit, versions.currency)) for limit in last.limits_projected or []]
    if explanation.crossing:
        lines.append(("crossed by", _crossing(explanation.crossing)))
    lines += [
        ("counted", f"costs of batches up to {last.watermark_batch_id}"),
        ("campaign", f"as loaded in batch {versions.campaign_batch_id}"),
        ("brand", f"{last.brand_id} {versions.brand_name or ''}, as loaded in batch {versions.brand_batch_id}"),
        ("run", f"{last.run_id}, recorded {for_people(last.recorded_at)} UTC as change {last.change_id}"),
        ("before", _before(explanation.before)),
        ("derived again", "; ".join(explanation.differences) or "the same"),
        ("a decision", _present(explanation.present, versions.currency)),
    ]
    return lines


def _transition(change: Change) -> str:
    return f"{change.from_status or 'new'} -> {change.to_status}, {change.reason}: {REASONS[change.reason]}"


def _spend(spend: Decimal, budget: Decimal | None, currency: str) -> str:
    if budget is None:
        return f"{for_people(spend)} {currency}, no limit"
    return f"{for_people(spend)} of {for_people(budget)} {currency}"


def _is_told(limit: Limit) -> bool:
    """Whether it has its own line in any case."""
    return limit.scope == "BRAND" and limit.period in ("DAY", "MONTH")


def _name(scope: str, period: str) -> str:
    return period.lower() if scope == "BRAND" else f"campaign {period.lower()}"


def _limit(limit: Limit, currency: str) -> str:
    """A limit with its numbers, and when it is free again if it is reached."""
    spent = _spend(limit.spend, limit.budget, currency)
    if limit.foreseen:
        return f"{spent}, the rest foreseen to be spent before a later decision can act"
    if not limit.reached:
        return spent
    free = f"free again at {for_people(limit.ends_at)} UTC" if limit.ends_at and limit.budget else "not free by itself"
    return f"{spent}, reached: {free}"


def _nearest(limits: list[Limit]) -> str:
    """Every limit that is reached, else the one of which most is spent."""
    if not limits:
        return "no limit"
    reached = [limit for limit in limits if limit.reached]
    nearest = max(limits, key=lambda limit: limit.spend / limit.budget if limit.budget else Decimal(1))
    return "; ".join(limit.words for limit in reached or [nearest])


def _projection(limit: dict[str, Any], currency: str) -> str:
    """How a limit was foreseen to be reached, with the numbers it was stopped by."""
    name = _name(limit["scope"], limit["period"])
    return (
        f"{name}: {_spend(limit['spend'], limit['budget'], currency)}; at {for_people(limit['hourly_rate'])} an hour,"
        f" {for_people(limit['projected_spend'])} within {limit['horizon_seconds'] / 60:.0f} minutes;"
        f" held since {for_people(limit['stopped_at'])} UTC"
    )


def _flight_lines(flight: Flight) -> list[tuple[str, str]]:
    lines = []
    if flight.windows_today:
        spans = [f"{window['opens_at']:%a %H:%M} - {window['closes_at']:%a %H:%M}" for window in flight.windows_today]
        lines.append(("today", f"{', '.join(spans)} UTC"))
    if flight.start_date or flight.end_date:
        first, last = flight.start_date or "the beginning", flight.end_date or "no end"
        lines.append(("flight", f"{first} to {last}, on its brand's clock"))
    return lines


def _window(start: datetime | None, end: datetime | None) -> str:
    return f"{for_people(start)} - {for_people(end)} UTC" if start else "any time"


def _crossing(crossing: Crossing) -> str:
    in_period = crossing.period_spend
    after = for_people(in_period - crossing.spend_with_it) if in_period > crossing.spend_with_it else "nothing"
    return (
        f"{crossing.cost_type.lower()} on ad {crossing.ad_id} (campaign {crossing.campaign_id}) at"
        f" {for_people(crossing.occurred_at)} UTC for {for_people(crossing.amount)}:"
        f" {for_people(crossing.spend_before_it)} before it, {for_people(crossing.spend_with_it)} with it,"
        f" {after} after it; transaction {crossing.transaction_id}, line {crossing.line_number} of {crossing.file}"
    )


def _before(change: Change | None) -> str:
    if change is None:
        return "nothing: it was new"
    return f"{change.to_status} since {for_people(change.decided_at)} UTC ({change.reason})"


def _present(present: Present, currency: str) -> str:
    """What a decision makes of it at the instant asked for, and what holds it where it is."""
    at = f"at {for_people(present.at)} UTC"
    if present.reasons:
        return f"{at} would make it {present.final_status} ({', '.join(present.reasons)})"
    facts = [
        f"day {_spend(present.daily_spend, present.daily_budget, currency)}",
        f"month {_spend(present.monthly_spend, present.monthly_budget, currency)}",
        f"window {'open' if present.window_open else 'closed'}",
        "brand active" if present.is_active else "brand inactive",
        *(["flight not begun"] if present.not_begun else []),
    ]
    expected = f"{for_people(present.next_change_at)} UTC" if present.next_change_at else "never"
    return f"{at} would leave it {present.status}: {', '.join(facts)}; next change with no new spend: {expected}"
