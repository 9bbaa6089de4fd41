"""Assets of history that a distributed engine makes again: events, transactions and spend below `history/`.

Belongs here: the assets, their UTC days, and what a run shows of them. Does not: how they are made (`engine.history`).
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date

import dagster as dg

from assets.engine.errors import SpendgateError
from assets.engine.history.rebuild import Rebuilt, rebuild_on
from assets.engine.warehouse.warehouse import Warehouse
from assets.mistakes import told_plainly
from assets.numbers import Numbers

DAYS = dg.DailyPartitionsDefinition(start_date="2000-01-01", timezone="UTC")

POOL = "spark"
"""Concurrency pool of what an engine computes; the warehouse is held only before and after."""

MADE = {
    "ad_events": ("raw.ad_events", "Events read again from the delivered files, by our own reader on the workers."),
    "transactions": ("core.transactions", "What they cost, by the prices that were known when they were charged."),
    "spend": ("spend by local date", "The sum of that by the brand's own date."),
}
"""What is made, beside which table of the ledger it is held."""

Held = Callable[[], AbstractContextManager[Warehouse]]


@dg.multi_asset(
    name="history",
    specs=[
        dg.AssetSpec(
            key=["history", name],
            deps=[]
            if name == "ad_events"
            else [["history", "ad_events" if name == "transactions" else "transactions"]],
            description=f"{described} Held against the ledger row for row; lost days get their files back.",
            group_name="history",
            kinds={"spark"},
            partitions_def=DAYS,
        )
        for name, (_, described) in MADE.items()
    ],
    pool=POOL,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
@told_plainly
def history(
    context: dg.AssetExecutionContext, engine: dg.ResourceParam[str], ledger: dg.ResourceParam[Held]
) -> Iterator[dg.MaterializeResult[None]]:
    """Some UTC days made again on an engine, and compared with the ledger."""
    days = sorted(date.fromisoformat(key) for key in context.partition_keys)
    rebuilt = rebuild_on(ledger, engine, (days[0], days[-1]))
    differing = [row.table for row in rebuilt.compared if row.only_live or row.only_made]
    if differing:
        raise SpendgateError(f"{', '.join(differing)} came out otherwise: {rebuilt.attempt.folder} has what was made")
    for name in MADE:
        yield dg.MaterializeResult(asset_key=["history", name], metadata=_shown(rebuilt, name))


def _shown(rebuilt: Rebuilt, name: str) -> Numbers:
    table, _ = MADE[name]
    shown: Numbers = {
        "states of the reference data": dg.MetadataValue.int(rebuilt.states),
        "files put back": dg.MetadataValue.int(sum(file.table_name == name for file in rebuilt.mended)),
    }
    for row in rebuilt.compared:
        if row.table == table:
            shown |= {
                "rows made": dg.MetadataValue.int(row.rows_made),
                "rows of the ledger": dg.MetadataValue.int(row.rows_live),
            }
    return shown
