"""The Dagster definitions of one data root.

Belongs here: putting assets, jobs, sensors and resources together, and reading the environment, which happens nowhere
else. Does not: any of those parts.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from assets import alerts, checks, decision, events, ledger, publication, reference, spend
from assets.engine.data_root import DataRoot
from assets.engine.delivery.inbox import Inbox, Retry
from assets.engine.sealing.files import verify_changed_files
from assets.engine.shown import log_as_text
from assets.engine.warehouse.clock import Clock
from assets.engine.warehouse.warehouse import Warehouse, open_warehouse
from pipelines.alerting import alert_sensor
from pipelines.housekeeping import housekeeping, nightly
from pipelines.jobs import decide, instant_of, nightly_seal, refresh, seal, set_campaign_status
from pipelines.sensors import decision_sensor, delivery_sensor


def build_defs(root: DataRoot) -> dg.Definitions:
    """Fresh definitions over a data root."""
    settings = root.settings()  # a mistake in it is told at start
    log_as_text()

    def open_for_run(context: dg.InitResourceContext) -> Iterator[Warehouse]:
        now = context.resource_config["now"]
        run_id = context.run.run_id if context.run else "no run"
        with open_warehouse(
            root,
            now=instant_of(now, "now"),
            run_id=run_id,
            wait_seconds=settings.lock_wait_seconds,
            clock=Clock(is_right=context.resource_config["clock_is_right"]),
        ) as warehouse:
            verify_changed_files(warehouse)
            yield warehouse

    def look_for_run(context: dg.InitResourceContext) -> Inbox:
        given = context.resource_config
        retry = Retry(given["retry"]["reason"], given["retry"]["file"]) if "retry" in given else None
        return Inbox(root, skip_stability_check=given["trusted"], retry=retry)

    return dg.Definitions(
        assets=[
            *reference.delivered_reference,
            reference.tzdata,
            *events.delivered_events,
            reference.utc_offsets,
            reference.brands,
            reference.campaigns,
            reference.budgets,
            reference.dayparting,
            reference.ad_sets,
            reference.ads,
            reference.global_ad_pricing,
            events.ingestion,
            ledger.transactions,
            spend.spend,
            decision.decision,
            spend.overspend,
            alerts.alerts,
            publication.sealed_files,
            publication.published_spend,
        ],
        asset_checks=[checks.checks],
        jobs=[refresh, decide, seal, set_campaign_status, housekeeping],
        schedules=[nightly, nightly_seal],
        sensors=[
            delivery_sensor(root),
            decision_sensor(root),
            alert_sensor(root, os.environ.get("SPENDGATE_ALERT_URLS", "")),
        ],
        executor=dg.in_process_executor,  # one file, one writer: more processes would only wait for each other
        resources={
            "warehouse": dg.ResourceDefinition(
                open_for_run,
                config_schema={
                    "now": dg.Field(
                        str,
                        default_value="",
                        description="instant to decide for, ISO 8601 (a replay); empty: when the run starts",
                    ),
                    "clock_is_right": dg.Field(
                        bool,
                        default_value=False,
                        description="the clock is right, though it is behind or far ahead of the newest record",
                    ),
                },
                description="The warehouse file, locked for this run.",
            ),
            "deliveries": dg.ResourceDefinition(
                look_for_run,
                config_schema={
                    "trusted": dg.Field(
                        bool,
                        default_value=False,
                        description="take what lies in the folders as finished, without a second listing",
                    ),
                    "retry": dg.Field(
                        {
                            "reason": dg.Field(str, default_value="", description="files with a reason like this"),
                            "file": dg.Field(str, default_value="", description="files with a name like this"),
                        },
                        is_required=False,
                        description="try the refused rows of earlier files again",
                    ),
                },
                description="The delivered files this run may take.",
            ),
        },
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions of the data root that the environment names, `data` where it names none."""
    return build_defs(DataRoot(Path(os.environ.get("SPENDGATE_DATA", "data")).resolve()))
