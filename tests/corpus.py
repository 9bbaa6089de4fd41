"""Bad inputs, each made by code that says what it makes, with exactly what has to come of each.

Belongs here: makers of delivered files and reference rows, and the expected outcomes. Does not: running them (that is
`test_inputs`). An ellipsis in an expected text stands for anything.
"""

import bz2
import contextlib
import gzip
import io
import itertools
import json
import lzma
import os
import random
import re
import socket
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.world import BRANDS, csv_text, event, jsonl, payment

INPUTS = {
    1: "still growing, .part, .tmp: waits",
    2: "last JSON line cut off: that line refused",
    3: "CSV without a final newline: the last row refused",
    4: "empty file, header only: loaded, 0 rows",
    5: "same bytes under another name, or delivered again: duplicate file, 0 rows",
    6: "same name, new bytes: a new file, whose new events load and old ones are duplicates",
    7: "same events recompressed, reordered or split otherwise: duplicate rows",
    8: "deleted or replaced between listing and opening: waits",
    9: "modification time in the future or past: ignored",
    10: "gzip cut short: quarantined",
    11: "gzip with a wrong check sum, or trailing garbage: quarantined",
    12: "plain text called .gz, gzip not called so: loaded by its first bytes, or quarantined with a clear text",
    13: "gzip of several members: loaded",
    14: "gzip bomb, file over the cap: quarantined",
    15: "zip, tar, spreadsheet renamed: quarantined",
    16: "UTF-8 byte-order mark, CRLF: loaded",
    17: "UTF-16, Latin-1, invalid UTF-8, NUL: rows refused, or quarantined where no row can be read",
    18: "a JSON line that is no object: refused",
    19: "one JSON array, pretty-printed JSON: quarantined",
    20: "duplicate JSON key: refused",
    21: "key in another case: refused, and the key found is named",
    22: "required value missing, null or empty: refused",
    23: "ad_id that is no whole number of 64 bits: refused",
    24: "unknown event_type: refused, and the four are named",
    25: "payment amount not a number, infinite, over 9 decimals: refused",
    26: "payment of 0: refused; a negative one is a refund and loads",
    27: "time missing, without zone, impossible: refused",
    28: "time more than 10 minutes after the moment of loading, by the real clock: refused",
    29: "time before the year 2000: refused",
    30: "event years late: loaded; that day's spend grows, visibly",
    31: "unknown ad_id: waits unpriced",
    32: "unknown brand_id in a payment: waits unpriced",
    33: "same event_id, same content: duplicate",
    34: "same event_id, other content: the first stays, the second is refused",
    35: "line over 1 MB, JSON deeper than 32: refused",
    36: "CSV columns in another order: matched by name",
    37: "CSV without header, with a doubled one, with semicolons: quarantined, with a hint",
    38: "CSV row too short or too long, open quote: refused, or quarantined where rows cannot be told apart",
    39: "Parquet without footer, with a bad page, zero bytes: quarantined",
    40: "Parquet column of another type, nested, missing: quarantined, and the column is named",
    41: "a file that kills the reader: quarantined after three tries",
    42: "folder such as ad_id=0/: names mean nothing",
    43: "names with * ? [ ]: no patterns",
    44: "names with quote, newline, .., 255 bytes, not UTF-8: data only",
    45: "symlink, fifo, socket, device: refused, with a reason",
    46: "unreadable: waits",
    47: "disk full: the run fails, nothing is half done",
    48: "thousands of small files: taken in bounded batches, oldest first",
    49: "text starting with = + - @: stored as is, escaped in CSV exports",
    50: "reference: unknown or missing column: file refused, earlier version stays, check fails",
    51: "reference: duplicate id, unknown parent: row refused and listed",
    52: "reference: timezone not in the zone list: row refused and listed",
    53: "reference: negative budget or cost, too many decimals: row refused and listed",
    54: "reference: one bound of a window, equal bounds, not a time: row refused and listed",
    55: "reference: unknown status: row refused, and the six are named",
    56: "reference: row gone: its last version stays in force, and a check names it",
    57: "reference: file half written: settles like any delivery",
    58: "no price for an event type: waits unpriced, a check fails; never 0",
    59: "configuration: unknown key, wrong type: error at start naming the key",
    60: "text over 4 KB in a refused row: cut, and marked as cut",
    61: "Parquet types of other writers: loaded",
    62: "Parquet without rows, of null type: loaded, 0 rows",
    63: "names that say nothing: known by content",
    64: "zstandard: loaded; compressed twice: quarantined",
    65: "times with a blank between date and time: loaded",
    66: "times without a zone: those of the zone in the settings",
    67: "several objects on a line: read one by one",
    68: "a column that only the folder names: the reason says so",
    69: "what begins with _ or .: passed over",
    70: "a folder called like a file: its files are the deliveries",
    71: "a file in no folder that is read: named",
    72: "reference: other spellings, part files: taken",
    73: "reference: a quote that is not closed: no value of another row",
    74: "reference: typed Parquet: exact",
    75: "reference: an index of pandas, t and f: passed over, booleans",
}
"""What is tried, and what comes of it."""

AT = "2025-06-10T10:00:00Z"
MIB = 1 << 20
CAP = 2 << 30
"""Default of max_file_bytes."""

Changes = dict[str, Any]
Row = dict[str, Any]


class Literal(str):
    """A JSON value written as it stands here, such as 1e400."""

    __slots__ = ()


ABSENT = Literal("absent")
"""A key that is left out; an empty field where there must be one."""


@dataclass(frozen=True)
class Item:
    """One row of a file and what becomes of it: loaded, loaded and unpriced, refused, or (none of these) a duplicate.

    Attributes:
        content: what differs from an ordinary row, or the line itself.
        loads: the row that is loaded, where the content is a line.
        reason: why it is refused.
        waits: why it is loaded but unpriced.
        raw: the refused text that is kept, where it is not the line as delivered.
    """

    content: Changes | str
    loads: Changes | None = None
    reason: str | None = None
    waits: str | None = None
    raw: str | None = None


def loaded(content: Changes | str, as_row: Changes | None = None, waits: str | None = None) -> Item:
    """A row that loads; a line needs the row that it is."""
    return Item(content, content if isinstance(content, dict) else as_row, waits=waits)


def refused(content: Changes | str, reason: str, raw: str | None = None) -> Item:
    """A row that is refused."""
    return Item(content, reason=reason, raw=raw)


def repeated(content: Changes | str) -> Item:
    """A row that is there already."""
    return Item(content)


@dataclass(frozen=True)
class Case:
    """A delivered file and what has to come of it.

    Attributes:
        row: its number among the inputs.
        what: what it is, in words.
        name: path below the landing folder; as bytes where it is not UTF-8.
        content: its bytes, or what makes it at a path.
        outcome: that of the ledger, or WAIT where there must be no ledger row.
        reason: why it is no ordinary file.
        loaded: rows that load, by line.
        rejected: refused text and reason, by line.
        unpriced: reason for waiting, by line.
        drift: columns or keys that are ignored.
        modified: seconds since 1970 that the deliverer gives; else in the order of delivery.
    """

    row: int
    what: str
    name: str | bytes
    content: bytes | Callable[[Path], None]
    kind: str = "events"
    outcome: str = "LOADED"
    reason: str | None = None
    loaded: dict[int, Row] = field(default_factory=dict)
    duplicate: int = 0
    rejected: dict[int, tuple[str, str]] = field(default_factory=dict)
    unpriced: dict[int, str] = field(default_factory=dict)
    drift: tuple[str, ...] = ()
    modified: float | None = None

    @property
    def id(self) -> str:
        """Its name among the tests."""
        return f"{self.row}: {self.what}"


# --- makers of rows and files


def click(event_id: str, **changes: Any) -> Row:
    """An ordinary event, but for the changes."""
    return {**event(event_id, 101, "click", AT), **changes}


def paid(payment_id: str, **changes: Any) -> Row:
    """An ordinary payment, but for the changes."""
    return {**payment(payment_id, 1, "12.50", AT), **changes}


