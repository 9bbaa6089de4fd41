"""Which campaigns may run: the decision, a look at what it would do, and people's own changes.

Belongs here: the order of the decision's statements and who may write what. Does not: the rules (`sql/decision`).
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from assets.settings import SpendgateError
from assets.warehouse import Warehouse, sql

MANUAL_CHANGES = {
    "DRAFT": ("SCHEDULED", "COMPLETED"),
    "SCHEDULED": ("DRAFT", "PAUSED", "COMPLETED"),
    "RUNNING": ("SCHEDULED", "PAUSED", "COMPLETED"),
    "BUDGET_REACHED": ("PAUSED", "COMPLETED"),
    "PAUSED": ("SCHEDULED", "DRAFT", "COMPLETED"),
    "COMPLETED": (),
}
"""What people may set, by the status a campaign has; RUNNING and BUDGET_REACHED belong to the decision alone."""

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


def look(connection: duckdb.DuckDBPyConnection, now: datetime) -> Outlook:
    """Work the decision out for `now` in temporary tables, on the warehouse or on the published copy."""
    for name in ("brand_now", "decided"):
        connection.execute(sql(f"decision/{name}"), {"now": now})
    connection.execute(sql("decision/hops"))
    return Outlook(*connection.execute(sql("decision/outlook")).fetchall()[0])


def hops(connection: duckdb.DuckDBPyConnection) -> list[Hop]:
    """The changes found by the last `look`, in order."""
    return [Hop(*row) for row in connection.execute(sql("decision/due_hops")).fetchall()]


def decide(warehouse: Warehouse) -> Outlook:
    """Decide for `warehouse.now` and record it: changes with their evidence, statuses, budgets; all or nothing."""
    with warehouse.transaction():
        outlook = look(warehouse.connection, warehouse.now)
        warehouse.run(
            "ops/campaign_status_changes",
            now=warehouse.now,
            recorded_at=datetime.now(UTC),
            run_id=warehouse.run_id,
        )
        warehouse.run("ops/campaign_status", now=warehouse.now)
        warehouse.run("mart/forget_brand_budget")
        warehouse.run("mart/brand_budget", now=warehouse.now)
    log.info("decided for %s: %d of %d campaigns changed", warehouse.now, outlook.due, outlook.campaigns)
    return outlook


def set_status(warehouse: Warehouse, campaign_id: int, status: str, *, changed_by: str, note: str) -> tuple[str, str]:
    """Record a person's change of a status.

    Returns:
        The status before and after.

    Raises:
        SpendgateError: there is no such campaign, or people may not make this change from here.
    """
    with warehouse.transaction():
        row = warehouse.run("ops/status_of", campaign_id=campaign_id).fetchone()
        if row is None:
            raise SpendgateError(
                f"campaign {campaign_id} has no status: it is not in the campaigns file, or no run has seen it yet"
            )
        before = str(row[0])
        allowed = MANUAL_CHANGES[before]
        if status not in allowed:
            choice = f"set {' or '.join(allowed)}" if allowed else "it is final"
            raise SpendgateError(f"campaign {campaign_id} is {before}: it cannot be set to {status}; {choice}")
        look(warehouse.connection, warehouse.now)
        warehouse.run(
            "ops/manual_change",
            campaign_id=campaign_id,
            from_status=before,
            status=status,
            changed_by=changed_by,
            note=note,
            now=warehouse.now,
            recorded_at=datetime.now(UTC),
            run_id=warehouse.run_id,
        )
        warehouse.run("ops/manual_status", campaign_id=campaign_id, status=status, now=warehouse.now)
        # with the new status in place: when would the decision change it
        look(warehouse.connection, warehouse.now)
        warehouse.run("ops/manual_next_change", campaign_id=campaign_id, now=warehouse.now)
    log.info("campaign %d: %s -> %s by %s (%s)", campaign_id, before, status, changed_by, note)
    return before, status
