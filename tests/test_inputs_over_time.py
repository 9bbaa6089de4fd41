"""Inputs that take more than one run, or settings of their own."""

import os
import re
import sys
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.delivery.files import DeliveredFile, QuarantineError
from assets.engine.delivery.inbox import Claim, Inbox
from assets.engine.delivery.isolation import Probe
from assets.engine.delivery.listing import delivered_files
from assets.engine.delivery.staging import stage
from assets.engine.ingestion.ingest import Ingested, ingest
from assets.engine.kinds import REFERENCE_TABLES
from assets.engine.reference.load import load_reference
from assets.engine.settings import Settings
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse
from pipelines.cli.main import main
from tests.corpus.case import AT, EVENT_SCHEMA, click, gz, ordinary, paid, parquet
from tests.corpus.reference_rows import TRUNCATED_BRANDS
from tests.corpus.tried import tries
from tests.corpus.world import LATER, ledger_of
from tests.world import AD_SETS, ADS, BRANDS, CAMPAIGNS, PRICES, World, csv_text, jsonl

# --- inputs that take more than one run


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world after two runs, the second of which met what the first one had left, changed."""
    world = World(DataRoot(tmp_path_factory.mktemp("history")))
    table = parquet(pa.Table.from_pylist(ordinary("5/p", 2), EVENT_SCHEMA))
    closed = "2025-06-01T12:00:00Z"
    world.deliver("same.jsonl", jsonl(*ordinary("5", 3)))
    world.deliver("same.parquet", table)
    world.deliver("grows.jsonl", jsonl(*ordinary("6", 2)))
    world.deliver("rewritten.csv", csv_text(click("6/old")))
    world.deliver("early.jsonl", jsonl(click("30/early", occurred_at=closed)))
    world.deliver("first.jsonl", jsonl(*ordinary("34", 3)))
    world.deliver("same.jsonl", jsonl(paid("5"), paid("34")), kind="payments")
    world.run()
    world.deliver("same.jsonl", jsonl(*ordinary("5", 3)))
    world.deliver("copied.jsonl", jsonl(*ordinary("5", 3)))
    world.deliver("copies/same.parquet", table)
    world.deliver("copied.jsonl", jsonl(paid("5"), paid("34")), kind="payments")
    world.deliver("grows.jsonl", jsonl(*ordinary("6", 4)))
    world.deliver("rewritten.csv", csv_text(click("6/new"), click("6/newer")))
    world.deliver("late.jsonl", jsonl(click("30/late", occurred_at=closed)))
    world.deliver("second.csv", csv_text(click("34/0"), click("34/1", ad_id=102), click("34/2", event_type="view")))
    world.deliver("second.jsonl", jsonl(paid("34", amount="12.51"), paid("34/2")), kind="payments")
    world.deliver_reference("brands", TRUNCATED_BRANDS)
    world.deliver_reference("campaigns", CAMPAIGNS.replace("allowed_end", "allowed_end,colour"))
    world.deliver_reference("ad_sets", re.sub(r",[^,]*\n", "\n", AD_SETS))
    world.deliver_reference("ads", ADS.replace("content", "name").replace("0.50", "9.99"))
    (world.root.reference / "global_ad_pricing.csv").unlink()
    columns = PRICES.partition("\n")[0].replace("per_view", "per_watch").split(",")
    renamed = pa.table({name: ["1"] for name in columns})
    (world.root.reference / "global_ad_pricing.parquet").write_bytes(parquet(renamed))
    world.run(LATER)
    return world


@tries(5)
def test_the_same_bytes_are_a_duplicate_file_whenever_and_under_whatever_name_they_come(history: World) -> None:
    found = ledger_of(history)
    for kind, name, original in (
        ("events", "same.jsonl", "same.jsonl"),
        ("events", "copied.jsonl", "same.jsonl"),
        ("events", "copies/same.parquet", "same.parquet"),
        ("payments", "copied.jsonl", "same.jsonl"),
    ):
        file = found[kind, f"landing/{kind}/{name}"]
        assert (file.outcome, file.reason) == ("DUPLICATE", f"same bytes as landing/{kind}/{original}")
        assert (file.counts, file.loaded, file.rejected) == ((0, 0, 0, 0), {}, {})
    assert history.value("select count(*) from raw.ad_events where event_id like '5/%'") == 5
    assert history.value("select count(*) from raw.event_files where name like '%/events/same.jsonl'") == 2
    assert history.value("select count(*) from raw.event_files where name like '%/first.jsonl'") == 1  # it lay there


@tries(6)
def test_new_bytes_under_an_old_name_are_a_new_file_that_brings_its_new_events(history: World) -> None:
    found = ledger_of(history)
    assert found["events", "landing/events/grows.jsonl"].counts == (4, 2, 2, 0)
    assert sorted(found["events", "landing/events/grows.jsonl"].loaded) == [3, 4]
    assert found["events", "landing/events/rewritten.csv"].counts == (2, 2, 0, 0)
    assert history.value("select count(*) from raw.ad_events where event_id like '6/%'") == 7


@tries(33, 34)
def test_an_id_of_an_earlier_run_is_a_duplicate_or_a_conflict_and_the_first_one_stays(history: World) -> None:
    found = ledger_of(history)
    first = found["events", "landing/events/first.jsonl"].file_id
    second = found["events", "landing/events/second.csv"]
    assert second.counts == (3, 0, 1, 2)
    assert second.rejected == {
        3: (f"34/1,102,click,{AT}", f"event_id '34/1' conflicts with line 2 of file {first}, which came first"),
        4: (f"34/2,101,view,{AT}", f"event_id '34/2' conflicts with line 3 of file {first}, which came first"),
    }
    assert (
        history.rows("select ad_id, event_type from raw.ad_events where event_id like '34/%'") == [(101, "click")] * 3
    )
    paid_second = found["payments", "landing/payments/second.jsonl"]
    assert paid_second.counts == (2, 1, 0, 1)
    [(_, reason)] = paid_second.rejected.values()
    assert str(reason).startswith("payment_id '34' conflicts with line 2 of file ")
    assert history.value("select amount from raw.payments where payment_id = '34'") == Decimal("12.50")


@tries(30)
def test_a_late_event_adds_to_a_closed_day_and_that_is_visible(history: World) -> None:
    assert history.rows(
        "select spend, transactions from mart.daily_spend where brand_id = 1 and local_date = '2025-06-01'"
    ) == [(1, 2)]
    assert history.rows("select brand_id, local_date, spend_before, spend_after from mart.restatements") == [
        (1, date(2025, 6, 1), Decimal("0.5"), 1)
    ]


@tries(50)
def test_a_reference_file_with_other_columns_is_refused_and_the_version_before_stays(history: World) -> None:
    refused = {
        "reference/campaigns.csv": "unknown column colour",
        "reference/ad_sets.csv": "column is_active is missing",
        "reference/ads.csv": "a column name is there twice in its header",
        "reference/global_ad_pricing.parquet": "unknown column cost_per_watch",
    }
    told = history.rows(sql("checks.delivered_files_are_accepted"))
    assert {name: reason.partition(" (")[0] for name, reason, *_ in told if name in refused} == refused
    found = ledger_of(history)
    for name in refused:
        file = found[Path(name).stem, name]
        assert (file.outcome, file.counts, file.rejected) == ("QUARANTINED", (0, 0, 0, 0), {})
    assert history.rows("select table_name, count(*) from internal.reference_rows group by all order by all") == [
        ("ad_sets", 4), ("ads", 4), ("brands", 3), ("campaigns", 4), ("global_ad_pricing", 1),
    ]  # fmt: skip
    assert history.value("select cost_per_click from core.ads where ad_id = 101") == Decimal("0.50")


@tries(56)
def test_a_budget_does_not_vanish_with_a_truncated_file(history: World) -> None:
    assert ledger_of(history)["brands", "reference/brands.csv"].counts == (1, 0, 1, 0)
    assert history.rows("select brand_id, monthly_budget, valid_to from core.brands order by 1") == [
        (1, None, None),
        (2, Decimal(1000), None),
        (3, None, None),
    ]
    missing = sorted(history.rows(sql("checks.reference_rows_stay")))
    assert [(table, id_) for table, id_, *_ in missing] == [("brands", "2"), ("brands", "3")]


def outcomes(warehouse: Warehouse) -> dict[str, tuple[str, int]]:
    """What has become of the files so far: outcome and rows that loaded, by name."""
    rows = warehouse.connection.execute("select name, outcome, rows_loaded from ops.delivered_files order by file_id")
    return {Path(name).name: (outcome, count) for name, outcome, count in rows.fetchall()}


def take(warehouse: Warehouse, deliveries: Inbox) -> dict[str, tuple[str, int]]:
    """Take in reference files, events and payments; returns what has become of the files so far."""
    for name in REFERENCE_TABLES:
        load_reference(warehouse, deliveries, name)
    ingest(warehouse, deliveries)
    return outcomes(warehouse)


@tries(1, 57)
def test_a_file_that_grows_between_two_looks_waits_for_the_next_run(world: World) -> None:
    (world.root.path / "spendgate.toml").write_text("settle_seconds = 0\n")
    whole = {name: jsonl(*ordinary(f"1/{name}", 3)) for name in ("grows.jsonl", "settled.jsonl")}
    for name, text in whole.items():
        world.deliver(name, text[:-40])
    world.deliver("grows.csv.gz", gz("event_id")[:-3])
    world.deliver("renamed.jsonl.part", jsonl(click("1/renamed")))
    world.deliver_reference("brands", BRANDS[:-50])
    (world.root.reference / "campaigns.csv").rename(world.root.reference / "campaigns.csv.part")
    with world.open() as warehouse:
        first = Inbox(world.root)
        world.deliver("grows.jsonl", whole["grows.jsonl"])
        world.deliver("grows.csv.gz", gz(csv_text(click("1/gz"))))
        world.deliver_reference("brands", BRANDS)
        seen = take(warehouse, first)
        assert {"grows.jsonl", "grows.csv.gz", "brands.csv", "campaigns.csv"} & seen.keys() == set()
        assert seen["settled.jsonl"] == ("LOADED", 2)
        assert seen["global_ad_pricing.csv"] == ("LOADED", 1)
        (world.root.reference / "campaigns.csv.part").rename(world.root.reference / "campaigns.csv")
        (world.root.landing("events") / "renamed.jsonl.part").rename(world.root.landing("events") / "renamed.jsonl")
        seen = take(warehouse, Inbox(world.root))
    assert {
        name: seen[name] for name in ("grows.jsonl", "grows.csv.gz", "renamed.jsonl", "brands.csv", "campaigns.csv")
    } == {
        "grows.jsonl": ("LOADED", 3),
        "grows.csv.gz": ("LOADED", 1),
        "renamed.jsonl": ("LOADED", 1),
        "brands.csv": ("LOADED", 3),
        "campaigns.csv": ("LOADED", 4),
    }


@tries(8)
def test_a_file_that_goes_or_is_replaced_before_it_is_opened_waits(world: World) -> None:
    folder = world.root.landing("events")
    for name in ("gone", "moved", "rewritten", "linked", "piped", "stays"):
        world.deliver(f"{name}.jsonl", jsonl(click(f"8/{name}")))
    with world.open() as warehouse:
        listed = Inbox(world.root, skip_stability_check=True)
        for name in ("gone", "linked", "piped"):
            (folder / f"{name}.jsonl").unlink()
        (folder / "moved.jsonl").rename(folder / "elsewhere.jsonl")
        world.deliver("rewritten.jsonl", jsonl(click("8/rewritten anew")))
        (folder / "linked.jsonl").symlink_to(folder / "stays.jsonl")
        os.mkfifo(folder / "piped.jsonl")
        world.deliver_reference("brands", BRANDS + "4,Delta,,,UTC,,true\n")
        (world.root.reference / "ads.csv").unlink()
        seen = take(warehouse, listed)
        assert {name: seen[name] for name in seen if name.endswith("jsonl")} == {"stays.jsonl": ("LOADED", 1)}
        assert {"brands.csv", "ads.csv"} & seen.keys() == set()
        seen = take(warehouse, Inbox(world.root, skip_stability_check=True))
        assert {name: seen[name] for name in seen if name.endswith("jsonl")} == {
            "stays.jsonl": ("LOADED", 1),
            "elsewhere.jsonl": ("LOADED", 1),
            "rewritten.jsonl": ("LOADED", 1),
            "linked.jsonl": ("QUARANTINED", 0),
            "piped.jsonl": ("QUARANTINED", 0),
        }
        assert seen["brands.csv"] == ("LOADED", 4)
        ids = warehouse.connection.execute("select event_id from raw.ad_events order by 1").fetchall()
    assert ids == [("8/moved",), ("8/rewritten anew",), ("8/stays",)]


@tries(10)
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_gzip_file_is_refused_wherever_it_is_cut(root: DataRoot, form: str) -> None:
    root.create()
    whole = gz(jsonl(*ordinary("10", 5)) if form == "jsonl" else csv_text(*ordinary("10", 5)))
    for size in range(2, len(whole) + 1):
        (root.landing("events") / f"{size}.{form}.gz").write_bytes(whole[:size])
    *cut, last = sorted(delivered_files(root), key=lambda file: file.bytes)
    assert [file.bytes for file in cut] == list(range(2, len(whole)))
    for file in cut:
        with pytest.raises(QuarantineError, match="damaged gzip file"):
            stage(file, root, Settings())
    assert stage(last, root, Settings()).text.read_bytes().count(b"\n") == 5 + (form == "csv")


@tries(14)
def test_a_file_over_the_cap_of_the_settings_is_quarantined_and_one_at_the_cap_loads(root: DataRoot) -> None:
    world = World(root, {})
    (root.path / "spendgate.toml").write_text("max_file_bytes = 1000\n")
    for name in ("exact", "over"):
        line = jsonl(click(f"14/{name}"))
        text = line + " " * (1_000 - len(line) + (name == "over") - 1) + "\n"
        world.deliver(f"{name}.jsonl", text)
        world.deliver(f"{name}.jsonl.gz", gz(text.replace(f"14/{name}", f"14/{name}".upper())))
    world.deliver("bomb.jsonl.gz", gz(bytes(300_000)))
    world.deliver("over.parquet", parquet(pa.Table.from_pylist(ordinary("14", 50), EVENT_SCHEMA)))
    with world.open() as warehouse:
        ingest(warehouse, Inbox(root, skip_stability_check=True))
        rows = warehouse.connection.execute("select name, outcome, reason from raw.event_files").fetchall()
    larger = "larger than 1,000 bytes expanded: split it, or raise max_file_bytes in spendgate.toml and touch it"
    assert {Path(name).name: said for name, *said in rows} == {
        "exact.jsonl": ["LOADED", None],
        "exact.jsonl.gz": ["LOADED", None],
        "over.jsonl": ["QUARANTINED", larger],
        "over.jsonl.gz": ["QUARANTINED", larger],
        "over.parquet": ["QUARANTINED", larger],
        "bomb.jsonl.gz": ["QUARANTINED", larger],
    }


def load_many(root: DataRoot, count: int, at_once: int) -> None:
    """Deliver files of one line each, the youngest name first, and hold the order and the batches they are taken in."""
    world = World(root, {})
    (root.path / "spendgate.toml").write_text(f"files_per_batch = {at_once}\n")
    for number in range(count):
        path = world.deliver(f"{count - number:05}.jsonl", jsonl(click(f"48/{number:05}")))
        os.utime(path, (number, number))
    sizes: list[int] = []
    inbox = Inbox(root, skip_stability_check=True)
    with world.open() as warehouse, pytest.MonkeyPatch.context() as patch:
        claim = inbox.claim

        def note_size(warehouse: Warehouse, files: list[DeliveredFile], probe: Probe) -> AbstractContextManager[Claim]:
            sizes.append(len(files))
            return claim(warehouse, files, probe)

        patch.setattr(inbox, "claim", note_size)
        assert ingest(warehouse, inbox) == Ingested(count, 0)
        ids = warehouse.connection.execute("select event_id from raw.ad_events order by file_id").fetchall()
        files = warehouse.connection.execute("select count(distinct file_id) from raw.event_files").fetchall()
    assert sizes == [at_once] * (count // at_once)
    assert ids == [(f"48/{number:05}",) for number in range(count)]
    assert files == [(count,)]


@tries(48)
def test_many_small_files_are_taken_in_bounded_batches_oldest_first(root: DataRoot) -> None:
    load_many(root, 200, 50)


@pytest.mark.long
def test_ten_thousand_small_files_are_taken_in_bounded_batches_oldest_first(root: DataRoot) -> None:
    load_many(root, 10_000, 1_000)


@tries(59)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_file_byte = 1\n", "unknown key 'max_file_byte' (known: max_file_bytes, "),
        ("[limits]\nfiles_per_batch = 1\n", "unknown key 'limits'"),
        ('settle_seconds = "1"\n', "settle_seconds = '1' must be a number from 0 to"),
        ("settle_seconds = inf\n", "settle_seconds = inf must be a number from 0 to"),
        ("settle_seconds = nan\n", "settle_seconds = nan must be a number from 0 to"),
        ("settle_seconds = -1\n", "settle_seconds = -1 must be a number from 0 to"),
        ("files_per_batch = 0\n", "files_per_batch = 0 must be a whole number from 1 to"),
        ("files_per_batch = 1.5\n", "files_per_batch = 1.5 must be a whole number from 1 to"),
        ("files_per_batch = true\n", "files_per_batch = True must be a whole number"),
        ("max_line_bytes = 99999999999999999999\n", "max_line_bytes = 99999999999999999999 must be a whole number"),
        ("max_json_depth = []\n", "max_json_depth = [] must be a whole number"),
        ("files_per_batch\n", "is not TOML"),
        ("files_per_batch = 1\nfiles_per_batch = 1\n", "is not TOML"),
        ("caf\xe9 = 1\n", "is not TOML"),
    ],
)
def test_a_mistake_in_the_settings_is_told_at_start_and_ends_with_1(
    root: DataRoot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    root.create()
    (root.path / "spendgate.toml").write_bytes(text.encode("latin-1"))
    monkeypatch.setattr(sys, "argv", ["spendgate", "run", "--data", str(root.path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert not root.warehouse_file.exists()
