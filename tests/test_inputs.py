"""Bad input: for every row of the list in `corpus`, exactly the outcome that is promised."""

import csv
import io
import multiprocessing
import os
import random
import re
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

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
from assets.engine.reading import reader
from assets.engine.reference.load import load_reference
from assets.engine.settings import Settings
from assets.engine.shown import printable
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse
from pipelines.cli.main import main
from pipelines.cli.printing import print_csv
from tests.corpus import (
    AT,
    CASES,
    EVENT_SCHEMA,
    INPUTS,
    REFERENCE_ROWS,
    TRUNCATED_BRANDS,
    Case,
    ReferenceRow,
    Row,
    click,
    flipped,
    gz,
    ordinary,
    paid,
    parquet,
)
from tests.world import AD_SETS, ADS, BRANDS, CAMPAIGNS, NOON, PRICES, REFERENCE, World, csv_text, jsonl

ELSEWHERE = {
    **dict.fromkeys((41, 46, 47), "tests/test_faults.py"),
    **dict.fromkeys((61, 62, 63, 64, 65, 66, 67, 68, 73, 74, 75), "tests/test_writers.py"),
    **dict.fromkeys((69, 70, 71, 72), "tests/test_landing.py"),
}
"""Rows of the list that take more than a file of the corpus: a reader that dies, missing rights, settings, folders."""

TRIED = {case.row for case in CASES} | {row.row for row in REFERENCE_ROWS} | set(ELSEWHERE)
LATER = NOON + timedelta(hours=1)

Test = TypeVar("Test", bound=Callable[..., None])


def tries(*rows: int) -> Callable[[Test], Test]:
    """Say which rows of the list a test tries, beside those of the corpus."""
    TRIED.update(rows)
    return lambda test: test


def test_every_input_of_the_list_is_tried() -> None:
    assert sorted(INPUTS) == list(range(1, 76))
    assert set(INPUTS) == TRIED


def test_the_list_is_the_one_that_people_read() -> None:
    text = (Path(__file__).parents[1] / "docs" / "inputs.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| ([0-9]+) \| .* \| .* \|$", text, re.MULTILINE)
    assert list(map(int, listed)) == sorted(INPUTS)


def test_every_case_has_a_name_of_its_own() -> None:
    for names in ([case.id for case in CASES], [(case.kind, case.name) for case in CASES]):
        assert len(set(names)) == len(names)


# --- one world for all files and rows that need a single run


@dataclass
class Found:
    """What became of one delivered file."""

    file_id: int
    outcome: str
    reason: str | None
    counts: tuple[int, int, int, int]
    drift: tuple[str, ...]
    loaded: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    rejected: dict[int, tuple[str | None, ...]] = field(default_factory=dict)
    unpriced: dict[int, str] = field(default_factory=dict)


@dataclass
class Corpus:
    """The world after its run, what became of its files by kind and name, and which of them stopped the run."""

    world: World
    found: dict[tuple[str, str], Found]
    stopped: dict[tuple[str, str], str]


FILES = """
select kind, name, file_id, outcome, reason, rows_read, rows_loaded, rows_duplicate, rows_rejected, ignored_columns
from ops.delivered_files left join (select file_id, ignored_columns from raw.event_files) using (file_id)
order by file_id
"""
LOADED = """
select file_id, line_number, event_id, ad_id, event_type, occurred_at from raw.ad_events
"""
PAID = """
select file_id, line_number, payment_id, brand_id, amount, paid_at from raw.payments
"""
REJECTED = """
select file_id, line_number, raw, reason from raw.rejected_rows
"""
UNPRICED = """
select transaction_id // 10_000_000_000, transaction_id % 10_000_000_000, reason from core.unpriced
"""


