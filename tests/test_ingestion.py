"""Delivered files: taken in exactly once, whole or not at all, nothing silent."""

import gzip
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.ingestion import ingest
from assets.landing import Deliveries, delivered_files, settled
from tests.world import NOON, World, csv_text, event, jsonl, payment

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
    world.run()
    assert ledger(world) == EXPECTED


@pytest.mark.parametrize("as_text", [True, False])
def test_parquet_brings_the_same_events_with_times_typed_or_as_text(world: World, *, as_text: bool) -> None:
    frame = pl.DataFrame(EVENTS)
    if not as_text:
        frame = frame.with_columns(pl.Series("occurred_at", [at for *_, at in EXPECTED], pl.Datetime("us", "UTC")))
    frame.write_parquet(world.root.landing("events") / "a.parquet")
    world.run()
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


def test_the_same_bytes_under_another_name_are_a_duplicate_file(world: World) -> None:
    world.deliver("a.jsonl", jsonl(*EVENTS))
    world.run()
    world.deliver("copy.jsonl", jsonl(*EVENTS))
    world.run()
    file = world.file("copy.jsonl")
    assert (file["outcome"], file["rows_read"]) == ("DUPLICATE", 0)
    assert file["reason"] == "same bytes as landing/events/a.jsonl"


def test_a_file_that_grew_brings_its_new_events_only(world: World) -> None:
    world.deliver("a.jsonl", jsonl(*EVENTS[:2]))
    world.run()
    world.deliver("a.jsonl", jsonl(*EVENTS))
    world.run()
    assert ledger(world) == EXPECTED
    assert (world.file("a.jsonl")["rows_loaded"], world.file("a.jsonl")["rows_duplicate"]) == (1, 2)


def test_a_file_is_not_read_again_while_it_lies_there(world: World) -> None:
    world.deliver("a.jsonl", jsonl(*EVENTS))
    world.run()
    world.run()
    assert world.value("select count(*) from raw.event_files where kind = 'events'") == 1


def test_the_same_id_with_other_content_is_refused_and_the_first_one_stays(world: World) -> None:
    world.deliver("a.jsonl", jsonl(EVENTS[0]))
    world.run()
    world.deliver("b.jsonl", jsonl({**EVENTS[0], "ad_id": 102}))
    world.run()
    assert ledger(world) == EXPECTED[:1]
    file_id = world.file("a.jsonl")["file_id"]
    assert world.reasons() == [f"event_id 'e1' conflicts with line 1 of file {file_id}, which came first"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"event_id":"x","ad_id":1', "not JSON: Expecting ',' delimiter at character 26 (was the line cut off?)"),
        ('{"event_id":"x', "not JSON: Unterminated string starting at character 13 (was the line cut off?)"),
        ("[1]", "not a JSON object: expected one object per line"),
        ('{"event_id":"x","event_id":"y","ad_id":1}', "key 'event_id' is there twice"),
        ('{"event_id":"x","Ad_Id":1}', "ad_id is missing; found 'Ad_Id' (keys are case-sensitive)"),
        (jsonl(event("", 1, "click", "2025-06-10T10:00:00Z")), "event_id is missing"),
        (jsonl(event("x", 1, "clik", "2025-06-10T10:00:00Z")), "unknown event_type 'clik' (click, impression, view or"),
        (jsonl({**EVENTS[0], "ad_id": 1.7}), "ad_id '1.7' is not a whole number that fits 64 bits"),
        (jsonl({**EVENTS[0], "ad_id": True}), "ad_id 'true' is not a whole number that fits 64 bits"),
        (jsonl({**EVENTS[0], "ad_id": 2**63}), "ad_id '9223372036854775808' is not a whole number"),
        (jsonl({**EVENTS[0], "occurred_at": "2025-06-10T10:00:00"}), "occurred_at '2025-06-10T10:00:00' is not a time"),
        (
            jsonl({**EVENTS[0], "occurred_at": "2025-02-31T10:00:00Z"}),
            "occurred_at '2025-02-31T10:00:00Z' is not a time",
        ),
        (jsonl({**EVENTS[0], "occurred_at": "1999-12-31T23:59:59Z"}), "occurred_at 1999-12-31T23:59:59Z is before"),
    ],
)
def test_a_bad_line_is_refused_with_a_reason_and_the_rest_loads(world: World, line: str, reason: str) -> None:
    world.deliver("a.jsonl", jsonl(EVENTS[1]) + line.strip() + "\n" + jsonl(EVENTS[2]))
    world.run()
    assert ledger(world) == EXPECTED[1:]
    [(number, raw, said)] = world.rows("select line_number, raw, reason from raw.rejected_rows")
    assert (number, raw) == (2, line.strip())
    assert said.startswith(reason)


