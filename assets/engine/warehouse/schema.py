"""What makes an empty warehouse: the definitions of all tables, views and macros, in order.

Belongs here: that order, and holding a file against it. Does not: the steps from an older version (`migrations`).
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from assets.engine.errors import SpendgateError
from assets.engine.warehouse.sealed_tables import define_sealed_tables
from assets.engine.warehouse.statements import sql

DEFINITIONS = (
    "types",
    "ops.sealed_files",
    "internal.sealed_file_states",
    "internal.files_let_go",
    "raw.ad_events",
    "raw.payments",
    "raw.corrections",
    "raw.event_files",
    "raw.rejected_rows",
    "core.words",
    "internal.column_meanings",
    "internal.limit_kinds",
    "core.utc_offsets",
    "core.superseded_utc_offsets",
    "core.versions",
    "core.brands",
    "core.brand_zones",
    "core.campaigns",
    "core.budgets",
    "core.policies",
    "core.dayparting",
    "core.ad_sets",
    "core.ads",
    "core.global_ad_pricing",
    "internal.reference_rows",
    "core.transactions",
    "core.corrections",
    "core.unpriced",
    "mart.brands",
    "mart.campaigns",
    "mart.ads",
    "internal.ledger_span",
    "internal.definitions",
    "ops.migrations",
    "ops.revision",
    "internal.batches",
    "internal.watermarks",
    "internal.reference_files",
    "internal.backfills",
    "ops.delivered_files",
    "internal.attempts",
    "internal.retries",
    "internal.missing_rows",
    "internal.acknowledgements",
    "internal.open_missing_rows",
    "internal.refused_files",
    "internal.refused_files_gone",
    "ops.open_files",
    "internal.reading_limits",
    "internal.decision_intervals",
    "internal.spend_profiles",
    "internal.mendings",
    "ops.campaign_status_changes",
    "ops.decisions",
    "ops.campaign_status_periods",
    "ops.budget_findings",
    "ops.early_stops",
    "internal.overspend_due",
    "internal.evidence_checks",
    "ops.alerts",
    "mart.daily_spend",
    "mart.monthly_spend",
    "mart.lifetime_spend",
    "internal.period_spend",
    "internal.local_costs",
    "mart.hourly_spend",
    "mart.brand_budget",
    "mart.budgets",
    "ops.campaign_status",
    "mart.restatements",
    "mart.overspend",
    "mart.as_known",
    "internal.closed_today",
    "mart.pace",
    "mart.account",
    "internal.account_lines",
    "internal.stated_lines",
    "ops.closed_months",
    "internal.statement_lines",
    "mart.statement",
    "ops.audit_trail",
    "mart.daily_budget",
    "mart.daily_ad_spend",
    "mart.campaign_performance",
    "mart.price_effect",
    "mart.reader_macros",
    "ops.freshness",
)
"""The SQL files whose definitions make an empty warehouse, each after those it stands on."""


def definitions_digest() -> str:
    """SHA-256 of all definitions: a file that carries it needs nothing done."""
    sealed = [sql("steps.sealing", name) for name in ("show_files", "show_no_files", "sealed_through", "written_in")]
    return hashlib.sha256("".join([*map(sql, DEFINITIONS), *sealed]).encode()).hexdigest()


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is not there yet, and define views and macros as they are now."""
    for name in DEFINITIONS:
        connection.execute(sql(name))
    define_sealed_tables(connection)
    for (statement,) in connection.execute(sql("internal.column_meanings", "undescribed")).fetchall():
        connection.execute(statement)


def refuse_other_tables(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Hold that each table that is there is what the definitions say: columns, their order and types."""
    with duckdb.connect() as empty:
        define(empty)
        wanted = _columns(empty)
    found = _columns(connection)
    schemas = {table.partition(".")[0] for table in wanted}
    for table, columns in found.items():
        if table.partition(".")[0] in schemas and columns != wanted.get(table):
            raise SpendgateError(
                f"{file} was made by a version of spendgate that this one does not know:"
                f" {_difference(table, wanted.get(table), columns)}. Nothing was changed. Use the spendgate that made"
                " it, or take back a copy with `spendgate restore`"
            )


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    columns: dict[str, list[tuple[str, str]]] = {}
    for table, column, type_ in connection.execute(sql("database", "table_columns")).fetchall():
        columns.setdefault(table, []).append((column, type_))
    return columns


def _difference(table: str, wanted: list[tuple[str, str]] | None, found: list[tuple[str, str]]) -> str:
    if wanted is None:
        return f"{table} is a table"
    missing = [name for name, _ in wanted if name not in dict(found)]
    more = [name for name, _ in found if name not in dict(wanted)]
    if missing or more:
        return f"{table} has {f'no {missing[0]}' if missing else more[0]}"
    return f"the columns of {table} are in another order, or of other types"


@contextmanager
def empty_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every table and macro of a warehouse, in memory, to see their columns."""
    with duckdb.connect() as connection:
        define(connection)
        yield connection
