"""Jobs: the full refresh, the decision alone, the nightly sealing, and a person's change of a status.

Belongs here: what runs together, and what does at an hour of the night. Does not: what else asks for a run (`sensors`),
how it is done (`assets`).
"""

from enum import Enum

import dagster as dg
from pydantic import Field

from assets.alerts import alerts
from assets.decision import decision
from assets.engine.feed.writing import rewrite_feed
from assets.engine.manual_status import ManualChange, set_status
from assets.engine.report.rewriting import rewrite_report
from assets.engine.shown import printable
from assets.engine.warehouse.publication import publish
from assets.engine.warehouse.warehouse import Warehouse
from assets.history import history
from assets.mistakes import told_plainly
from assets.publication import published_feed, published_spend, sealed_files
from assets.spend import overspend
from assets.table_spec import POOL
from pipelines.resources import instant_of

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(sealed_files, history),
    description="Everything: reference data, delivered files, prices, spend, decision, published copy.",
)

decide = dg.define_asset_job(
    "decide",
    selection=dg.AssetSelection.assets(decision, overspend, alerts, published_spend, published_feed).without_checks()
    | dg.AssetSelection.checks_for_assets(decision),
    description="The decision alone, from what has been summed already, then overspend, alerts and the published copy.",
)

seal = dg.define_asset_job(
    "seal",
    selection=dg.AssetSelection.assets(sealed_files, published_spend).without_checks(),
    description="Moves days that can hardly change into immutable Parquet files, then publishes. Once a day by itself.",
)

rebuild_history = dg.define_asset_job(
    "rebuild_history",
    selection=dg.AssetSelection.assets(history),
    description="Some UTC days made again on a distributed engine and compared: one run, however many days.",
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


CHANGED = ("ops.campaign_status", "ops.campaign_status_changes", "published.spend", "published.feed")
"""The assets that a person's change of a status writes."""


@dg.op(pool=POOL)
@told_plainly
def change_status(context: dg.OpExecutionContext, warehouse: dg.ResourceParam[Warehouse], config: StatusChange) -> None:
    """Record the change and publish it."""
    change = ManualChange(
        config.campaign_id,
        config.status.value,
        changed_by=config.changed_by,
        note=config.reason,
        until=instant_of(config.until, "until"),
        reopen=config.reopen,
    )
    before = set_status(warehouse, change)
    publish(warehouse)
    if before is None:
        return
    rewrite_report(warehouse.root, warehouse.clock())
    rewrite_feed(warehouse.root, warehouse.clock())
    said = {
        "campaign": dg.MetadataValue.int(change.campaign_id),
        "from": dg.MetadataValue.text(before),
        "to": dg.MetadataValue.text(change.status),
        "who": dg.MetadataValue.text(printable(change.changed_by)),
        "why": dg.MetadataValue.text(printable(change.note)),
    }
    for name in CHANGED:
        context.log_event(dg.AssetMaterialization(name.split("."), metadata=said))


@dg.job(
    description="Pause, resume, complete, draft or reopen one campaign: say which, what it shall be, why, who.",
    config={
        "ops": {
            "change_status": {
                "config": {
                    "campaign_id": 0,
                    "status": "PAUSED",
                    "reason": "why, for whoever reads the history",
                    "changed_by": "who",
                }
            }
        }
    },
)
def set_campaign_status() -> None:
    """One change, by one person."""
    change_status()
