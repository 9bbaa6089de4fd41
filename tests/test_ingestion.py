"""Delivered files: taken in exactly once, whole or not at all, nothing silent."""

import gzip
import os
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.engine.delivery.inbox import Inbox, stable_files
from assets.engine.delivery.listing import delivered_files
from assets.engine.ingestion.ingest import Ingested, ingest
from assets.engine.rebuild.rebuild import rebuild
from tests.world import World, csv_text, event, jsonl, payment

EVENTS = [
    event("e1", 101, "click", "2025-06-10T10:00:00Z"),
    event("e2", 102, "impression", "2025-06-10T12:30:00+02:00"),
    event("e3", 201, "View", "2025-06-10T10:00:00.250Z"),
]


def ledger(world: World) -> list[tuple[Any, ...]]:
    return world.rows("select event_id, ad_id, event_type, occurred_at from raw.ad_events order by event_id")


EXPECTED = [
    ("e1", 101, "click", datetime(2025, 6, 10, 10, tzinfo=UTC)),
    ("e2", 102, "impression", datetime(2025, 6, 10, 10, 30, tzinfo=UTC)),
    ("e3", 201, "view", datetime(2025, 6, 10, 10, 0, 0, 250_000, tzinfo=UTC)),
]


def test_jsonl_csv_and_gzip_bring_the_same_events(world: World) -> None:
    world.deliver("a.jsonl", jsonl(EVENTS[0]))
    world.deliver("2025/06/b.csv", csv_text(EVENTS[1]))
    world.deliver("c.jsonl.gz", gzip.compress(jsonl(EVENTS[2]).encode()))
    world.load()
    assert ledger(world) == EXPECTED


def test_an_event_delivered_twice_is_charged_once(world: World) -> None:
    world.deliver("a.jsonl", jsonl(*EVENTS, EVENTS[0]))
    world.run()
    world.deliver("b.csv", csv_text(*reversed(EVENTS)))
    world.run()
    assert ledger(world) == EXPECTED
    assert world.value("select count(*) from core.transactions") == 3
    counts = ("rows_read", "rows_loaded", "rows_duplicate", "rows_rejected")
    assert [world.file("a.jsonl")[name] for name in counts] == [4, 3, 1, 0]
    assert [world.file("b.csv")[name] for name in counts] == [3, 0, 3, 0]


def test_a_file_settles_when_two_looks_agree_or_a_flag_says_so(world: World) -> None:
    world.deliver("growing.jsonl", jsonl(EVENTS[0]))
    world.deliver("flagged.jsonl", jsonl(EVENTS[1]))
    world.deliver("flagged.jsonl.done", "")
    world.deliver("still.jsonl", jsonl(EVENTS[2]))
    first = [file.state for file in delivered_files(world.root) if file.kind == "events"]
    world.deliver("growing.jsonl", jsonl(*EVENTS))
    world.deliver("new.jsonl", jsonl(EVENTS[0]))
    files = [file for file in delivered_files(world.root) if file.kind == "events"]
    assert {Path(file.name).name for file in stable_files(files, first)} == {"flagged.jsonl", "still.jsonl"}


def test_a_failure_within_the_transaction_leaves_nothing_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.deliver("a.jsonl", jsonl(*EVENTS))
    with world.open() as warehouse:
        run = warehouse.run

        def fail_at_the_ledger_row(file: str, statement: str = "", /, **values: Any) -> Any:
            if (file, statement) == ("raw.event_files", "record"):
                raise RuntimeError("power cut")
            return run(file, statement, **values)

        monkeypatch.setattr(warehouse, "run", fail_at_the_ledger_row)
        with pytest.raises(RuntimeError, match="power cut"):
            ingest(warehouse, Inbox(world.root, skip_stability_check=True))
    world.load()
    assert ledger(world) == EXPECTED
    assert world.value("select count(*) from raw.event_files where kind = 'events'") == 1


def test_payments_and_refunds_are_booked_exactly(world: World) -> None:
    world.deliver(
        "p.jsonl",
        '{"payment_id":"p1","brand_id":1,"amount":123456789.123456789,"paid_at":"2025-06-10T10:00:00Z"}\n'
        '{"payment_id":"p2","brand_id":1,"amount":"-0.000000001","paid_at":"2025-06-10T10:00:00Z"}\n'
        '{"payment_id":"p3","brand_id":1,"amount":1e2,"paid_at":"2025-06-10T10:00:00Z"}\n'
        '{"payment_id":"p4","brand_id":1,"amount":0,"paid_at":"2025-06-10T10:00:00Z"}\n'
        '{"payment_id":"p5","brand_id":1,"amount":NaN,"paid_at":"2025-06-10T10:00:00Z"}\n'
        '{"payment_id":"p6","brand_id":1,"amount":0.0000000001,"paid_at":"2025-06-10T10:00:00Z"}\n',
        kind="payments",
    )
    world.run()
    amounts = world.rows("select amount from core.transactions where transaction_type = 'PAYMENT' order by 1")
    assert amounts == [(Decimal("-0.000000001"),), (Decimal(100),), (Decimal("123456789.123456789"),)]
    assert [reason.partition(" is ")[0] for reason in world.reasons()] == [
        "amount",
        "amount 'NaN'",
        "amount '0.0000000001'",
    ]