ORDINARY: dict[str, Callable[..., Row]] = {"events": click, "payments": paid}
ID_OF = {"events": "event_id", "payments": "payment_id"}
EVENT_SCHEMA = pa.schema(
    [("event_id", pa.string()), ("ad_id", pa.int64()), ("event_type", pa.string()), ("occurred_at", pa.string())]
)
PAYMENT_SCHEMA = pa.schema(
    [("payment_id", pa.string()), ("brand_id", pa.int64()), ("amount", pa.string()), ("paid_at", pa.string())]
)
SCHEMAS = {"events": EVENT_SCHEMA, "payments": PAYMENT_SCHEMA}


def gz(content: bytes | str) -> bytes:
    """Gzipped, the same at any time of day."""
    return gzip.compress(content.encode() if isinstance(content, str) else content, mtime=0)


def parquet(table: pa.Table, **options: Any) -> bytes:
    """A table as the bytes of a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def json_line(row: Row) -> str:
    """A row as a line of JSON, literals as they stand."""
    there = {name: value for name, value in row.items() if value is not ABSENT}
    text = json.dumps({name: f"@{value}@" if isinstance(value, Literal) else value for name, value in there.items()})
    return re.sub(r'"@((?:[^"\\]|\\.)*)@"', lambda match: str(json.loads(f'"{match[1]}"')), text)


def csv_record(row: Row) -> str:
    """A row as a CSV record, nothing where a value is absent."""
    return csv_text({name: "" if value is ABSENT else value for name, value in row.items()}).split("\n", 1)[1][:-1]


def slug(text: str) -> str:
    """Words as part of a file name."""
    return re.sub(r"\W+", "-", text.lower()).strip("-")


def of_rows(
    row: int, what: str, form: str, *items: Item, kind: str = "events", eol: str = "\n", end: str | None = None,
    alone: bool = False, **others: Any,
) -> Case:  # fmt: skip
    """A file of rows in some form, with an ordinary row before and after them unless they are to be alone.

    Args:
        row: number among the inputs.
        what: what it is, in words; the form is added.
        form: jsonl, csv, jsonl.gz, csv.gz or parquet.
        items: the rows, and what becomes of each.
        kind: events or payments.
        eol: what ends a line.
        end: what ends the last line, if something else.
        alone: without an ordinary row around them.
        others: of the case.
    """
    name = f"{row}-{slug(what)}-{kind}.{form}"
    if not alone:
        items = (loaded({}), *items, loaded({}))
    rows = [
        ORDINARY[kind](f"{name}/{n}") | (item.content if isinstance(item.content, dict) else item.loads or {})
        for n, item in enumerate(items)
    ]
    if form == "parquet":
        lines = [json.dumps(row, separators=(",", ":"), ensure_ascii=False) for row in rows]
        content = parquet(pa.Table.from_pylist(rows, SCHEMAS[kind]))
    else:
        write = json_line if form.startswith("jsonl") else csv_record
        lines = [
            item.content if isinstance(item.content, str) else write(row) for item, row in zip(items, rows, strict=True)
        ]
        header = [] if form.startswith("jsonl") else [",".join(ORDINARY[kind](""))]
        content = (eol.join(header + lines) + (eol if end is None else end)).encode("utf-8", "surrogateescape")
        content = gz(content) if form.endswith(".gz") else content
    first = 2 if form.startswith("csv") else 1
    numbered = list(enumerate(zip(items, rows, lines, strict=True), start=first))
    return Case(
        row, f"{what} ({form}, {kind})", name, content, kind,
        loaded={n: row for n, (item, row, _) in numbered if item.loads is not None},
        duplicate=sum(item.loads is None and item.reason is None for item in items),
        rejected={n: (line if item.raw is None else item.raw, item.reason)
                  for n, (item, _, line) in numbered if item.reason is not None},
        unpriced={n: item.waits for n, (item, _, _) in numbered if item.waits is not None},
        **others,
    )  # fmt: skip


def quarantined(
    row: int, what: str, name: str, content: bytes | str | Callable[[Path], None], reason: str, kind: str = "events"
) -> Case:
    """A file that is refused whole; its name says the form."""
    content = content.encode() if isinstance(content, str) else content
    return Case(row, what, f"{row}-{slug(what)}-{name}", content, kind, "QUARANTINED", reason)


def plain(row: int, what: str, name: str | bytes, content: bytes, *ids: str, first: int = 1, **others: Any) -> Case:
    """A file of ordinary events alone, which load."""
    return Case(row, what, name, content, loaded={n: click(id_) for n, id_ in enumerate(ids, first)}, **others)


def ordinary(name: str, count: int = 20) -> list[Row]:
    """Ordinary events whose ids begin with a name."""
    return [click(f"{name}/{n}") for n in range(count)]


# --- 1 to 9: files that are not ready, or known


def waiting() -> list[Case]:
    """Files that are marked as unfinished."""
    return [
        Case(1, f"named {name}", name, jsonl(click(f"1/{name}")).encode(), outcome="WAIT")
        for name in (
            "1.jsonl.part", "1.csv.tmp", ".1.jsonl", "1-folder/.1.parquet", "1.parquet.part", "1.jsonl.done",
            "_SUCCESS", "1-folder/_temporary/0/attempt_1/part-0.jsonl", "_delta_log/1.json", ".hidden/1.jsonl",
            "1-folder/_committed_17", "1-folder/.part-0.jsonl.crc",
        )
    ]  # fmt: skip


def cut_off() -> list[Case]:
    """Texts whose last row is not whole."""
    line = json_line(click("2/cut"))
    amount = '{"payment_id": "2/p", "brand_id": 1, "paid_at": "2025-06-10T10:00:00Z", "amount": 12.'
    places = [refused(line[:n], "not JSON: …") for n in range(1, len(line))]
    last = [
        refused(line[:30], "not JSON: Expecting value at character 31 (was the line cut off?)"),
        refused(line[:16], "not JSON: Unterminated string starting at character 14 (was the line cut off?)"),
        refused(line[:-1], "not JSON: Expecting ',' delimiter at character 97 (was the line cut off?)"),
    ]
    words = ("between values", "in a text", "before its brace")
    final = "the last row has no line end: it may have been cut off"
    record, pay = csv_record(click("3/cut")), csv_record(paid("3/p"))
    return [
        *(of_rows(2, f"last JSON line cut off {word}", form, item, alone=True, end="")
          for word, item in zip(words, last, strict=True) for form in ("jsonl", "jsonl.gz")),
        of_rows(2, "JSON lines cut off at every place, the last one without a line end", "jsonl", loaded({}),
                *places, loaded({}), refused(line[:-2], "not JSON: …"), alone=True, end=""),
        of_rows(2, "last JSON line cut off in an amount", "jsonl", loaded({}),
                refused(amount, "not JSON: Expecting ',' delimiter at character 85 (was the line cut off?)"),
                kind="payments", alone=True, end=""),
        of_rows(2, "last JSON line whole, but without a line end", "jsonl", loaded({}), alone=True, end=""),
        *(of_rows(3, what, form, loaded({}), refused(text, final), alone=True, end=end)
          for what, text, end in (("no final newline", record, ""), ("cut within the last row", record[:9], ""),
                                  ("cut within quotes", '"3/cu', ""), ("cut between CR and LF", record, "\r"))
          for form in ("csv", "csv.gz")
          if what != "cut between CR and LF" or form == "csv"),
        of_rows(3, "no final newline after the only row", "csv", refused(record, final), alone=True, end=""),
        of_rows(3, "cut within an amount", "csv", loaded({}), refused("3/p,1,12.", final), kind="payments", alone=True,
                end=""),
        of_rows(3, "no final newline", "csv", loaded({}), refused(pay, final), kind="payments", alone=True, end=""),
    ]  # fmt: skip


def empty() -> list[Case]:
    """Files without a row."""
    header = csv_text(click("")).partition("\n")[0].encode() + b"\n"
    contents: list[tuple[str, str, str, bytes]] = [
        ("no bytes", "jsonl", "events", b""), ("no bytes", "csv", "payments", b""),
        ("gzip of nothing", "jsonl.gz", "events", gz("")), ("gzip of nothing", "csv.gz", "payments", gz("")),
        ("header only", "csv", "events", header), ("header only, without a line end", "csv", "events", header[:-1]),
        ("header only", "csv.gz", "events", gz(header)), ("header and blank lines", "csv", "events", header + b"\n\n"),
        ("no rows", "parquet", "events", parquet(EVENT_SCHEMA.empty_table())),
        ("blank lines", "jsonl", "events", b"\n  \r\n\n"),
        ("a byte-order mark alone", "jsonl", "events", b"\xef\xbb\xbf"),
        ("a byte-order mark alone", "csv", "payments", b"\xef\xbb\xbf"),
    ]  # fmt: skip
    return [
        Case(4, f"{what} ({form}, {kind})", f"4-{slug(what)}.{form}", body, kind) for what, form, kind, body in contents
    ]


def known() -> list[Case]:
    """Files whose bytes or rows were there a moment ago."""
    bodies = {
        "jsonl": jsonl(*ordinary("5/jsonl", 2)).encode(),
        "csv": csv_text(*ordinary("5/csv", 2)).encode(),
        "jsonl.gz": gz(jsonl(*ordinary("5/gz", 2))),
        "parquet": parquet(pa.Table.from_pylist(ordinary("5/parquet", 2), EVENT_SCHEMA)),
    }
    cases = []
    for form, body in bodies.items():
        original = f"5-original.{form}"
        prefix = "5/gz" if form == "jsonl.gz" else f"5/{form}"
        first = 2 if form == "csv" else 1
        cases += [
            plain(5, f"the original ({form})", original, body, f"{prefix}/0", f"{prefix}/1", first=first),
            Case(5, f"same bytes under another name ({form})", f"5-folder/copy.{form}", body, outcome="DUPLICATE",
                 reason=f"same bytes as landing/events/{original}"),
        ]  # fmt: skip
    rows = ordinary("7", 4)
    typed = pa.Table.from_pylist(rows, EVENT_SCHEMA)
    at = pa.array([datetime(2025, 6, 10, 10, tzinfo=UTC)] * 4, pa.timestamp("us", "UTC"))
    again = {
        "recompressed.jsonl.gz": gz(jsonl(*rows)),
        "reordered.jsonl": jsonl(*reversed(rows)).encode(),
        "as-csv.csv": csv_text(*rows).encode(),
        "as-parquet.parquet": parquet(typed),
        "typed.parquet": parquet(typed.set_column(3, "occurred_at", at)),
        "first-half.jsonl": jsonl(*rows[:2]).encode(),
        "second-half.csv.gz": gz(csv_text(*rows[2:])),
    }
    cases.append(plain(7, "the original", "7-a.jsonl", jsonl(*rows).encode(), *(f"7/{n}" for n in range(4))))
    cases += [
        Case(7, f"same events, {name}", f"7-{name}", body, duplicate=2 if "half" in name else 4)
        for name, body in again.items()
    ]
    times = {"1970": 1.0, "the year 2100": 4_102_444_800.0}
    cases += [
        plain(9, f"modified in {word}", f"9-{slug(word)}.jsonl", jsonl(click(f"9/{word}")).encode(), f"9/{word}",
              modified=time)
        for word, time in times.items()
    ]  # fmt: skip
    return cases


# --- 10 to 15: containers


def gzipped() -> list[Case]:
    """Gzip files, sound and damaged."""
    rows = ordinary("10")
    texts = {"jsonl": jsonl(*rows), "csv": csv_text(*rows)}
    cases = []
    for form, text in texts.items():
        whole = gz(text)
        size = len(whole)
        cases += [
            quarantined(10, f"gzip cut short to {left} of {size} bytes ({form})", f"a.{form}.gz", whole[:left],
                        "damaged gzip file (…")
            for left in (2, 9, 10, 11, size // 4, size // 2, size * 3 // 4, size - 9, size - 8, size - 4, size - 1)
        ]  # fmt: skip
    whole = gz(texts["jsonl"])
    cases.append(quarantined(10, "gzip cut short to 1 byte", "a.jsonl.gz", whole[:1], "…"))
    two = whole + gz(jsonl(*ordinary("10/two")))
    cases += [
        quarantined(10, f"second member cut short by {less} bytes", "a.jsonl.gz", two[:-less], "damaged gzip file (…")
        for less in (1, 8, 40, len(two) - len(whole) - 1)
    ]
    wrong = {
        "a wrong CRC": flipped(whole, len(whole) - 8),
        "a wrong length": flipped(whole, len(whole) - 4),
        "a wrong CRC in its first member": flipped(whole, len(whole) - 8) + whole,
        "a flipped byte amid its data": flipped(whole, len(whole) // 2),
        "trailing garbage": whole + b"garbage",
        "one trailing byte": whole + b"\n",
        "plain rows after it": whole + jsonl(click("11/after")).encode(),
    }
    cases += [
        quarantined(11, f"gzip with {what} ({form})", f"a.{form}.gz", body, "damaged gzip file (…")
        for what, body in wrong.items()
        for form in ("jsonl", "csv")
    ]
    return cases


def flipped(content: bytes, place: int, bits: int = 0xFF) -> bytes:
    """The content with bits of one byte turned over."""
    return content[:place] + bytes([content[place] ^ bits]) + content[place + 1 :]


def misnamed() -> list[Case]:
    """Gzip and plain text under each other's names, gzip of several members, and what is too large."""
    table = parquet(pa.Table.from_pylist(ordinary("12/p", 2), EVENT_SCHEMA))
    says = "its name says {}, its first bytes do not: rename or deliver it again"
    members = [jsonl(click(f"13/{n}")) for n in range(3)]
    torn = jsonl(click("13/torn/0"), click("13/torn/1"))
    return [
        plain(12, "plain JSON lines called gzip", "12-plain.jsonl.gz", jsonl(click("12/a")).encode(), "12/a"),
        plain(12, "plain CSV called gzip", "12-plain.csv.gz", csv_text(click("12/b")).encode(), "12/b", first=2),
        plain(12, "gzip not called so (jsonl)", "12-gzip.jsonl", gz(jsonl(click("12/c"))), "12/c"),
        plain(12, "gzip not called so (csv)", "12-gzip.csv", gz(csv_text(click("12/d"))), "12/d", first=2),
        plain(12, "plain Parquet called gzip", "12-plain.parquet.gz", table, "12/p/0", "12/p/1"),
        quarantined(12, "gzip called Parquet", "a.parquet", gz(jsonl(click("12/e"))), says.format("parquet")),
        quarantined(12, "gzipped Parquet", "a.parquet.gz", gz(table), says.format("parquet")),
        quarantined(12, "Parquet called JSON lines", "a.jsonl", table, says.format("jsonl")),
        quarantined(12, "Parquet called CSV", "a.csv", table, says.format("csv")),
        quarantined(12, "JSON lines called Parquet", "a.parquet", jsonl(click("12/f")), says.format("parquet")),
        plain(12, "gzip whose name says no form", "12-a.gz", gz(jsonl(click("12/g"))), "12/g"),
        plain(13, "gzip of several members", "13-three.jsonl.gz", b"".join(map(gz, members)), "13/0", "13/1", "13/2"),
        plain(13, "gzip of members that share a line", "13-torn.jsonl.gz", gz(torn[:50]) + gz(torn[50:]),
              "13/torn/0", "13/torn/1"),
        plain(13, "gzip with empty members", "13-empty.csv.gz", gz("") + gz(csv_text(click("13/csv"))) + gz(""),
              "13/csv", first=2),
        quarantined(14, "file over the default cap of 2 GB", "a.jsonl", hollow(CAP + 1),
                    "larger than 2,147,483,648 bytes expanded: split it, or raise max_file_bytes in spendgate.toml …"),
        quarantined(14, "gzip bomb", "a.jsonl.gz", gz(bytes(3 * MIB)),
                    "it grows to more than 200 times its size, as a gzip bomb does: deliver it otherwise, or raise …"),
        quarantined(14, "Parquet file over the default cap of 2 GB", "a.parquet", hollow(CAP + 1),
                    "larger than 2,147,483,648 bytes expanded: …"),
    ]  # fmt: skip


