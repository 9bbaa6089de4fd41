"""Why a campaign has its status: each stored change, derived again from the ledger and put into words.

Belongs here: explanations, and the check that stored changes still follow from the ledger. Does not: the rules
(`decision`, `sql/steps/decision.sql`).
"""

from datetime import datetime
from typing import Any

import duckdb

from assets.engine.as_of import AsOf, derive
from assets.engine.errors import SpendgateError
from assets.engine.explained import Change, Crossing, Explanation, Flight, Limit, Present, Versions
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse


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
    owner = {"brand_id": last.brand_id, "campaign_id": campaign_id}
    limits = [Limit(*row) for row in connection.execute(sql("steps.explanation", "limits"), owner).fetchall()]
    flight = connection.execute(sql("steps.explanation", "flight"), {"campaign_id": campaign_id}).fetchall()[0]
    return Explanation(
        changes=changes,
        versions=_versions(connection, campaign_id, last.decided_at, last.recorded_at),
        limits=limits,
        flight=Flight(*flight),
        crossing=_crossing(connection, last, limits),
        before=before[0] if before else None,
        differences=[f"stored {stored}; derived {derived}" for stored, derived in differences],
        present=_present(connection, last, at or now, through),
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
            "internal.evidence_checks",
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


def _crossing(connection: duckdb.DuckDBPyConnection, change: Change, limits: list[Limit]) -> Crossing | None:
    """What crossed the first limit that is reached, as the change could see it."""
    limit = next((limit for limit in limits if limit.reached), None)
    if limit is None or not limit.budget:
        return None  # a budget of 0 is reached before anything is spent
    values = {
        "brand_id": change.brand_id,
        "only_campaign": change.campaign_id if limit.scope == "CAMPAIGN" else None,
        "now": change.decided_at,
        "known_at": change.recorded_at,
        "period": limit.period,
        "budget": limit.budget,
    }
    rows = connection.execute(sql("steps.explanation", "budget_crossing"), values).fetchall()
    return Crossing(limit.scope, limit.period, limit.spend, *rows[0]) if rows else None


def _present(connection: duckdb.DuckDBPyConnection, last: Change, at: datetime, through: datetime | None) -> Present:
    campaign_id = last.campaign_id
    brand_id = _versions(connection, campaign_id, at, None).brand_id
    derive(connection, AsOf(at, decided_through=through), brand_id=brand_id, campaign_id=campaign_id)
    by_hand = last.reason == "MANUAL"
    said = {"changed_by": last.changed_by if by_hand else None, "note": last.note if by_hand else None}
    connection.execute(sql("steps.explanation", "state"), {"now": at, "campaign_id": campaign_id, **said})
    connection.execute(sql("steps.explanation", "state_limits"))
    row = connection.execute(sql("steps.explanation", "present"), {"campaign_id": campaign_id}).fetchall()[0]
    return Present(at, *row)
