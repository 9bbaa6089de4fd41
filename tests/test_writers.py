"""Deliveries as the tools in the field write them, and what is made of each."""

import json
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.reading import reader, reference_rows
from assets.engine.reading.columns import COLUMNS, OPTIONAL
from tests.corpus.case import click, gz, paid, parquet
from tests.world import ADS, BRANDS, NOON, PRICES, REFERENCE, World, csv_text, event, jsonl

AT = datetime(2025, 6, 10, 10, tzinfo=UTC)
INSTANT = pa.array([AT], pa.timestamp("us", "UTC"))
ONE = {
    "event_id": pa.array(["a"]),
    "ad_id": pa.array([101], pa.int64()),
    "event_type": pa.array(["click"]),
    "occurred_at": INSTANT,
}
PAYMENT = {
    "payment_id": pa.array(["p"]),
    "brand_id": pa.array([1], pa.int64()),
    "amount": pa.array([Decimal("12.50")], pa.decimal128(38, 9)),
    "paid_at": INSTANT,
}
BY_ANY = pytest.mark.parametrize("bulk_bytes", [0, 1 << 60], ids=["in bulk", "row by row"])


def events(world: World) -> list[tuple[Any, ...]]:
    return world.rows("select event_id, ad_id, event_type, occurred_at, line_number from raw.ad_events order by all")


def taken(world: World, name: str, content: bytes | str) -> list[tuple[Any, ...]]:
    """The events of one delivered file."""
    world.deliver(name, content)
    world.load()
    return events(world)


def zstandard(text: str) -> bytes:
    return bytes(pa.compress(text.encode(), codec="zstd", asbytes=True))


# --- Parquet


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({}, {"use_deprecated_int96_timestamps": True, "store_schema": False}),
        ({"occurred_at": pa.array([AT.replace(tzinfo=None)], pa.timestamp("ns", "UTC"))}, {}),
        ({"ad_id": pa.array([Decimal(101)], pa.decimal128(38, 0))}, {}),
        ({"ad_id": pa.array([101], pa.uint16())}, {}),
        ({"event_type": pa.array([b"click"]), "event_id": pa.array([b"a"])}, {"store_schema": False}),
        ({"event_type": pa.array(["click"]).dictionary_encode()}, {}),
        ({"__index_level_0__": pa.array([7])}, {}),
    ],
    ids=["INT96", "nanoseconds", "DECIMAL ids", "small ids", "bytes", "dictionary", "index of pandas"],
)
def test_an_event_is_the_same_in_every_type_it_may_come_in(
    world: World, changes: dict[str, Any], options: dict[str, Any]
) -> None:
    table = pa.table({**ONE, **changes})
    assert taken(world, "a.parquet", parquet(table, **options)) == [("a", 101, "click", AT, 1)]


def test_a_uuid_is_text(world: World) -> None:
    id_ = uuid.UUID("6F9619FF-8B86-D011-B42D-00C04FC964FF")
    table = pa.table({**ONE, "event_id": pa.array([id_.bytes], pa.uuid())})
    assert taken(world, "a.parquet", parquet(table))[0][0] == str(id_)


def test_bytes_that_are_no_text_are_refused_by_row(world: World) -> None:
    table = pa.table({name: pa.concat_arrays([column] * 2) for name, column in ONE.items()})
    table = table.set_column(0, "event_id", pa.array([b"a", b"\xff"]))
    assert len(taken(world, "a.parquet", parquet(table, store_schema=False))) == 1
    assert world.reasons() == ["event_id is not UTF-8 text"]


@pytest.mark.parametrize("kind", ["events", "payments"])
def test_an_hour_without_rows_whose_columns_have_no_type_loads(world: World, kind: str) -> None:
    names = COLUMNS[kind]
    world.deliver("a.parquet", parquet(pa.table({name: pa.array([], pa.null()) for name in names})), kind=kind)
    world.load()
    file = world.file("a.parquet")
    assert (file["outcome"], file["rows_read"]) == ("LOADED", 0)


