"""The rules that another engine has to run as well are portable texts: one text, put into the other dialect by a pass.

The pass says what the dialect forces: enum casts go, instants have other functions, names are names of views, values
are bound. All else is the same text, and what comes out is kept beside the tests: a change of it is seen.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from assets.engine.history.dialect import ENUMS, INSTANTS, on_engine, view_of
from assets.engine.warehouse.statements import SQL, whole

PORTABLE = sorted(
    f"{folder}.{file.stem}" for folder in ("portable", "history") for file in (SQL / folder).glob("*.sql")
)
RULES = [name for name in PORTABLE if name.startswith("portable.")]
NOT_PORTABLE = (exp.Insert, exp.Pivot, exp.Qualify)
VALUES = {
    "first_batch": 7,
    "state": 1,
    "starts_at": datetime(2026, 1, 1, tzinfo=UTC),
    "ends_at": datetime(2026, 2, 1, 12, 30, tzinfo=UTC),
    "known_since": datetime(2026, 1, 15, 0, 0, 0, 1, tzinfo=UTC),
}
KEPT = Path(__file__).parent / "spark_texts.sql"
"""What the engine is given; `UPDATE_SPARK_TEXTS=1 uv run pytest tests/test_portable.py -n0` writes it anew."""


def on_spark(file: str) -> str:
    return on_engine(file, **VALUES)


def test_the_rules_are_portable() -> None:
    assert RULES == ["portable.priced_events", "portable.ranked_events", "portable.spend_by_date"]


@pytest.mark.parametrize("file", PORTABLE)
def test_a_portable_text_is_one_view_without_what_only_duckdb_knows(file: str) -> None:
    [statement] = [tree for tree in sqlglot.parse(whole(file), read="duckdb") if tree]
    assert isinstance(statement, exp.Create)
    assert statement.kind == "VIEW"
    assert view_of(file) == file.split(".")[1]
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
    assert not [*tree.find_all(exp.Parameter, exp.Placeholder)]


def test_what_the_engine_is_given_is_what_was_kept() -> None:
    texts = "\n\n".join(
        f"-- {file}\n{sqlglot.parse_one(on_spark(file), read='spark').sql('spark', pretty=True)};" for file in PORTABLE
    )
    if os.environ.get("UPDATE_SPARK_TEXTS"):
        KEPT.write_text(texts + "\n", encoding="utf-8")
    assert KEPT.read_text(encoding="utf-8") == texts + "\n"
