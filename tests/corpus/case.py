"""One delivered file of the corpus, what each row of it has to come to, and the makers of both."""

import gzip
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.world import csv_text, event, payment

Row = dict[str, Any]

AT = "2025-06-10T10:00:00Z"

MIB = 1 << 20

CAP = 2 << 30
"""Default of max_file_bytes."""


class Literal(str):
    """A JSON value written as it stands here, such as 1e400."""

    __slots__ = ()


ABSENT = Literal("absent")
"""A key that is left out; an empty field where there must be one."""

Changes = dict[str, Any]


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


ORDINARY: dict[str, Callable[..., Row]] = {"events": click, "payments": paid}


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


def prefixed(content: Any, prefix: bytes) -> bytes:
    """The content, plain or gzipped, with something before it."""
    return gz(prefix + gzip.decompress(content)) if content[:2] == b"\x1f\x8b" else prefix + content


def with_content(case: Case, content: bytes) -> Case:
    """The case with other bytes, which come to the same."""
    return Case(**{**vars(case), "content": content})
