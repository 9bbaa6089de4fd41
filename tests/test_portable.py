"""The rules that another engine has to run as well are portable texts: they parse on a second dialect.

A small pass says what a dialect forces: enum casts go, instants have other functions, names are names of views. All
else has to be the same text.
"""

import pytest
import sqlglot
from sqlglot import exp

from assets.engine.warehouse.statements import SQL, whole

PORTABLE = sorted(f"portable.{file.stem}" for file in (SQL / "portable").glob("*.sql"))
ENUMS = {"event_type", "cost_type", "price_source"}
INSTANTS = {"EPOCH_US": "UNIX_MICROS", "MAKE_TIMESTAMP": "TIMESTAMP_MICROS"}
NOT_PORTABLE = (exp.Insert, exp.Pivot, exp.Parameter, exp.Placeholder, exp.Qualify)


def forced(node: exp.Expression) -> exp.Expression:
    """What a dialect forces, at one place of the text."""
    if isinstance(node, exp.Cast) and node.to.sql().lower() in ENUMS:
        constant: exp.Expression = node.this
        return constant
    if isinstance(node, exp.Anonymous) and node.name.upper() in INSTANTS:
        return exp.Anonymous(this=INSTANTS[node.name.upper()], expressions=node.expressions)
    if isinstance(node, exp.Table) and node.args.get("db"):
        return exp.to_table(f"{node.db}_{node.name}", alias=node.alias or None)
    return node


def on_spark(file: str) -> str:
    return sqlglot.parse_one(whole(file), read="duckdb").transform(forced).sql("spark", comments=False)


def test_three_rules_are_portable() -> None:
    assert PORTABLE == ["portable.priced_events", "portable.ranked_events", "portable.spend_by_date"]


@pytest.mark.parametrize("file", PORTABLE)
def test_a_portable_text_is_one_view_without_what_only_duckdb_knows(file: str) -> None:
    [statement] = [tree for tree in sqlglot.parse(whole(file), read="duckdb") if tree]
    assert isinstance(statement, exp.Create)
    assert statement.kind == "VIEW"
    assert not [*statement.find_all(*NOT_PORTABLE)]
    own_macros = [call for call in statement.find_all(exp.Dot) if isinstance(call.expression, exp.Func)]
    assert not own_macros
    unknown = {call.name.upper() for call in statement.find_all(exp.Anonymous)} - INSTANTS.keys()
    assert not unknown


@pytest.mark.parametrize("file", PORTABLE)
def test_a_portable_text_means_the_same_on_a_second_dialect(file: str) -> None:
    """Parsed by the other dialect and written for it again, nothing of it changes."""
    text = on_spark(file)
    [tree] = sqlglot.parse(text, read="spark")
    assert tree
    assert tree.sql("spark", comments=False) == text
    types = {cast.to.sql("spark").lower() for cast in tree.find_all(exp.Cast)}
    assert not types & ENUMS