def hollow(size: int) -> Callable[[Path], None]:
    """A file of so many bytes that takes no room."""

    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(size)

    return make


def zipped(*names: str) -> bytes:
    """A zip archive of files with these names."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), jsonl(click("15/zip")))
    return sink.getvalue()


def tarred(format_: int) -> bytes:
    """A tar archive of a file of ours."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=format_) as archive:
        body = jsonl(click("15/tar")).encode()
        info = tarfile.TarInfo("a.jsonl")
        info.size = len(body)
        archive.addfile(info, io.BytesIO(body))
    return sink.getvalue()


def archives() -> list[Case]:
    """Archives and other formats under names of ours."""
    body = jsonl(click("15/other")).encode()
    sheet = zipped("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml")
    kinds = {
        "zip": (zipped("a.jsonl"), "a zip archive or a spreadsheet"),
        "spreadsheet": (sheet, "a zip archive or a spreadsheet"),
        "tar": (tarred(tarfile.USTAR_FORMAT), "a tar archive"),
        "GNU tar": (tarred(tarfile.GNU_FORMAT), "a tar archive"),
        "bzip2": (bz2.compress(body), "a bzip2 file"),
        "xz": (lzma.compress(body), "an xz file"),
    }
    cases = [
        quarantined(15, f"{what} renamed to .{form}", f"a.{form}", content,
                    f"it is {sort}, not {form.removesuffix('.gz')}: deliver UTF-8 text or Parquet")
        for what, (content, sort) in kinds.items()
        for form in ("jsonl", "csv", "parquet", "jsonl.gz")
    ]  # fmt: skip
    tar = gz(tarred(tarfile.PAX_FORMAT))
    cases += [
        quarantined(15, f"gzipped tar renamed to .{form}.gz", f"a.{form}.gz", tar,
                    f"it is a tar archive, not {form}: deliver UTF-8 text or Parquet")
        for form in ("jsonl", "csv")
    ]  # fmt: skip
    cases.append(quarantined(15, "empty zip renamed to .jsonl", "a.jsonl", zipped(),
                             "it is …, not jsonl: deliver UTF-8 text or Parquet"))  # fmt: skip
    cases += [
        quarantined(
            15,
            f"name that ends in {ending}",
            f"a{ending}",
            zipped("a.jsonl"),
            "it is a zip archive or a spreadsheet, not …: deliver UTF-8 text or Parquet",
        )
        for ending in (".zip", ".xlsx", ".tar.gz", ".json", ".txt", "")
    ]
    return cases