def test_payments_come_as_parquet_decimals_too(world: World) -> None:
    frame = pl.DataFrame([payment("p1", 1, "5.25", "2025-06-10T10:00:00Z")])
    frame = frame.with_columns(pl.col("amount").cast(pl.Decimal(20, 4)))
    frame.write_parquet(world.root.landing("payments") / "p.parquet")
    world.run()
    assert world.value("select amount from core.transactions") == Decimal("5.25")


def test_a_file_is_known_by_its_last_change_which_nobody_can_set_back(world: World) -> None:
    path = world.deliver("a.jsonl", jsonl(EVENTS[0]))
    os.utime(path, (1, 1))
    world.load()
    path.write_text(jsonl(EVENTS[0]).replace("e1", "e9"))  # as long as before
    os.utime(path, (1, 1))
    world.load()
    assert [row[0] for row in ledger(world)] == ["e1", "e9"]


def test_a_file_over_the_cap_loads_when_the_cap_is_raised_and_it_is_touched(world: World) -> None:
    settings = world.root.path / "spendgate.toml"
    settings.write_text("max_file_bytes = 100\n")
    path = world.deliver("a.jsonl", jsonl(*EVENTS))
    world.load()
    assert world.file("a.jsonl")["reason"].startswith("larger than 100 bytes expanded")
    settings.unlink()
    path.touch()
    world.load()
    assert ledger(world) == EXPECTED


def test_folders_may_be_nested_deeper_than_python_recurses(world: World) -> None:
    deep = world.root.landing("events")
    folders = [deep := deep / "d" for _ in range(sys.getrecursionlimit() + 100)]
    for folder in folders:
        folder.mkdir()
    world.deliver("a.jsonl", jsonl(*EVENTS))
    world.load()
    assert ledger(world) == EXPECTED
    for folder in reversed(folders):
        folder.rmdir()  # whoever cleans up after the tests recurses


def test_a_file_under_the_name_of_another_format_loads_when_it_is_renamed(world: World) -> None:
    path = world.deliver("a.jsonl", csv_text(*EVENTS))
    world.run()
    assert world.file("a.jsonl")["rows_rejected"] == 4
    path.rename(path.with_suffix(".csv"))
    world.run()
    assert ledger(world) == EXPECTED
    with world.open() as warehouse:  # the same bytes are staged once as each
        compared = rebuild(warehouse, world.root.settings())
    assert [row.table for row in compared if row.only_live or row.only_rebuilt] == []


def test_a_first_line_cut_off_at_a_bracket_costs_itself_only(world: World) -> None:
    world.deliver("a.jsonl", '{"event_id":"cut","note":[\n' + jsonl(*EVENTS))
    world.load()
    assert ledger(world) == EXPECTED


def test_a_backlog_is_left_for_the_next_run_when_the_time_is_up(world: World) -> None:
    """Decisions keep their five minutes: a run takes what fits, decides and publishes, and the next one goes on."""
    (world.root.path / "spendgate.toml").write_text("files_per_batch = 3\ningest_seconds = 10\n")
    for n in range(10):
        world.deliver(f"{n}.jsonl", jsonl(event(str(n), 101, "click", "2025-06-10T10:00:00Z")))
    world.run()  # reference files
    with world.open() as warehouse:
        warehouse.connection.execute("delete from raw.event_files; delete from internal.ad_events")
        seconds = iter(range(0, 1_000, 6))
        deliveries = Inbox(world.root, skip_stability_check=True)
        assert ingest(warehouse, deliveries, timer=lambda: float(next(seconds))) == Ingested(taken=6, left=4)
        assert ingest(warehouse, Inbox(world.root, skip_stability_check=True)) == Ingested(taken=4, left=0)
        assert (
            ingest(warehouse, Inbox(world.root, skip_stability_check=True), timer=lambda: float(next(seconds))).left
            == 0
        )


def test_a_run_always_takes_something_however_little_time_it_has(world: World) -> None:
    (world.root.path / "spendgate.toml").write_text("files_per_batch = 1\ningest_seconds = 0\n")
    for n in range(3):
        world.deliver(f"{n}.jsonl", jsonl(event(str(n), 101, "click", "2025-06-10T10:00:00Z")))
    for taken in range(1, 4):
        world.run()
        assert world.value("select count(*) from core.transactions") == taken
