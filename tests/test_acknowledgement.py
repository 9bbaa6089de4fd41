"""What was refused stays in sight until it is mended, gone, or a person says that it may stay so."""

import os
import shlex
from pathlib import Path
from typing import Any

import pytest

from assets.checks import breaking_rows
from assets.engine.data_root import DataRoot
from assets.engine.delivery.files import DeliveredFile
from assets.engine.delivery.inbox import Inbox
from assets.engine.delivery.listing import DELIVERED_TWICE
from assets.engine.errors import SpendgateError
from assets.engine.ingestion.ingest import ingest
from assets.engine.rebuild.rebuild import rebuild, swap
from assets.engine.warehouse.publication import publish
from tests.test_cli import spendgate
from tests.world import ADS, BRANDS, World, event, jsonl

AT = "2025-06-10T10:00:00Z"
REFUSED = "[\n]\n"
MOSTLY_REFUSED = jsonl(event("a", 101, "click", AT), event("b", 101, "no", AT))


def click(event_id: str) -> str:
    return jsonl(event(event_id, 101, "click", AT))


def breaking(world: World, check: str) -> list[str]:
    """What the first column of a check names."""
    with world.open() as warehouse:
        return [str(row[0]) for row in breaking_rows(warehouse, f"checks.{check}").rows()]


def refused(world: World) -> list[str]:
    return breaking(world, "delivered_files_are_accepted")


def mostly_refused(world: World) -> list[str]:
    return breaking(world, "few_rows_are_rejected")


def gone(world: World) -> list[tuple[Any, ...]]:
    with world.open() as warehouse:
        return [row[:2] for row in breaking_rows(warehouse, "checks.reference_rows_stay").rows()]


def test_a_refused_file_of_any_kind_is_named_as_long_as_it_lies_there(world: World) -> None:
    world.deliver("a.jsonl", REFUSED)
    world.deliver("p.jsonl", REFUSED, kind="payments")
    world.deliver_reference("ads", "nonsense\n")
    strange = world.root.reference / "strange.csv"
    strange.write_text("x\n")
    named = {"landing/events/a.jsonl", "landing/payments/p.jsonl", "reference/ads.csv", "reference/strange.csv"}
    for _ in range(3):
        world.load()
        assert set(refused(world)) == named
    strange.unlink()
    world.deliver_reference("ads", ADS)
    world.deliver("a.jsonl", click("a"))
    (world.root.landing("payments") / "p.jsonl").unlink()
    world.load()
    assert refused(world) == []


def test_a_refused_file_that_is_replaced_by_one_that_is_refused_is_named_once(world: World) -> None:
    world.deliver("a.jsonl", REFUSED)
    world.load()
    world.deliver("a.jsonl", REFUSED * 2)
    world.load()
    assert refused(world) == ["landing/events/a.jsonl"]


def test_a_refused_file_that_was_away_for_a_run_is_named_again(world: World) -> None:
    folder = world.deliver("day/a.jsonl", REFUSED).parent
    world.load()
    away = folder.rename(world.root.path / "away")  # the file's inode does not change with its folder's name
    world.load()
    assert refused(world) == []
    away.rename(folder)
    world.load()
    assert refused(world) == ["landing/events/day/a.jsonl"]
    assert world.value("select count(*) from ops.delivered_files where outcome = 'QUARANTINED'") == 1


def test_a_refused_file_is_named_while_another_one_takes_its_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = world.deliver("a.jsonl", REFUSED)
    world.load()
    with world.open() as warehouse:
        deliveries = Inbox(world.root)
        stable = deliveries.stable

        def grow(files: list[DeliveredFile]) -> list[DeliveredFile]:
            path.write_text(path.read_text() + "\n")
            return stable(files)

        monkeypatch.setattr(deliveries, "stable", grow)
        path.write_text(click("a"))
        deliveries.listed = Inbox(world.root).listed
        assert ingest(warehouse, deliveries).taken == 0, "it is still growing"
        publish(warehouse)
    assert refused(world) == ["landing/events/a.jsonl"]
    world.load()
    assert refused(world) == []


def test_a_refused_file_whose_successor_is_left_for_the_next_run_is_named(world: World) -> None:
    path = world.deliver("a.jsonl", REFUSED)
    world.load()
    world.deliver("b.jsonl", click("b"))
    os.utime(world.root.landing("events") / "b.jsonl", ns=(1, 1))  # the older one is taken first
    path.write_text(click("a"))
    (world.root.path / "spendgate.toml").write_text("ingest_seconds = 0\nfiles_per_batch = 1\n")
    world.load()
    assert refused(world) == ["landing/events/a.jsonl"]
    world.load()
    assert refused(world) == []


