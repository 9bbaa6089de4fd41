"""Every query of docs/queries.md runs, prints what stands there, and finds what its heading asks for."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.queries_page import lived as live
from tests.queries_page import page, text
from tests.test_cli import spendgate
from tests.world import NOON, World

PAGE = text()
QUESTIONS = [part.partition("\n") for part in PAGE.split("\n### ")[1:]]
QUERIES = {heading: re.findall(r"```sql\n(.+?)```", text, re.DOTALL) for heading, _, text in QUESTIONS}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world of the page."""
    return live(tmp_path_factory.mktemp("queries") / "data")


def test_what_stands_below_each_query_is_what_it_prints(lived: World) -> None:
    assert page(lived) == PAGE, "print it again: uv run python -m tests.queries_page"


def test_each_question_of_the_page_has_one_query() -> None:
    assert len(QUERIES) == PAGE.count("```sql\n") >= 20
    assert all(len(queries) == 1 for queries in QUERIES.values())


@pytest.mark.parametrize("heading", QUERIES)
def test_a_query_of_the_page_has_rows_and_is_one_that_a_reader_may_ask(lived: World, heading: str) -> None:
    [query] = QUERIES[heading]
    assert lived.rows(query)
    told = spendgate(lived.root, "sql", query)
    assert told.exit_code == 0, told.exception


def test_what_the_queries_tell_of_the_stopped_campaign(lived: World) -> None:
    answers = {heading: lived.rows(query) for heading, [query] in QUERIES.items()}
    [stopped] = answers["Who was stopped, when and why?"]
    assert stopped[:4] == (11, NOON + timedelta(minutes=5), "BUDGET_REACHED", "DAILY_BUDGET_REACHED")
    [shown_nevertheless] = answers["What was spent while a campaign was not running?"]
    assert shown_nevertheless[:3] == (1, 11, "BUDGET_REACHED")
    assert shown_nevertheless[4] == 3
    [yesterday, *_] = answers["What did each brand spend yesterday, beside its budget?"]
    assert yesterday[:1] + yesterday[2:4] == ("Acme", Decimal("13.5"), 10)
    [never, *_] = answers["Which campaigns never ran?"]
    assert never[1:4] == (12, "Acme nights", "SCHEDULED")
    [dearer] = answers["What did a change of price cost?"]
    assert (dearer[1], dearer[6], dearer[7]) == ("a", 14, Decimal("1.4"))
