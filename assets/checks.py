"""Asset checks: each file in `sql/checks` selects the rows that break its rule; none is a pass.

Belongs here: which table a rule is about and how bad a breach is. Does not: the rules themselves, nor anything that
must hold (a rule about money also holds inside the transaction that writes it).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import duckdb
import polars as pl

from assets.engine.check_progress import BY_BATCH, checked_through, mark_passed, values_of
from assets.engine.errors import first_line
from assets.engine.explanation import derive_unchecked_changes
from assets.engine.warehouse.publication import published_revision
from assets.engine.warehouse.sealed_tables import names_lost_day
from assets.engine.warehouse.statements import first_comment
from assets.engine.warehouse.warehouse import Warehouse
from assets.mistakes import told_plainly
from assets.numbers import text_of
from assets.table_spec import POOL, sql_shown

BROKEN, MEND = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
"""Broken: an invariant of ours does not hold. Mend: a person should mend what was delivered."""

CHECKS = {
    "checks.files_account_for_every_row": ("raw.event_files", BROKEN),
    "checks.delivered_files_can_be_taken": ("raw.event_files", MEND),
    "checks.delivered_files_are_accepted": ("raw.event_files", MEND),
    "checks.few_rows_are_rejected": ("raw.rejected_rows", MEND),
    "checks.reference_rows_are_accepted": ("raw.rejected_rows", MEND),
    "checks.reference_rows_stay": ("core.global_ad_pricing", MEND),
    "checks.no_version_is_from_the_future": ("core.brands", BROKEN),
    "checks.event_ids_are_unique": ("raw.ad_events", BROKEN),
    "checks.events_are_charged_or_wait": ("core.transactions", BROKEN),
    "checks.no_event_is_charged_twice": ("core.transactions", BROKEN),
    "checks.every_event_type_has_a_price": ("core.unpriced", MEND),
    "checks.nothing_waits_for_long": ("core.unpriced", MEND),
    "checks.marts_add_up_to_the_ledger": ("mart.daily_spend", BROKEN),
    "checks.account_adds_up_to_the_ledger": ("mart.account", BROKEN),
    "checks.new_rows_replace_old_columns": ("core.dayparting", MEND),
    "checks.statuses_are_the_last_changes": ("ops.campaign_status", BROKEN),
    "checks.changes_follow_from_the_ledger": ("ops.campaign_status_changes", BROKEN),
    "checks.overspend_adds_up": ("mart.overspend", BROKEN),
    "checks.sealed_files_are_whole": ("core.transactions", BROKEN),
    "checks.published_copy_is_current": ("published.spend", BROKEN),
}
FILES = {file.removeprefix("checks."): file for file in CHECKS}
"""The SQL file of each check by its name."""

SHOWN = 5
"""Breaking rows shown in the metadata; the count tells of the rest."""


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            file.removeprefix("checks."),
            asset=asset.split("."),
            description=first_comment(file),
            metadata={"sql": sql_shown(file)},
        )
        for file, (asset, _) in CHECKS.items()
    ],
    can_subset=True,
    pool=POOL,
)
@told_plainly
def checks(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> Iterator[dg.AssetCheckResult]:
    """Run the checks that were selected."""
    for key in context.selected_asset_check_keys:
        file = FILES[key.name]
        rows = breaking_rows(warehouse, file)
        yield dg.AssetCheckResult(
            passed=rows.is_empty(),
            check_name=key.name,
            asset_key=key.asset_key,
            severity=CHECKS[file][1],
            metadata={"breaking_rows": len(rows), **_first(rows)},
        )


def _first(rows: pl.DataFrame) -> dict[str, dg.TableMetadataValue]:
    """The first rows as a table of texts."""
    records = [
        dg.TableRecord({name: text_of(value) for name, value in row.items()}) for row in rows.head(SHOWN).to_dicts()
    ]
    return {"first_rows": dg.MetadataValue.table(records)} if records else {}


def breaking_rows(warehouse: Warehouse, name: str) -> pl.DataFrame:
    """Rows that break a rule; whatever its SQL file selects.

    A rule about batches is held against those that have come since it was found to hold.
    """
    if name not in BY_BATCH:
        return _selected(warehouse, name, _seen(warehouse, name))
    done = checked_through(warehouse, name)
    if done is None:
        return pl.DataFrame()
    rows = _selected(warehouse, name, values_of(name, done))
    if rows.is_empty():
        mark_passed(warehouse, name)
    return rows


def _seen(warehouse: Warehouse, name: str) -> dict[str, Any]:
    """What a check is told of the world outside the warehouse."""
    if name == "checks.published_copy_is_current":
        return {"published_revision": published_revision(warehouse.root)}
    if name == "checks.no_version_is_from_the_future":
        return {"clock": warehouse.clock()}
    return {}


def _selected(warehouse: Warehouse, name: str, values: dict[str, Any]) -> pl.DataFrame:
    try:
        if name == "checks.changes_follow_from_the_ledger":
            derive_unchecked_changes(warehouse)
        return warehouse.relation(name, **values).pl()
    except duckdb.InvalidInputException as error:
        if not names_lost_day(error):
            raise
        return pl.DataFrame({"not_checked": [first_line(error)]})
