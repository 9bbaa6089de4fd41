"""Why a campaign has its status: each stored change, derived again from the ledger and put into words.

Belongs here: explanations, and the check that stored changes still follow from the ledger. Does not: the rules
(`decision`, `sql/steps/decision.sql`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from assets.engine.as_of import AsOf, derive
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse


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


@dataclass(frozen=True)
class Versions:
    """The reference data in force at an instant: names, the batches that brought them, the brand's clock."""

    brand_id: int
    campaign_name: str | None
    campaign_batch_id: int
    brand_name: str | None
    brand_batch_id: int
    timezone: str
    local_time: datetime


@dataclass(frozen=True)
class Crossing:
    """The cost with which a brand's spend of a DAY or MONTH came to its budget, in the order of events."""

    period: str
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


@dataclass(frozen=True)
class Explanation:
    """Why a campaign has, or had, a status.

    Attributes:
        changes: what one decision, or a person, made of it, in order; the last one led to the status.
        versions: the reference data counted.
        crossing: what crossed the budget; None where none was reached.
        before: the change before those; None at its first appearance.
        differences: how the changes come out when they are derived again; empty when just as they are stored.
        present: what a decision makes of it at the instant asked for.
    """

    changes: list[Change]
    versions: Versions
    crossing: Crossing | None
    before: Change | None
    differences: list[str]
    present: Present


def explain(
    connection: duckdb.DuckDBPyConnection, campaign_id: int, *, at: datetime | None, now: datetime
) -> Explanation:
    """Explain the status that a campaign has, or had at `at`, and derive it again.

    Args:
        connection: to the published copy.
        campaign_id: the campaign.
        at: the instant asked for; None: the present.
        now: the present.

    Raises:
        SpendgateError: the campaign had no status then.
    """
    # people are shown seconds, and ask with them for what happened within one
    through = at.replace(microsecond=999_999) if at and not at.microsecond else at
    changes = _changes(connection, "changes", campaign_id=campaign_id, at=through)
    if not changes:
        when = f"at {at:%Y-%m-%d %H:%M:%S} UTC" if at else "yet"
        raise SpendgateError(
            f"campaign {campaign_id} had no status {when}: it is not in the campaigns file, or no run had seen it"
        )
    last = changes[-1]
    before = _changes(connection, "change_before", campaign_id=campaign_id, change_id=changes[0].change_id)
    _derive_moment(connection, last.recorded_at, last.decided_at, brand_id=last.brand_id, campaign_id=campaign_id)
    differences = connection.execute("select stored, derived from differences").fetchall()
    return Explanation(
        changes=changes,
        versions=_versions(connection, campaign_id, last.decided_at, last.recorded_at),
        crossing=_crossing(connection, last),
        before=before[0] if before else None,
        differences=[f"stored {stored}; derived {derived}" for stored, derived in differences],
        present=_present(connection, campaign_id, at or now, through),
    )


def derive_unchecked_changes(warehouse: Warehouse) -> None:
    """Derive every change recorded since the last check again; `underivable_changes` holds what comes out otherwise."""
    warehouse.run("steps.explanation", "underivable_changes")
    moments = warehouse.run("steps.explanation", "unchecked_changes").fetchall()
    for recorded_at, decided_at, _ in moments:
        _derive_moment(warehouse.connection, recorded_at, decided_at)
        warehouse.run("steps.explanation", "add_differences")
    if moments:  # bookkeeping, not a revision: readers need no new copy for it
        warehouse.run(
            "ops.evidence_checks",
            "record",
            checked_through=moments[-1][0],
            changes=sum(changes for _, _, changes in moments),
            run_id=warehouse.run_id,
        )


def _derive_moment(
    connection: duckdb.DuckDBPyConnection,
    recorded_at: datetime,
    decided_at: datetime,
    *,
    brand_id: int | None = None,
    campaign_id: int | None = None,
) -> None:
    """Derive the changes recorded at one moment again, and put what comes out otherwise into `differences`."""
    as_of = AsOf(decided_at, known_at=recorded_at, recorded_before=recorded_at)
    derive(connection, as_of, brand_id=brand_id, campaign_id=campaign_id)
    connection.execute(
        sql("steps.explanation", "differences"), {"recorded_at": recorded_at, "campaign_id": campaign_id}
    )


def _changes(connection: duckdb.DuckDBPyConnection, name: str, **values: Any) -> list[Change]:
    return [Change(*row) for row in connection.execute(sql("steps.explanation", name), values).fetchall()]


def _versions(
    connection: duckdb.DuckDBPyConnection, campaign_id: int, now: datetime, known_at: datetime | None
) -> Versions:
    values = {"now": now, "known_at": known_at, "campaign_id": campaign_id}
    return Versions(*connection.execute(sql("steps.explanation", "versions"), values).fetchall()[0])


def _crossing(connection: duckdb.DuckDBPyConnection, change: Change) -> Crossing | None:
    """What crossed the budget of the day, else that of the month, as the change could see it."""
    if change.daily_budget is not None and change.daily_spend >= change.daily_budget:
        period, budget = "DAY", change.daily_budget
    elif change.monthly_budget is not None and change.monthly_spend >= change.monthly_budget:
        period, budget = "MONTH", change.monthly_budget
    else:
        return None
    if not budget:
        return None  # reached before anything is spent
    values = {
        "brand_id": change.brand_id,
        "local_date": change.local_date,
        "now": change.decided_at,
        "known_at": change.recorded_at,
        "period": period,
        "budget": budget,
    }
    rows = connection.execute(sql("steps.explanation", "budget_crossing"), values).fetchall()
    return Crossing(period, *rows[0]) if rows else None


def _present(
    connection: duckdb.DuckDBPyConnection, campaign_id: int, at: datetime, through: datetime | None
) -> Present:
    brand_id = _versions(connection, campaign_id, at, None).brand_id
    derive(connection, AsOf(at, decided_through=through), brand_id=brand_id, campaign_id=campaign_id)
    row = connection.execute(sql("steps.explanation", "present"), {"campaign_id": campaign_id}).fetchall()[0]
    return Present(at, *row)