@pytest.mark.parametrize(
    "amount",
    [
        pa.array([Decimal("12.50")], pa.decimal128(10, 2)),
        pa.array([Decimal("12.500000000000")], pa.decimal128(38, 12)),
        pa.array(["12.50"]),
        pa.array([b"12.50"]),
    ],
    ids=str,
)
def test_an_amount_is_exact_in_every_type_it_may_come_in(world: World, amount: pa.Array) -> None:
    world.deliver("p.parquet", parquet(pa.table({**PAYMENT, "amount": amount}), store_schema=False), kind="payments")
    world.load()
    assert world.rows("select amount from raw.payments") == [(Decimal("12.50"),)]


# --- texts by their content


@pytest.mark.parametrize("name", ["x.json", "x.ndjson", "part-0000", "x.json.gz", "x.ndjson.zst", "x.log", "06-10"])
def test_json_lines_are_known_by_their_content(world: World, name: str) -> None:
    content = jsonl(click("a")).encode()
    if name.endswith(".gz"):
        content = gz(content)
    if name.endswith(".zst"):
        content = zstandard(content.decode())
    assert [row[0] for row in taken(world, name, content)] == ["a"]


def test_csv_and_parquet_without_an_ending_are_known_by_their_content(world: World) -> None:
    world.deliver("csv-0001", csv_text(click("c")))
    world.deliver("parquet-0001", parquet(pa.table(ONE)))
    assert [row[0] for row in taken(world, "z.csv.zst", zstandard(csv_text(click("z"))))] == ["a", "c", "z"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "a.jsonl",
            jsonl(click("a"), click("b")).replace("\n", "\r"),
            "its lines end in CR alone: deliver LF or CR LF",
        ),
        (
            "a.csv",
            csv_text(click("a"), click("b")).replace("\n", "\r"),
            "its lines end in CR alone: deliver LF or CR LF",
        ),
        ("a.jsonl.gz", gz(gz("{}\n")), "what is compressed in it is compressed again: …"),
        ("a.csv", "event_id,ad_id,event_type,occurred_at,,\na,101,click,x,,\n", "2 of its columns have no name, …"),
        ("a.csv", csv_text(click("a")).replace(",", ";"), "its columns are separated by ';': deliver ',' instead"),
        ("a.csv", "Event ID;event_id;ad_id\n1;2;3\n", "its columns are separated by ';': deliver ',' instead"),
        ("a.jsonl.zst", zstandard("{}\n" * 9000)[:-3], "damaged zstandard file (…"),
        ("a.bin", b"\x00\x01\x02", "unknown kind of file: …"),
    ],
)
def test_what_is_refused_whole_says_why(world: World, name: str, content: bytes | str, reason: str) -> None:
    assert taken(world, name, content) == []
    file = world.file(name)
    assert file["outcome"] == "QUARANTINED"
    assert file["reason"].startswith(reason.rstrip("…"))


@pytest.mark.parametrize(("name", "write"), [("a.jsonl", jsonl), ("a.csv", csv_text)])
@BY_ANY
def test_a_byte_order_mark_amid_a_file_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, write: Any, bulk_bytes: int
) -> None:
    monkeypatch.setattr(reader, "BULK_BYTES", bulk_bytes)
    first, second = write(click("a")), write(click("b")).splitlines()[-1] + "\n"
    assert [row[0] for row in taken(world, name, f"\ufeff{first}\ufeff{second}")] == ["a"]
    assert world.reasons() == ["begins with a byte-order mark: was another file appended here?"]


