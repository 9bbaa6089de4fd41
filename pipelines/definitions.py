"""The Dagster definitions of one data root.

Belongs here: putting assets, jobs, sensors and resources together, and reading the environment, which happens nowhere
else. Does not: any of those parts.
"""

import os
from datetime import timedelta
from pathlib import Path

import dagster as dg

from assets import alerts, checks, decision, events, history, ledger, publication, reference, spend
from assets.engine.data_root import DataRoot
from assets.engine.kinds import EVENTS
from assets.engine.settings import Settings
from assets.engine.shown import log_as_text
from pipelines.alerting import alert_sensor
from pipelines.housekeeping import housekeeping, nightly_housekeeping
from pipelines.jobs import decide, nightly_seal, rebuild_history, refresh, seal, set_campaign_status
from pipelines.resources import Deliveries, HeldWarehouse, HistoryEngine, Ledger, of_root
from pipelines.sensors import decision_sensor, delivery_sensor


def build_defs(root: DataRoot) -> dg.Definitions:
    """Fresh definitions over a data root."""
    settings = root.settings()  # a mistake in it is told at start
    log_as_text()
    assets = dg.map_asset_specs(
        lambda spec: _as_set(spec, settings),
        [
            *reference.delivered_reference,
            reference.tzdata,
            *events.delivered_events,
            reference.utc_offsets,
            reference.brands,
            reference.campaigns,
            reference.budgets,
            reference.policies,
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
            publication.published_feed,
            history.history,
        ],
    )
    return dg.Definitions(
        assets=assets,
        asset_checks=[checks.checks],
        jobs=[refresh, decide, seal, rebuild_history, set_campaign_status, housekeeping],
        schedules=[nightly_housekeeping, nightly_seal],
        sensors=[
            delivery_sensor(root),
            decision_sensor(root),
            alert_sensor(root, os.environ.get("SPENDGATE_ALERT_URLS", "")),
        ],
        executor=dg.in_process_executor,  # one file, one writer: more processes would only wait for each other
        resources={
            "warehouse": of_root(HeldWarehouse, root),
            "deliveries": of_root(Deliveries, root),
            "engine": of_root(HistoryEngine, root),
            "ledger": of_root(Ledger, root),
        },
    )


def _as_set(spec: dg.AssetSpec, settings: Settings) -> dg.AssetSpec:
    """An asset with the owner and tags of the settings; delivered events are expected in time."""
    if spec.key == dg.AssetKey(["landing", EVENTS]):
        expected = timedelta(hours=settings.expect_deliveries_hours)
        spec = spec.replace_attributes(freshness_policy=dg.FreshnessPolicy.time_window(fail_window=expected))
    if settings.owner:
        spec = spec.replace_attributes(owners=[settings.owner])
    tags = dict(tag.split("=", 1) for tag in settings.tags.replace(" ", "").split(",") if "=" in tag)
    return spec.merge_attributes(tags=tags)


@dg.definitions
def defs() -> dg.Definitions:
    """Definitions of the data root that the environment names, `data` where it names none."""
    return build_defs(DataRoot(Path(os.environ.get("SPENDGATE_DATA", "data")).resolve()))
