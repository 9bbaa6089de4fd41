"""What the Dagster UI shows of a table: its grain, SQL, rows and columns.

Belongs here: metadata taken from the SQL file and the warehouse. Does not: anything that makes a table.
"""

from collections.abc import Iterable

import dagster as dg

from assets.warehouse import Warehouse, sql

POOL = "warehouse"
"""Concurrency pool of everything that writes: one run at a time."""


def table(name: str, deps: Iterable[str] = ()) -> dg.AssetSpec:
    """Spec of the asset `schema/table`, whose SQL file is `sql/<name>.sql`; deps are names of the same form."""
    grain, _, _ = sql(name).removeprefix("-- ").partition("\n")
    return dg.AssetSpec(
        key=name.split("/"),
        deps=[dep.split("/") for dep in deps],
        description=grain,
        group_name=name.split("/")[0],
        kinds={"duckdb", "sql"},
        metadata={"grain": grain, "sql": dg.MetadataValue.md(f"```sql\n{sql(name)}```")},
    )


def materialized(warehouse: Warehouse, name: str) -> dg.MaterializeResult[None]:
    """Result of the asset `schema/table`: its rows and columns as they are now."""
    schema, table_name = name.split("/")
    rows = warehouse.connection.table(f"{schema}.{table_name}").aggregate("count(*)").fetchall()[0][0]
    columns = warehouse.run("catalog/columns", schema=schema, table_name=table_name).fetchall()
    return dg.MaterializeResult(
        asset_key=name.split("/"),
        metadata={
            "dagster/row_count": rows,
            "dagster/table_name": f"{schema}.{table_name}",
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn(
                        column,
                        type_ if type_.startswith("ENUM") else type_.lower(),
                        comment,
                        dg.TableColumnConstraints(nullable=nullable),
                    )
                    for column, type_, comment, nullable in columns
                ]
            ),
        },
    )
