"""Jobs: the full refresh, the decision alone, the nightly sealing, and a person's change of a status.

Belongs here: what runs together, and what does at an hour of the night. Does not: what else asks for a run (`sensors`),
how it is done (`assets`).
"""

from datetime import UTC, datetime
from enum import Enum

import dagster as dg
from pydantic import Field

from assets.alerts import alerts
from assets.decision import decision
from assets.engine.errors import SpendgateError
from assets.engine.manual_status import ManualChange, set_status
from assets.engine.warehouse.publication import publish
from assets.engine.warehouse.warehouse import Warehouse
from assets.publication import published_spend, sealed_files
from assets.spend import overspend
from assets.table_spec import POOL

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(sealed_files),
    description="Everything: reference data, delivered files, prices, spend, decision, published copy.",
)

decide = dg.define_asset_job(
    "decide",
    selection=dg.AssetSelection.assets(decision, overspend, alerts, published_spend).without_checks()
    | dg.AssetSelection.checks_for_assets(decision),
    description="The decision alone, from what has been summed already, then overspend, alerts and the published copy.",
)

seal = dg.define_asset_job(
    "seal",
    selection=dg.AssetSelection.assets(sealed_files, published_spend).without_checks(),
    description="Moves days that can hardly change into immutable Parquet files, then publishes. Once a day by itself.",
)

nightly_seal = dg.ScheduleDefinition(
    name="nightly_seal",
    job=seal,
    cron_schedule="47 2 * * *",  # a quiet hour, before the housekeeping
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


class ManualStatus(Enum):
    """Statuses that people may set."""

    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"


class StatusChange(dg.Config):
    """A person's change of a campaign's status."""

    campaign_id: int = Field(description="the campaign")
    status: ManualStatus = Field(description="what it shall be; SCHEDULED lets it run when it may")
    reason: str = Field(min_length=1, description="why, for whoever reads the history")
    changed_by: str = Field(min_length=1, description="who")
    until: str = Field(
        default="", description="when a pause ends by itself, such as 2025-06-10T12:00:00Z; empty: never"
    )
    reopen: bool = Field(default=False, description="take a COMPLETED campaign up again")


@dg.op(pool=POOL)
def change_status(warehouse: dg.ResourceParam[Warehouse], config: StatusChange) -> None:
    """Record the change and publish it."""
    change = ManualChange(
        config.campaign_id,
        config.status.value,
        changed_by=config.changed_by,
        note=config.reason,
        until=instant_of(config.until, "until"),
        reopen=config.reopen,
    )
    set_status(warehouse, change)
    publish(warehouse)


@dg.job(description="Pause, resume, complete, draft or reopen a campaign by hand.")
def set_campaign_status() -> None:
    """One change, by one person."""
    change_status()


def instant_of(text: str, name: str) -> datetime | None:
    """An instant that a person wrote into a run's configuration; None for an empty text.

    Raises:
        SpendgateError: it is no instant, or names no time zone.
    """
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise SpendgateError(f"{name} '{text}' is not an instant with a time zone, such as 2025-06-10T12:00:00Z")
    return instant.astimezone(UTC)