def test_a_time_in_the_future_is_held_against_the_real_clock_not_the_replayed_one(world: World) -> None:
    def at(offset: timedelta) -> str:
        return (datetime.now(UTC) + offset).isoformat()

    world.deliver("a.jsonl", jsonl(event("soon", 101, "click", at(timedelta(minutes=9))),
                                   event("later", 101, "click", at(timedelta(minutes=11)))))  # fmt: skip
    world.run(NOON)
    assert [row[0] for row in ledger(world)] == ["soon"]
    assert "more than 10 minutes after it was loaded" in world.reasons()[0]


def test_a_long_rejected_line_is_cut_and_marked(world: World) -> None:
    world.deliver("a.jsonl", '{"event_id":"' + "x" * 9_000 + "\n")
    world.run()
    raw = world.value("select raw from raw.rejected_rows")
    assert len(raw) == 4096
    assert raw.endswith(" ... [cut]")


def test_a_long_rejected_parquet_row_is_cut_and_marked(world: World) -> None:
    row = {**EVENTS[0], "event_type": "x" * 9_000}
    pl.DataFrame([row]).write_parquet(world.root.landing("events") / "a.parquet")
    world.run()
    raw = world.value("select raw from raw.rejected_rows")
    assert len(raw) == 4096
    assert raw.endswith(" ... [cut]")


def test_csv_columns_are_matched_by_name_and_extra_ones_are_noted(world: World) -> None:
    world.deliver("a.csv", "occurred_at,note,ad_id,event_type,event_id\n2025-06-10T10:00:00Z,hi,101,click,e1\n")
    world.run()
    assert ledger(world) == EXPECTED[:1]
    assert world.rows("select ignored_columns from raw.event_files") == [(["note"],)]


def test_the_last_csv_row_without_a_line_end_is_refused(world: World) -> None:
    world.deliver("a.csv", csv_text(*EVENTS[:2]).rstrip("\n"))
    world.run()
    assert ledger(world) == EXPECTED[:1]
    assert world.reasons() == ["the last row has no line end: it may have been cut off"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", "e1,101,click,2025-06-10T10:00:00Z\n", "column event_id is missing; its first line reads e1, 101"),
        ("a.csv", "event_id;ad_id;event_type;occurred_at\n", "its columns are separated by ';': deliver ',' instead"),
        ("a.csv", 'event_id,ad_id,event_type,occurred_at\n"e1,1,click\ne2,1\n', "a quote opened in line 2 swallows"),
        ("a.jsonl", '[\n{"event_id":"x"}\n]\n', "expected one object per line"),
        ("a.jsonl.gz", gzip.compress(jsonl(*EVENTS).encode())[:-9], "damaged gzip file"),
        ("a.jsonl", b"PK\x03\x04 spreadsheet", "it is a zip archive or a spreadsheet, not jsonl"),
        ("a.parquet", b"", "its name says parquet, its first bytes do not"),
        ("a.parquet", b"PAR1 no footer", "not a readable Parquet file"),
        ("notes.txt", "hello", "unknown kind of file"),
    ],
)
def test_a_file_that_cannot_be_read_is_quarantined_whole(
    world: World, name: str, content: str | bytes, reason: str
) -> None:
    world.deliver(name, content)
    world.deliver("good.jsonl", jsonl(*EVENTS))
    world.run()
    file = world.file(name)
    assert (file["outcome"], file["rows_read"]) == ("QUARANTINED", 0)
    assert file["reason"].startswith(reason)
    assert ledger(world) == EXPECTED


@pytest.mark.parametrize(
    ("dtype", "column"),
    [(pl.String, "ad_id"), (pl.Float64, "ad_id"), (pl.Int64, "event_id")],
)
def test_a_parquet_column_of_another_type_is_named(world: World, dtype: type[pl.DataType], column: str) -> None:
    frame = pl.DataFrame({**EVENTS[0], "event_id": "1"}).with_columns(pl.col(column).cast(dtype))
    frame.write_parquet(world.root.landing("events") / "a.parquet")
    world.run()
    assert world.file("a.parquet")["reason"].startswith(f"column {column} is ")


def test_parquet_times_without_a_zone_are_refused(world: World) -> None:
    frame = pl.DataFrame(EVENTS[0]).with_columns(occurred_at=pl.lit(NOON.replace(tzinfo=None)))
    frame.write_parquet(world.root.landing("events") / "a.parquet")
    world.run()
    assert "deliver a timestamp with a time zone" in world.file("a.parquet")["reason"]