@pytest.mark.parametrize("joint", ["", " ", "\t"])
@BY_ANY
def test_objects_one_behind_the_other_are_read_each_at_its_place(
    world: World, monkeypatch: pytest.MonkeyPatch, joint: str, bulk_bytes: int
) -> None:
    monkeypatch.setattr(reader, "BULK_BYTES", bulk_bytes)
    rows = [click("fh0"), click("fh1", ad_id="x"), click("fh2", event_type="view"), click("}{")]
    taken(world, "firehose", joint.join(map(json.dumps, rows)))
    assert [(row[0], row[-1]) for row in events(world)] == [("fh0", 1), ("fh2", 3), ("}{", 4)]
    assert world.rows("select line_number, raw from raw.rejected_rows") == [(2, json.dumps(rows[1]))]


def test_objects_one_behind_the_other_are_read_however_many_they_are(world: World) -> None:
    (world.root.path / "spendgate.toml").write_text("max_line_bytes = 1000\n")
    rows = [click(f"é{n}") for n in range(30_000)]
    taken(world, "firehose.jsonl", "".join(map(json.dumps, rows)) + "\n" + json.dumps(click("last")) + "\n")
    assert world.value("select count(distinct line_number) from raw.ad_events") == 30_001
    assert world.value("select line_number from raw.ad_events where event_id = 'last'") == 30_001


def test_objects_behind_which_something_else_stands_are_one_refused_line(world: World) -> None:
    line = json.dumps(click("a"))
    taken(world, "a.jsonl", f"{line}{line} and so on\n{line}\n")
    assert world.rows("select line_number, reason from raw.rejected_rows") == [
        (1, f"not JSON: Extra data at character {len(line) + 1} (was the line cut off?)")
    ]
    assert [row[-1] for row in events(world)] == [2]


# --- times


@pytest.mark.parametrize("form", [csv_text, jsonl])
def test_times_as_databases_write_them_are_instants(world: World, form: Any) -> None:
    times = ["2025-06-10 10:00:00+00", "2025-06-10 12:00:00.123+02:00", "2025-06-10 10:00:00Z"]
    rows = [click(str(n), occurred_at=at) for n, at in enumerate(times)]
    taken(world, f"a.{'csv' if form is csv_text else 'jsonl'}", form(*rows))
    assert [row[3] for row in events(world)] == [AT, AT.replace(microsecond=123_000), AT]


def local(at: str) -> pa.Array:
    return pa.array([datetime.fromisoformat(at)], pa.timestamp("us"))


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
@pytest.mark.parametrize(
    ("zone", "at", "instant"),
    [
        ("UTC", "2025-06-10T10:00:00", AT),
        ("Europe/Paris", "2025-06-10T12:00:00", AT),
        ("America/New_York", "2025-03-09T02:30:00", None),
        ("America/New_York", "2024-11-03T01:30:00", None),
        ("", "2025-06-10T10:00:00", None),
    ],
    ids=["UTC", "Paris", "skipped", "shown twice", "no setting"],
)
def test_a_time_without_a_zone_is_one_of_the_zone_that_the_settings_name(
    world: World, form: str, zone: str, at: str, instant: datetime | None
) -> None:
    (world.root.path / "spendgate.toml").write_text(f'events_zone = "{zone}"\n')
    if form == "parquet":
        taken(world, "a.parquet", parquet(pa.table({**ONE, "occurred_at": local(at)})))
    else:
        taken(world, f"a.{form}", (jsonl if form == "jsonl" else csv_text)(click("a", occurred_at=at)))
    assert [row[3] for row in events(world)] == ([instant] if instant else [])
    assert instant or (world.file(f"a.{form}")["reason"] or world.reasons())


