"""Files of budgets and dayparting, and the new columns of brands and campaigns: what is taken, what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from assets.engine.explanation import derive_unchecked_changes
from tests.corpus.tried import tries
from tests.world import BRANDS, CAMPAIGNS, NOON, World, spent

BUDGETS = "scope,id,period,amount,effective_from,effective_to\n"
DAYPARTING = "campaign_id,weekdays,start,end,clock\n"
MONEY = "amount '{}' is not a decimal number with at most 9 decimals, not negative, or empty"
DATE = "{} '{}' is not a date such as 2025-06-10, or empty"
TIME = "{} '{}' is not a time of day such as {}"
WEEKDAYS = "weekdays '{}' is not names and ranges such as mon-fri or sat,sun, or empty for every day"

BAD_BUDGETS = {
    ",1,DAY,5,,": "scope is missing",
    "AD,1,DAY,5,,": "scope 'AD' is not one of BRAND, CAMPAIGN",
    "brand,1,DAY,5,,": "scope 'brand' is not one of BRAND, CAMPAIGN",
    "BRAND,,DAY,5,,": "id is missing",
    "BRAND,x,DAY,5,,": "id 'x' is not a whole number that fits 64 bits",
    "BRAND,9,DAY,5,,": "unknown id 9: no such row in brands",
    "CAMPAIGN,1,DAY,5,,": "unknown id 1: no such row in campaigns",
    "BRAND,1,,5,,": "period is missing",
    "BRAND,1,YEAR,5,,": "period 'YEAR' is not one of HOUR, DAY, WEEK, MONTH, LIFETIME",
    "BRAND,1,FUNDS,5,,": "period 'FUNDS' is not one of HOUR, DAY, WEEK, MONTH, LIFETIME",
    "BRAND,1,DAY,,,": "amount is missing (0 allows no delivery)",
    "BRAND,1,DAY,-1,,": MONEY.format("-1"),
    "BRAND,1,DAY,0.1234567891,,": MONEY.format("0.1234567891"),
    "BRAND,1,DAY,NaN,,": MONEY.format("NaN"),
    "BRAND,1,DAY,5,2025-02-30,": DATE.format("effective_from", "2025-02-30"),
    "BRAND,1,DAY,5,10.06.2025,": DATE.format("effective_from", "10.06.2025"),
    "BRAND,1,DAY,5,,tomorrow": DATE.format("effective_to", "tomorrow"),
    "BRAND,1,DAY,5,2025-06-10,2025-06-09": "effective_to 2025-06-09 is before effective_from 2025-06-10",
    "BRAND,1,WEEK,6,,2025-07-01": "budget BRAND/1/WEEK is there twice",
    "BRAND,01,WEEK,6,,": "budget BRAND/1/WEEK is there twice",
}
BAD_DAYPARTS = {
    ",,09:00,17:00,": "campaign_id is missing",
    "99,,09:00,17:00,": "unknown campaign_id 99: no such row in campaigns",
    "11,monday,09:00,17:00,": WEEKDAYS.format("monday"),
    "11,mon-,09:00,17:00,": WEEKDAYS.format("mon-"),
    '11,"mon,,tue",09:00,17:00,': WEEKDAYS.format("mon,,tue"),
    "11,1-5,09:00,17:00,": WEEKDAYS.format("1-5"),
    "11,,,17:00,": "start is missing",
    "11,,09:00,,": "end is missing",
    "11,,9:00,17:00,": TIME.format("start", "9:00", "09:00"),
    "11,,24:00,17:00,": TIME.format("start", "24:00", "09:00"),
    "11,,09:00,24:01,": TIME.format("end", "24:01", "17:00 or 24:00"),
    "11,,09:00,09:00:00,": "start and end are both 09:00: for all day give 00:00 and 24:00",
    "11,,09:00,17:00,LOCAL": "clock 'LOCAL' is not one of BRAND, UTC",
    "12,mon-fri,10:00,11:00,": "window 12 mon-fri 10:00 11:00 is there twice",
}
BAD_FLIGHTS = {
    "41,1,c,SCHEDULED,,,2025-06-31,": DATE.format("start_date", "2025-06-31"),
    "42,1,c,SCHEDULED,,,,soon": DATE.format("end_date", "soon"),
    "43,1,c,SCHEDULED,,,2025-06-10,2025-06-09": "end_date 2025-06-09 is before start_date 2025-06-10",
}
BAD_ACCOUNTS = {
    "51,b,,,UTC,,true,LATER,": "billing 'LATER' is not one of POSTPAID, PREPAID",
    "52,b,,,UTC,,true,,EURO": "currency 'EURO' is not an ISO 4217 code such as EUR",
    "53,b,,,UTC,,true,,eur": "currency 'eur' is not an ISO 4217 code such as EUR",
}


def with_columns(text: str, columns: str) -> str:
    """A reference file with more columns, which its rows leave empty."""
    header, *rows = text.splitlines()
    return "\n".join([f"{header},{columns}", *(row + "," * (columns.count(",") + 1) for row in rows), ""])


BAD_POLICIES = {
    "CITY,1,off": "scope 'CITY' is not one of BRAND, CAMPAIGN",
    "BRAND,x,off": "id 'x' is not a whole number that fits 64 bits",
    "BRAND,1,": "stop_early is missing",
    "BRAND,1,5m": "stop_early '5m' is not off, learned, or a number of minutes from 1 to 1440",
    "BRAND,2,0": "stop_early '0' is not off, learned, or a number of minutes from 1 to 1440",
    "CAMPAIGN,999,off": "unknown id 999: no such row in campaigns",
}

FILES: dict[str, tuple[str, int, dict[str, str]]] = {
    "budgets": (BUDGETS + "BRAND,1,WEEK,5,,\n", 1, BAD_BUDGETS),
    "policies": ("scope,id,stop_early\nBRAND,3,learned\n", 1, BAD_POLICIES),
    "dayparting": (DAYPARTING + "12,mon-fri,10:00,11:00,\n", 1, BAD_DAYPARTS),
    "campaigns": (with_columns(CAMPAIGNS, "start_date,end_date"), 4, BAD_FLIGHTS),
    "brands": (with_columns(BRANDS, "billing,currency"), 3, BAD_ACCOUNTS),
}


@tries(76, 77, 78)
@pytest.mark.parametrize("table", FILES)
def test_bad_rows_are_refused_and_listed_and_the_rest_loads(world: World, table: str) -> None:
    text, good, bad = FILES[table]
    world.deliver_reference(table, text + "".join(f"{row}\n" for row in bad))
    world.load()
    refused = world.rows(
        "select raw, rejected_rows.reason from raw.rejected_rows join internal.reference_files using (file_id)"
        " where kind = $kind order by line_number",
        kind=table,
    )
    assert refused == list(bad.items())
    assert world.rows(
        "select outcome, rows_read, rows_loaded, rows_rejected from internal.reference_files where kind = $kind",
        kind=table,
    ) == [("LOADED", good + len(bad), good, len(bad))]


@tries(79)
def test_a_campaign_has_the_windows_of_the_newest_file_and_none_when_its_rows_are_gone(world: World) -> None:
    windows = "select list_transform(windows, lambda w: w.opens::varchar) from core.dayparting where valid_to is null"
    world.deliver_reference("dayparting", DAYPARTING + "11,,09:00,10:00,\n11,,12:00,13:00,\n12,,09:00,10:00,\n")
    world.load()
    assert sorted(world.rows(windows)) == [(["09:00:00"],), (["09:00:00", "12:00:00"],)]
    world.deliver_reference("dayparting", DAYPARTING + "11,,09:00,11:00,\n")
    world.load(NOON + timedelta(minutes=5))
    assert sorted(world.rows(windows)) == [([],), (["09:00:00"],)]
    counts = "select rows_read, rows_loaded, rows_duplicate from internal.reference_files where kind = 'dayparting'"
    assert world.rows(counts + " order by file_id") == [(3, 3, 0), (1, 1, 0)]
    assert world.rows("from internal.open_missing_rows where table_name = 'dayparting'") == []


@tries(79)
def test_a_campaign_all_of_whose_rows_are_refused_keeps_its_windows(world: World) -> None:
    world.deliver_reference("dayparting", DAYPARTING + "11,,13:00,14:00,\n")
    world.run()
    world.deliver_reference("dayparting", DAYPARTING + "11,,13:00,25:00,\n")
    world.run(NOON + timedelta(minutes=5))
    assert world.status(11) == "SCHEDULED"
    assert len(world.rows("from core.dayparting where campaign_id = 11")) == 1


@tries(76)
def test_a_budget_waits_for_its_campaign(world: World) -> None:
    world.deliver_reference("budgets", BUDGETS + "CAMPAIGN,14,DAY,0,,\n")
    world.run()
    world.deliver_reference("campaigns", CAMPAIGNS + "14,3,new,RUNNING,,\n")
    world.run(NOON + timedelta(minutes=5))
    assert world.status(14) == "BUDGET_REACHED"


@tries(78)
def test_a_currency_is_said_once_and_never_changes(world: World) -> None:
    currency = "select currency from core.brands where brand_id = 1 and valid_to is null"
    world.load()
    assert world.rows(currency) == [("USD",)]
    lines = with_columns(BRANDS, "billing,currency")
    for said, found in (("EUR", "EUR"), ("GBP", "EUR"), ("", "EUR")):
        world.deliver_reference("brands", lines.replace("ann,true,,", f"ann,true,,{said}"))
        world.load(NOON + timedelta(minutes=5))
        assert world.rows(currency) == [(found,)]
    assert (
        "currency EUR of brand 1 cannot become GBP, since amounts are never converted: give it a new brand_id"
        in world.reasons()
    )


def test_a_file_with_all_columns_and_one_without_are_the_same(world: World) -> None:
    world.load()
    world.deliver_reference("brands", with_columns(BRANDS, "billing,currency"))
    world.deliver_reference("campaigns", with_columns(CAMPAIGNS, "start_date,end_date"))
    world.load(NOON + timedelta(minutes=5))
    found: list[Any] = world.rows("select rows_loaded from internal.reference_files order by file_id desc limit 2")
    assert found == [(0,), (0,)]


def test_what_a_campaign_spent_for_another_brand_counts_for_its_own_budget(world: World) -> None:
    world.deliver_reference("budgets", BUDGETS + "CAMPAIGN,11,MONTH,10,,\nCAMPAIGN,12,MONTH,10,,\n")
    spent(world, 19)  # 9.50
    world.run()
    world.deliver_reference("campaigns", CAMPAIGNS.replace("11,1,", "11,3,"))
    spent(world, 1, "2025-06-10T12:01:00Z")
    world.run(NOON + timedelta(minutes=5))
    assert world.rows("select id, brand_id, spend from mart.budgets where scope = 'CAMPAIGN' order by 1") == [
        (11, 3, 10), (12, 1, 0),
    ]  # fmt: skip
    assert world.status(11) == "BUDGET_REACHED"
    with world.open(NOON + timedelta(minutes=10)) as warehouse:
        derive_unchecked_changes(warehouse)
        assert warehouse.run("checks.changes_follow_from_the_ledger").fetchall() == []


def test_old_columns_that_count_no_more_are_named(world: World) -> None:
    world.deliver_reference("dayparting", DAYPARTING + "12,,09:00,10:00,\n")
    world.deliver_reference("budgets", BUDGETS + "BRAND,1,DAY,20,,\n")
    spent(world, 30)  # 15.00, over the brand's own budget
    world.run()
    with world.open() as warehouse:
        named = warehouse.run("checks.new_rows_replace_old_columns").fetchall()
    assert [row[:2] for row in named] == [("brands", 1), ("campaigns", 12)]
    assert world.status(11) == "RUNNING"
