"""Every query of docs/queries.md runs, prints what stands there, and finds what its heading asks for."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from assets.engine.data_root import DataRoot
from tests.queries_page import lived as live
from tests.queries_page import page, text
from tests.test_cli import spendgate
from tests.world import BRANDS, NOON, World, event, jsonl

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


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two brands that pay in USD and EUR, with a click on each of eight days and one now.

    It is noon of June 10 in UTC, and June 11 begins in New Zealand.
    """
    world = World(DataRoot(tmp_path_factory.mktemp("abroad") / "data"))
    header, acme, borealis, cirrus = BRANDS.splitlines()
    rows = [
        f"{acme},USD",
        borealis.replace("1000.00", "").replace("Asia/Kolkata", "Pacific/Auckland") + ",EUR",
        f"{cirrus},",
    ]
    world.deliver_reference("brands", "\n".join([f"{header},currency", *rows]) + "\n")
    days = [NOON - timedelta(days=number, hours=2) for number in range(8)]
    clicks = [event(f"{ad}-{day:%d}", ad, "click", f"{day:%Y-%m-%dT%H:%M:%SZ}") for ad in (101, 201) for day in days]
    at_once = [event(f"{ad}-now", ad, "click", f"{NOON:%Y-%m-%dT%H:%M:%SZ}") for ad in (101, 201)]
    world.deliver("clicks.jsonl", jsonl(*clicks, *at_once))
    world.run(NOON)
    return world


SEVEN_DATES = ("Which ads cost most?", "How do campaigns perform?")


@pytest.mark.parametrize("heading", SEVEN_DATES)
def test_seven_days_are_seven_dates_of_each_brand(abroad: World, heading: str) -> None:
    [query] = QUERIES[heading]
    days = abroad.rows(
        "select brand_id, count(distinct local_date), max(local_date) from mart.daily_spend group by all"
    )
    assert sorted(days) == [(1, 8, date(2025, 6, 10)), (2, 9, date(2025, 6, 11))]
    [clicks] = [place for place, name in enumerate(columns_of(abroad, query)) if name in ("events", "clicks")]
    assert [row[clicks] for row in abroad.rows(query)] == [7, 8], "EUR: one of each of seven dates; USD: two of today"


@pytest.mark.parametrize(
    "heading", [heading for heading, [query] in QUERIES.items() if re.search("spend|amount|effect", query)]
)
def test_no_query_ranks_or_adds_amounts_of_two_currencies(abroad: World, heading: str) -> None:
    [query] = QUERIES[heading]
    names, rows = columns_of(abroad, query), abroad.rows(query)
    ranks = re.search(r"order by.*(?:spend|effect)\)? desc", query)
    adds = re.search(r"sum\((?:\w+\.)?(?:spend|amount)\)", query) and "brand_id = 1" not in query
    if ranks or adds:
        said = [row[names.index("currency")] for row in rows]
        assert said == sorted(said), "each currency by itself"


def columns_of(world: World, query: str) -> list[str]:
    return [row[0] for row in world.rows(f"describe {query}")]
