"""What an engine has made of the history, held against the ledger row for row; lost days put back in their place.

Belongs here: the comparison of an attempt. Does not: making it (`computing`), taking in what is new (`adoption`).
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from assets.engine.history.attempt import parquet_files
from assets.engine.history.given import Given
from assets.engine.history.made import made, show_made
from assets.engine.rebuild.comparison import digest
from assets.engine.warehouse.sealed_tables import NEVER, days_needed
from assets.engine.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class Compared:
    """What the ledger has of a table and an engine has made: rows, and those that the other one has not."""

    table: str
    rows_live: int
    rows_made: int
    only_live: int
    only_made: int


def compare(warehouse: Warehouse, given: Given) -> list[Compared]:
    """Hold events, transactions and sums of an attempt against the ledger; lost days are left out."""
    bounds: dict[str, Any] = {
        "newest_batch": given.newest_batch,
        "starts_at": given.wanted.starts_at,
        "ends_at": given.wanted.ends_at,
        "lost_days": given.lost,
    }
    warehouse.run("steps.history_compared", "bounds", **bounds)
    warehouse.run("steps.history_compared", "live_events")
    with days_needed(warehouse.connection, NEVER):  # what is lost is left out
        warehouse.run("steps.history_compared", "costs_to_sum")
        warehouse.run("steps.history_compared", "brand_offsets")
        warehouse.run("portable.spend_by_date")
        warehouse.run("steps.history_compared", "live_spend")
        show_made(warehouse, "spend", parquet_files(given.attempt.part("spend")))
        warehouse.run("steps.adoption", "new_spend")
        of_days = _not_lost(given)
        return [
            _compared(
                "raw.ad_events",
                warehouse.connection.table("live_events"),
                made(warehouse.connection, "ad_events", parquet_files(given.attempt.part("ad_events"))).filter(of_days),
            ),
            _compared(
                "core.transactions",
                warehouse.connection.table("live_transactions"),
                made(warehouse.connection, "transactions", parquet_files(given.attempt.part("transactions"))).filter(
                    of_days
                ),
            ),
            *(
                []
                if given.lost
                else [
                    _compared(
                        "spend by local date",
                        warehouse.connection.table("live_spend"),
                        warehouse.connection.table("new_spend"),
                    )
                ]
            ),
        ]


def _not_lost(given: Given) -> str:
    days = ", ".join(f"date '{day}'" for day in given.lost)
    return f"make_timestamp(epoch_us(occurred_at))::date not in ({days})" if days else "true"


def _compared(table: str, live: duckdb.DuckDBPyRelation, made_rows: duckdb.DuckDBPyRelation) -> Compared:
    """By a digest of all rows, made by DuckDB of both; where it differs, row by row."""
    rows_live, digest_live = digest(live)
    rows_made, digest_made = digest(made_rows)
    if (rows_live, digest_live) == (rows_made, digest_made):
        return Compared(table, rows_live, rows_made, 0, 0)
    return Compared(table, rows_live, rows_made, len(live.except_(made_rows)), len(made_rows.except_(live)))
