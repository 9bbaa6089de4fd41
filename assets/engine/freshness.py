"""As of when the statuses hold that readers see.

Belongs here: the last decision, and the last look that found nothing due after it. Does not: who
looks, nor what follows from old statuses.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import pendulum

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.disk import write_whole
from assets.engine.warehouse.statements import sql


@dataclass(frozen=True)
class Freshness:
    """As of when statuses hold.

    Attributes:
        decided_at: the instant last decided for.
        held_at: when they were last found to hold; the same where nobody has looked since.
        age: from then to the present; nothing where that is still to come.
    """

    decided_at: datetime
    held_at: datetime
    age: timedelta

    @property
    def in_words(self) -> str:
        """How old they are."""
        then = pendulum.instance(self.held_at)
        return f"{(then + self.age).diff_for_humans(then, absolute=True)} old"

    @property
    def told(self) -> str:
        """As of when they hold, in words."""
        looked = "" if self.held_at == self.decided_at else f", looked at again {self.held_at:%Y-%m-%d %H:%M:%S}"
        return f"decided as of {self.decided_at:%Y-%m-%d %H:%M:%S} UTC{looked} ({self.in_words})"


def freshness(root: DataRoot, published: duckdb.DuckDBPyConnection, now: datetime) -> Freshness:
    """As of when the published statuses hold.

    Raises:
        SpendgateError: nothing has been decided yet.
    """
    [(decided_at,)] = published.execute(sql("reports.status", "as_of")).fetchall()
    if decided_at is None:
        raise SpendgateError("nothing has been decided yet: run `spendgate run`")
    looked_at = last_look(root)
    # a look that is still to come was noted by a clock that was wrong
    held_at = max(decided_at, looked_at) if looked_at and looked_at <= now else decided_at
    return Freshness(decided_at, held_at, max(now - held_at, timedelta()))


def note_look(root: DataRoot, at: datetime) -> None:
    """Note that nothing was due at an instant: the published statuses hold still."""
    with suppress(OSError):  # a full disk only makes the statuses look older than they are
        write_whole(root.last_look_file, json.dumps({"looked_at": at.isoformat()}) + "\n")


def last_look(root: DataRoot) -> datetime | None:
    """When nothing was found to be due; None: nobody has looked, or left no note that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        looked_at = datetime.fromisoformat(json.loads(root.last_look_file.read_text(encoding="utf-8"))["looked_at"])
        return looked_at if looked_at.tzinfo else None
    return None