# --- 16 to 21: text and JSON


def texts() -> list[Case]:
    """Byte-order marks and line ends of other systems, and bytes that are no text of ours."""
    mark = b"\xef\xbb\xbf"
    bad = {"event_type": "clik"}
    reason = "unknown event_type 'clik' (click, impression, view or acquisition)"
    cases = []
    for form in ("jsonl", "csv", "jsonl.gz", "csv.gz"):
        crlf = of_rows(16, "CRLF", form, refused(bad, reason), eol="\r\n")
        marked = of_rows(16, "byte-order mark", form, refused(bad, reason))
        both = of_rows(16, "byte-order mark and CRLF", form, refused(bad, reason), eol="\r\n")
        cases += [crlf, *(with_content(case, prefixed(case.content, mark)) for case in (marked, both))]
    quoted = '\ufeff"event_id","ad_id","event_type","occurred_at"\n' + csv_record(click("16/quoted")) + "\n"
    cases.append(
        plain(16, "byte-order mark before a quote (csv)", "16-quoted.csv", quoted.encode(), "16/quoted", first=2)
    )
    return cases + other_encodings() + bytes_in_rows()


def prefixed(content: Any, prefix: bytes) -> bytes:
    """The content, plain or gzipped, with something before it."""
    return gz(prefix + gzip.decompress(content)) if content[:2] == b"\x1f\x8b" else prefix + content


def with_content(case: Case, content: bytes) -> Case:
    """The case with other bytes, which come to the same."""
    return Case(**{**vars(case), "content": content})


def other_encodings() -> list[Case]:
    """Whole texts in UTF-16 and Latin-1."""
    says = "it is UTF-16 text, not {}: deliver UTF-8 text or Parquet"
    row = click("17/utf-16")
    cases = [
        quarantined(17, f"UTF-16 with a byte-order mark ({encoding}, {form})", f"a.{form}",
                    wrap(mark + text.encode(encoding)), says.format(form.removesuffix(".gz")))
        for encoding, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"))
        for form, text, wrap in (
            ("jsonl", jsonl(row), bytes), ("csv", csv_text(row), bytes), ("jsonl.gz", jsonl(row), gz)
        )
    ]  # fmt: skip
    cases += [
        quarantined(17, f"UTF-16 without a byte-order mark ({encoding})", "a.csv", csv_text(row).encode(encoding),
                    "column event_id is missing; its first line reads …")
        for encoding in ("utf-16-le", "utf-16-be")
    ]  # fmt: skip
    latin = [click("17/café"), click("17/naïve")]
    lines = [json.dumps(row, ensure_ascii=False).encode("latin-1") for row in latin]
    cases += [
        Case(17, "Latin-1 in every line (jsonl)", "17-latin-1.jsonl", b"".join(line + b"\n" for line in lines),
             rejected={n: (line.decode("utf-8", "backslashreplace"), f"not UTF-8 at byte {place}")
                       for n, line, place in ((1, lines[0], 21), (2, lines[1], 20))}),
        quarantined(17, "Latin-1 in a header", "a.csv", csv_text({**latin[0], "prix-unité": 1}).encode("latin-1"),
                    "its first line is no CSV header"),
    ]  # fmt: skip
    return cases


def bytes_in_rows() -> list[Case]:
    """Single rows with bytes that are no text: the others load."""
    sorts = {
        "a Latin-1 letter": (b"caf\xe9", r"caf\xe9", "not UTF-8 at byte {}", 3),
        "a lone continuation byte": (b"\x80", r"\x80", "not UTF-8 at byte {}", 0),
        "an overlong form": (b"\xc0\xaf", r"\xc0\xaf", "not UTF-8 at byte {}", 0),
        "a surrogate": (b"\xed\xa0\x80", r"\xed\xa0\x80", "not UTF-8 at byte {}", 0),
        "half a letter": (b"\xe2\x82", r"\xe2\x82", "not UTF-8 at byte {}", 0),
        "a NUL": (b"a\0b", r"a\x00b", "holds a NUL character", 0),
    }
    cases = []
    for form in ("jsonl", "csv", "jsonl.gz", "csv.gz"):
        start = json_line(click("@")).index("@") if form.startswith("jsonl") else 0
        items = []
        for bytes_, shown, reason, before in sorts.values():
            line = (json_line if form.startswith("jsonl") else csv_record)(click("@"))
            raw = line.replace("@", shown)
            delivered = line.replace("@", bytes_.decode("utf-8", "surrogateescape"))
            items.append(refused(delivered, reason.format(start + before + 1), raw))
        cases.append(of_rows(17, f"rows with {', '.join(sorts)}", form, *items))
    nul = {name: Literal('"a\\u0000"') for name in click("")}
    reasons = ("event_id holds a NUL character", "ad_id 'a\0' is not a whole number that fits 64 bits",
               "unknown event_type 'a\0' …", "occurred_at 'a\0' is not a time …")  # fmt: skip
    cases += [
        of_rows(17, "an escaped NUL", "jsonl", *(refused({name: text}, reason)
                                                 for (name, text), reason in zip(nul.items(), reasons, strict=True))),
        of_rows(17, "half of a surrogate pair", "jsonl",
                refused({"event_id": Literal('"\\ud800"')}, "event_id holds half a character (a lone surrogate)"),
                refused(json_line(click("a"))[:-1] + ', "\\ud800": 1, "\\ud800": 2}', "key '\\ud800' is there twice")),
        of_rows(17, "half of a surrogate pair in a key", "jsonl", loaded({"\ud800": 1}), drift=("\\ud800",)),
        quarantined(17, "a NUL in a header", "a.csv", csv_text(click("17/nul")).replace("_id", "\0id", 1),
                    "column event_id is missing; …"),
    ]  # fmt: skip
    return [*cases, *parquet_text()]