def test_names_are_data_never_patterns_paths_or_sql(world: World) -> None:
    names = ["*.jsonl", "o'clock; drop table x.jsonl", "a[b]?.jsonl", "new\nline.jsonl"]
    for number, name in enumerate(names):
        world.deliver(name, jsonl(event(f"n{number}", 101, "click", "2025-06-10T10:00:00Z")))
    raw = os.fsencode(world.root.landing("events")) + b"/latin-\xe9.jsonl"
    Path(os.fsdecode(raw)).write_text(jsonl(EVENTS[0]))
    (world.root.landing("events") / "event_type=view").mkdir()
    world.deliver("event_type=view/x.jsonl", jsonl(EVENTS[1]))
    world.run()
    assert world.value("select count(*) from raw.ad_events") == 6
    assert world.value("select count(*) from raw.event_files where name = 'landing/events/latin-\\xe9.jsonl'") == 1


def test_links_pipes_and_folders_are_refused_not_followed(world: World, tmp_path: Path) -> None:
    (tmp_path / "secret.jsonl").write_text(jsonl(*EVENTS))
    landing = world.root.landing("events")
    (landing / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    os.mkfifo(landing / "pipe.jsonl")
    (landing / "folder.jsonl").mkdir()
    world.run()
    assert ledger(world) == []
    reasons = dict(world.rows("select name, reason from raw.event_files where outcome = 'QUARANTINED'"))
    assert {Path(name).name: reason.partition(",")[0] for name, reason in reasons.items()} == {
        "link.jsonl": "a symbolic link",
        "pipe.jsonl": "a pipe",
        "folder.jsonl": "a folder",
    }


def test_unfinished_files_wait(world: World) -> None:
    for name in ("a.jsonl.part", "b.jsonl.tmp", ".c.jsonl"):
        world.deliver(name, jsonl(*EVENTS))
    world.run()
    assert world.value("select count(*) from raw.event_files where kind = 'events'") == 0


def test_a_file_settles_when_two_looks_agree_or_a_flag_says_so(world: World) -> None:
    world.deliver("growing.jsonl", jsonl(EVENTS[0]))
    world.deliver("flagged.jsonl", jsonl(EVENTS[1]))
    world.deliver("flagged.jsonl.done", "")
    world.deliver("still.jsonl", jsonl(EVENTS[2]))
    first = [file.look for file in delivered_files(world.root) if file.kind == "events"]
    world.deliver("growing.jsonl", jsonl(*EVENTS))
    world.deliver("new.jsonl", jsonl(EVENTS[0]))
    files = [file for file in delivered_files(world.root) if file.kind == "events"]
    assert {Path(file.name).name for file in settled(files, first)} == {"flagged.jsonl", "still.jsonl"}


def test_an_old_modification_time_means_nothing(world: World) -> None:
    os.utime(world.deliver("a.jsonl", jsonl(EVENTS[0])), (1, 1))
    os.utime(world.deliver("b.jsonl", jsonl(EVENTS[1])), (time.time() + 10**8,) * 2)
    world.run()
    assert ledger(world) == EXPECTED[:2]


def test_files_are_taken_in_bounded_batches_oldest_first(world: World) -> None:
    (world.root.path / "spendgate.toml").write_text("files_per_batch = 2\n")
    for number in range(5):
        name = f"{9 - number}.jsonl"
        path = world.deliver(name, jsonl(event(f"e{number}", 101, "click", "2025-06-10T10:00:00Z")))
        os.utime(path, (number, number))
    world.run()
    names = world.rows("select name from raw.event_files where kind = 'events' order by file_id")
    assert [Path(name).stem for (name,) in names] == ["9", "8", "7", "6", "5"]
    assert world.value("select count(*) from core.transactions") == 5


def test_a_failure_within_the_transaction_leaves_nothing_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.deliver("a.jsonl", jsonl(*EVENTS))
    with world.open() as warehouse:
        run = warehouse.run

        def fail_at_the_ledger_row(name: str, /, **values: Any) -> Any:
            if name == "raw/event_files":
                raise RuntimeError("power cut")
            return run(name, **values)

        monkeypatch.setattr(warehouse, "run", fail_at_the_ledger_row)
        with pytest.raises(RuntimeError, match="power cut"):
            ingest(warehouse, Deliveries(world.root, trusted=True))
    world.run()
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
    world.run()
    path.write_text(jsonl(EVENTS[0]).replace("e1", "e9"))  # as long as before
    os.utime(path, (1, 1))
    world.run()
    assert [row[0] for row in ledger(world)] == ["e1", "e9"]


def test_a_file_over_the_cap_loads_when_the_cap_is_raised_and_it_is_touched(world: World) -> None:
    settings = world.root.path / "spendgate.toml"
    settings.write_text("max_file_bytes = 100\n")
    path = world.deliver("a.jsonl", jsonl(*EVENTS))
    world.run()
    assert world.file("a.jsonl")["reason"].startswith("larger than 100 bytes expanded")
    settings.unlink()
    path.touch()
    world.run()
    assert ledger(world) == EXPECTED


def test_folders_may_be_nested_deeper_than_python_recurses(world: World) -> None:
    deep = world.root.landing("events")
    folders = [deep := deep / "d" for _ in range(sys.getrecursionlimit() + 100)]
    for folder in folders:
        folder.mkdir()
    world.deliver("a.jsonl", jsonl(*EVENTS))
    world.run()
    assert ledger(world) == EXPECTED
    for folder in reversed(folders):
        folder.rmdir()  # whoever cleans up after the tests recurses


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"AD_ID": [55], "ad_id": [1]}, "columns AD_ID and ad_id stand in each other's way"),
        ({"ad_id": [1], "file_row_number": [7]}, "columns file_row_number stand in each other's way"),
    ],
)
def test_parquet_columns_that_sql_could_mistake_are_refused(
    world: World, columns: dict[str, list[int]], reason: str
) -> None:
    others = {name: [EVENTS[0][name]] for name in ("event_id", "event_type", "occurred_at")}
    pl.DataFrame({**columns, **others}).write_parquet(world.root.landing("events") / "a.parquet")
    world.run()
    assert world.file("a.parquet")["reason"].startswith(reason)


