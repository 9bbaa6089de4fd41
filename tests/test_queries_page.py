"""Every query of docs/queries.md runs, and finds what its heading asks for in a world that has lived for two days."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from assets.engine.data_root import DataRoot
from tests.test_cli import spendgate
from tests.world import NOON, World, event, jsonl, payment, spent

PAGE = (Path(__file__).parent.parent / "docs" / "queries.md").read_text(encoding="utf-8")
QUESTIONS = [part.partition("\n") for part in PAGE.split("\n### ")[1:]]
QUERIES = {heading: re.findall(r"```sql\n(.+?)```", text, re.DOTALL) for heading, _, text in QUESTIONS}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A campaign that was stopped by its budget and shown nevertheless; the day after, late and bad deliveries."""
    world = World(DataRoot(tmp_path_factory.mktemp("queries") / "data"))
    world.run()  # campaign 11 is RUNNING
    spent(world, 21, "2025-06-10T12:01:00Z")  # 10.50 of 10.00
    world.run(NOON + timedelta(minutes=5))  # BUDGET_REACHED
    spent(world, 4, "2025-06-10T12:06:00Z")
    world.run(NOON + timedelta(hours=17))  # 01:00 of the next day in New York: RUNNING
    spent(world, 2, "2025-06-10T13:00:00Z")  # of a day that has been decided
    spent(world, 18, "2025-06-11T11:00:00Z")  # 9.00 of 10.00
    world.deliver(
        "bad.jsonl",
        jsonl(
            event("unknown", 999, "click", "2025-06-11T11:00:00Z"),
            event("misspelt", 101, "clik", "2025-06-11T11:00:00Z"),
        ),
    )
    world.deliver("refused.jsonl", "[\n]\n")
    world.deliver("paid.jsonl", jsonl(payment("p", 1, "100", "2025-06-11T11:00:00Z")), kind="payments")
    world.run(NOON + timedelta(days=1))
    return world


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
    [yesterday, *_] = answers["What did each brand spend yesterday?"]
    assert (yesterday[0], yesterday[2], yesterday[3]) == ("Acme", 13.5, 27)