def parquet_text() -> list[Case]:
    """Parquet text columns with a NUL and with bytes that are not UTF-8."""
    rows = ordinary("17/p", 2)
    rows[0]["event_id"] = "a\0b"
    good = pa.Table.from_pylist(rows[1:], EVENT_SCHEMA)
    invalid = pa.array([b"caf\xe9"], pa.binary()).view(pa.string())
    damaged = good.set_column(0, "event_id", invalid)
    raw = '{"event_id":"a\\u0000b","ad_id":101,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}'
    return [
        Case(17, "a NUL (parquet)", "17-nul.parquet", parquet(pa.Table.from_pylist(rows, EVENT_SCHEMA)),
             loaded={2: rows[1]}, rejected={1: (raw, "event_id holds a NUL character")}),
        quarantined(17, "text that is not UTF-8 (parquet)", "a.parquet", parquet(damaged, use_dictionary=False),
                    "damaged Parquet file (…"),
    ]  # fmt: skip


def json_shapes() -> list[Case]:
    """JSON that is not one object per line, and keys that are not ours."""
    no_object = "not a JSON object: expected one object per line"
    shapes = ("[1]", "5", "null", '"text"', "true", "[]", "1.5e3", "[[]]")
    document = "expected one object per line, found a JSON document spread over lines or an array"
    rows = ordinary("19", 3)
    documents = {
        "one JSON array": json.dumps(rows),
        "one JSON array with a blank": "[ " + json.dumps(rows)[1:],
        "one JSON array with a line end": json.dumps(rows) + "\n",
        "a pretty-printed array": json.dumps(rows, indent=2),
        "a pretty-printed object": json.dumps(rows[0], indent=4),
        "a pretty-printed object around an array": json.dumps({"events": rows}, indent=1),
        "an array with an object per line": "[" + ",\n".join(map(json.dumps, rows)) + "]\n",
        "an object around an array with an object per line": '{"events": [\n'
        + ",\n".join(map(json.dumps, rows))
        + "\n]}\n",
        "an array with its brackets in lines of their own": "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n",
        "an array after blank lines and a byte-order mark": "\ufeff\n\n" + json.dumps(rows, indent=2),
    }
    twice = [
        (f'{{"event_id": "a", {json_line(click("b"))[1:]}', "event_id"),
        (f'{json_line(click("a"))[:-1]}, "ad_id": 101}}', "ad_id"),
        (f'{json_line(click("a"))[:-1]}, "event\\u005ftype": "view"}}', "event_type"),
        (f'{json_line(click("a"))[:-1]}, "note": 1, "note": 1}}', "note"),
    ]
    cases = [
        *(of_rows(18, "JSON lines that are no objects", form, *(refused(text, no_object) for text in shapes))
          for form in ("jsonl", "jsonl.gz")),
        of_rows(18, "no line is an object", "jsonl", *(refused(text, no_object) for text in shapes), alone=True),
        of_rows(18, "lines that are not JSON", "jsonl", *(
            refused(text, "not JSON: …") for text in ("hello", "{'event_id': 1}", "{} x", '{"a":1,}', "NULL", "{,}")
        )),
        *(quarantined(19, what, "a.jsonl", text, document) for what, text in documents.items()),
        quarantined(19, "a gzipped array", "a.jsonl.gz", gz(json.dumps(rows)), document),
        quarantined(19, "an array called CSV", "a.csv", json.dumps(rows, indent=2), "column event_id is missing; …"),
        *(of_rows(20, "duplicate keys", form, *(refused(text, f"key '{key}' is there twice") for text, key in twice))
          for form in ("jsonl", "jsonl.gz")),
    ]  # fmt: skip
    return cases + other_case()


def other_case() -> list[Case]:
    """Names of columns in another case."""
    alike = "{} is missing; found '{}' (keys are case-sensitive)"
    names = {"event_id": "Event_ID", "ad_id": "Ad_Id", "event_type": "EVENT_TYPE", "occurred_at": "occurred_At"}
    renamed = [
        refused(json_line({names[name] if name == key else name: v for name, v in click("21").items()}),
                alike.format(key, names[key]))
        for key in names
    ]  # fmt: skip
    table = pa.Table.from_pylist(ordinary("21", 1), EVENT_SCHEMA)
    headings = csv_text(click("21"))
    return [
        of_rows(21, "a key in another case", "jsonl", *renamed),
        of_rows(21, "a key in another case", "jsonl", refused(
            json_line(paid("21")).replace("amount", "Amount"), alike.format("amount", "Amount")
        ), kind="payments"),
        of_rows(21, "a key in another case beside ours", "jsonl", loaded({"AD_ID": 5}), alone=True, drift=("AD_ID",)),
        *(quarantined(21, f"a column in another case ({key}, csv)", "a.csv", headings.replace(key, other),
                      f"column {key} is missing; found '{other}'") for key, other in names.items()),
        *(quarantined(21, f"a column in another case ({key}, parquet)", "a.parquet",
                      parquet(table.rename_columns([names[n] if n == key else n for n in names])),
                      f"column {key} is missing; found '{names[key]}'") for key in names),
    ]  # fmt: skip


# --- 22 to 34: values

FORMS = ("jsonl", "csv", "parquet", "jsonl.gz")


def values() -> list[Case]:
    """Values that break a rule, in every form that can hold them."""
    known = "(click, impression, view or acquisition)"
    unknown = [
        refused({"event_type": type_}, f"unknown event_type '{type_}' {known}")
        for type_ in ("clik", "clicks", "click ", "c1ick", "purchase", "cl\u0131ck")
    ]
    known_ones = loaded({"event_type": "Click"}), loaded({"event_type": "VIEW"})
    cases = [*missing_values(), *bad_numbers(), *bad_times()]
    cases += [of_rows(24, "unknown event types", form, *unknown, *known_ones) for form in FORMS]
    rows = [click("24/beside", event_type="clik", delivered="y"), click("24/beside/good", delivered="y")]
    raw = json.dumps(click("24/beside", event_type="clik"), separators=(",", ":"))
    cases.append(Case(24, "an unknown event type beside a column of another name (parquet)", "24-beside.parquet",
                      parquet(pa.Table.from_pylist(rows)), loaded={2: rows[1]}, drift=("delivered",),
                      rejected={1: (raw, f"unknown event_type 'clik' {known}")}))  # fmt: skip
    cases.append(of_rows(24, "event types that are no text", "jsonl", *(
        refused({"event_type": value}, reason) for value, reason in (
            (5, f"unknown event_type '5' {known}"), (True, f"unknown event_type 'true' {known}"),
            ({"a": 1}, "event_type is a JSON object"), (["click"], "event_type is a JSON array"))
    )))  # fmt: skip
    return cases


def missing_values() -> list[Case]:
    """Required values that are not there."""
    cases = []
    for kind, make in ORDINARY.items():
        names = list(make(""))
        nothings = [refused({name: nothing}, f"{name} is missing") for name in names for nothing in (ABSENT, None, "")]
        no_keys = refused("{}", f"{names[0]} is missing")
        cases += [
            of_rows(22, "values absent, null or empty", form, *nothings, no_keys, kind=kind)
            for form in ("jsonl", "jsonl.gz")
        ]
        cases.append(of_rows(22, "values empty", "csv", *(
            refused({name: ABSENT}, f"{name} is missing") for name in names
        ), refused(",,,", f"{names[0]} is missing"), kind=kind))  # fmt: skip
        empty_texts = [name for name in names if SCHEMAS[kind].field(name).type == pa.string()]
        cases.append(of_rows(22, "values null or empty", "parquet", *(
            refused({name: None}, f"{name} is missing") for name in names
        ), *(refused({name: ""}, f"{name} is missing") for name in empty_texts), kind=kind))  # fmt: skip
    return cases


