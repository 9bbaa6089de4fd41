"""People's own changes of a status: who may set what, and the record of it.

Belongs here: what is allowed from where. Does not: what the decision does by itself (`decision`).
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from assets.engine.decision import evaluate
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.status")

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
    if before == "COMPLETED":
        _refuse_flight_that_is_over(warehouse, campaign_id)
    evaluate(warehouse.connection, warehouse.now)
    with warehouse.transaction() as recorded_at:
        wanted = {
            "campaign_id": campaign_id,
            "from_status": before,
            "status": change.status,
            "paused_until": change.until,
            "changed_by": change.changed_by,
            "note": change.note,
            "now": warehouse.now,
        }
        if warehouse.value("ops.campaign_status", "set_by_hand", **wanted) != 1:
            raise SpendgateError(f"campaign {campaign_id} is not {before} any more: look at it again")
        warehouse.run(
            "ops.campaign_status_changes",
            "add_manual",
            **wanted,
            recorded_at=recorded_at,
            run_id=warehouse.run_id,
        )
        # with the new status in place: when would the decision change it
        evaluate(warehouse.connection, warehouse.now)
        warehouse.run("ops.campaign_status", "set_next_change", campaign_id=campaign_id, now=warehouse.now)
    log.info("campaign %d: %s -> %s by %s (%s)", campaign_id, before, change.status, change.changed_by, change.note)
    return before


def _refuse_flight_that_is_over(warehouse: Warehouse, campaign_id: int) -> None:
    """The next decision would complete it again."""
    last_date = warehouse.value("core.campaigns", "last_date", campaign_id=campaign_id, now=warehouse.now)
    if last_date:
        raise SpendgateError(
            f"campaign {campaign_id} cannot be reopened: its flight was over after {last_date}, on its brand's clock;"
            " move its end_date in the campaigns file, or leave it empty, and run before you reopen it"
        )


def _check_manual_change(change: ManualChange, before: str, decided_at: datetime) -> None:
    """Refuse, with what is allowed from here, what the table of manual changes does not hold."""
    if not (change.note.strip() and change.changed_by.strip()):
        raise SpendgateError("a change of a status needs a reason, and who makes it")
    campaign = f"campaign {change.campaign_id}"
    if before == "COMPLETED" and not change.reopen:
        choice = " or ".join(REOPENED)
        raise SpendgateError(f"{campaign} is COMPLETED, which is final: to reopen it, set {choice} with `--reopen`")
    allowed = REOPENED if before == "COMPLETED" else MANUAL_CHANGES[before]
    new_end = before == change.status == "PAUSED"
    if change.status not in allowed and not new_end:
        raise SpendgateError(f"{campaign} is {before}: it cannot be set to {change.status}; set {' or '.join(allowed)}")
    if change.until is not None and change.status != "PAUSED":
        raise SpendgateError(f"only a pause ends by itself: {change.status} takes no `--until`")
    if change.until is not None and change.until <= decided_at:
        raise SpendgateError(
            f"a pause until {change.until:%Y-%m-%d %H:%M:%S} UTC would be over before it begins:"
            f" {campaign} was last decided for {decided_at:%Y-%m-%d %H:%M:%S} UTC"
        )