def ledger_of(world: World) -> dict[tuple[str, str], Found]:
    """What became of every file of a world; of several with one name, of the last."""
    with open_published(world.root) as published:
        rows = published.execute(FILES).fetchall()
        files = {file_id: Found(file_id, outcome, reason, tuple(counts), tuple(drift or ()))
                 for _, _, file_id, outcome, reason, *counts, drift in rows}  # fmt: skip
        for query in (LOADED, PAID):
            for file_id, line, *values in published.execute(query).fetchall():
                assert files[file_id].loaded.setdefault(line, tuple(values)) == tuple(values)
        for file_id, line, *texts in published.execute(REJECTED).fetchall():
            assert files[file_id].rejected.setdefault(line, tuple(texts)) == tuple(texts)
        for file_id, line, reason in published.execute(UNPRICED).fetchall():
            files[file_id].unpriced[line] = reason
    return {(kind, name): files[file_id] for kind, name, file_id, *_ in rows}


def deliver(world: World, case: Case, place: int) -> None:
    """Put a case's file in place, younger than those before it."""
    path = world.root.landing(case.kind) / os.fsdecode(case.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if callable(case.content):
        case.content(path)
    else:
        path.write_bytes(case.content)
    if os.path.lexists(path):
        os.utime(path, (case.modified or place,) * 2, follow_symlinks=False)


def run_corpus(folder: Path) -> Corpus:
    """Deliver everything and run once."""
    reference = dict(REFERENCE)
    for row in REFERENCE_ROWS:
        reference[row.table] += row.text + "\n"
    world = World(DataRoot(folder), reference)
    for place, case in enumerate(CASES, start=1_000):
        deliver(world, case, place)
    stopped = {}
    try:
        world.run()
    except Exception:  # noqa: BLE001 whatever it is, it is one file's fault: which one's?
        stopped = remove_what_stops_a_run(world, delivered_files(world.root))
        world.run()
    return Corpus(world, ledger_of(world), stopped)


def remove_what_stops_a_run(world: World, files: list[DeliveredFile]) -> dict[tuple[str, str], str]:
    """Take in the files, ever fewer at once, but for those that raise: they are removed; returns what they raised."""
    some = Inbox(world.root, skip_stability_check=True)
    some.listed = files
    try:
        with world.open() as warehouse:
            warehouse.connection.execute("delete from ops.attempts")  # or they would be taken one by one
            ingest(warehouse, some)
    except Exception as error:  # noqa: BLE001 it is found out which file's fault it is
        if len(files) == 1:
            files[0].path.unlink()
            return {(files[0].kind, files[0].name): repr(error)}
        half = len(files) // 2
        return remove_what_stops_a_run(world, files[:half]) | remove_what_stops_a_run(world, files[half:])
    return {}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return run_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def corpus_in_bulk(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "BULK_BYTES", 0)
        return run_corpus(tmp_path_factory.mktemp("bulk"))


def ledger_name(case: Case) -> str:
    """A file's name as the ledger has it."""
    name = os.fsdecode(case.name).replace("\\", "\\\\")
    return f"landing/{case.kind}/{printable(name)}"


def as_wanted(said: str | None, wanted: str | None) -> str | None:
    """What was said, shown as what is wanted if it is that; an ellipsis stands for anything."""
    if said and wanted and "…" in wanted:
        begins, _, ends = wanted.partition("…")
        return wanted if said.startswith(begins) and said.endswith(ends) else said
    return said


def typed(row: Row) -> tuple[Any, ...]:
    """A delivered row as it is stored."""
    id_, number, third, at, *_ = row.values()
    value = Decimal(str(third)) if "amount" in row else str(third).lower()
    return str(id_), int(number), value, datetime.fromisoformat(at)


def check(case: Case, found: Found | None) -> None:
    """Hold what became of a file against what must."""
    if case.outcome == "WAIT":
        assert found is None
        return
    assert found is not None
    rejected: dict[int, tuple[str | None, ...]] = {
        line: (raw, reason.replace("<this>", str(found.file_id))) for line, (raw, reason) in case.rejected.items()
    }
    parts = len(case.loaded), case.duplicate, len(case.rejected)
    expected = Found(
        found.file_id, case.outcome, case.reason, (sum(parts), *parts), case.drift,
        {line: typed(row) for line, row in case.loaded.items()}, rejected, case.unpriced,
    )  # fmt: skip
    told = {
        line: tuple(map(as_wanted, texts, rejected.get(line, (None, None)))) for line, texts in found.rejected.items()
    }
    assert replace(found, reason=as_wanted(found.reason, case.reason), rejected=told) == expected


def check_in(corpus: Corpus, case: Case) -> None:
    """Hold a file of the corpus against its case."""
    key = case.kind, ledger_name(case)
    if key not in corpus.found and case.what == "a device":
        pytest.skip("only root may make a device")
    assert key not in corpus.stopped, f"it stops the whole run: {corpus.stopped[key]}"
    check(case, corpus.found.get(key))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_file_comes_to_exactly_what_is_promised(corpus: Corpus, case: Case) -> None:
    check_in(corpus, case)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_file_comes_to_the_same_when_read_in_bulk(corpus_in_bulk: Corpus, case: Case) -> None:
    check_in(corpus_in_bulk, case)


@pytest.mark.parametrize("row", REFERENCE_ROWS, ids=lambda row: row.id)
def test_each_bad_reference_row_is_refused_and_listed(corpus: Corpus, row: ReferenceRow) -> None:
    rows = [other for other in REFERENCE_ROWS if other.table == row.table]
    good = REFERENCE[row.table].count("\n") - 1
    found = corpus.found[row.table, f"reference/{row.table}.csv"]
    assert (found.outcome, found.counts) == ("LOADED", (good + len(rows), good, 0, len(rows)))
    raw, reason = found.rejected[good + 2 + rows.index(row)]
    assert reason == row.reason
    assert raw == (row.text if len(row.text) <= 4096 else row.text[:4086] + " ... [cut]")


def test_every_file_and_row_is_accounted_for(corpus: Corpus) -> None:
    lying_there = {(case.kind, ledger_name(case)) for case in CASES if case.outcome != "WAIT"}
    lying_there |= {(table, f"reference/{table}.csv") for table in REFERENCE}
    missing = lying_there - corpus.found.keys() - corpus.stopped.keys()
    assert missing <= {("events", "landing/events/45-a-device-x.jsonl")}
    assert corpus.found.keys() <= lying_there
    for found in corpus.found.values():
        assert found.counts[0] == sum(found.counts[1:])
        assert len(found.rejected) == found.counts[3]
    assert corpus.world.value("select count(*) - count(distinct event_id) from raw.ad_events") == 0
    assert corpus.world.value("select count(*) - count(distinct payment_id) from raw.payments") == 0


def test_bad_input_disturbs_no_brand_and_no_charge(corpus: Corpus) -> None:
    world = corpus.world
    assert world.rows("select brand_id, name, daily_budget, timezone from core.brands order by 1") == [
        (1, "Acme", Decimal(10), "America/New_York"),
        (2, "Borealis", None, "Asia/Kolkata"),
        (3, "Cirrus", None, "UTC"),
    ]
    assert world.rows("select table_name, count(*) from core.reference_rows group by all order by all") == [
        ("ad_sets", 4), ("ads", 4), ("brands", 3), ("campaigns", 4), ("global_ad_pricing", 1),
    ]  # fmt: skip
    assert world.rows("select daily_budget from mart.brand_budget where brand_id = 1") == [(Decimal(10),)]


def test_bad_reference_rows_and_missing_prices_fail_their_checks(corpus: Corpus) -> None:
    refused = corpus.world.rows(sql("checks.reference_rows_are_accepted"))
    assert len(refused) == len(REFERENCE_ROWS)
    [waiting] = [case for case in CASES if case.row == 58]
    file_id = corpus.found["events", ledger_name(waiting)].file_id
    [(transaction_id, *_)] = corpus.world.rows(sql("checks.every_event_type_has_a_price"))
    assert transaction_id == file_id * 10_000_000_000 + 2
    assert corpus.world.value("select count(*) from core.transactions where amount = 0") == 0


def test_text_that_a_spreadsheet_would_run_is_stored_as_is_and_escaped_in_csv(
    corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [ledger_name(case) for case in CASES if case.row == 49]
    stored = [values[0] for name in names for values in corpus.found["events", name].loaded.values()]
    risky = sorted(text for text in stored if text.startswith(("=", "+", "-", "@", "\t")))
    assert len(risky) == 24
    with open_published(corpus.world.root) as published:
        print_csv(published.execute(
            "select event_id from raw.ad_events where list_contains($risky, event_id) order by event_id",
            {"risky": risky},
        ))  # fmt: skip
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [
        ["event_id"], *([f"'{printable(text)}"] for text in risky)
    ]  # fmt: skip


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
    assert history.rows("select table_name, count(*) from core.reference_rows group by all order by all") == [
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


# --- mutants of good files

MUTANTS = 300
"""Delivered at once, beside a good file."""

TYPES = ("click", "impression", "view", "CLICK")
NASTY = (
    b"\0", b"\n", b"\r\n", b'"', b'""', b",", b";", b"{", b"}", b"[", b"]", b"\\", b"\\u0000", b"\\ud800",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\x80", b"\x1f\x8b", b"PAR1", b"PK\x03\x04", b"\x01", b"'", b"-", b" ",
    b"\t", b"null", b"true", b"NaN", b"1e999", b"9223372036854775808", b"0.0000000001", b"9999-12-31T23:59:59Z",
    b"0000-00-00T00:00:00Z", b"=1+1",
)  # fmt: skip
"""What a reader may stumble over."""


def good_rows(kind: str, prefix: str, count: int = 50) -> list[Row]:
    """Sound rows whose ids begin with a prefix."""
    at = [f"2025-06-{n % 9 + 1:02}T10:{n:02}:00{'Z' if n % 2 else '.25+02:00'}" for n in range(count)]
    if kind == "payments":
        return [paid(f"{prefix}/{n}", amount=f"{n + 1}.{n:09}", paid_at=at[n]) for n in range(count)]
    return [click(f"{prefix}/{n}", ad_id=100 + n % 3, event_type=TYPES[n % 4], occurred_at=at[n]) for n in range(count)]


def good_table(kind: str, rows: list[Row], *, is_typed: bool) -> pa.Table:
    """The rows as a Parquet table, with types of its own or all but ids as text."""
    schema = pa.schema([(name, pa.int64() if name in ("ad_id", "brand_id") else pa.string()) for name in rows[0]])
    table = pa.Table.from_pylist(rows, schema)
    if is_typed:
        name = schema.names[3]
        instants = pa.array([datetime.fromisoformat(row[name]) for row in rows], pa.timestamp("us", "UTC"))
        table = table.set_column(3, name, instants)
    if is_typed and kind == "payments":
        amounts = pa.array([Decimal(row["amount"]) for row in rows], pa.decimal128(18, 9))
        table = table.set_column(2, "amount", amounts)
    return table


def good_file(kind: str, form: str, prefix: str, dice: random.Random) -> bytes:
    """A sound file."""
    rows = good_rows(kind, prefix)
    if form == "parquet":
        table = good_table(kind, rows, is_typed=dice.random() < 0.5)
        return parquet(
            table,
            compression=dice.choice(["none", "snappy", "zstd", "gzip"]),
            use_dictionary=dice.random() < 0.5,
            data_page_version=dice.choice(["1.0", "2.0"]),
            write_page_checksum=dice.random() < 0.3,
            row_group_size=dice.choice([7, 50]),
        )
    text = jsonl(*rows) if form.startswith("jsonl") else csv_text(*rows)
    return text.encode()


def places(content: bytes, dice: random.Random) -> tuple[int, int]:
    """A stretch of the content, more often short than long."""
    start = dice.randrange(len(content) + 1)
    return start, min(len(content), start + int(len(content) ** dice.random()))


def flip_bytes(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        if changed:
            changed[dice.randrange(len(changed))] = dice.choice((0, 0x7F, 0x80, 0xFF, dice.randrange(256)))
    return bytes(changed)


def flip_a_bit(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    return flipped(content, dice.randrange(len(content)), 1 << dice.randrange(8)) if content else content


def flip_a_bit_near_the_end(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    """In a Parquet file that is the footer."""
    length = int.from_bytes(content[-8:-4], "little") if content.endswith(b"PAR1") else 64
    near = max(0, len(content) - length - 8)
    for _ in range(dice.randint(1, 4)):
        if near < len(content):
            content = flipped(content, dice.randrange(near, len(content)), 1 << dice.randrange(8))
    return content


def cut_out(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    start, end = dice.choice(
        [(0, places(content, dice)[0]), (places(content, dice)[0], len(content)), places(content, dice)]
    )
    return content[:start] + content[end:]


def insert(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(content) + 1)
    return content[:start] + dice.choice([dice.choice(NASTY), dice.randbytes(dice.randint(1, 20))]) + content[start:]


def overwrite(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    start, end = places(content, dice)
    filling = dice.choice((b"\0", b"\xff", *NASTY))
    return content[:start] + (filling * (end - start))[: end - start] + content[end:]


def double(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    start, end = places(content, dice)
    return content[:end] + content[start:end] * dice.choice((1, 1, 2, 50)) + content[end:]


def splice(content: bytes, other: bytes, dice: random.Random) -> bytes:
    return content[: places(content, dice)[0]] + other[places(other, dice)[0] :]


def swap_lines(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    lines = content.split(b"\n")
    one, two = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def replace_a_value(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    values = [*re.finditer(rb'"[^"\n]*"|[0-9.]+|click|view', content)]
    if not values:
        return content
    value = dice.choice(values)
    return content[: value.start()] + dice.choice(NASTY) + content[value.end() :]


MUTATIONS = (
    flip_bytes, flip_a_bit, flip_a_bit_near_the_end, cut_out, insert, overwrite, double, splice, swap_lines,
    replace_a_value,
)  # fmt: skip
GOOD = [(kind, form) for kind in ("events", "payments") for form in ("jsonl", "csv", "jsonl.gz", "csv.gz", "parquet")]
GOOD += [(kind, "parquet") for kind in ("events", "payments")] * 2  # the reader that is not ours


@dataclass(frozen=True)
class Mutant:
    """A spoilt file and how it was made; `mutant(seed, number)` makes it again."""

    kind: str
    name: str
    content: bytes
    recipe: str


def mutant(seed: int, number: int) -> Mutant:
    """The same spoilt file for the same numbers."""
    dice = random.Random(f"{seed} {number}")
    kind, form = dice.choice(GOOD)
    prefix = f"{seed}/{dice.choice((number, number, 'shared'))}"
    content = good_file(kind, form, prefix, dice)
    mutations = dice.choices(MUTATIONS, k=dice.choice((1, 1, 1, 2, 3)))
    packs_first = form.endswith(".gz") and dice.random() < 0.5
    content = gz(content) if packs_first else content
    for mutation in mutations:
        other_kind, other_form = dice.choice(GOOD)
        content = mutation(content, good_file(other_kind, other_form, f"{prefix}/other", dice), dice)
    content = gz(content) if form.endswith(".gz") and not packs_first else content
    recipe = f"mutant({seed}, {number}): {', '.join(mutation.__name__ for mutation in mutations)}"
    return Mutant(kind, f"{number:04}.{form}", content, recipe)


def refresh_in_a_child(folder: Path) -> None:
    """A run in a process of its own, which may die of it; what it raises is left behind as a text."""
    try:
        World(DataRoot(folder), {}).run()
    except BaseException:
        (folder / "traceback.txt").write_text(traceback.format_exc())
        raise


def take_one_by_one(folder: Path, seed: int, numbers: list[int]) -> None:
    """Take in each mutant by itself, as long as none kills this process; what they raise is left behind."""
    world = World(DataRoot(folder / f"{seed}-{numbers[0]}"), {})
    for number in numbers:
        (folder / "newest.txt").write_text(str(number))
        spoilt = mutant(seed, number)
        path = world.deliver(spoilt.name, spoilt.content, spoilt.kind)
        try:
            with world.open() as warehouse:
                ingest(warehouse, Inbox(world.root, skip_stability_check=True))
        except Exception:  # noqa: BLE001 whatever escapes is what we are after
            (folder / f"{number}.txt").write_text(traceback.format_exc())
        path.unlink()


def ended(target: Callable[..., None], *arguments: Any) -> str | None:
    """Run something in a process of its own; says how it ended, unless it ended well."""
    child = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    child.start()
    child.join(120)
    if child.exitcode is None:
        child.kill()
        child.join()
        return "it hung"
    return f"it ended with {child.exitcode}" if child.exitcode else None


def culprits(folder: Path, seed: int, numbers: list[int]) -> dict[int, str]:
    """The mutants that stop a run, each by itself, and how."""
    folder.mkdir()
    stopped = {}
    while numbers and (how := ended(take_one_by_one, folder, seed, numbers)):
        newest = int((folder / "newest.txt").read_text())
        stopped[newest] = how
        numbers = [number for number in numbers if number > newest]
    raised = {int(file.stem): file.read_text() for file in folder.glob("[0-9]*.txt")}
    return stopped | raised


# an id begins with the numbers of its mutant
ODD_ROWS = """
select event_id from raw.ad_events
where occurred_at < '2000-01-01' or occurred_at > now() + interval 11 minutes or length(event_id) not between 1 and 1000
union all
select payment_id from raw.payments
where paid_at < '2000-01-01' or paid_at > now() + interval 11 minutes or amount = 0
"""


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_no_mutant_of_a_good_file_stops_a_run_or_is_miscounted(tmp_path: Path, seed: int) -> None:
    mutants = [mutant(seed, number) for number in range(MUTANTS)]
    world = World(DataRoot(tmp_path / "all"))
    for spoilt in mutants:
        world.deliver(spoilt.name, spoilt.content, spoilt.kind)
    world.deliver("good.jsonl", jsonl(*good_rows("events", "good")))
    how = ended(refresh_in_a_child, world.root.path)
    if how is not None:
        found = culprits(tmp_path / "each", seed, list(range(MUTANTS)))
        causes = [f"{mutants[number].recipe}\n{trouble}" for number, trouble in found.items()]
        pytest.fail(f"{how}\n" + ("\n".join(causes) or (world.root.path / "traceback.txt").read_text()))
    files = ledger_of(world)
    for spoilt in mutants:
        file = files[spoilt.kind, f"landing/{spoilt.kind}/{spoilt.name}"]
        told = f"{spoilt.recipe}: {file}"
        assert file.outcome in ("LOADED", "DUPLICATE", "QUARANTINED"), told
        assert file.outcome == "LOADED" or file.reason, told
        read, loaded, duplicate, rejected = file.counts
        assert read == loaded + duplicate + rejected, told
        assert (len(file.loaded), len(file.rejected)) == (loaded, rejected), told
        assert all(raw is not None and reason for raw, reason in file.rejected.values()), told
    good = files["events", "landing/events/good.jsonl"]
    assert (good.outcome, good.counts) == ("LOADED", (50, 50, 0, 0))
    assert world.value("select count(*) - count(distinct event_id) from raw.ad_events") == 0
    assert world.value("select count(*) - count(distinct payment_id) from raw.payments") == 0
    assert world.rows(ODD_ROWS) == []