def bad_numbers() -> list[Case]:
    """Ids that are no whole numbers, amounts that are no money."""
    not_whole = "{} '{}' is not a whole number that fits 64 bits"
    literals = ("1.7", "1.0", "true", '"abc"', "1e400", "1e3", "9223372036854775808", "-9223372036854775809", "NaN",
                '"0x65"', '" 101"', '"1 01"', '"\u0661\u0660\u0661"')  # fmt: skip
    fields = (
        "1.7",
        "1.0",
        "true",
        "abc",
        "1e400",
        "9223372036854775808",
        "-9223372036854775809",
        "NaN",
        " 101",
        "+101",
    )
    cases = []
    for kind, name in (("events", "ad_id"), ("payments", "brand_id")):
        cases.append(of_rows(23, f"{name} that is no whole number", "jsonl", *(
            refused({name: Literal(text)}, not_whole.format(name, text.strip('"'))) for text in literals
        ), refused({name: {}}, f"{name} is a JSON object"), refused({name: [101]}, f"{name} is a JSON array"),
            loaded({name: "1"}, waits="unknown ad_id 1" if kind == "events" else None), kind=kind))  # fmt: skip
        cases.append(of_rows(23, f"{name} that is no whole number", "csv", *(
            refused({name: text}, not_whole.format(name, text)) for text in fields
        ), kind=kind))  # fmt: skip
    large = pa.table({
        **{name: [value] * 2 for name, value in click("").items()},
        "event_id": ["23/large", "23/fits"], "ad_id": pa.array([2**63, 101], pa.uint64()),
    })  # fmt: skip
    raw = f'{{"event_id":"23/large","ad_id":{2**63},"event_type":"click","occurred_at":"{AT}"}}'
    cases.append(Case(23, "ad_id over 2^63 (parquet)", "23-large.parquet", parquet(large), loaded={2: click("23/fits")},
                      rejected={1: (raw, "ad_id is not a whole number that fits 64 bits")}))  # fmt: skip
    return cases + bad_amounts()


def bad_amounts() -> list[Case]:
    """Amounts that are no money; and refunds, which are."""
    no_money = "amount '{}' is not a decimal number below one billion with at most 9 decimals"
    literals = ("NaN", "Infinity", "-Infinity", "1e400", "1e9999999999999999999999", "0.1234567891",
                "1e-10", "1000000000", '"NaN"', '"inf"',
                '"1,5"', '"12.5 EUR"', '".5"', '"5."', '"+5"', '"1e2"', '"--1"', "true")  # fmt: skip
    written = {"1e-10": "0.0000000001"}
    texts_ = ("NaN", "inf", "-Infinity", "1e400", "0.1234567891", "1000000000", "12.5 EUR", "$5", "0x10")
    fits = [loaded({"amount": amount}) for amount in ("0.123456789", "999999999.999999999", "0.1234567890", "007")]
    nothing = "amount is 0 (a payment is positive, a refund negative)"
    zeros = [refused({"amount": amount}, nothing) for amount in ("0", "-0", "0.000", "-0.000000000")]
    refunds = [loaded({"amount": amount}) for amount in ("-12.50", "-0.000000001")]
    cases = [
        of_rows(25, "amounts that are no money", "jsonl", *(
            refused({"amount": Literal(text)}, no_money.format(written.get(text, text.strip('"')))) for text in literals
        ), *fits, loaded({"amount": Literal("1e2")}), kind="payments"),
        *(of_rows(25, "amounts that are no money", form, *(
            refused({"amount": text}, no_money.format(text)) for text in texts_
        ), *fits, kind="payments") for form in ("csv", "parquet", "csv.gz")),
        *(of_rows(26, "payments of nothing, and refunds", form, *zeros, *refunds, kind="payments") for form in FORMS),
        of_rows(26, "payments of nothing as numbers", "jsonl", *(
            refused({"amount": Literal(text)}, nothing) for text in ("0", "-0.0", "0e5", "0E-5")
        ), loaded({"amount": Literal("-0.5")}), kind="payments"),
    ]  # fmt: skip
    exact = {name: [value] * 3 for name, value in paid("").items()} | {"payment_id": [f"25/{n}" for n in range(3)]}
    amounts = [Decimal("0.1234567891"), Decimal("0.0000000000"), Decimal("-0.1234567890")]
    body = parquet(pa.table({**exact, "amount": pa.array(amounts, pa.decimal128(38, 10))}))
    raw = '{{"payment_id":"25/{}","brand_id":1,"amount":{},"paid_at":"{}"}}'
    reasons = (no_money.format("0.1234567891"), nothing)
    cases.append(Case(
        25, "amounts of ten decimals (parquet)", "25-exact.parquet", body, "payments",
        loaded={3: paid("25/2", amount="-0.123456789")},
        rejected={n + 1: (raw.format(n, f"{amounts[n]:f}", AT), reasons[n]) for n in range(2)},
    ))  # fmt: skip
    return cases


def bad_times() -> list[Case]:
    """Times that are none, that are to come, and that are long ago."""
    no_time = "{} '{}' is not a time such as 2025-06-10T12:00:00Z or 2025-06-10T14:00:00+02:00"
    impossible = (
        "2025-06-10T10:00:00", "2025-06-10 10:00:00", "2025-06-10", "2025-02-31T10:00:00Z", "2025-06-10T25:00:00Z",
        "2025-06-10T24:00:00Z", "2025-06-10T10:61:00Z", "2025-06-10T10:00:60Z", "2025-13-01T10:00:00Z",
        "2025-00-10T10:00:00Z", "2025-06-10T10:00:00+24:00", "2025-06-10T10:00:00 Europe/Paris", "1749549600",
        "10 June 2025", "now", "epoch", "infinity", "2025-06-10T10:00:00z", "-2025-06-10T10:00:00Z",
    )  # fmt: skip
    sound = (
        "2025-06-10 10:00:00Z",
        "2025-06-10 10:00:00.123+00",
        "2024-02-29T12:30+02:30",
        "2025-06-10T10:00Z",
        "2025-06-10T12:00:00+02",
        "2025-06-10T12:00:00.5+0200",
    )
    before = "{} {} is before the year 2000"
    past = {
        "1999-12-31T23:59:59Z": "1999-12-31T23:59:59Z",
        "2000-01-01T00:30:00+01:00": "1999-12-31T23:30:00Z",
        "1970-01-01T00:00:00Z": "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z",
    }
    now = datetime.now(UTC).replace(microsecond=0)
    to_come = [f"{now + timedelta(minutes=90):%Y-%m-%dT%H:%M:%SZ}", "9999-12-31T23:59:59Z"]
    later = "{} {} is more than 10 minutes after it was loaded (deliver it again later)"
    soon = (now + timedelta(minutes=9)).isoformat()
    cases = []
    for (kind, name), form in itertools.product((("events", "occurred_at"), ("payments", "paid_at")), FORMS):
        cases += [
            of_rows(27, "impossible times", form, *(refused({name: at}, no_time.format(name, at)) for at in impossible),
                    *(loaded({name: at}) for at in sound), kind=kind),
            of_rows(28, "times to come", form, *(refused({name: at}, later.format(name, at)) for at in to_come),
                    loaded({name: soon}), kind=kind),
            of_rows(29, "times before 2000", form,
                    *(refused({name: at}, before.format(name, utc)) for at, utc in past.items()),
                    loaded({name: "2000-01-01T00:00:00Z"}), kind=kind),
        ]  # fmt: skip
    cases.append(of_rows(27, "times that are numbers", "jsonl",
                         *(refused({"occurred_at": at}, no_time.format("occurred_at", at))
                           for at in (1749549600, 20250610)),
                         refused({"occurred_at": {"$date": AT}}, "occurred_at is a JSON object")))  # fmt: skip
    return cases + typed_times()


def typed_times() -> list[Case]:
    """Parquet timestamps at and beyond the edges."""
    early, late = "is before the year 2000", "is more than 10 minutes after it was loaded (deliver it again later)"
    edges = {
        "infinitely long ago": (-(2**63) + 1, 29, "-infinity", f"occurred_at -infinity {early}"),
        "in 1999": (946_684_799_999_999, 29, "1999-12-31 23:59:59.999999+00",
                    f"occurred_at 1999-12-31T23:59:59Z {early}"),
        "infinitely late": (2**63 - 1, 28, "infinity", f"occurred_at infinity {late}"),
        "very late": (2**62, 28, "148108-07-06 14:00:27.387904+00", f"occurred_at 148108-07-06T14:00:27Z {late}"),
        "in 9999": (253_402_300_799_000_000, 28, "9999-12-31 23:59:59+00", f"occurred_at 9999-12-31T23:59:59Z {late}"),
    }  # fmt: skip
    cases = []
    for what, (micros, row, shown, reason) in edges.items():
        ids = [f"{row}/{slug(what)}", f"{row}/{slug(what)}/good"]
        table = pa.table({
            "event_id": ids, "ad_id": [101, 101], "event_type": ["click"] * 2,
            "occurred_at": pa.array([micros, 1_749_549_600_000_000], pa.timestamp("us", "UTC")),
        })  # fmt: skip
        raw = f'{{"event_id":"{ids[0]}","ad_id":101,"event_type":"click","occurred_at":"{shown}"}}'
        cases.append(Case(row, f"a timestamp {what} (parquet)", f"{row}-{slug(what)}.parquet", parquet(table),
                          loaded={2: click(ids[1])}, rejected={1: (raw, reason)}))  # fmt: skip
    return cases + denied_by_statistics()


