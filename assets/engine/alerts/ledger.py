"""The ledger of alerts: which states were told, and to whom, in a SQLite database of its own.

Belongs here: opening it, and each change of it as one transaction. Does not: which states hold (`states`), nor sending
(`delivery`).

It is no table of the warehouse, since it has to be written while a run holds that, and when that does not open.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from assets.engine.data_root import DataRoot
from assets.engine.warehouse.statements import sql

FROM_EVER = datetime(2000, 1, 1, tzinfo=UTC)
"""When time begins here."""

WAIT_SECONDS = 10.0
"""For another process that writes the ledger; it does so for milliseconds."""

TABLES = (
    "alerts",
    "alerts_by_end",
    "alerts_by_change",
    "receivers",
    "deliveries",
    "deliveries_by_state",
    "deliveries_by_time",
)
"""Statements that make an empty ledger."""

BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15)]
"""How long a receiver that took no message has none; the last one for ever after."""


@dataclass(frozen=True)
class Key:
    """What makes an alert one: a state that holds again with the same four has its row already."""

    kind: str
    subject: str
    threshold: str
    period_start: str


@dataclass(frozen=True)
class State(Key):
    """A state that holds, in words, and what helps."""

    message: str
    fix: str


@dataclass(frozen=True)
class Line:
    """What a receiver is told: one or more alerts that say the same.

    Attributes:
        kind: of the alerts.
        message: the state in words.
        fix: what helps.
        doubt: a process died while it sent this.
        over_since: the state is over; None: it is not.
        messages: how many lines there are in all.
    """

    kind: str
    message: str
    fix: str
    doubt: int
    over_since: str | None
    messages: int


class Ledger:
    """The ledger as somebody has opened it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        with self._transaction():
            for name in TABLES:
                connection.execute(sql("steps.alert_ledger", name))

    def run(self, file: str, statement: str, /, **values: Any) -> sqlite3.Cursor:
        """Run a statement of a SQL file."""
        return self._connection.execute(sql(file, statement), values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    @property
    def is_on(self) -> bool:
        """Whether there is a receiver: without one no alert is opened."""
        return bool(self.run("steps.alert_ledger", "active_receivers").fetchone())

    def open_keys(self, kinds: tuple[str, ...]) -> list[Key]:
        """The open alerts of some kinds."""
        return [Key(*row) for row in self.run("steps.alert_ledger", "open_keys") if row[0] in kinds]

    def meet(self, receivers: dict[str, tuple[int, str]], now: datetime) -> None:
        """Note which receivers there are, by number and scheme; a new one is told of what is open, not of what was."""
        known = {receiver for (receiver,) in self.run("steps.alert_ledger", "active_receivers")}
        with self._transaction():
            for receiver in known - receivers.keys():
                self.run("steps.alert_ledger", "remove_receiver", receiver=receiver)
                self.run("steps.alert_ledger", "forget_waiting", receiver=receiver)
            for receiver, (number, scheme) in receivers.items():
                self.run(
                    "steps.alert_ledger", "add_receiver",
                    receiver=receiver, number=number, scheme=scheme, now=as_text(now),
                )  # fmt: skip
                if receiver not in known:
                    self.run("steps.alert_ledger", "tell_of_open", receiver=receiver)

    def note(self, states: Iterable[State], over: Iterable[Key], now: datetime) -> int:
        """Open an alert for each state that has none, for every receiver, and close those that are over.

        Returns:
            How many are new.
        """
        with self._transaction():
            newest_id = self.run("steps.alert_ledger", "newest_id").fetchone()[0]
            time = {"now": as_text(now)}
            opened = ({**vars(state), **time} for state in states)
            closed = ({**vars(key), **time} for key in over)
            self._connection.executemany(sql("steps.alert_ledger", "open"), opened)
            self._connection.executemany(sql("steps.alert_ledger", "close"), closed)
            self.run("steps.alert_ledger", "tell_of_new", newest_id=newest_id)
            return int(self.run("steps.alert_ledger", "newest_id").fetchone()[0]) - int(newest_id)

    def doubt(self) -> None:
        """Send again what somebody was sending who is no more; whoever calls this is the only one who sends."""
        self.run("steps.alert_ledger", "doubt")

    def begin(self, receiver: str, now: datetime, at_most: int) -> list[Line]:
        """Note what is about to be sent to a receiver; nothing before its turn.

        Returns:
            The first lines of it.
        """
        self.run("steps.alert_ledger", "begin", receiver=receiver, now=as_text(now))
        return [Line(*row) for row in self.run("steps.alert_ledger", "lines", receiver=receiver, at_most=at_most)]

    def sent(self, receiver: str, now: datetime) -> None:
        """Note that the receiver has taken what was begun."""
        with self._transaction():
            self.run("steps.alert_ledger", "sent", receiver=receiver, now=as_text(now))
            self.run("steps.alert_ledger", "receiver_took", receiver=receiver, now=as_text(now))

    def not_sent(self, receiver: str, error: str, now: datetime) -> None:
        """Note that it has not, and when it is its turn again."""
        with self._transaction():
            [failures] = self.run("steps.alert_ledger", "failures", receiver=receiver).fetchone()
            next_at = as_text(now + BACKOFF[min(failures, len(BACKOFF) - 1)])
            self.run("steps.alert_ledger", "not_sent", receiver=receiver, error=error)
            self.run("steps.alert_ledger", "receiver_failed", receiver=receiver, next_at=next_at)

    def forget(self, before: datetime) -> None:
        """Remove alerts that were over before an instant."""
        with self._transaction():
            self.run("steps.alert_ledger", "forget_deliveries", before=as_text(before))
            self.run("steps.alert_ledger", "forget_alerts", before=as_text(before))

    def listed(self, *, since: datetime | None, open_too: bool = False) -> pa.Table:
        """A row per alert, the newest first.

        Args:
            since: those that were changed or sent since then; None: none of them. What waits is listed in any case.
            open_too: all that are open.
        """
        then = as_text(since) if since else "never"
        result = self.run("steps.alert_ledger", "listed", since=then, open=open_too)
        names = [column[0] for column in result.description]
        rows = result.fetchall()
        types = [pa.int64() if name == "attempts" else pa.string() for name in names]
        columns = [pa.array([row[place] for row in rows], type_) for place, type_ in enumerate(types)]
        return pa.table(columns, names)


@contextmanager
def open_ledger(root: DataRoot) -> Iterator[Ledger]:
    """Open the ledger, which is made where there is none; only its owner may read it."""
    file = root.alerts_file
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    with closing(sqlite3.connect(file, timeout=WAIT_SECONDS, isolation_level=None)) as connection:
        yield Ledger(connection)


def as_text(instant: datetime) -> str:
    """An instant as the ledger has it: text that sorts by time."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
