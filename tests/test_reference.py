"""Reference files: read strictly, kept as versions, never lost to a truncated file."""

from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from tests.world import BRANDS, CAMPAIGNS, NOON, PRICES, World

LATER = NOON + timedelta(hours=1)


def test_a_changed_row_opens_a_version_and_closes_the_one_before(world: World) -> None:
    world.load()
    world.deliver_reference("brands", BRANDS.replace("10.00", "12.50"))
    world.load(LATER)
    assert world.rows(
        "select daily_budget, valid_from, valid_to from core.brands where brand_id = 1 order by valid_from"
    ) == [
        (Decimal(10), datetime.fromisoformat("2000-01-01T00:00:00Z"), LATER),
        (Decimal("12.50"), LATER, None),
    ]
    assert world.value("select count(*) from core.brands where brand_id <> 1") == 2
    counts = ("rows_read", "rows_loaded", "rows_duplicate", "rows_rejected")
    assert [world.file("brands.csv")[name] for name in counts] == [3, 1, 2, 0]


def test_a_change_taken_back_is_a_third_version(world: World) -> None:
    for number, text in enumerate((BRANDS, BRANDS.replace("10.00", "12.50"), BRANDS)):
        world.deliver_reference("brands", text)
        world.load(NOON + timedelta(hours=number))
    versions = world.rows("select daily_budget from core.brands where brand_id = 1 order by valid_from")
    assert versions == [(Decimal(10),), (Decimal("12.50"),), (Decimal(10),)]


def test_the_same_file_written_again_changes_nothing(world: World) -> None:
    world.load()
    world.deliver_reference("brands", BRANDS)
    world.load(LATER)
    assert world.file("brands.csv")["outcome"] == "DUPLICATE"
    assert world.value("select count(*) from core.brands") == 3


def test_reference_data_comes_as_parquet_too(world: World) -> None:
    (world.root.reference / "brands.csv").unlink()
    money = {"daily_budget": pl.Decimal(10, 2), "monthly_budget": pl.Decimal(10, 2)}
    frame = pl.read_csv(BRANDS.encode(), schema_overrides=money)
    frame.write_parquet(world.root.reference / "brands.parquet")
    world.load()
    assert world.rows("select daily_budget, monthly_budget, is_active from core.brands order by brand_id") == [
        (Decimal(10), None, True),
        (None, Decimal(1000), True),
        (None, None, True),
    ]


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("brands", "4,Delta,,,UTC,,maybe", "is_active 'maybe' is not true or false"),
        ("brands", "4,Delta,,,UTC", "5 fields, expected 7"),
        ("global_ad_pricing", "2025-13-01T00:00:00Z,1,1,1,1", "effective_from '2025-13-01T00:00:00Z' is not a time"),
    ],
)
def test_a_bad_row_is_refused_and_listed_and_the_rest_loads(world: World, table: str, row: str, reason: str) -> None:
    world.deliver_reference(table, world.reference[table] + row + "\n")
    world.load()
    [(number, said)] = world.rows("select line_number, reason from raw.rejected_rows")
    assert number == world.reference[table].count("\n") + 1
    assert said.startswith(reason)
    file = world.file(f"{table}.csv")
    assert (file["rows_loaded"], file["rows_rejected"]) == (world.reference[table].count("\n") - 1, 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\xff", "its first line is no CSV header"),
    ],
)
def test_a_file_with_other_columns_is_refused_and_the_version_before_stays(
    world: World, text: str, reason: str
) -> None:
    world.load()
    (world.root.reference / "brands.csv").write_bytes(text.encode("latin-1"))
    world.load(LATER)
    file = world.file("brands.csv")
    assert file["outcome"] == "QUARANTINED"
    assert file["reason"].startswith(reason) or text.count("owner") == 2
    assert world.value("select count(*) from core.brands where valid_to is null") == 3


def test_money_as_a_binary_float_is_refused(world: World) -> None:
    (world.root.reference / "brands.csv").unlink()
    pl.read_csv(BRANDS.encode()).write_parquet(world.root.reference / "brands.parquet")
    world.load()
    assert world.file("brands.parquet")["reason"].startswith("column daily_budget is double")


def test_a_row_that_is_gone_stays_in_force_and_is_named(world: World) -> None:
    world.load()
    world.deliver_reference("brands", BRANDS.replace("2,Borealis,,1000.00,Asia/Kolkata,bob,true\n", ""))
    world.load(LATER)
    assert world.value("select monthly_budget from core.brands where brand_id = 2 and valid_to is null") == 1000
    assert world.rows("select table_name, id from internal.missing_rows") == [("brands", "2")]
    world.deliver_reference("brands", BRANDS)
    world.load(LATER + timedelta(hours=1))
    assert world.rows("from internal.missing_rows") == []


