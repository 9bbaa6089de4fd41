"""The portable SQL texts in the words of a distributed engine (Spark, and Sail, which speaks the same).

Belongs here: what the other dialect forces. Does not: the rules (`sql/portable`, `sql/history`).

Enums are texts there, names have no schema, instants have other functions, and views have no bound values. All else
is the same text.
"""

from datetime import UTC, datetime
from typing import Any

import sqlglot
from sqlglot import exp

from assets.engine.warehouse.statements import sql

ENUMS = {"event_type", "cost_type", "price_source", "transaction_type"}

INSTANTS = {"EPOCH_US": "UNIX_MICROS", "MAKE_TIMESTAMP": "TIMESTAMP_MICROS"}


def on_engine(file: str, **values: Any) -> str:
    """The query of a portable view as the engine takes it.

    Args:
        file: such as `portable.priced_events`.
        values: what its `$names` stand for: whole numbers and instants.
    """
    view = sqlglot.parse_one(sql(file), read="duckdb")
    query = view.expression.transform(_forced, values)
    return str(query.sql(dialect="spark", comments=False))


def view_of(file: str) -> str:
    """Name of the view that a portable file defines."""
    return str(sqlglot.parse_one(sql(file), read="duckdb").this.name)


def _forced(node: exp.Expression, values: dict[str, Any]) -> exp.Expression:
    """What the dialect forces, at one place of the text."""
    if isinstance(node, exp.Cast) and node.to.sql().lower() in ENUMS:
        text: exp.Expression = node.this
        return text
    if isinstance(node, exp.Anonymous) and node.name.upper() in INSTANTS:
        return exp.Anonymous(this=INSTANTS[node.name.upper()], expressions=node.expressions)
    if isinstance(node, exp.Table) and node.args.get("db"):
        return exp.to_table(f"{node.db}_{node.name}", alias=node.alias or None)
    if isinstance(node, exp.Placeholder | exp.Parameter):
        return _literal(values[node.name])
    return node


def _literal(value: object) -> exp.Expression:
    if isinstance(value, datetime):
        return exp.Literal.string(value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00:00"))
    return exp.Literal.number(str(value))
