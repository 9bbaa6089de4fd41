"""Which campaigns may run: the decision, a look at what it would do or would have done, and people's own changes.

Belongs here: the order of the decision's statements and who may write what. Does not: the rules (`sql/decision`).
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from assets.sealed_tables import NEVER, days_needed
from assets.settings import SpendgateError
from assets.statements import sql
from assets.warehouse import Warehouse

MANUAL_CHANGES = {
    "DRAFT": ("SCHEDULED", "COMPLETED"),
    "SCHEDULED": ("DRAFT", "PAUSED", "COMPLETED"),
    "RUNNING": ("SCHEDULED", "PAUSED", "COMPLETED"),
    "BUDGET_REACHED": ("PAUSED", "COMPLETED"),
    "PAUSED": ("SCHEDULED", "DRAFT", "COMPLETED"),
    "COMPLETED": (),
}
"""What people may set, by the status a campaign has."""

DECIDED_ALONE = ("RUNNING", "BUDGET_REACHED")
"""Statuses that the decision alone may set."""

REOPENED = ("SCHEDULED", "DRAFT", "PAUSED")
"""What a COMPLETED campaign may become when a person says that it is to be reopened."""

log = logging.getLogger("spendgate.decision")


@dataclass(frozen=True)
class Outlook:
    """What a decision would do.

    Attributes:
        campaigns: how many were looked at.
        due: how many would change.
        next_change_at: when, with no new spend, the first of them changes after that; None: never.
    """

    campaigns: int
    due: int
    next_change_at: datetime | None


@dataclass(frozen=True)
class Hop:
    """One change of one campaign's status; `from_status` is None at its first appearance."""

    campaign_id: int
    brand_id: int
    from_status: str | None
    to_status: str
    reason: str


@dataclass(frozen=True)
class ManualChange:
    """What a person wants a campaign to be.

    Attributes:
        campaign_id: the campaign.
        status: what it shall be.
        changed_by: who wants it.
        note: why.
        until: when a pause ends by itself, as SCHEDULED; None: when somebody ends it.
        reopen: a COMPLETED campaign is meant to come back.
    """

    campaign_id: int
    status: str
    changed_by: str
    note: str
    until: datetime | None = None
    reopen: bool = False


def look(connection: duckdb.DuckDBPyConnection, now: datetime) -> Outlook:
    """Work the decision out for `now` in temporary tables, on the warehouse or on the published copy.

    Spend comes from the marts, so this costs what there are campaigns, not what there are events.
    """
    instant = {"now": now, "known_at": None}
    connection.execute(sql("steps.decision", "brand_clock"), {**instant, "brand_id": None})
    [(rezoned,)] = connection.execute(sql("steps.decision", "any_rezoned")).fetchall()
    # the month so far of brands whose zone is not the one they are summed by; of the others the day and month under way
    with days_needed(connection, now - timedelta(days=32) if rezoned else now):
        connection.execute(sql("steps.decision", "brand_spend_from_marts"), {"now": now})
    connection.execute(sql("steps.decision", "current_statuses"))
    return _decided(connection, instant)


def derive(
    connection: duckdb.DuckDBPyConnection,
    now: datetime,
    *,
    known_at: datetime | None,
    recorded_before: datetime | None,
    decided_through: datetime | None = None,
    brand_id: int | None = None,
    campaign_id: int | None = None,
) -> Outlook:
    """Work out, as `look` does, what a decision for `now` makes of the ledger and the history themselves.

    Args:
        connection: to the warehouse or the published copy.
        now: the instant to decide for.
        known_at: only what could be seen at this recorded time counts; None: everything.
        recorded_before: statuses are those of changes recorded before this time (None: all of them)...
        decided_through: ...that were made for this instant or earlier; None: all of them.
        brand_id: only this brand.
        campaign_id: only this campaign's status is looked up; for others of the brand the answer means nothing.
    """
    instant = {"now": now, "known_at": known_at}
    connection.execute(sql("steps.decision", "brand_clock"), {**instant, "brand_id": brand_id})
    connection.execute(sql("steps.decision", "brand_spend_from_ledger"), {**instant, "brand_id": brand_id})
    history = {"recorded_before": recorded_before, "decided_through": decided_through, "campaign_id": campaign_id}
    connection.execute(sql("steps.decision", "statuses_as_of"), history)
    return _decided(connection, instant)


def replay(connection: duckdb.DuckDBPyConnection, now: datetime, *, as_known: bool) -> Outlook:
    """Work the decision out as the instant `now` would have had it: with the statuses of then.

    Args:
        connection: to the warehouse or the published copy.
        now: an instant before the newest decision; one that was decided for stands for that decision, from before it
            was made. A later one, or that of the newest decision itself, is looked at as the present.
        as_known: count only what had been recorded by then, not what came late.

    Raises:
        SpendgateError: nothing had been recorded by then.
    """
    moments = connection.execute(sql("steps.decision", "as_of_bounds"), {"now": now, "seen_then": as_known}).fetchall()
    if not moments:
        return look(connection, now)
    known_at, recorded_before, decided_through = moments[0]
    if as_known and known_at is None:
        raise SpendgateError(f"nothing had been recorded by {now:%Y-%m-%d %H:%M:%S} UTC: the first decision came later")
    return derive(
        connection,
        now,
        known_at=known_at if as_known else None,
        recorded_before=recorded_before,
        decided_through=decided_through,
    )


