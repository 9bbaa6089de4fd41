"""Names, sorts of files, texts: inputs 42 to 45, 49 and 60."""

import contextlib
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from tests.corpus.case import (
    EVENT_SCHEMA,
    Case,
    click,
    csv_record,
    json_line,
    loaded,
    of_rows,
    parquet,
    plain,
    quarantined,
    refused,
)
from tests.corpus.values import FORMS
from tests.world import jsonl

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
