"""Which batches the checks of the ledger have passed with: a run with nothing new has nothing to check of it.

Belongs here: how far each one has come. Does not: the rules (`sql/checks`), nor which asset they are about (`checks`).
"""

from typing import Any

from assets.engine.warehouse.warehouse import Warehouse

SINCE_IT_PASSED = (
    "checks.event_ids_are_unique",
    "checks.events_are_charged_or_wait",
    "checks.no_event_is_charged_twice",
)
"""Checks that look at batches since the one they are told, `$checked_through`."""

BY_BATCH = (*SINCE_IT_PASSED, "checks.files_account_for_every_row", "checks.marts_add_up_to_the_ledger")
"""Checks of what only a new batch can change; and sealing, which holds it within its transaction."""


def values_of(name: str, checked_through: int) -> dict[str, Any]:
    """What a check is told."""
    return {"checked_through": checked_through} if name in SINCE_IT_PASSED else {}


def checked_through(warehouse: Warehouse, name: str) -> int | None:
    """The newest batch that a check has passed with; None: there is no newer one."""
    checked, _, newest = warehouse.run("internal.watermarks", "of_check", check_name=_watermark_of(name)).fetchall()[0]
    return int(checked) if checked < newest else None


def mark_passed(warehouse: Warehouse, name: str) -> None:
    """Note that a check has passed, as far as the batches are charged and summed: bookkeeping, not a revision."""
    check_name = _watermark_of(name)
    checked, summed, _ = warehouse.run("internal.watermarks", "of_check", check_name=check_name).fetchall()[0]
    if summed > checked:
        warehouse.run(
            "internal.watermarks", "advance_check", check_name=check_name, batch_id=summed, checked_at=warehouse.clock()
        )


def hold_in_full(warehouse: Warehouse) -> None:
    """Hold all that is not sealed against the rules for it, whatever has passed before.

    Raises:
        SpendgateError: one of them is broken.
    """
    for name in ("checks.event_ids_are_unique", "checks.no_event_is_charged_twice"):
        warehouse.require(name, checked_through=0)
    # of older batches an event may be sealed, and its transaction not yet
    done = checked_through(warehouse, "checks.events_are_charged_or_wait")
    if done is not None:
        warehouse.require("checks.events_are_charged_or_wait", checked_through=done)


def _watermark_of(name: str) -> str:
    """As what a check stands among the derived tables."""
    return name.replace(".", "/")
