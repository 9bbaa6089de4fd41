"""Text and JSON: inputs 16 to 21."""

import json

import pyarrow as pa

from tests.corpus.case import (
    EVENT_SCHEMA,
    Case,
    Literal,
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
    prefixed,
    quarantined,
    refused,
    with_content,
)
from tests.world import csv_text, jsonl

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
