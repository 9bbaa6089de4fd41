"""The decision as an instant in the past would have had it, or as the ledger and the history make it today.

Belongs here: which state stands for which instant. Does not: the rules (`decision`).
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from assets.engine.decision import DecisionSummary, complete, evaluate, find_limits, look_back
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.statements import sql


@dataclass(frozen=True)
class AsOf:
    """An instant, and what was known of it.

    Attributes:
        now: the instant to decide for.
        known_at: only what could be seen at this recorded time counts; None: everything.
        recorded_before: statuses are those of changes recorded before this time (None: all of them)...
        decided_through: ...that were made for this instant or earlier; None: all of them.
    """

    now: datetime
    known_at: datetime | None = None
    recorded_before: datetime | None = None
    decided_through: datetime | None = None


def derive(
    connection: duckdb.DuckDBPyConnection, as_of: AsOf, *, brand_id: int | None = None, campaign_id: int | None = None
) -> DecisionSummary:
    """Work out, as `evaluate` does, what a decision makes of the ledger and the history themselves.

    Args:
        connection: to the warehouse or the published copy.
        as_of: the instant to decide for, and what was known of it.
        brand_id: only this brand.
        campaign_id: only this campaign's status is looked up; for others of the brand the answer means nothing.
    """
    instant = {"now": as_of.now, "known_at": as_of.known_at}
    find_limits(connection, instant, brand_id=brand_id)
    history = {"recorded_before": as_of.recorded_before, "decided_through": as_of.decided_through}
    look_back(connection, as_of.now, **history)
    connection.execute(sql("steps.limits", "spent_in_ledger"))
    connection.execute(sql("steps.limits", "bucket_spend"))
    connection.execute(sql("steps.decision", "statuses_as_of"), {**history, "campaign_id": campaign_id})
    return complete(connection, instant)


def replay(connection: duckdb.DuckDBPyConnection, now: datetime, *, as_known: bool) -> DecisionSummary:
    """Work the decision out as the instant `now` would have had it: with the statuses of then.

    Args:
        connection: to the warehouse or the published copy.
        now: an instant before the newest decision; one that was decided for stands for that decision, from before it
            was made. A later one, or that of the newest decision itself, is evaluated as the present.
        as_known: count only what had been recorded by then, not what came late.

    Raises:
        SpendgateError: nothing had been recorded by then.
    """
    moments = connection.execute(sql("steps.decision", "as_of_bounds"), {"now": now, "seen_then": as_known}).fetchall()
    if not moments:
        return evaluate(connection, now)
    known_at, recorded_before, decided_through = moments[0]
    if as_known and known_at is None:
        raise SpendgateError(f"nothing had been recorded by {now:%Y-%m-%d %H:%M:%S} UTC: the first decision came later")
    return derive(connection, AsOf(now, known_at if as_known else None, recorded_before, decided_through))
