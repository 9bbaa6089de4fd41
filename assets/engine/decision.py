"""Which campaigns may run: the decision, and an evaluation of what it would do.

Belongs here: the order of the decision's statements. Does not: the rules (`sql/steps/decision.sql`), the decision of an
instant in the past (`as_of`), people's own changes (`manual_status`).
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from assets.engine.errors import first_line
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
    find_limits(connection, instant, brand_id=None)
    look_back(connection, now, recorded_before=None, decided_through=None)
    connection.execute(sql("steps.limits", "spent_in_marts"))
    # what has been delivered of the time after; hours are in the ledger alone
    [(hourly,)] = connection.execute(sql("steps.limits", "hourly_brands")).fetchall()
    with days_needed(connection, now - timedelta(days=2) if hourly else now):
        connection.execute(sql("steps.limits", "bucket_spend"))
    connection.execute(sql("steps.decision", "current_statuses"))
    return complete(connection, instant)


def look_back(
    connection: duckdb.DuckDBPyConnection,
    now: datetime,
    *,
    recorded_before: datetime | None,
    decided_through: datetime | None,
) -> None:
    """Find by whose policy limits are foreseen, how fast they are spent, and what had been foreseen before.

    Comes after `find_limits`; `recorded_before` and `decided_through` are those of `AsOf`.
    """
    connection.execute(sql("steps.foresight", "reach"))
    connection.execute(sql("steps.foresight", "policies_now"))
    history = {"recorded_before": recorded_before, "decided_through": decided_through}
    connection.execute(sql("steps.foresight", "stops_before"), history)
    [(policies,)] = connection.execute(sql("steps.foresight", "foreseeing_brands")).fetchall()
    with days_needed(connection, now - timedelta(hours=6) if policies else NEVER):
        connection.execute(sql("steps.foresight", "recent_costs"))


def find_limits(
    connection: duckdb.DuckDBPyConnection, instant: dict[str, datetime | None], *, brand_id: int | None
) -> None:
    """Find which budgets hold at an instant, and of which hours, days ... their spend is wanted."""
    now = {"now": instant["now"]}
    connection.execute(sql("steps.limits", "instant"), now)
    connection.execute(sql("steps.limits", "known_through"), {"known_at": instant["known_at"]})
    connection.execute(sql("steps.limits", "campaigns_now"))
    connection.execute(sql("steps.clocks", "brand_clock"), {**instant, "brand_id": brand_id})
    connection.execute(sql("steps.clocks", "clocks"), instant)
    [(moving,)] = connection.execute(sql("steps.clocks", "moving_brands")).fetchall()
    if moving:
        connection.execute(sql("steps.clocks", "clocks_of_moving_brands"), instant)
    connection.execute(sql("steps.clocks", "buckets"), now)
    connection.execute(sql("steps.clocks", "occurrences"))
    connection.execute(sql("steps.limits", "budget_rows"), instant)
    connection.execute(sql("steps.clocks", "date_starts"), now)
    connection.execute(sql("steps.limits", "pieces"), now)
    connection.execute(sql("steps.limits", "spend_wanted"))
    connection.execute(sql("steps.limits", "spent_from"))
    connection.execute(sql("steps.limits", "moved_campaigns"))


def complete(connection: duckdb.DuckDBPyConnection, instant: dict[str, datetime | None]) -> DecisionSummary:
    """Decide from `bucket_spend`, `statuses` and what `look_back` makes, however they were made.

    `instant` gives `now` and `known_at`.
    """
    weigh_limits(connection)
    return settle(connection, instant)


def weigh_limits(connection: duckdb.DuckDBPyConnection) -> None:
    """Find which limits are reached by `bucket_spend`, and which are foreseen to be."""
    connection.execute(sql("steps.limits", "limits"))
    connection.execute(sql("steps.foresight", "foreseen"))
    connection.execute(sql("steps.foresight", "mark_limits"))


def settle(connection: duckdb.DuckDBPyConnection, instant: dict[str, datetime | None]) -> DecisionSummary:
    """Decide which campaigns may run, from `statuses` and limits that have been weighed."""
    now = {"now": instant["now"]}
    connection.execute(sql("steps.limits", "holds"), now)
    connection.execute(sql("steps.limits", "held"), now)
    connection.execute(sql("steps.limits", "reached"))
    connection.execute(sql("steps.foresight", "foreseen_reasons"))
    connection.execute(sql("steps.windows", "flights"))
    connection.execute(sql("steps.windows", "schedules"), instant)
    connection.execute(sql("steps.windows", "campaign_schedules"))
    connection.execute(sql("steps.windows", "free_spans"), now)
    _find_windows(connection, now)
    connection.execute(sql("steps.windows", "restarts"))
    connection.execute(sql("steps.decision", "brand_now"), now)
    connection.execute(sql("steps.decision", "decided"), now)
    connection.execute(sql("steps.decision", "evidence"))
    connection.execute(sql("steps.decision", "transitions"))
    return DecisionSummary(*connection.execute(sql("steps.decision", "summary")).fetchall()[0])


def _find_windows(connection: duckdb.DuckDBPyConnection, now: dict[str, datetime | None]) -> None:
    """Find the windows of each schedule on the dates that matter or, where those do not settle it, on all ahead."""
    connection.execute(sql("steps.windows", "dates_wanted"), now)
    connection.execute(sql("steps.windows", "open_windows"))
    connection.execute(sql("steps.windows", "all_dates_wanted"), now)
    if len(connection.table("dates_wanted")):
        connection.execute(sql("steps.windows", "earlier_windows"))
        connection.execute(sql("steps.windows", "open_windows"))
        connection.execute(sql("steps.windows", "keep_settled"))
    connection.execute(sql("steps.windows", "schedule_windows"), now)


def due_transitions(connection: duckdb.DuckDBPyConnection) -> list[Transition]:
    """The changes found by the last `evaluate` or `replay`, in order."""
    return [Transition(*row) for row in connection.execute(sql("steps.decision", "due_transitions")).fetchall()]


def decide(warehouse: Warehouse) -> DecisionSummary:
    """Decide for `warehouse.now` and record it: changes with their evidence, statuses, budgets; all or nothing."""
    # before the transaction: what a transaction has not committed is scanned two to three times slower
    summary = evaluate(warehouse.connection, warehouse.now)
    with warehouse.transaction() as recorded_at:
        record = {"now": warehouse.now, "recorded_at": recorded_at, "run_id": warehouse.run_id}
        warehouse.run("ops.decisions", "add", **record)
        warehouse.run("ops.campaign_status_changes", "add", **record)
        warehouse.run("ops.campaign_status", "apply_decision", now=warehouse.now)
        warehouse.run("ops.budget_findings", "add", **record)
        warehouse.run("ops.early_stops", "add", **record)
        _note_intervals(warehouse, recorded_at)
        with days_needed(warehouse.connection, NEVER):  # a lost day is due when it has been made again
            warehouse.run("internal.overspend_due", "add_decided", recorded_at=recorded_at)
        warehouse.run("mart.brand_budget", "clear")
        warehouse.run("mart.brand_budget", "add", now=warehouse.now)
        warehouse.run("mart.budgets", "find_changed")
        warehouse.run("mart.budgets", "remove_changed")
        warehouse.run("mart.budgets", "add_changed")
    _learn_profiles(warehouse)
    log.info("decided for %s: %d of %d campaigns changed", warehouse.now, summary.due, summary.campaigns)
    return summary


def _note_intervals(warehouse: Warehouse, recorded_at: datetime) -> None:
    """Note how often decisions are promised, if that has changed: later ones foresee by it, and are derived again."""
    settings = warehouse.root.settings()
    warehouse.run(
        "internal.decision_intervals",
        "add",
        recorded_at=recorded_at,
        decide_every_seconds=float(settings.decide_every_seconds),
        feed_grace_seconds=settings.feed_grace_seconds,
    )


def _learn_profiles(warehouse: Warehouse) -> None:
    """Learn how brands spend over a day and a week, once a day: what they are held against moves slowly.

    After the decision, and for people alone: what goes wrong with it must not stop what ad servers wait for.
    """
    try:
        with days_needed(warehouse.connection, NEVER):  # a lost day is passed over
            if not warehouse.value("internal.spend_profiles", "is_due", now=warehouse.now):
                return
            warehouse.run("internal.spend_profiles", "learn", now=warehouse.now)
    except duckdb.OutOfMemoryException as error:
        log.warning(
            "how brands spend was not learned, so mart.pace goes by what was known before: %s", first_line(error)
        )
        return
    if warehouse.value("internal.spend_profiles", "are_other"):
        with warehouse.transaction():
            warehouse.run("internal.spend_profiles", "clear")
            warehouse.run("internal.spend_profiles", "add")