def test_the_zone_of_events_is_not_that_of_payments_or_prices(world: World) -> None:
    (world.root.path / "spendgate.toml").write_text('events_zone = "Europe/Paris"\nprices_zone = "Asia/Kolkata"\n')
    world.deliver_reference("global_ad_pricing", PRICES + "2025-01-01T05:30:00,1,,,\n")
    world.deliver("p.csv", csv_text(paid("p", paid_at="2025-06-10T10:00:00")), kind="payments")
    taken(world, "a.csv", csv_text(click("a", occurred_at="2025-06-10T12:00:00")))
    assert [row[3] for row in events(world)] == [AT]
    assert world.reasons()[0].startswith("paid_at '2025-06-10T10:00:00' is not a time")
    assert world.value("select max(effective_from) from core.global_ad_pricing") == datetime(2025, 1, 1, tzinfo=UTC)


# --- folders


@pytest.mark.parametrize("form", ["parquet", "jsonl", "csv"])
def test_a_column_that_only_the_folder_names_is_told(world: World, form: str) -> None:
    row = {name: value for name, value in click("a").items() if name != "event_type"}
    contents: dict[str, bytes | str] = {
        "parquet": parquet(pa.Table.from_pylist([row])), "jsonl": jsonl(row), "csv": csv_text(row)
    }  # fmt: skip
    taken(world, f"dt=2025-06-10/event_type=click/a.{form}", contents[form])
    told = [world.file(f"a.{form}")["reason"] or "", *world.reasons()]
    wanted = "event_type is missing; only its folder event_type=click names it: write it into the file"
    assert any(said.endswith(wanted) for said in told)


# --- lines that cannot be read, amid many that can


@BY_ANY
def test_a_line_that_is_no_text_is_refused_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch, bulk_bytes: int
) -> None:
    monkeypatch.setattr(reader, "BULK_BYTES", bulk_bytes)
    (world.root.path / "spendgate.toml").write_text("max_line_bytes = 2000\n")
    good, latin = (
        csv_text(click("a"), click("b"), click("c")).encode().splitlines(keepends=True),
        b"caf\xe9,101,click,x\n",
    )
    nul, long = b"n\0,101,click,x\n", b"x" * 3000 + b"\n"
    csv_ = [good[0], good[1], latin, good[2], nul, long, good[3]]
    world.deliver("a.csv", b"".join(csv_))
    lines = [json.dumps(click(str(n))).encode() + b"\n" for n in range(3)]
    world.deliver("a.jsonl", b"".join([lines[0], latin, lines[1], nul, long, lines[2]]))
    world.load()
    assert [(row[0], row[-1]) for row in events(world)] == [
        ("0", 1), ("1", 3), ("2", 6), ("a", 2), ("b", 4), ("c", 7)
    ]  # fmt: skip
    reasons = ["not UTF-8 at byte 4", "holds a NUL character", "line longer than 2,000 bytes"]
    assert sorted(world.reasons()) == sorted(reasons * 2)


@BY_ANY
def test_a_quote_that_swallows_lines_is_found_beside_a_line_that_is_no_text(
    world: World, monkeypatch: pytest.MonkeyPatch, bulk_bytes: int
) -> None:
    monkeypatch.setattr(reader, "BULK_BYTES", bulk_bytes)
    header, row = csv_text(click("a")).encode().splitlines(keepends=True)
    taken(world, "a.csv", header + b'"spans\n\xff\nlines",101,click,2025-06-10T10:00:00Z\n' + row)
    assert world.file("a.csv")["reason"].startswith("a quote opened in line 2 swallows other lines")


# --- reference data


def own_price(world: World) -> Any:
    return world.value("select cost_per_click from core.ads where ad_id = 101 and valid_to is null")