def test_a_decimal_wider_than_duckdbs_is_refused(world: World) -> None:
    rows = pa.table(
        {
            "payment_id": ["p"],
            "brand_id": [1],
            "amount": pa.array([Decimal(1)], pa.decimal256(50, 9)),
            "paid_at": ["2025-06-10T08:00:00Z"],
        }
    )
    pq.write_table(rows, world.root.landing("payments") / "p.parquet")
    world.run()
    assert world.file("p.parquet")["reason"].startswith("column amount is decimal256(50, 9): deliver a DECIMAL")
    assert world.value("select count(*) from core.transactions") == 0


def test_a_refused_parquet_row_is_shown_as_delivered(world: World) -> None:
    row = {**EVENTS[0], "event_type": "clik", "delivered": "y"}
    pl.DataFrame([row]).write_parquet(world.root.landing("events") / "a.parquet")
    world.run()
    assert json.loads(world.value("select raw from raw.rejected_rows")) == {**EVENTS[0], "event_type": "clik"}


def test_an_amount_with_an_absurd_exponent_is_one_bad_row(world: World) -> None:
    line = '{"payment_id":"p","brand_id":1,"amount":1e9999999999999999999999,"paid_at":"2025-06-10T08:00:00Z"}'
    world.deliver("p.jsonl", line + "\n", kind="payments")
    world.run()
    assert world.reasons()[0].startswith("amount '1e9999999999999999999999' is not a decimal number")


@pytest.mark.parametrize(
    ("content", "sort"),
    [
        (b"BZh91AY&SY", "a bzip2 file"),
        (b"a.jsonl".ljust(257, b"\0") + b"ustar\x0000" + b"\0" * 248 + jsonl(*EVENTS).encode(), "a tar archive"),
    ],
)
@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz"])
def test_an_archive_under_a_name_of_ours_is_quarantined(world: World, content: bytes, sort: str, ending: str) -> None:
    world.deliver(f"a.{ending}", gzip.compress(content) if ending.endswith("gz") else content)
    world.run()
    assert world.file(f"a.{ending}")["reason"] == f"it is {sort}, not jsonl: deliver UTF-8 text or Parquet"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-06-10T10:00Z", "2025-06-10T10:00:00Z"),
        ("2025-06-10T12:00+02:00", "2025-06-10T10:00:00Z"),
        ("2025-06-10T12:00:00+02", "2025-06-10T10:00:00Z"),
        ("2025-06-10T12:00:00.5+0200", "2025-06-10T10:00:00.5Z"),
        ("2025-06-10T24:00:00Z", None),
        ("2025-06-10T25:00:00Z", None),
        ("2025-06-10T10:00:60Z", None),
        ("2025-06-10T10:00:00+24:00", None),
        ("10 June 2025", None),
    ],
)
def test_times_are_iso_8601_with_a_zone(world: World, text: str, instant: str | None) -> None:
    world.deliver("a.jsonl", jsonl(event("e", 101, "click", text)))
    world.run()
    assert [row[3] for row in ledger(world)] == ([datetime.fromisoformat(instant)] if instant else [])
    assert len(world.reasons()) == (instant is None)
