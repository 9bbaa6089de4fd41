"""Jobs: the full refresh, the decision alone, and a person's change of a status.

Belongs here: what runs together. Does not: when (`sensors`), how (`assets`).
"""

from enum import Enum

import dagster as dg
from pydantic import Field

from assets.catalog import POOL
from assets.decision import set_status
from assets.publishing import published_spend
from assets.status import decision
from assets.warehouse import Warehouse

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    description="Everything: reference data, delivered files, prices, spend, decision, published copy.",
)

decide = dg.define_asset_job(
    "decide",
    selection=dg.AssetSelection.assets(decision, published_spend).without_checks()
    | dg.AssetSelection.checks_for_assets(decision),
    description="The decision alone, from what has been summed already, and the published copy.",
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


@dg.op(pool=POOL)
def change_status(warehouse: dg.ResourceParam[Warehouse], config: StatusChange) -> None:
    """Record the change and publish it."""
    set_status(
        warehouse,
        config.campaign_id,
        config.status.value,
        changed_by=config.changed_by,
        note=config.reason,
    )
    warehouse.publish()


@dg.job(description="Pause, resume, complete or draft a campaign by hand.")
def set_campaign_status() -> None:
    """One change, by one person."""
    change_status()