def denied_by_statistics() -> list[Case]:
    """Parquet files with values that the statistics in the same file deny: what counts is what is there."""
    early, late = "is before the year 2000", "is more than 10 minutes after it was loaded (deliver it again later)"
    good = 1_749_549_600_000_000
    plain_ = {"compression": "none", "use_dictionary": False}
    cases = []
    for row, what, micros, shown in ((28, "in 9999", 253_402_300_799_000_000, "9999-12-31"),
                                     (29, "in 1990", 631_152_000_000_000, "1990-01-01")):  # fmt: skip
        ids = [f"{row}/denied/good", f"{row}/denied"]
        table = pa.table({
            "event_id": ids, "ad_id": [101, 101], "event_type": ["click"] * 2,
            "occurred_at": pa.array([good, good + 1], pa.timestamp("us", "UTC")),
        })  # fmt: skip
        body = parquet(table, **plain_).replace(struct.pack("<qq", good, good + 1), struct.pack("<qq", good, micros))
        clock = "23:59:59" if row == 28 else "00:00:00"
        raw = f'{{"event_id":"{ids[1]}","ad_id":101,"event_type":"click","occurred_at":"{shown} {clock}+00"}}'
        reason = f"occurred_at {shown}T{clock}Z {late if row == 28 else early}"
        cases.append(Case(row, f"a timestamp {what} that its statistics deny (parquet)", f"{row}-denied.parquet", body,
                          loaded={1: click(ids[0])}, rejected={2: (raw, reason)}))  # fmt: skip
    rows = [click("22/denied/good"), click("22/denied", ad_id=None)]
    no_nulls = parquet(pa.Table.from_pylist(rows, EVENT_SCHEMA), **plain_).replace(b"\x16\x02", b"\x16\x00")
    raw = f'{{"event_id":"22/denied","ad_id":null,"event_type":"click","occurred_at":"{AT}"}}'
    cases.append(Case(22, "a null that its statistics deny (parquet)", "22-denied.parquet", no_nulls,
                      loaded={1: rows[0]}, rejected={2: (raw, "ad_id is missing")}))  # fmt: skip
    return cases


def known_rows() -> list[Case]:
    """Rows that are late, unknown, there already, or in contradiction to others."""
    changes: list[Changes] = [{"ad_id": 102}, {"event_type": "view"}, {"occurred_at": "2025-06-10T10:00:01Z"}]
    same = [{}, {"event_type": "CLICK"}, {"occurred_at": "2025-06-10T12:00:00+02:00"},
            {"occurred_at": "2025-06-10T10:00:00.000Z"}, {"occurred_at": "2025-06-10T10:00Z"}]  # fmt: skip
    conflict = "{} '{}' conflicts with line {} of file <this>, which came first"
    cases = [
        *(of_rows(30, "events years late", form, loaded({"occurred_at": "2016-02-29T12:00:00Z"}),
                  loaded({"occurred_at": "2000-01-01T00:00:00Z"})) for form in FORMS),
        *(of_rows(31, "unknown ads", form, *(
            loaded({"ad_id": ad_id}, waits=f"unknown ad_id {ad_id}") for ad_id in (999, 0, -1, 2**63 - 1, -(2**63))
        )) for form in FORMS),
        *(of_rows(32, "unknown brands", form, *(
            loaded({"brand_id": brand_id}, waits=f"unknown brand_id {brand_id}") for brand_id in (999, 0, -1, 2**63 - 1)
        ), kind="payments") for form in FORMS),
        of_rows(58, "no price for its type", "jsonl", loaded(
            {"event_type": "acquisition"}, waits="no price for acquisition of ad 101: neither its own nor a global one"
        )),
    ]  # fmt: skip
    for form in FORMS:
        id_, pay = f"33/{form}", f"33/p/{form}"
        cases += [
            of_rows(33, "same id, same content", form, loaded({"event_id": id_}),
                    *(repeated({"event_id": id_, **change}) for change in same), alone=True),
            of_rows(33, "same id, same content", form, loaded({"payment_id": pay}), repeated({"payment_id": pay}),
                    repeated({"payment_id": pay, "amount": "12.500"}), alone=True, kind="payments"),
        ]  # fmt: skip
        first, clash = (2, f"34/{form}") if form == "csv" else (1, f"34/{form}")
        cases += [
            of_rows(34, "same id, other content", form, loaded({"event_id": clash}), *(
                refused({"event_id": clash, **change}, conflict.format("event_id", clash, first))
                for change in changes
            ), repeated({"event_id": clash}), alone=True),
            of_rows(34, "same id, other content", form, loaded({"payment_id": clash}), *(
                refused({"payment_id": clash, **change}, conflict.format("payment_id", clash, first))
                for change in ({"brand_id": 2}, {"amount": "12.51"}, {"paid_at": "2025-06-10T10:00:01Z"})
            ), alone=True, kind="payments"),
        ]  # fmt: skip
    return cases


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


# --- 42 to 45, 49, 60: names, sorts of files, texts


def names() -> list[Case]:
    """Names that mean something to others."""
    folders = ("ad_id=0", "event_type=click", "occurred_at=2001-01-01", "event_id=x", "brand_id=9")
    cases = []
    for folder in folders:
        case = of_rows(42, f"in a folder {folder}", "parquet", loaded({"event_type": "view"}), alone=True)
        cases.append(Case(**{**vars(case), "name": f"{folder}/{case.name!s}"}))
        case = of_rows(42, f"in a folder {folder}", "csv", loaded({"event_type": "view"}), alone=True)
        cases.append(Case(**{**vars(case), "name": f"ad_id=1/{folder}/{case.name!s}"}))
    strange: list[tuple[int, str, str | bytes]] = [
        (43, "a star", "*.jsonl"), (43, "two stars", "**.jsonl"), (43, "question marks", "4?-?.jsonl"),
        (43, "brackets", "[0-9]*.jsonl"), (43, "braces", "{a,b}.jsonl"),
        (44, "a quote", "44-o'clock.jsonl"), (44, "SQL", "44'); drop table raw.ad_events; --.jsonl"),
        (44, "double quotes", '44-"x".jsonl'), (44, "a newline", "44-new\nline.jsonl"), (44, "two dots", "44..jsonl"),
        (44, "steps upwards", "44-..\\..\\up.jsonl"), (44, "255 bytes", "44-" + "é" * 123 + ".jsonl"),
        (44, "a blank", "44 .jsonl"), (44, "dollars and per cents", "44-$name-%s-{0}.jsonl"),
        (44, "a minus first", "-44.jsonl"), (44, "control characters", "44-\x01\x1b[31m.jsonl"),
        (44, "bytes that are not UTF-8", b"44-latin-\xe9.jsonl"), (44, "capitals", "44-A.JSONL"),
        (44, "a folder that is not UTF-8", b"44-\xff/44.jsonl"),
    ]  # fmt: skip
    cases += [
        plain(row, f"a name with {what}", name, jsonl(click(f"{row}/{what}")).encode(), f"{row}/{what}")
        for row, what, name in strange
    ]
    return cases