@pytest.mark.parametrize("bulk_bytes", [0, 1 << 60], ids=["in bulk", "row by row"])
@pytest.mark.parametrize(
    ("table", "text", "said"),
    [
        ("ads", ADS.replace("101,110,a,", '101,110,"Summer sale,').replace("102,120,b,", '102,120,"Winter sale",'),
         "a quote opened in line 2 swallows other lines: rows cannot be told apart"),
        ("brands", BRANDS.replace("1,Acme,", '1,"Acme,').replace("2,Borealis,", '2,"Borealis",'),
         "a quote opened in line 2 swallows other lines: rows cannot be told apart"),
        ("brands", BRANDS.replace("10.00", '"10"0'), "not CSV: ',' expected after '\"'"),
    ],
    ids=["prices", "budgets", "a quoted budget with a digit behind it"],
)  # fmt: skip
def test_no_value_of_another_row_is_taken(
    world: World, monkeypatch: pytest.MonkeyPatch, table: str, text: str, said: str, bulk_bytes: int
) -> None:
    monkeypatch.setattr(reference_rows, "BULK_BYTES", bulk_bytes)
    world.load()
    before = world.rows(f"select * exclude (recorded_at) from core.{table} order by all")  # noqa: S608
    world.deliver_reference(table, text)
    world.load(NOON.replace(hour=13))
    assert world.rows(f"select * exclude (recorded_at) from core.{table} order by all") == before  # noqa: S608
    assert said in [world.file(f"{table}.csv")["reason"], *world.reasons()]


@pytest.mark.parametrize("bulk_bytes", [0, 1 << 60], ids=["in bulk", "row by row"])
@pytest.mark.parametrize("eol", ["\n", "\r\n"])
def test_reference_rows_have_the_lines_at_which_they_stand(
    world: World, monkeypatch: pytest.MonkeyPatch, eol: str, bulk_bytes: int
) -> None:
    monkeypatch.setattr(reference_rows, "BULK_BYTES", bulk_bytes)
    text = BRANDS + '4,"two\nlines",,,UTC,,true\n\n5,bad,x,,UTC,,true\n6,caf\xe9,,,UTC,,true\n'
    (world.root.reference / "brands.csv").write_bytes(text.replace("\n", eol).encode("cp1252"))
    world.load()
    assert world.rows("select line_number, reason, raw from raw.rejected_rows") == [
        (8, "daily_budget 'x' is not a decimal number with at most 9 decimals, not negative, or empty",
         "5,bad,x,,UTC,,true"),
        (9, "not UTF-8 at byte 6", "6,caf\\xe9,,,UTC,,true"),
    ]  # fmt: skip
    assert world.value("select name from core.brands where brand_id = 4") == f"two{eol}lines"


@pytest.mark.parametrize("kind", list(REFERENCE))
@pytest.mark.parametrize("bulk_bytes", [0, 1 << 60], ids=["in bulk", "row by row"])
def test_every_delivered_value_arrives(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str, bulk_bytes: int
) -> None:
    """Whatever a column is called: none of the program's own may stand in its way."""
    monkeypatch.setattr(reference_rows, "BULK_BYTES", bulk_bytes)
    values = {
        "brands": "9,n,1.5,2.5,Europe/Paris,o,t",
        "campaigns": "9,1,n,PAUSED,09:00,17:00",
        "ad_sets": "9,11,n,f",
        "ads": "9,110,n,true,m,hello,0.1,0.2,0.3,0.4",
        "global_ad_pricing": "2025-01-01T00:00:00Z,0.1,0.2,0.3,0.4",
    }[kind]
    world.deliver_reference(kind, REFERENCE[kind] + values + "\n")
    world.load()
    key = next(iter(COLUMNS[kind]))
    columns = ", ".join(f"{name}::varchar" for name in COLUMNS[kind])
    [row] = world.rows(f"select {columns} from core.{kind} where {key} = $key", key=values.split(",")[0])  # noqa: S608
    assert all(value for name, value in zip(COLUMNS[kind], row, strict=True) if name not in OPTIONAL.get(kind, ()))
    assert world.reasons() == []


def test_the_programs_own_columns_are_called_as_no_delivered_one() -> None:
    delivered = {name for columns in COLUMNS.values() for name in columns}
    own = {"file_id", "line_number", "fault", "raw", "key", "key_text", "doubt", "shape", "unusual_keys"}
    assert not delivered & own


