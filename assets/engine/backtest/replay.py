"""The decision of every step between two instants, taken as it would have been, with what had been served by then.

Belongs here: the order of the steps, and the figures. Does not: the decision's own statements (`decision`).

Serving is a model: what happened after a stop, and as long as the stop takes to be served, is taken away; everything
else in the ledger was served. Nothing is written: all of it is temporary tables on a reader's connection.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb

from assets.engine.decision import find_limits, settle, weigh_limits
from assets.engine.warehouse.sealed_tables import BEGINNING, days_needed
from assets.engine.warehouse.statements import sql


@dataclass(frozen=True)
class Plan:
    """What is replayed.

    Attributes:
        since: the first step decides for this instant.
        until: no step comes after it.
        every: from one step to the next.
        stop_early: the policy of all brands, as in `core.policies`; None: each its own.
        budget_scale: every budget is so many times as large.
        delay: from a decision until it is served.
        arrival: from a cost until it is known; None: as it was recorded.
    """

    since: datetime
    until: datetime
    every: timedelta
    stop_early: str | None = None
    budget_scale: float = 1.0
    delay: timedelta = timedelta(minutes=2)
    arrival: timedelta | None = None

    @property
    def steps(self) -> list[int]:
        """Of the decisions, numbered."""
        return list(range(int((self.until - self.since).total_seconds() // self.every.total_seconds()) + 1))

    @property
    def reach_seconds(self) -> float:
        """From one step until what the next one decides is served."""
        return (self.every + self.delay).total_seconds()


@dataclass(frozen=True)
class Outcome:
    """Figures of one kind of budget, in percent of the budget unless said otherwise.

    Attributes:
        lasted: how long the budget would have lasted without any stop, from the first cost of its period.
        budgets: how many periods of budgets.
        overspend_median: what was spent beyond it; so are p95 and worst.
        bound_p95: the most that would have been spent within one interval, its delay, and until it is known: what may
            be spent beyond the budget at the highest rate of its period; so is worst.
        underspend_median: what was left though it would have been spent; so is p95.
        underspend_of_all: what was left of all of them together.
        minutes_stopped: how long those with money left were held for what was foreseen, on average; None: none was.
    """

    period: str
    lasted: str
    budgets: int
    overspend_median: float
    overspend_p95: float
    overspend_worst: float
    bound_p95: float
    bound_worst: float
    underspend_median: float
    underspend_p95: float
    underspend_of_all: float
    minutes_stopped: float | None

    @property
    def used_up_at_all(self) -> bool:
        """Whether there would have been more to spend than the budgets."""
        return self.lasted != "not used up"


@dataclass(frozen=True)
class Backtest:
    """What a replay came to.

    Attributes:
        costs: how many costs there were.
        loaded_afterwards: of them recorded a day or more after they happened; when they were known is modelled.
        decisions: how many steps.
        changes: of statuses.
        most_within_an_hour: changes of one campaign.
        outcomes: one for each period and length of time that budgets lasted.
    """

    plan: Plan
    costs: int
    loaded_afterwards: int
    decisions: int
    changes: int
    most_within_an_hour: int
    outcomes: list[Outcome]

    def as_json(self) -> dict[str, Any]:
        """Plain values: instants as ISO 8601, durations in seconds."""
        plain = asdict(self)
        for name, value in plain["plan"].items():
            if isinstance(value, datetime):
                plain["plan"][name] = value.isoformat()
            elif isinstance(value, timedelta):
                plain["plan"][name] = value.total_seconds()
        return plain


def backtest(
    connection: duckdb.DuckDBPyConnection, plan: Plan, track: Callable[[list[int]], Iterable[int]] = iter
) -> Backtest:
    """Replay a plan over the published copy; `replayed_outcomes` then holds each budget's own row.

    Args:
        connection: to the published copy.
        plan: what is replayed.
        track: shows progress over the steps.
    """
    with days_needed(connection, BEGINNING):
        costs, loaded_afterwards = _prepare(connection, plan)
        replay = _Replay(connection, plan)
        for step in track(plan.steps):
            replay.step(plan.since + step * plan.every)
    replay.do(sql("steps.backtest", "outcomes"), until=plan.until, since=plan.since, seconds=plan.reach_seconds)
    rows = replay.do(sql("steps.backtest", "figures")).fetchall()
    changes, most = replay.do(sql("steps.backtest", "changes")).fetchall()[0]
    return Backtest(plan, costs, loaded_afterwards, len(plan.steps), changes, most, [Outcome(*row) for row in rows])


def _prepare(connection: duckdb.DuckDBPyConnection, plan: Plan) -> tuple[int, int]:
    """Lay out the costs that are replayed, what was spent before them, and the statuses of then."""
    values = {
        "since": plan.since,
        "until": plan.until,
        "arrival_seconds": plan.arrival.total_seconds() if plan.arrival is not None else None,
    }
    connection.execute(sql("steps.backtest", "replayed_costs"), values)
    connection.execute(sql("steps.backtest", "replayed_periods"))
    history = {"recorded_before": None, "decided_through": plan.since, "campaign_id": None}
    connection.execute(sql("steps.decision", "statuses_as_of"), history)
    [extent] = connection.execute(sql("steps.backtest", "extent"), {"since": plan.since}).fetchall()
    return extent[0], extent[1]


class _Replay:
    """The steps of one plan, in order."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, plan: Plan) -> None:
        self._connection = connection
        self._plan = plan
        self._before = BEGINNING
        self._next_edge = BEGINNING
        values = {"since": plan.since, "until": plan.until}
        self.do(sql("steps.backtest", "spend_by_period"))
        self.do(sql("steps.backtest", "served_before"), since=plan.since)
        self.do(sql("steps.backtest", "nothing_served"), since=plan.since)
        self._instants = [
            instant for (instant,) in self.do(sql("steps.backtest", "instants_of_interest"), **values).fetchall()
        ]

    def do(self, text: str, **values: Any) -> duckdb.DuckDBPyConnection:
        """Do the statements of one text, each with the values it asks for; returns the last one's result."""
        for statement in self._connection.extract_statements(text):
            wanted = {key: values[key] for key in statement.named_parameters}
            self._connection.execute(statement, wanted or None)
        return self._connection

    def step(self, now: datetime) -> None:
        """Decide for one instant, if anything may have changed since the one before."""
        self.do(sql("steps.backtest", "arrived"), before=self._before, now=now, since=self._plan.since)
        self.do(sql("steps.backtest", "add_arrived"))
        is_edge = self._find_limits(now)
        self._connection.execute(sql("steps.limits", "instant"), {"now": now})
        self.do(sql("steps.backtest", "recent_costs"), now=now)
        self._connection.execute(sql("steps.limits", "bucket_spend"))
        weigh_limits(self._connection)
        self.do(sql("steps.backtest", "weighed"))
        if is_edge or self.do(sql("steps.backtest", "due"), now=now).fetchall()[0][0]:
            self._decide(now, is_edge=is_edge)
        self._before = now

    def _find_limits(self, now: datetime) -> bool:
        """Find what holds at an instant, where that may differ from the step before; returns whether it may."""
        if now < self._next_edge:
            return False
        before, plan, instant = self._before, self._plan, {"now": now, "known_at": None}
        find_limits(self._connection, instant, brand_id=None)
        self.do(sql("steps.backtest", "scale_budgets"), scale=plan.budget_scale)
        self.do(sql("steps.backtest", "reach"), seconds=plan.reach_seconds)
        if plan.stop_early is None:
            self._connection.execute(sql("steps.foresight", "policies_now"))
        else:
            self.do(sql("steps.backtest", "policies"), stop_early=plan.stop_early)
        self.do(sql("steps.backtest", "spent"))
        if before >= plan.since:  # of those before the first step, statuses tell already
            self.do(sql("steps.backtest", "set_by_hand"), before=before, now=now)
        self.do(sql("steps.backtest", "recent_known"), now=now)
        [(period_edge,)] = self.do(
            sql("steps.backtest", "next_edge"), now=now, until=plan.until + plan.every
        ).fetchall()
        self._next_edge = min([period_edge, *(instant for instant in self._instants if instant > now)])
        return True

    def _decide(self, now: datetime, *, is_edge: bool) -> None:
        settle(self._connection, {"now": now, "known_at": None})
        self.do(sql("steps.backtest", "note_changes"), now=now, delay=self._plan.delay.total_seconds())
        self.do(sql("steps.backtest", "note_holds"), now=now)
        self.do(sql("steps.backtest", "keep_weighed"))
        if is_edge:
            self.do(sql("steps.backtest", "note_limits"), now=now, since=self._plan.since)
