"""What lies in the delivery folders: what is taken, passed over, or named."""

import gzip

import pytest

from tests.corpus.case import click, parquet
from tests.test_writers import ONE, zstandard
from tests.world import BRANDS, NOON, World, jsonl

pa = pytest.importorskip("pyarrow")


def names(world: World) -> list[str]:
    return [name for (name,) in world.rows("select name from raw.event_files order by name")]


def test_what_writers_keep_for_themselves_is_passed_over(world: World) -> None:
    for name in ("_SUCCESS", "day=10/_temporary/0/part-0.jsonl", "_delta_log/0.json", ".cache/a.jsonl", "_a.jsonl"):
        world.deliver(name, jsonl(click(name)))
    (world.root.reference / "_SUCCESS").write_text("")
    (world.root.landing_folder / "_logs").mkdir()
    (world.root.landing_folder / "_logs" / "a.log").write_text("")
    world.load()
    assert names(world) == []
    assert world.value("select count(*) from ops.delivered_files where outcome <> 'LOADED'") == 0


@pytest.mark.parametrize("folder", ["2025-06-10.parquet", "events.json", "x.csv"])
def test_a_folder_that_is_called_like_a_file_holds_deliveries(world: World, folder: str) -> None:
    world.deliver(f"{folder}/part-00000.snappy.parquet", parquet(pa.table(ONE)))
    world.deliver(f"{folder}/_SUCCESS", "")
    world.load()
    assert world.rows("select event_id from raw.ad_events") == [("a",)]
    assert names(world) == [f"landing/events/{folder}/part-00000.snappy.parquet"]


@pytest.mark.parametrize("name", ["a.jsonl", "clicks/a.jsonl", "Events/day/a.jsonl", "events.jsonl"])
def test_a_file_that_lies_in_no_folder_that_is_read_is_named(world: World, name: str) -> None:
    path = world.root.landing_folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(jsonl(click("a")))
    world.load()
    assert world.rows("select outcome, reason from raw.event_files") == [
        ("QUARANTINED", "it lies in no folder that is read: move it to landing/events, payments or corrections")
    ]
    assert names(world) == [f"landing/{name}"]


def test_files_that_are_still_being_written_beside_the_folders_wait(world: World) -> None:
    for name in ("a.jsonl.part", "clicks/b.tmp"):
        path = world.root.landing_folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    world.load()
    assert names(world) == []


@pytest.mark.parametrize(
    "name", ["Brands.csv", "BRANDS.CSV", "brands.csv.gz", "brands.csv.zst", "brands.csv/part-0000.csv", "brands/a.csv"]
)
def test_a_reference_table_is_taken_where_the_meaning_is_plain(world: World, name: str) -> None:
    (world.root.reference / "brands.csv").unlink()
    text = BRANDS.replace("10.00", "12.50")
    content = text.encode()
    if name.endswith(".gz"):
        content = gzip.compress(content)
    if name.endswith(".zst"):
        content = zstandard(text)
    path = world.root.reference / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    world.load()
    assert world.value("select daily_budget from core.brands where brand_id = 1") == 12.5


def test_a_table_in_two_spellings_or_parts_is_refused_until_one_is_left(world: World) -> None:
    for name in ("Brands.csv", "brands.parquet/part-1.parquet"):
        path = world.root.reference / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(BRANDS)
    world.load()
    refused = world.rows("select reason from internal.reference_files where kind = 'brands'")
    assert refused == [("the table is delivered by 3 files: keep one of them",)] * 3
    (world.root.reference / "Brands.csv").unlink()
    (world.root.reference / "brands.parquet" / "part-1.parquet").unlink()
    world.load(NOON.replace(hour=13))
    assert world.value("select count(*) from core.brands") == 3