def _decided(connection: duckdb.DuckDBPyConnection, instant: dict[str, datetime | None]) -> Outlook:
    connection.execute(sql("steps.decision", "decided"), instant)
    connection.execute(sql("steps.decision", "transitions"))
    return Outlook(*connection.execute(sql("steps.decision", "summary")).fetchall()[0])


def hops(connection: duckdb.DuckDBPyConnection) -> list[Hop]:
    """The changes found by the last `look` or `replay`, in order."""
    return [Hop(*row) for row in connection.execute(sql("steps.decision", "due_transitions")).fetchall()]


def decide(warehouse: Warehouse) -> Outlook:
    """Decide for `warehouse.now` and record it: changes with their evidence, statuses, budgets; all or nothing."""
    with warehouse.transaction() as recorded_at:
        outlook = look(warehouse.connection, warehouse.now)
        record = {"now": warehouse.now, "recorded_at": recorded_at, "run_id": warehouse.run_id}
        warehouse.run("ops.decisions", "add", **record)
        warehouse.run("ops.campaign_status_changes", "add", **record)
        warehouse.run("ops.campaign_status", "apply_decision", now=warehouse.now)
        warehouse.run("ops.budget_findings", "add", **record)
        with days_needed(warehouse.connection, NEVER):  # a lost day is due when it has been made again
            warehouse.run("ops.overspend_due", "add_decided", recorded_at=recorded_at)
        warehouse.run("mart.brand_budget", "clear")
        warehouse.run("mart.brand_budget", "add", now=warehouse.now)
    log.info("decided for %s: %d of %d campaigns changed", warehouse.now, outlook.due, outlook.campaigns)
    return outlook


def set_status(warehouse: Warehouse, change: ManualChange) -> str | None:
    """Record a person's change of a status.

    Returns:
        The status before, or None when it was so already and nothing was recorded.

    Raises:
        SpendgateError: there is no such campaign, or people may not make this change from here.
    """
    campaign_id = change.campaign_id
    row = warehouse.row("ops.campaign_status", "of_campaign", campaign_id=campaign_id)
    if row is None:
        raise SpendgateError(
            f"campaign {campaign_id} has no status: it is not in the campaigns file, or no run has seen it yet"
        )
    before: str = row[0]
    paused_until, decided_at = row[1:]
    if (before, paused_until) == (change.status, change.until) and before not in DECIDED_ALONE:
        log.info("campaign %d is %s already: nothing to record", campaign_id, before)
        return None
    _check_manual_change(change, before, decided_at)
    with warehouse.transaction() as recorded_at:
        look(warehouse.connection, warehouse.now)
        wanted = {
            "campaign_id": campaign_id,
            "from_status": before,
            "status": change.status,
            "paused_until": change.until,
            "now": warehouse.now,
        }
        if warehouse.value("ops.campaign_status", "set_by_hand", **wanted) != 1:
            raise SpendgateError(f"campaign {campaign_id} is not {before} any more: look at it again")
        warehouse.run(
            "ops.campaign_status_changes",
            "add_manual",
            **wanted,
            changed_by=change.changed_by,
            note=change.note,
            recorded_at=recorded_at,
            run_id=warehouse.run_id,
        )
        # with the new status in place: when would the decision change it
        look(warehouse.connection, warehouse.now)
        warehouse.run("ops.campaign_status", "set_next_change", campaign_id=campaign_id, now=warehouse.now)
    log.info("campaign %d: %s -> %s by %s (%s)", campaign_id, before, change.status, change.changed_by, change.note)
    return before


def _check_manual_change(change: ManualChange, before: str, decided_at: datetime) -> None:
    """Refuse, with what is allowed from here, what the table of manual changes does not hold."""
    if not (change.note.strip() and change.changed_by.strip()):
        raise SpendgateError("a change of a status needs a reason, and who makes it")
    campaign = f"campaign {change.campaign_id}"
    if before == "COMPLETED" and not change.reopen:
        choice = " or ".join(REOPENED)
        raise SpendgateError(f"{campaign} is COMPLETED, which is final: to reopen it, set {choice} with `reopen`")
    allowed = REOPENED if before == "COMPLETED" else MANUAL_CHANGES[before]
    new_end = before == change.status == "PAUSED"
    if change.status not in allowed and not new_end:
        raise SpendgateError(f"{campaign} is {before}: it cannot be set to {change.status}; set {' or '.join(allowed)}")
    if change.until is not None and change.status != "PAUSED":
        raise SpendgateError(f"only a pause ends by itself: {change.status} takes no `until`")
    if change.until is not None and change.until <= decided_at:
        raise SpendgateError(
            f"a pause until {change.until:%Y-%m-%d %H:%M:%S} UTC would be over before it begins:"
            f" {campaign} was last decided for {decided_at:%Y-%m-%d %H:%M:%S} UTC"
        )
