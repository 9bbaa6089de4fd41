"""History made again on an engine, and held against the ledger.

Belongs here: the order of it. Does not: the steps (`given`, `computing`, `comparison`, `lost_days`).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date

from assets.engine.history.attempt import Attempt
from assets.engine.history.backfill import new_attempt
from assets.engine.history.comparison import Compared, compare
from assets.engine.history.computing import Track, compute
from assets.engine.history.engine import connected
from assets.engine.history.given import give_for_rebuild
from assets.engine.history.lost_days import mend_lost_days
from assets.engine.sealing.seal import SealedFile
from assets.engine.warehouse.publication import publish
from assets.engine.warehouse.warehouse import Warehouse

Held = Callable[[], AbstractContextManager[Warehouse]]
"""Holds the warehouse; it is let go while the engine works."""


@dataclass(frozen=True)
class Rebuilt:
    """What came of it: the attempt, how it compares, lost days that have their files back, states that it took."""

    attempt: Attempt
    compared: list[Compared]
    mended: list[SealedFile]
    states: int


def rebuild_on(
    held: Held,
    url: str,
    bounds: tuple[date | None, date | None],
    *,
    tasks: int | None = None,
    track: Track = iter,
) -> Rebuilt:
    """Make the events of some UTC days, or all, again on the engine at an address, and compare.

    Raises:
        SpendgateError: the engine failed, a delivered file cannot be read as it was, or a lost day comes out otherwise.
    """
    with connected(url, tasks) as engine:
        with held() as warehouse:
            given = give_for_rebuild(warehouse, new_attempt(warehouse.root, "rebuild"), *bounds)
        compute(engine, given, track)
    with held() as warehouse:
        compared = compare(warehouse, given)
        mended = mend_lost_days(warehouse, given)
        if mended:
            publish(warehouse)
    if not any(row.only_live or row.only_made for row in compared):
        given.attempt.remove()
    return Rebuilt(given.attempt, compared, mended, len(given.states))