def test_a_change_of_an_ads_content_alone_opens_a_version(world: World) -> None:
    for hour, content in enumerate(("hello", "good bye")):
        world.deliver_reference("ads", ADS.replace("101,110,a,true,,,", f"101,110,a,true,m1,{content},"))
        world.load(NOON.replace(hour=12 + hour))
    assert world.rows("select content from core.ads where ad_id = 101 order by valid_from") == [
        ("hello",),
        ("good bye",),
    ]


BRAND = {
    "brand_id": pa.array([1]), "name": pa.array(["Acme"]), "daily_budget": pa.array([Decimal(0)], pa.decimal128(38, 9)),
    "monthly_budget": pa.array([None], pa.decimal128(38, 9)), "timezone": pa.array(["UTC"]), "owner": pa.array(["ann"]),
    "is_active": pa.array([True]),
}  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"daily_budget": pa.array([Decimal(0)], pa.decimal128(38, 18))},
        {"daily_budget": pa.array([0], pa.int8())},
        {"daily_budget": pa.array(["0"])},
        {"brand_id": pa.array([Decimal(1)], pa.decimal128(38, 0)), "is_active": pa.array([1], pa.int8())},
        {"brand_id": pa.array(["1"]), "is_active": pa.array(["t"]), "timezone": pa.array([b"UTC"])},
        {"__index_level_0__": pa.array([0])},
    ],
)
def test_a_budget_cut_to_nothing_stops_in_every_type_it_may_come_in(world: World, changes: dict[str, Any]) -> None:
    world.run()
    assert world.status(11) == "RUNNING"
    (world.root.reference / "brands.csv").unlink()
    pq.write_table(pa.table({**BRAND, **changes}), world.root.reference / "brands.parquet", store_schema=False)
    world.run(NOON.replace(hour=13))
    assert world.reasons() == []
    assert world.value("select daily_budget from core.brands where brand_id = 1 and valid_to is null") == 0
    assert world.status(11) == "BUDGET_REACHED"


def test_a_refused_row_of_a_parquet_file_is_kept_as_json(world: World) -> None:
    (world.root.reference / "brands.csv").unlink()
    bad = {**BRAND, "daily_budget": pa.array([Decimal(-1)], pa.decimal128(38, 9))}
    pq.write_table(pa.table(bad), world.root.reference / "brands.parquet")
    world.load()
    [(line, raw)] = world.rows("select line_number, raw from raw.rejected_rows where raw like '{\"brand_id%'")
    assert line == 1
    assert json.loads(raw)["owner"] == "ann"
    assert set(json.loads(raw)) == set(COLUMNS["brands"]) - set(OPTIONAL["brands"])


def test_reference_data_of_any_size_is_read_the_same(root: DataRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    text = BRANDS + "".join(f"{n},brand {n},{n}.5,,UTC,,{'x' if n % 7 == 0 else 'true'}\n" for n in range(4, 400))
    found = []
    for bulk_bytes in (0, 1 << 60):
        monkeypatch.setattr(reference_rows, "BULK_BYTES", bulk_bytes)
        world = World(DataRoot(root.path / str(bulk_bytes)), {**REFERENCE, "brands": text[:-1]})
        world.load()
        found.append(
            (
                world.rows("select * exclude (recorded_at) from core.brands order by brand_id"),
                world.rows("select line_number, raw, reason from raw.rejected_rows order by 1"),
            )
        )
    assert found[0] == found[1]
    assert found[0][1][-1][2] == "the last row has no line end: it may have been cut off"


def test_an_event_is_where_it_is_among_lines_with_the_same_keys_in_another_order(world: World) -> None:
    rows = [event("a", 101, "click", "2025-06-10T10:00:00Z"), dict(reversed(click("b").items())), click("c", more=1)]
    assert [row[-1] for row in taken(world, "a.jsonl", jsonl(*rows))] == [1, 2, 3]
