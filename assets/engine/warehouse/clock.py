"""The clock, and whether it may be believed.

Belongs here: holding it against what is recorded. Does not: the time that is recorded (`warehouse`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assets.engine.errors import SpendgateError
from assets.engine.settings import Settings


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """What tells the time at which something is recorded.

    Attributes:
        tell: the time now.
        is_right: a person says so: it is not held against the newest record.
    """

    tell: Callable[[], datetime] = utc_now
    is_right: bool = False


REAL_CLOCK = Clock()


def refuse_wrong_clock(clock: datetime, newest: datetime | None, limits: Settings) -> None:
    """Hold a clock against the newest record, before anything is recorded by it, a migration included.

    Args:
        clock: what it says.
        newest: what it said when something was recorded last; None: never.
        limits: how far it may be behind or ahead.

    Raises:
        SpendgateError: it is behind, or so far ahead that somebody should check it first.
    """
    if newest is None:
        return
    behind, ahead = newest - clock, clock - newest
    if behind > timedelta(seconds=limits.max_clock_behind_seconds):
        how = f"{timedelta(seconds=behind // timedelta(seconds=1))} before"
    elif ahead > timedelta(days=limits.max_clock_ahead_days):
        how = f"{timedelta(seconds=ahead // timedelta(seconds=1))} after"
    else:
        return
    raise SpendgateError(
        f"the clock says {clock:%Y-%m-%d %H:%M:%S} UTC, {how} the newest record here"
        f" ({newest:%Y-%m-%d %H:%M:%S} UTC): nothing was changed. Set the clock right; if it is right, run once"
        " with --clock-is-right (in the UI: clock_is_right)"
    )