def test_a_row_whose_parent_was_missing_loads_when_the_parent_has_come(world: World) -> None:
    world.deliver_reference("campaigns", CAMPAIGNS + "41,4,Delta,SCHEDULED,,\n")
    world.run()
    assert world.reasons() == ["unknown brand_id 4: no such row in brands"]
    world.deliver_reference("brands", BRANDS + "4,Delta,,,UTC,,true\n")
    world.run(LATER)
    assert world.reasons() == []
    assert world.status(41) == "RUNNING"


def test_a_refused_file_is_noted_once_however_often_it_is_looked_at(world: World) -> None:
    world.deliver_reference("campaigns", CAMPAIGNS + "41,4,Delta,SCHEDULED,,\n")
    world.load()
    world.deliver_reference("campaigns", "nonsense\n")
    world.deliver_reference("brands", BRANDS + "4,Delta,,,UTC,,true\n")
    for hours in range(3):
        world.load(LATER + timedelta(hours=hours))
    assert world.value("select count(*) from internal.reference_files where kind = 'campaigns'") == 2


def test_a_refused_file_that_is_written_again_as_it_was_is_refused_again_and_no_duplicate(world: World) -> None:
    world.load()
    for hours in range(2):
        world.deliver_reference("brands", "nonsense\n")
        world.load(LATER + timedelta(hours=hours))
        file = world.file("brands.csv")
        assert (file["outcome"], file["reason"].partition(" (")[0]) == ("QUARANTINED", "unknown column nonsense")
    world.deliver_reference("brands", BRANDS)
    for hours in range(2):
        world.load(LATER + timedelta(hours=2 + hours))
        assert (world.file("brands.csv")["outcome"], world.file("brands.csv")["rows_duplicate"]) == ("LOADED", 3)


def test_a_file_refused_for_want_of_a_zone_is_loaded_when_it_is_written_again_and_the_zone_is_set(world: World) -> None:
    (world.root.reference / "global_ad_pricing.csv").unlink()
    prices = pl.read_csv(PRICES.encode(), infer_schema=False).with_columns(
        pl.col("effective_from").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone=None)
    )
    file = world.root.reference / "global_ad_pricing.parquet"
    prices.write_parquet(file)
    world.load()
    refused = world.file(file.name)
    assert refused["outcome"] == "QUARANTINED"
    assert "prices_zone" in refused["reason"]
    (world.root.path / "spendgate.toml").write_text('prices_zone = "UTC"\n')
    prices.write_parquet(file)
    world.load(LATER)
    assert (world.file(file.name)["sha256"], world.file(file.name)["outcome"]) == (refused["sha256"], "LOADED")


def test_a_table_delivered_twice_is_refused_until_one_of_the_files_is_gone(world: World) -> None:
    twin = world.root.reference / "global_ad_pricing.parquet"
    pl.read_csv(PRICES.encode(), infer_schema=False).write_parquet(twin)
    world.load()
    world.load(LATER)
    refused = world.rows("select reason from internal.reference_files where outcome = 'QUARANTINED'")
    assert refused == [("the table is delivered both as .csv and as .parquet: keep one of them",)] * 2
    assert world.value("select count(*) from core.global_ad_pricing") == 0
    twin.unlink()
    world.load(LATER)
    assert world.value("select count(*) from core.global_ad_pricing") == 1


def test_an_older_file_put_back_counts_again(world: World) -> None:
    world.load()
    first = world.root.reference / "brands.csv"
    first.rename(world.root.path / "kept.csv")
    world.deliver_reference("brands", BRANDS.replace("10.00", "20.00"))
    world.load(LATER)
    (world.root.path / "kept.csv").rename(first)
    world.load(LATER + timedelta(hours=1))
    assert world.value("select daily_budget from core.brands where brand_id = 1 and valid_to is null") == 10


@pytest.mark.parametrize("name", ["brands.jsonl", "pricing.csv", "brands", "brands.csv.bak", "brands.xlsx"])
def test_a_file_that_is_no_reference_table_is_not_passed_over_in_silence(world: World, name: str) -> None:
    (world.root.reference / name).write_text(BRANDS)
    world.load()
    assert world.file(name)["reason"].startswith("not a reference file: those are brands, campaigns, ad_sets, ads,")


# --- prices


def charged(world: World) -> list[tuple[object, ...]]:
    return world.rows(
        "select event_id, amount, price_source, price_effective_from from core.transactions"
        " inner join raw.ad_events on transaction_id = core.transaction_id(file_id, line_number) order by event_id"
    )


BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00Z")
