"""Shapes of files: inputs 35 to 40."""

import io
import itertools
import random
import struct
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpus.case import (
    AT,
    EVENT_SCHEMA,
    ORDINARY,
    SCHEMAS,
    Case,
    Row,
    click,
    csv_record,
    gz,
    json_line,
    loaded,
    of_rows,
    ordinary,
    paid,
    parquet,
    quarantined,
    refused,
)
from tests.corpus.containers import flipped
from tests.world import csv_text

# --- 35 to 40: shapes of files


def long_and_deep() -> list[Case]:
    """Lines and nestings at the limit, and beyond it."""
    mega = 1_000_000
    cut = " ... [cut]"
    stump = 4096 - len(cut)

    def json_of(size: int, row: Row) -> str:
        line = json_line({**row, "x": ""})
        return f'{line[:-2]}{"x" * (size - len(line))}"}}'

    def nested(depth: int, row: Row, brackets: str = "[]") -> str:
        inner = brackets[: len(brackets) // 2] * (depth - 1) + "0" + brackets[len(brackets) // 2 :] * (depth - 1)
        return f'{json_line(row)[:-1]}, "x": {inner.replace("[0]", "[]")}}}'

    long_line, too_long = json_of(mega, click("35/long")), json_of(mega + 1, click("35/too-long"))
    at_limit, beyond = nested(32, click("35/deep")), nested(33, click("35/deeper"))
    abyss = nested(100_000, click("35/abyss"))
    wide_line = json_of(65_537, click("35/wide"))[:65_535]
    # not so repetitive that it would be taken for a gzip bomb
    noise = f'"{random.Random(35).randbytes(mega // 2).hex()}"'
    over, deep = "line longer than 1,000,000 bytes", "JSON nested deeper than 32"
    record = csv_record(click("35/csv"))
    wide = f"{record},{'y' * (mega - len(record) - 1)}"
    header = ",".join(click("")) + ",note"
    cases = [
        of_rows(35, "lines of and over a megabyte, nesting of and over 32", "jsonl",
                loaded(long_line, {"event_id": "35/long"}), refused(too_long, over, too_long[:stump] + cut),
                refused("x" * (2 * mega), over, "x" * stump + cut), loaded(at_limit, {"event_id": "35/deep"}),
                refused(beyond, deep), refused(abyss, deep, abyss[:stump] + cut), refused("[" * 33 + "]" * 33, deep),
                drift=("x",)),
        of_rows(35, "a first line of over 64 KB with a bracket where a look at its beginning ends", "jsonl",
                loaded(f"{wide_line}[x\"}}", {"event_id": "35/wide"}), alone=True, drift=("x",)),
        of_rows(35, "a line over a megabyte, nesting over 32", "jsonl.gz", refused(noise, over, noise[:stump] + cut),
                refused(beyond, deep)),
    ]  # fmt: skip
    broad = f"{header}\n{record},\n{wide}\n{wide}y\n{csv_record(click('35/csv/last'))},\n"
    cases += [
        Case(35, "lines of and over a megabyte (csv)", "35-long.csv", broad.encode(), duplicate=1,
             loaded={2: click("35/csv"), 5: click("35/csv/last")}, rejected={4: (wide[:stump] + cut, over)},
             drift=("note",)),
        of_rows(35, "an id of over 1,000 characters", "parquet", loaded({"event_id": "z" * 1_000}),
                refused({"event_id": "z" * 1_001}, "event_id is longer than 1,000 characters")),
    ]  # fmt: skip
    return cases


def csv_shapes() -> list[Case]:
    """CSV files whose columns or rows are not as they should be."""
    text = csv_text(*ordinary("37", 3))
    header, rest = text.split("\n", 1)
    record = csv_record(click("38"))
    missing = "column event_id is missing; its first line reads {}"
    swallows = "a quote opened in line {} swallows other lines: rows cannot be told apart"
    rows = [csv_record(row) for row in ordinary("38", 4)]
    quarantines = [
        (37, "no header", rest, missing.format("37/0, 101, click, 2025-06-10T10:00:00Z")),
        (37, "a doubled header", f"{header}\n{text}", "its header is there twice"),
        (37, "a doubled header in quotes", text.replace("\n", '\n"' + header.replace(",", '","') + '"\n', 1),
         "its header is there twice"),
        (37, "semicolons", text.replace(",", ";"), "its columns are separated by ';': deliver ',' instead"),
        (37, "semicolons between quotes", f'"{text.rstrip()}"\n'.replace(",", '";"').replace("\n", '"\n"', 3),
         "its columns are separated by ';': deliver ',' instead"),
        (37, "tabs", text.replace(",", "\t"), missing.format("event_id\tad_id\tevent_type\toccurred_at")),
        (37, "a column twice", text.replace("event_type", "ad_id"),
         "columns ad_id and ad_id stand in each other's way: …"),
        (37, "a column missing", text.replace("event_type", "type"),
         "column event_type is missing; its first line reads …"),
        (37, "blanks around names", text.replace(",", ", "), "column ad_id is missing; found ' ad_id'"),
        (37, "an unknown column twice", text.replace("\n", ",a,a\n"), "a column name is there twice in its header"),
        (38, "a quote opened in the first row", f'{header}\n"{rows[0]}\n{rows[1]}\n', swallows.format(2)),
        (38, "a quote opened amid the rows", f'{header}\n{rows[0]}\n"{rows[1]}\n{rows[2]}\n{rows[3]}\n',
         swallows.format(3)),
        (38, "a quote closed three rows later", f'{header}\n"{rows[0]}\n{rows[1]}\n{rows[2]}"\n{rows[3]}\n',
         swallows.format(2)),
        (38, "a quote opened in the header", f'"{text}', "its first line is no CSV header"),
    ]  # fmt: skip
    orders = list(itertools.permutations(click("")))[1::5]
    return [
        *(Case(36, f"columns in the order {', '.join(order)}", f"36-{n}.{form}",
               body.encode() if form == "csv" else gz(body), loaded={2: click(f"36/{n}"), 3: click(f"36/{n}/b")})
          for n, order in enumerate(orders)
          for form, body in [("csv" if n else "csv.gz", csv_text(*(
              {name: click(id_)[name] for name in order} for id_ in (f"36/{n}", f"36/{n}/b")
          )))]),
        Case(36, "columns of payments in another order", "36.csv",
             csv_text(dict(reversed(paid("36").items()))).encode(), "payments", loaded={2: paid("36")}),
        *(quarantined(row, f"{what} ({form})", f"a.{form}", gz(body) if form.endswith("gz") else body, reason)
          for row, what, body, reason in quarantines for form in ("csv", "csv.gz")),
        *(of_rows(38, "rows too short and too long", form, refused(record[:-21], "3 fields, expected 4"),
                  refused("38", "1 fields, expected 4"), refused(f"{record},x", "5 fields, expected 4"),
                  refused(f"{record},", "5 fields, expected 4"),
                  refused(f'"a"b,{record}', "not CSV: ',' expected after '\"'")) for form in ("csv", "csv.gz")),
        of_rows(38, "a quote opened in the last row", "csv", loaded({}), refused(f'"{record}', "not CSV: …"),
                alone=True),
        Case(38, "quotes within fields, which are letters", "38-inches.csv",
             f'{header},note\n{rows[0]},5" tv\n{rows[1]},x\n{rows[2]},6" tv\n'.encode(), drift=("note",),
             loaded=dict(enumerate(ordinary("38", 3), start=2))),
        of_rows(38, "a field that spans lines", "csv", loaded('"38\nspans",101,click,' + AT, {"event_id": "38\nspans"}),
                alone=True),
    ]  # fmt: skip


def parquet_shapes() -> list[Case]:
    """Damaged Parquet files, and those with other columns."""
    table = pa.Table.from_pylist(ordinary("39"), EVENT_SCHEMA)
    whole = parquet(table)
    footer = int.from_bytes(whole[-8:-4], "little")
    unreadable, damaged = "not a readable Parquet file (…", "damaged Parquet file (…"
    says = "its name says parquet, its first bytes do not: rename or deliver it again"
    bad = {
        "no bytes": (b"", says),
        "zeros": (bytes(1_000), says),
        "a first half": (whole[: len(whole) // 2], unreadable),
        "no footer": (whole[: -8 - footer], unreadable),
        "its last byte gone": (whole[:-1], unreadable),
        "its first bytes alone": (b"PAR1", unreadable),
        "its magic bytes alone": (b"PAR1PAR1", unreadable),
        "a footer of another length": (whole[:-8] + struct.pack("<I", footer * 2) + b"PAR1", unreadable),
        "a footer of an absurd length": (whole[:-8] + b"\xff\xff\xff\x7fPAR1", unreadable),
        "a footer of zeros": (whole[: -8 - footer] + bytes(footer) + whole[-8:], unreadable),
        "an encrypted footer": (whole[:-4] + b"PARE", unreadable),
        "a column whose name is not UTF-8": (
            parquet(pa.Table.from_pylist([{**click("39"), "note": "a"}])).replace(b"note", b"n\x80te"),
            unreadable,
        ),
        "a page header of 0xff": (whole[:4] + b"\xff" * 12 + whole[16:], damaged),
        "pages of zeros": (whole[:4] + bytes(len(whole) - footer - 12) + whole[-8 - footer :], damaged),
        "pages of 0xff": (whole[:4] + b"\xff" * (len(whole) - footer - 12) + whole[-8 - footer :], damaged),
        "pages that are gone": (whole[:4] + whole[-8 - footer :], damaged),
        "a gzipped page with a wrong CRC": (gzipped_page(place_from_end=-8), damaged),
        "a gzipped page with a wrong length": (gzipped_page(place_from_end=-4), damaged),
        "a page that its checksum denies": (
            parquet(table, compression="none", use_dictionary=False, write_page_checksum=True).replace(
                struct.pack("<qq", 101, 101), struct.pack("<qq", 101, 102), 1
            ),
            damaged,
        ),
    }
    return [
        *(quarantined(39, f"Parquet: {what}", "a.parquet",
                      body, reason) for what, (body, reason) in bad.items()),
        *other_columns(),
    ]  # fmt: skip


def gzipped_page(place_from_end: int) -> bytes:
    """A Parquet file whose second column is one gzipped page, which ends in its CRC and length: one byte is wrong."""
    body = parquet(pa.Table.from_pylist(ordinary("39"), EVENT_SCHEMA), compression="gzip", use_dictionary=False)
    chunk = pq.read_metadata(io.BytesIO(body)).row_group(0).column(1)
    return flipped(body, chunk.data_page_offset + chunk.total_compressed_size + place_from_end)


def other_columns() -> list[Case]:
    """Parquet files whose columns have other types, or are not there."""
    naive = pa.timestamp("us")
    types: dict[str, list[tuple[pa.DataType, Any]]] = {
        "event_id": [(pa.int64(), 1), (pa.null(), None), (pa.list_(pa.string()), ["a"])],
        "ad_id": [(pa.float64(), 1.7), (pa.string(), "101"), (pa.bool_(), True), (pa.decimal128(10, 2), Decimal(101)),
                  (pa.list_(pa.int64()), [101]), (pa.struct([("id", pa.int64())]), {"id": 101})],
        "event_type": [(pa.int32(), 1), (pa.null(), None), (pa.map_(pa.string(), pa.string()), [("a", "b")])],
        "occurred_at": [(naive, datetime(2025, 6, 10, tzinfo=UTC).replace(tzinfo=None)), (pa.date32(), 20_000),
                        (pa.int64(), 1_749_549_600), (pa.float64(), 1.7e9), (pa.time64("us"), 5)],
        "payment_id": [(pa.int64(), 1)],
        "brand_id": [(pa.float32(), 1.0), (pa.string(), "1")],
        "amount": [(pa.float64(), 12.5), (pa.float32(), 12.5), (pa.bool_(), True),
                   (pa.decimal256(50, 9), Decimal("12.5")), (pa.list_(pa.int64()), [1])],
        "paid_at": [(naive, datetime(2025, 6, 10, tzinfo=UTC).replace(tzinfo=None)), (pa.date64(), 0)],
    }  # fmt: skip
    one = pa.Table.from_pylist([click("40")], EVENT_SCHEMA)
    in_the_way = {"AD_ID": "columns ad_id and AD_ID", "file_row_number": "columns file_row_number"}
    cases = [
        quarantined(40, f"Parquet with a column {name}, too", "a.parquet", parquet(one.append_column(name, [[55]])),
                    f"{which} stand in each other's way: rename or drop one")
        for name, which in in_the_way.items()
    ]  # fmt: skip
    for kind, schema in SCHEMAS.items():
        table = pa.Table.from_pylist([ORDINARY[kind]("40")], schema)
        for place, name in enumerate(schema.names):
            cases.append(quarantined(40, f"Parquet without {name}", "a.parquet", parquet(table.drop_columns([name])),
                                     f"column {name} is missing; its first line reads …", kind))  # fmt: skip
            for type_, value in types[name]:
                other = table.set_column(place, name, pa.array([value], type_))
                said = {"ns": "us", "date64[ms]": "date32[day]"}.get(str(type_), str(type_))
                cases.append(quarantined(40, f"Parquet {name} as {type_}", "a.parquet", parquet(other),
                                         f"column {name} is {said.partition('<')[0]}…", kind))  # fmt: skip
    return cases
