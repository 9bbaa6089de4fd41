"""What the Dagster UI shows of a table: its grain, SQL, rows and columns.

Belongs here: metadata taken from the SQL file and the warehouse. Does not: anything that makes a table.
"""

import hashlib
import warnings
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import dagster as dg

from assets.engine.kinds import REFERENCE_TABLES
from assets.engine.warehouse.schema import empty_warehouse
from assets.engine.warehouse.sealed_tables import TABLES
from assets.engine.warehouse.statements import SQL, first_comment, sql, whole
from assets.engine.warehouse.warehouse import Warehouse
from assets.numbers import Numbers

STORED = {
    **{table.file: f"internal.{name}" for name, table in TABLES.items()},
    **{table.file: table.versions for table in REFERENCE_TABLES.values()},
    "ops.campaign_status": "internal.campaign_status",
}
"""The tables behind views: to count those is to read no more than a number."""

DECIDED = ("mart.brand_budget", "mart.budgets", "mart.overspend")
"""What is known of budgets once it has been decided."""

POOL = "warehouse"
"""Concurrency pool of everything that writes: one run at a time."""


def table_spec(name: str, deps: Iterable[str] = ()) -> dg.AssetSpec:
    """Spec of the asset of a table, such as `core.brands`; deps are names of the same form."""
    grain = first_comment(name)
    return dg.AssetSpec(
        key=name.split("."),
        deps=[dep.split(".") for dep in deps],
        description=grain,
        group_name=stage_of(name),
        kinds={"duckdb", "sql"},
        metadata={
            "grain": grain,
            "sql": sql_shown(name),
            "dagster/table_name": name,
            "dagster/column_schema": dg.TableSchema(_columns()[name]),
            "dagster/code_references": _link_to_sql(name),
        },
        code_version=hashlib.sha256(whole(name).encode()).hexdigest()[:12],
    )


def _link_to_sql(name: str) -> dg.CodeReferencesMetadataValue:
    """A link to the SQL file, for the editor of whoever looks at this machine's own UI."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # a person who runs a command can do nothing about it
        file = dg.LocalFileCodeReference(file_path=str(SQL / f"{name.replace('.', '/')}.sql"), label=f"{name}.sql")
        return dg.CodeReferencesMetadataValue(code_references=[file])


def stage_of(name: str) -> str:
    """The stage of the way from a delivered file to a published status, as which lineage shows a table's group."""
    if name in DECIDED or name.startswith("ops."):
        return "decided"
    return "spend" if name.startswith("mart.") else "ledger"


def sql_shown(file: str) -> dg.MarkdownMetadataValue:
    """Text of a SQL file, in colours: how the table is defined, and all that writes it."""
    return dg.MetadataValue.md(f"```sql\n{whole(file)}```")  # noqa: TID251 our own text


@cache
def _columns() -> dict[str, list[dg.TableColumn]]:
    """Columns of every table, by `schema.table`: told once, since Dagster keeps for ever what a run tells."""
    with empty_warehouse() as tables:
        rows = tables.execute(sql("database", "columns")).fetchall()
    columns: dict[str, list[dg.TableColumn]] = defaultdict(list)
    for name, column, type_, comment, nullable in rows:
        shown = type_ if type_.startswith("ENUM") else type_.lower()
        columns[name].append(dg.TableColumn(column, shown, comment, dg.TableColumnConstraints(nullable=nullable)))
    return columns


def materialized(warehouse: Warehouse, name: str, shown: Numbers | None = None) -> dg.MaterializeResult[None]:
    """Result of the asset of a table: how many rows it has now, hot and sealed, and what else is shown."""
    _, short_name = name.split(".")
    sealed = int(warehouse.value("ops.sealed_files", "row_count", table_name=short_name))
    rows = sealed + len(warehouse.connection.table(STORED.get(name, name)))
    return dg.MaterializeResult(asset_key=name.split("."), metadata={"dagster/row_count": rows, **(shown or {})})