@pytest.mark.parametrize("folder", ["events", "events/day", "", "elsewhere"])
def test_nothing_is_gone_because_its_folder_cannot_be_listed_and_the_folder_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    names = ["events/day/a.jsonl", "elsewhere/b.jsonl", "c.jsonl"]
    for name in names:
        path = world.root.landing_folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(REFUSED)
    world.load()
    hidden = world.root.landing_folder / folder
    scandir = os.scandir

    def fail(path: Path) -> Any:
        if Path(path) == hidden:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    with monkeypatch.context() as broken:
        broken.setattr("assets.engine.delivery.listing.os.scandir", fail)
        for _ in range(3):
            world.load()
        assert set(refused(world)) == {f"landing/{name}" for name in names}
    assert breaking(world, "delivered_files_can_be_taken") == [f"landing/{folder}".rstrip("/")]
    for name in names:
        (world.root.landing_folder / name).unlink()
    world.load()
    assert (refused(world), breaking(world, "delivered_files_can_be_taken")) == ([], [])


def test_a_reference_folder_that_cannot_be_listed_is_named_and_is_no_reference_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.load()
    scandir = os.scandir

    def fail(path: Path) -> Any:
        if Path(path) == world.root.reference:
            raise OSError(5, "Input/output error", str(path))
        return scandir(path)

    monkeypatch.setattr("assets.engine.delivery.listing.os.scandir", fail)
    for _ in range(3):
        world.load()
    assert refused(world) == []
    with world.open() as warehouse:
        rows = breaking_rows(warehouse, "checks.delivered_files_can_be_taken").rows()
    assert rows == [("reference", 3, "cannot be listed: Input/output error")]


def test_a_table_that_was_delivered_twice_is_open_until_one_file_is_gone(world: World) -> None:
    other = world.root.reference / "ads.parquet"
    other.write_text("nonsense")
    for _ in range(2):
        world.load()
        assert sorted(refused(world)) == ["reference/ads.csv", "reference/ads.parquet"]
    assert world.file("ads.csv")["reason"].startswith(DELIVERED_TWICE)
    other.unlink()
    world.load()
    assert refused(world) == []
    assert world.value("select count(*) from core.ads") == 4


def test_taking_in_nothing_leaves_the_warehouse_as_it_was(world: World) -> None:
    path = world.deliver("a.jsonl", REFUSED)
    world.run()
    revisions = []
    for _ in ("lies there", "is gone", "is gone, as is noted"):
        with world.open() as warehouse:
            ingest(warehouse, Inbox(world.root, skip_stability_check=True))
            revisions.append(warehouse.value("ops.revision", "current"))
        path.unlink(missing_ok=True)
    before = world.value("select revision from ops.revision")
    assert revisions == [before, before + 1, before + 1]


def test_a_file_most_of_whose_rows_were_refused_is_named_until_they_load(world: World) -> None:
    settings = world.root.path / "spendgate.toml"
    settings.write_text("max_line_bytes = 200\n")
    world.deliver("a.jsonl", jsonl({**event("long", 101, "click", AT), "note": "x" * 300}))
    world.load()
    settings.unlink()
    world.deliver("b.jsonl", click("b"))
    world.load()
    assert mostly_refused(world) == ["landing/events/a.jsonl"], "also after a later batch"
    assert spendgate(world.root, "rejects", "retry").exit_code == 0
    assert mostly_refused(world) == []


def test_a_mostly_refused_reference_file_is_named_until_the_next_one_is_in_force(world: World) -> None:
    world.deliver_reference("ads", ADS + "999,999,a,true,,,,,,\n")
    world.load()
    assert mostly_refused(world) == ["reference/ads.csv"]
    world.deliver_reference("ads", ADS)
    world.load()
    assert mostly_refused(world) == []


@pytest.mark.parametrize(
    ("text", "check"), [(REFUSED, "delivered_files_are_accepted"), (MOSTLY_REFUSED, "few_rows_are_rejected")]
)
def test_an_acknowledged_file_is_named_no_more_but_a_later_delivery_is(world: World, text: str, check: str) -> None:
    world.deliver("a.jsonl", text)
    world.load()
    told = spendgate(world.root, "acknowledge", "file", "a.jsonl", "--reason", "test data", "--by", "ann")
    assert told.exit_code == 0, told.exception
    assert "acknowledged: landing/events/a.jsonl" in told.output
    world.load()
    assert breaking(world, check) == []
    kept = "select acknowledged_by, reason, file_id, table_name, id from internal.acknowledgements"
    assert world.rows(kept) == [("ann", "test data", world.file("a.jsonl")["file_id"], None, None)]
    world.deliver("a.jsonl", text.replace('"b"', '"c"') + "\n" * (text == REFUSED))
    world.load()
    assert breaking(world, check) == ["landing/events/a.jsonl"]


