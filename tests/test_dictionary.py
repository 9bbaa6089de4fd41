"""`docs/dictionary.md` is what the warehouse says of itself, and it says something of everything that readers see."""

from pathlib import Path

from assets.engine.warehouse.schema import empty_warehouse
from assets.engine.warehouse.statements import sql
from tests.readers_page import COLUMNS, page

PAGE = Path(__file__).parent.parent / "docs" / "dictionary.md"

PRINT_IT = "print it again: uv run python -m tests.readers_page > docs/dictionary.md"


def test_the_page_is_what_the_tables_print() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), PRINT_IT


def test_every_table_for_readers_and_every_column_of_it_has_words() -> None:
    with empty_warehouse() as warehouse:
        tables = warehouse.execute(sql("reports.readers", "tables")).fetchall()
        columns = warehouse.execute(COLUMNS).fetchall()
    assert [name for name, comment in tables if not comment] == []
    assert [(table, column) for table, column, _, comment in columns if not comment] == []


def test_what_makes_it_work_is_in_a_schema_that_says_so() -> None:
    with empty_warehouse() as warehouse:
        tables = {name for (name, _) in warehouse.execute(sql("reports.readers", "tables")).fetchall()}
    inner = ("watermarks", "versions", "_parts", "attempts", "batches", "definitions", "reference_rows")
    assert [name for name in tables if any(word in name for word in inner)] == []
