"""Which campaigns may run: the decision, and an evaluation of what it would do.

Belongs here: the order of the decision's statements. Does not: the rules (`sql/steps/decision.sql`), the decision of an
instant in the past (`as_of`), people's own changes (`manual_status`).
"""

import logging
from dataclasses import dataclass
from datetime import datetime

import duckdb

from assets.engine.warehouse.sealed_tables import NEVER, days_needed
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.decision")


@dataclass(frozen=True)
class DecisionSummary:
    """What a decision would do.

    Attributes:
        campaigns: how many were evaluated.
        due: how many would change.
        next_change_at: when, with no new spend, the first of them changes after that; None: never.
    """

    campaigns: int
    due: int
    next_change_at: datetime | None


@dataclass(frozen=True)
class Transition:
    """One change of one campaign's status; `from_status` is None at its first appearance."""

    campaign_id: int
    brand_id: int
    from_status: str | None
    to_status: str
    reason: str


def evaluate(connection: duckdb.DuckDBPyConnection, now: datetime) -> DecisionSummary:
    """Work the decision out for `now` in temporary tables, on the warehouse or on the published copy.

    Spend comes from the marts, so this costs what there are campaigns, not what there are events.
    """
    instant = {"now": now, "known_at": None}
    connection.execute(sql("steps.decision", "brand_clock"), {**instant, "brand_id": None})
    with days_needed(connection, now):
        connection.execute(sql("steps.decision", "brand_spend_from_marts"), {"now": now})
    connection.execute(sql("steps.decision", "current_statuses"))
    return complete(connection, instant)


def complete(connection: duckdb.DuckDBPyConnection, instant: dict[str, datetime | None]) -> DecisionSummary:
    """Decide from `brand_now` and `statuses`, whichever way those were made; `instant` gives `now` and `known_at`."""
    connection.execute(sql("steps.decision", "decided"), instant)
    connection.execute(sql("steps.decision", "evidence"))
    connection.execute(sql("steps.decision", "transitions"))
    return DecisionSummary(*connection.execute(sql("steps.decision", "summary")).fetchall()[0])


def due_transitions(connection: duckdb.DuckDBPyConnection) -> list[Transition]:
    """The changes found by the last `evaluate` or `replay`, in order."""
    return [Transition(*row) for row in connection.execute(sql("steps.decision", "due_transitions")).fetchall()]


def decide(warehouse: Warehouse) -> DecisionSummary:
    """Decide for `warehouse.now` and record it: changes with their evidence, statuses, budgets; all or nothing."""
    with warehouse.transaction() as recorded_at:
        summary = evaluate(warehouse.connection, warehouse.now)
        record = {"now": warehouse.now, "recorded_at": recorded_at, "run_id": warehouse.run_id}
        warehouse.run("ops.decisions", "add", **record)
        warehouse.run("ops.campaign_status_changes", "add", **record)
        warehouse.run("ops.campaign_status", "apply_decision", now=warehouse.now)
        warehouse.run("ops.budget_findings", "add", **record)
        with days_needed(warehouse.connection, NEVER):  # a lost day is due when it has been made again
            warehouse.run("ops.overspend_due", "add_decided", recorded_at=recorded_at)
        warehouse.run("mart.brand_budget", "clear")
        warehouse.run("mart.brand_budget", "add", now=warehouse.now)
    log.info("decided for %s: %d of %d campaigns changed", warehouse.now, summary.due, summary.campaigns)
    return summary