def test_a_vanished_row_that_is_acknowledged_is_named_again_only_when_it_came_and_vanished_again(world: World) -> None:
    without = ADS.replace("301,310,d,true,,,,,,\n", "")
    world.load()
    world.deliver_reference("ads", without)
    world.load()
    assert gone(world) == [("ads", "301")]
    assert spendgate(world.root, "acknowledge", "row", "ads", "301", "--reason", "sold").exit_code == 0
    assert gone(world) == []
    world.deliver_reference("ads", without.replace("0.50", "0.60"))
    world.load()
    assert gone(world) == [], "it is as gone as before"
    assert world.value("select count(*) from core.ads where ad_id = 301 and valid_to is null") == 1
    world.deliver_reference("ads", ADS)
    world.load()
    world.deliver_reference("ads", without)
    world.load()
    assert gone(world) == [("ads", "301")]


def test_a_row_whose_id_is_below_zero_is_acknowledged_by_the_command_that_is_named(world: World) -> None:
    world.deliver_reference("brands", BRANDS + "-3,Minus,,,UTC,,true\n")
    world.load()
    world.deliver_reference("brands", BRANDS)
    world.load()
    [(remedy,)] = world.rows("select remedy from internal.open_missing_rows")
    words = shlex.split(remedy.partition("spendgate ")[2])
    told = spendgate(world.root, *words)
    assert told.exit_code == 0, told.output
    assert gone(world) == []


def test_a_row_is_missing_since_the_file_with_which_it_vanished(world: World) -> None:
    without = BRANDS.replace("3,Cirrus,,,UTC,cat,true\n", "")
    world.load()
    world.deliver_reference("brands", without)
    world.load()
    since = world.rows("select * from internal.missing_rows")
    world.deliver_reference("brands", without.replace("10.00", "11.00"))
    world.load()
    assert world.rows("select * from internal.missing_rows") == since


def test_what_is_open_is_listed_with_what_helps(world: World) -> None:
    world.load()
    assert "Nothing is open" in spendgate(world.root, "acknowledge").output
    world.deliver("it's $HOME.jsonl", REFUSED)
    world.deliver("b.jsonl", MOSTLY_REFUSED)
    world.deliver_reference("ads", ADS.replace("301,310,d,true,,,,,,\n", ""))
    world.load()
    told = spendgate(world.root, "acknowledge")
    assert told.exit_code == 0, told.exception
    words = " ".join(told.output.replace("│", " ").split())
    assert "Open: 3" in words
    assert "1 of 2 rows are refused" in words
    listed = " ".join(remedy for (remedy,) in world.rows("select remedy from ops.open_files order by name"))
    assert "rejects retry --file landing/events/b.jsonl, or: spendgate acknowledge file landing/events/b" in listed
    assert r"acknowledge file 'landing/events/it'\''s $HOME.jsonl' --reason" in listed
    assert world.rows("select remedy from internal.open_missing_rows") == [
        ('deliver it again, or, if it is gone for good: spendgate acknowledge row ads 301 --reason "..."',)
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("file", "c.jsonl"), "no open file is called 'c.jsonl'; open files: landing/events/"),
        (("file", "x.jsonl"), "2 open files end in 'x.jsonl': landing/"),
        (("file", ""), "no open file is called ''"),
        (("row", "ads", "3001"), "no row '3001' of ads has vanished and is open; open ids: 301"),
        (("row", "brands", "1"), "no row '1' of brands has vanished and is open; none is open"),
        (("row", "add", "301"), "'add' is no reference table: those are brands"),
        (("row", "ads", "301", "--by", " "), "an acknowledgement needs a reason, and who gives it"),
    ],
)
def test_a_name_that_is_not_open_is_refused_with_those_that_are(
    world: World, arguments: tuple[str, ...], said: str
) -> None:
    world.load()
    for name in ("a.jsonl", "one/x.jsonl", "two/x.jsonl"):
        world.deliver(name, REFUSED)
    world.deliver_reference("ads", ADS.replace("301,310,d,true,,,,,,\n", ""))
    world.load()
    result = spendgate(world.root, "acknowledge", *arguments, "--reason", "so be it")
    assert isinstance(result.exception, SpendgateError)
    assert said in str(result.exception)
    assert world.value("select count(*) from internal.acknowledgements") == 0


