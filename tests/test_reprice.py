"""What another price list would have charged, beside what was charged; the ledger stays."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.test_cli import spendgate
from tests.world import NOON, World, event, jsonl

HEADER = "effective_from,cost_per_click,cost_per_mille,cost_per_view,cost_per_acquisition\n"


@pytest.fixture
def charged(world: World) -> World:
    """Brand 1: clicks with the ad's own price, clicks and impressions by the list; in June and, in New York, in May."""
    rows = [event(f"own{n}", 101, "click", "2025-06-10T11:00:00Z") for n in range(3)]
    rows += [event(f"c{n}", 102, "click", "2025-06-01T03:00:00Z") for n in range(2)]  # 23:00 on 31 May
    rows += [event(f"d{n}", 102, "click", "2025-06-10T11:00:00Z") for n in range(5)]
    rows += [event(f"i{n}", 102, "impression", "2025-06-10T11:00:00Z") for n in range(7)]
    world.deliver("a.jsonl", jsonl(*rows))
    world.run(NOON)
    return world


def asked(world: World, file: Path, *options: str) -> list[dict[str, object]]:
    told = spendgate(world.root, "reprice", "--dry-run", "--prices", str(file), "--format", "json", *options)
    assert told.exit_code == 0, told.exception
    rows: list[dict[str, object]] = json.loads(told.output)
    return rows


def test_events_by_the_list_are_priced_anew_and_an_ads_own_price_stays(charged: World, tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text(HEADER + "2000-01-01T00:00:00Z,0.30,3,,\n2025-06-05T00:00:00Z,0.25,2.001,,\n")
    may, june = asked(charged, file)
    assert (may["local_month"], may["events"], may["charged"], may["would_be_charged"]) == (
        "2025-05-01", 2, "0.400000000", "0.600000000",
    )  # fmt: skip
    exact = 3 * Decimal("0.5") + 5 * Decimal("0.25") + 7 * Decimal("0.002001")
    assert Decimal(str(june["would_be_charged"])) == exact
    assert Decimal(str(june["difference"])) == exact - (3 * Decimal("0.5") + 5 * Decimal("0.2") + 7 * Decimal("0.0015"))
    assert [row["local_month"] for row in asked(charged, file, "--from", "2025-06-01")] == ["2025-06-01"]


def test_what_the_other_list_does_not_sell_is_counted_and_not_charged(charged: World, tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text(HEADER + "2025-06-05T00:00:00Z,,1,,\n")
    may, june = asked(charged, file)
    assert (may["would_be_charged"], may["events_without_price"]) == ("0.000000000", 2)
    assert june["events_without_price"] == 5


def test_the_list_of_now_changes_nothing_and_nothing_is_written(charged: World) -> None:
    before = charged.root.warehouse_file.read_bytes(), charged.root.published_file.read_bytes()
    file = charged.root.reference / "global_ad_pricing.csv"
    assert {row["difference"] for row in asked(charged, file)} == {"0.000000000"}
    assert (charged.root.warehouse_file.read_bytes(), charged.root.published_file.read_bytes()) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER + "2025-06-05T00:00:00Z,0.1.1,,,\n", r"row 2: cost_per_click '0.1.1'|row 1: cost_per_click '0.1.1'"),
        ("a,b\n1,2\n", "effective_from"),
        (HEADER + "2025-06-05,0.1,,,\n", "effective_from '2025-06-05' is not a time"),
    ],
)
def test_a_list_that_would_be_refused_says_why(charged: World, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "new.csv"
    file.write_text(text)
    told = spendgate(charged.root, "reprice", "--dry-run", "--prices", str(file))
    with pytest.raises(Exception, match=said):
        raise told.exception  # type: ignore[misc]


def test_without_a_dry_run_it_says_that_there_is_nothing_else(charged: World) -> None:
    assert spendgate(charged.root, "reprice", "--prices", str(charged.root.warehouse_file)).exit_code == 2