def sorts() -> list[Case]:
    """What is no regular file."""
    secret = jsonl(click("45/secret"))

    def link(target: str) -> Callable[[Path], None]:
        return lambda path: path.symlink_to(target)

    def link_to_file(path: Path) -> None:
        outside = path.parent.parent.parent / "outside.jsonl"
        outside.write_text(secret)
        path.symlink_to(outside)

    def bind(path: Path) -> None:
        # a socket's whole path may have 100 bytes only
        with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)

    def device(path: Path) -> None:
        with contextlib.suppress(PermissionError):  # only root may make one
            os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))

    makers: dict[str, tuple[str, Callable[[Path], None]]] = {
        "a link to a file": ("a symbolic link", link_to_file),
        "a link to nothing": ("a symbolic link", link("nowhere")),
        "a link to a folder": ("a symbolic link", link("..")),
        "a link to itself": ("a symbolic link", link("45-a-link-to-itself-x.jsonl")),
        "a link to a device": ("a symbolic link", link("/dev/zero")),
        "a pipe": ("a pipe", os.mkfifo),
        "a socket": ("a socket", bind),
        "a device": ("a device", device),
    }
    return [
        quarantined(45, what, "x.jsonl", make, f"{sort}, not a file: only regular files are taken")
        for what, (sort, make) in makers.items()
    ]


def formulas_and_long_texts() -> list[Case]:
    """Texts a spreadsheet would run, and refused rows that are too long to keep."""
    texts_ = ("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1")
    long = "x" * 5_000
    cut = " ... [cut]"
    cases = [
        of_rows(49, "ids that begin with = + - @", form, *(loaded({"event_id": f"{text} {form}"}) for text in texts_))
        for form in FORMS
    ]
    for form in ("jsonl", "csv", "jsonl.gz", "csv.gz"):
        write = json_line if form.startswith("jsonl") else csv_record
        lines = [write(click("60", event_type=long)), csv_record(click("60", event_type="é" * 5_000))]
        raws = [lines[0][: 4_096 - len(cut)] + cut, f"{lines[1][:2_000]}…{cut}"]
        exact = write(click("60", event_type="x" * (4_096 - len(write(click("60", event_type=""))))))
        reasons = [
            "unknown event_type 'xxx…",
            "not JSON: …" if form.startswith("jsonl") else "unknown event_type 'ééé…",
        ]
        cases.append(of_rows(60, "refused rows over 4 KB", form, *map(refused, lines, reasons, raws),
                             refused(exact, "unknown event_type 'xxx…")))  # fmt: skip
    raw = '{"event_id":"60/p","ad_id":101,"event_type":"' + long
    cases.append(Case(
        60, "refused rows over 4 KB (parquet)", "60.parquet",
        parquet(pa.Table.from_pylist([click("60/p", event_type=long), click("60/good")], EVENT_SCHEMA)),
        loaded={2: click("60/good")}, rejected={1: (raw[: 4_096 - len(cut)] + cut, "unknown event_type 'xxx…")},
    ))  # fmt: skip
    return cases


CASES = [
    case
    for make in (
        waiting, cut_off, empty, known, gzipped, misnamed, archives, texts, json_shapes, values, known_rows,
        long_and_deep, csv_shapes, parquet_shapes, names, sorts, formulas_and_long_texts,
    )
    for case in make()
]  # fmt: skip
"""Every delivered file, in the order of delivery."""


# --- 51 to 55, 60: rows of reference files


@dataclass(frozen=True)
class ReferenceRow:
    """A bad row that is added to a reference file, and why it is refused."""

    row: int
    table: str
    text: str
    reason: str

    @property
    def id(self) -> str:
        """Its name among the tests."""
        return f"{self.row}: {self.table} {self.text[:60]}"


def reference_rows() -> list[ReferenceRow]:
    """Rows that are refused one by one."""
    money = "{} '{}' is not a decimal number with at most 9 decimals, not negative, or empty"
    cost = "{} '{}' is not a decimal number below one billion with at most 9 decimals, not negative, or empty"
    mille = "cost_per_mille '{}' is not a decimal number with at most 6 decimals, not negative, or empty"
    zone = "timezone '{}' is not in the IANA list"
    together = "allowed_start and allowed_end belong together: give both or neither"
    equal = "allowed_start and allowed_end are both {}: leave both empty for all day"
    clock = "{} '{}' is not a UTC time of day such as {}, or empty"
    six = "status '{}' is not one of DRAFT, SCHEDULED, RUNNING, PAUSED, BUDGET_REACHED, COMPLETED"
    long = "x" * 5_000
    rows = [
        (51, "brands", "1,Acme again,,,UTC,,true", "brand_id 1 is there twice"),
        (51, "brands", "01,Acme again,,,UTC,,true", "brand_id 01 is there twice"),
        (51, "brands", "x,no id,,,UTC,,true", "brand_id 'x' is not a whole number that fits 64 bits"),
        (51, "campaigns", "11,1,again,PAUSED,,", "campaign_id 11 is there twice"),
        (51, "campaigns", "41,9,c,SCHEDULED,,", "unknown brand_id 9: no such row in brands"),
        (51, "ad_sets", "110,11,one,true", "ad_set_id 110 is there twice"),
        (51, "ad_sets", "410,999,one,true", "unknown campaign_id 999: no such row in campaigns"),
        (51, "ads", "101,110,again,true,,,9,9,9,9", "ad_id 101 is there twice"),
        (51, "ads", "401,999,a,true,,,,,,", "unknown ad_set_id 999: no such row in ad_sets"),
        (51, "global_ad_pricing", "2000-01-01T01:00:00+01:00,9,9,9,9",
         "effective_from 2000-01-01T01:00:00+01:00 is there twice"),
        *((52, "brands", f"5{n},zone,,,{name},,true", zone.format(name)) for n, name in enumerate(
            ("Mars/Olympus", "europe/paris", "+02:00", "Europe/Paris ", "../UTC", "localtime", "posixrules", "PDT"))),
        (52, "brands", "59,zone,,,,,true", "timezone is missing"),
        *((53, "brands", f"6{n},money,{amount},,UTC,,true", money.format("daily_budget", amount))
          for n, amount in enumerate(
              ("-1", "-0.01", "0.1234567891", "NaN", "inf", "1e3", "$5", "1" * 30, "\u0661\u0662"))),
        (53, "brands", "69,money,,-1,UTC,,true", money.format("monthly_budget", "-1")),
        *((53, "ads", f"6{n},110,a,true,,,{value},,,", cost.format("cost_per_click", value))
          for n, value in enumerate(("-0.50", "0.0000000001", "1000000000", "free"))),
        (53, "ads", "65,110,a,true,,,,0.0000001,,", mille.format("0.0000001")),
        (53, "ads", "66,110,a,true,,,,-1,,", mille.format("-1")),
        (53, "global_ad_pricing", "2024-01-01T00:00:00Z,-1,,,", cost.format("cost_per_click", "-1")),
        (53, "global_ad_pricing", "2024-01-02T00:00:00Z,,,,0.0000000001",
         cost.format("cost_per_acquisition", "0.0000000001")),
        (54, "campaigns", "71,1,c,SCHEDULED,09:00,", together),
        (54, "campaigns", "72,1,c,SCHEDULED,,17:00", together),
        (54, "campaigns", "73,1,c,SCHEDULED,09:00,09:00", equal.format("09:00")),
        (54, "campaigns", "74,1,c,SCHEDULED,09:00,09:00:00.0", equal.format("09:00")),
        *((54, "campaigns", f"7{n},1,c,SCHEDULED,{time},17:00", clock.format("allowed_start", time, "09:00"))
          for n, time in enumerate(("25:00", "9:00", "24:00", "noon", "09:60", "09:00+02:00", "0\uff19:00"), start=5)),
        (54, "campaigns", "81,1,c,SCHEDULED,09:00,24:01", clock.format("allowed_end", "24:01", "17:00 or 24:00")),
        *((55, "campaigns", f"8{n},1,c,{status},,", six.format(status))
          for n, status in enumerate(("STARTED", "running", "ACTIVE", "RUNNING "), start=2)),
        (55, "campaigns", "89,1,c,,,", "status is missing"),
        (60, "brands", f"90,{long},,,Mars/Olympus,,true", zone.format("Mars/Olympus")),
    ]  # fmt: skip
    return [ReferenceRow(*row) for row in rows]


REFERENCE_ROWS = reference_rows()

TRUNCATED_BRANDS = BRANDS.partition("2,Borealis")[0]
"""The brands file without its last two rows."""