def test_a_letter_is_no_name_though_only_one_file_ends_in_it(world: World) -> None:
    world.deliver("a.jsonl", REFUSED)
    world.load()
    result = spendgate(world.root, "acknowledge", "file", "l", "--reason", "a slip")
    assert "no open file is called 'l'; open files: landing/events/a.jsonl" in str(result.exception)
    assert refused(world) == ["landing/events/a.jsonl"]


def test_a_whole_last_part_of_a_name_is_preferred_to_any_ending(world: World) -> None:
    for name in ("a.jsonl", "aa.jsonl"):
        world.deliver(name, REFUSED)
    world.load()
    assert spendgate(world.root, "acknowledge", "file", "a.jsonl", "--reason", "x").exit_code == 0
    assert refused(world) == ["landing/events/aa.jsonl"]


def test_a_rebuilt_warehouse_keeps_what_was_acknowledged(world: World) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        world.deliver(name, REFUSED)
    world.deliver("c.jsonl", MOSTLY_REFUSED)
    away = world.deliver("d.jsonl", REFUSED)
    world.run()
    away.unlink()
    world.run()
    for name in ("a.jsonl", "c.jsonl"):
        assert spendgate(world.root, "acknowledge", "file", name, "--reason", "x").exit_code == 0
    with world.open() as warehouse:
        compared = rebuild(warehouse, world.root.settings())
        assert [row.table for row in compared if row.only_live or row.only_rebuilt] == []
        swap(warehouse)
    assert (refused(world), mostly_refused(world)) == (["landing/events/b.jsonl"], [])


def test_a_run_names_at_its_end_what_is_open_of_any_run(world: World) -> None:
    world.deliver("good.jsonl", click("good"))
    told = spendgate(world.root, "run", "--now", "2025-06-10T12:00:00Z")
    assert "Open files" not in told.output
    for number in range(6):
        world.deliver(f"{number}.jsonl", REFUSED)
    world.deliver("m.jsonl", MOSTLY_REFUSED)
    world.load()
    told = spendgate(world.root, "run", "--now", "2025-06-10T12:00:00Z")
    assert told.exit_code == 0, told.exception
    _, _, end = told.output.partition("Open files, refused whole or more than one in twenty of their rows: 7\n")
    assert end.count("spendgate acknowledge file landing/events/") == 5
    assert "landing/events/m.jsonl: 1 of 2 rows are refused" in end
    assert "and 2 more: `spendgate acknowledge` lists them" in end


@pytest.mark.parametrize("key", ["events_zone", "payments_zone", "prices_zone"])
def test_a_zone_in_the_settings_is_empty_or_one_of_the_list(root: DataRoot, key: str) -> None:
    file = Path(root.path / "spendgate.toml")
    file.parent.mkdir(parents=True, exist_ok=True)
    for zone in ("", "Europe/Paris", "UTC"):
        file.write_text(f'{key} = "{zone}"\n')
        assert getattr(root.settings(), key) == zone
    for zone in ("Mars/Olympus", "europe/paris", "+02:00", "../UTC", " "):
        file.write_text(f'{key} = "{zone}"\n')
        said = rf"spendgate.toml: {key} = '.*' must be empty or a time zone of the IANA list"
        with pytest.raises(SpendgateError, match=said):
            root.settings()


def test_a_rebuild_reads_by_the_zone_of_then(world: World) -> None:
    settings = world.root.path / "spendgate.toml"
    for number, zone in enumerate(("Europe/Paris", "", "Asia/Kolkata")):
        settings.write_text(f'events_zone = "{zone}"\n')
        local, named = (event(f"{number}-{at}", 101, "click", at) for at in ("2025-06-10T11:00:00", AT))
        world.deliver(f"{number}.jsonl", jsonl(local, named))
        world.run()
    noted = "select events_zone, payments_zone from internal.reading_limits order by recorded_at"
    assert world.rows(noted) == [("Europe/Paris", ""), ("", ""), ("Asia/Kolkata", "")]
    settings.unlink()
    with world.open() as warehouse:
        compared = rebuild(warehouse, world.root.settings())
    assert [row.table for row in compared if row.only_live or row.only_rebuilt] == []


def test_limits_that_were_noted_before_zones_were_mean_none(world: World) -> None:
    world.deliver("a.jsonl", click("a"))
    world.run()
    with world.open() as warehouse:
        warehouse.connection.execute("update internal.reading_limits set events_zone = null, prices_zone = null")
    world.deliver("b.jsonl", click("b"))
    world.run()
    assert world.value("select count(*) from internal.reading_limits") == 1
    with world.open() as warehouse:
        compared = rebuild(warehouse, world.root.settings())
    assert [row.table for row in compared if row.only_live or row.only_rebuilt] == []
