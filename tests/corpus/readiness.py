"""Files that are not ready, or known: inputs 1 to 9."""

from datetime import UTC, datetime

import pyarrow as pa

from tests.corpus.case import (
    EVENT_SCHEMA,
    Case,
    click,
    csv_record,
    gz,
    json_line,
    loaded,
    of_rows,
    ordinary,
    paid,
    parquet,
    plain,
    refused,
    slug,
)
from tests.world import csv_text, jsonl

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
