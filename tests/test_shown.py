"""What was delivered is shown as text: the same hostile texts in every place that shows them."""

import csv
import io
import logging
import os
import pty
import re
import subprocess
import sys
import unicodedata
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.delivery.files import DeliveredFile, QuarantineError
from assets.engine.delivery.inbox import Inbox
from assets.engine.delivery.isolation import quarantine_poison_file
from assets.engine.delivery.listing import delivered_files
from assets.engine.errors import first_line
from assets.engine.settings import Settings
from assets.engine.shown import log_as_text, printable
from assets.engine.warehouse.publication import open_published
from pipelines.cli.main import main
from tests.test_cli import spendgate_process
from tests.world import BRANDS, CAMPAIGNS, NOON, World, event, jsonl

HOSTILE = {
    "a colour": "\x1b[31mred\x1b[0m",
    "a screen that is cleared": "\x1b[2J\x1b[H",
    "a link of a terminal": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "a title of a terminal": "\x1b]0;owned\x07",
    "an escape alone": "\x1b",
    "C1 controls": "\x9b31mred\x9d0;owned\x9c\x85next",
    "a backspace and a DEL": "good\x08\x08\x08\x08evil\x7f",
    "a carriage return": "refused\rloaded ",
    "a line": "a\n12:00:00 INFO     all is well",
    "lines": "a\r\n\r\nb\n",
    "a tab": "a\tb",
    "other breaks of a line": "a\x0bb\x0cc\x1cd\u2028e\u2029f",
    "text that is turned": "\u202egnp.exe\u202c \u202a\u202b\u202d\u2066\u2067\u2068\u2069 \u200e\u200f\u061c",
    "text that is not seen": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u180eh\U000e0041i",
    "a picture": "![x](http://evil.example/x.png)",
    "a picture of HTML": '<img src=x onerror="alert(1)">',
    "a script": "</td></script><script>alert('x')</script><!--",
    "a link": "[a](javascript:alert(1))",
    "a link by reference": "[a][1]\n\n[1]: http://evil.example",
    "links without brackets": "<http://evil.example> http://evil.example www.evil.example me@evil.example",
    "backticks": "`a` ``b`` ```\ncode\n```",
    "backticks at its ends": "`",
    "pipes": "a | b || c|",
    "a table": "| a | b |\n|---|---|\n| c | d |",
    "a link in a cell": "x`|![x](http://evil.example)|`y",
    "a heading": "# a\n=====",
    "a list and a quotation": "- a\n> b\n1. c",
    "emphasis": "*a* __b__ ~~c~~ \\*d\\*",
    "entities": "&lt;b&gt; &#60; &amp;",
    "emoji by name": ":skull: [red]a[/red]",
    "blanks at its ends": "  a  ",
    "a formula": "=cmd|' /C calc'!A0",
}
"""Texts that do something where they are not shown as text; each can be stored."""

NEVER_STORED = {"a NUL": "a\x00b", "bytes that are no UTF-8": "a\udcff\udc80b", "half a character": "a\ud83db"}
"""Those that can only be in a file's name, or in an error."""

ALL = {**HOSTILE, **NEVER_STORED}

ORDINARY = [
    "Acme always",
    "Müller & Söhne: „Größe“ 50 %",
    "Кофе «Аврора»",
    "夏\u3000セール",
    "1\u202f000,00\u00a0€",
    "مجموعة ١٢",
    "می\u200cخواهم",  # noqa: RUF001 a non-joiner, in Persian
    "क्\u200dष র\u200d্য",  # joiners, in Hindi and Bengali
    "שלום",
    "👩🏽\u200d💻 ❤\ufe0f\u200d🔥 🇺🇦",
    "葛\U000e0100城",
    "e\u0301",
    r"C:\new\x1b",
]


def is_text(shown: str) -> bool:
    """Whether nothing in it is obeyed or unseen."""
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in shown)


@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
def test_a_terminal_obeys_nothing_that_was_delivered(text: str) -> None:
    shown = printable(text)
    assert is_text(shown)
    assert printable(shown) == shown


def test_what_is_escaped_can_be_read() -> None:
    text = "\x1b[31m\n\t\x7f\x9b\u202e\u2028\U000e0041\udcff\ud83d"
    assert printable(text) == r"\x1b[31m\x0a\x09\x7f\u009b\u202e\u2028\U000e0041\xff\ud83d"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays_as_it_is_in_any_language(text: str) -> None:
    assert printable(text) == text


def test_of_all_characters_those_are_escaped_that_are_obeyed_or_not_seen() -> None:
    seen_though_format = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
    seen_though_format |= set(map(chr, range(0x13430, 0x13440)))  # of hieroglyphs
    for character in map(chr, range(0x110000)):
        category = unicodedata.category(character)
        if category == "Cn":
            continue  # means nothing yet
        wanted = category in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in seen_though_format
        assert (printable(character) != character) == wanted, hex(ord(character))


# --- names of files

NAMES = [text.replace("/", "-") + ".jsonl" for text in HOSTILE.values()]
ALIKE = [
    "x\udcff.jsonl",
    r"x\xff.jsonl",
    "x\xff.jsonl",
    "x\n.jsonl",
    r"x\x0a.jsonl",
    r"x\n.jsonl",
    "x\x9b.jsonl",
    "x\udc9b.jsonl",
]
"""Names that are written alike where a backslash is not escaped, or a byte as a character."""


def test_the_name_of_a_file_is_text_and_its_own(world: World) -> None:
    for number, name in enumerate((*NAMES, *ALIKE, "day \n 1/x.jsonl")):
        world.deliver(name, jsonl(event(f"e{number}", 101, "view", "2025-06-10T10:00:00Z")))
    world.run()
    names = [name for (name,) in world.rows("select name from raw.event_files where outcome = 'LOADED'")]
    assert len(set(names)) == len(NAMES) + len(ALIKE) + 1
    assert [name for name in names if not is_text(name)] == []
    assert {r"landing/events/x\xff.jsonl", r"landing/events/x\\xff.jsonl", r"landing/events/day \x0a 1/x.jsonl"} <= set(
        names
    )
    with open_published(world.root) as published:
        assert Inbox(world.root).new(published) == []


def test_a_file_that_is_known_by_another_spelling_of_its_name_is_not_loaded_twice(world: World) -> None:
    world.deliver("a\nb.jsonl", jsonl(event("e", 101, "view", "2025-06-10T10:00:00Z")))
    world.run()
    with world.open() as warehouse, warehouse.transaction():
        warehouse.connection.execute("update raw.event_files set name = $name", {"name": "landing/events/a\nb.jsonl"})
    for _ in range(2):
        world.run()
        assert world.rows("select outcome, rows_loaded from raw.event_files order by file_id") == [
            ("LOADED", 1), ("DUPLICATE", 0),
        ]  # fmt: skip


# --- what the command line prints


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which every text of a deliverer is hostile, after two runs."""
    world = World(DataRoot(tmp_path_factory.mktemp("hostile")))
    names = list(HOSTILE.values())
    brand, campaign = csv_rows(BRANDS), csv_rows(CAMPAIGNS)
    brands = [{**brand[0], "brand_id": n, "name": name, "owner": name} for n, name in enumerate(names, 1)]
    campaigns = [{**campaign[0], "campaign_id": n, "brand_id": n, "name": name} for n, name in enumerate(names, 11)]
    world.deliver_reference("brands", quoted(*brands))
    world.deliver_reference("campaigns", quoted(*campaigns, *({**campaign[0], "status": name} for name in names)))
    for number, name in enumerate(names):
        click = event(f"{number} {name}", 101, "click", "2025-06-10T10:00:00Z")
        # as text of a CSV file it is listed as it is; JSON would write much of it as escapes itself
        refused = quoted({**click, "event_type": name, name: ""}, {**click, "occurred_at": name, name: name})
        world.deliver(NAMES[number].replace(".jsonl", ".csv"), refused)
        spent = (click | {"event_id": f"{name} {n}"} for n in range(21))
        world.deliver(NAMES[number], jsonl(*spent, click | {"event_type": name}))
    world.run()
    world.run(NOON + timedelta(hours=1))
    return world


def quoted(*rows: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


PRINTED = {
    "status": ["status"],
    "the status of a brand": ["status", "--brand", "1"],
    "status as JSON": ["status", "--json"],
    "refused rows": ["rejects", "list"],
    "refused rows as CSV": ["rejects", "list", "--format", "csv"],
    "refused rows as JSON": ["rejects", "list", "--format", "json"],
    "a table": ["sql", "from core.campaigns"],
    "CSV": ["sql", "--format", "csv", "from core.campaigns"],
    "JSON": ["sql", "--format", "json", "from core.campaigns"],
    "lists": ["sql", "select list(name), map([name], [name]), {'name': name} from core.brands group by name"],
    "lists as CSV": ["sql", "--format", "csv", "select list(name) as names from core.brands"],
    "names as columns": ["sql", "pivot core.brands on name using count(*) group by timezone"],
    "names as columns of CSV": ["sql", "--format", "csv", "pivot core.brands on name using count(*) group by timezone"],
    "names as columns of JSON": [
        "sql",
        "--format",
        "json",
        "pivot core.brands on name using count(*) group by timezone",
    ],
    "an error that quotes": ["sql", "select error(replace(string_agg(name), chr(10), ' ')) from core.brands"],
    **{f"the reason of campaign {n}": ["explain", str(n)] for n in range(11, 11 + len(HOSTILE))},
    "a reason as JSON": ["explain", "11", "--json"],
}


@pytest.mark.parametrize("arguments", PRINTED.values(), ids=PRINTED)
def test_what_is_printed_holds_nothing_that_is_obeyed(
    hostile: World, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["spendgate", "--data", str(hostile.root.path), *arguments])
    with pytest.raises(SystemExit):
        main()
    printed = capfd.readouterr()  # a reader's query is answered by another process
    assert printed.out or printed.err
    for line in (printed.out + printed.err).split("\n"):
        assert is_text(line), line
    if "json" in "".join(arguments).lower():
        assert printed.out.isascii()


@pytest.mark.parametrize("command", ["status", "explain"])
def test_a_terminal_is_coloured_by_nobody_else(hostile: World, command: str) -> None:
    """On a terminal of its own: what is no terminal is spared escape sequences of any kind."""
    (hostile.root.path / "spendgate.toml").write_text("stale_after_minutes = 100000000\n")
    ours, theirs = pty.openpty()
    arguments = [command, *(["11"] if command == "explain" else []), "--data", str(hostile.root.path)]
    code = "from pipelines.cli.main import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=theirs, stderr=theirs, cwd=Path(__file__).parent.parent
    ):
        os.close(theirs)
        printed = b""
        with suppress(OSError):  # the end, on Linux
            while some := os.read(ours, 65536):
                printed += some
    os.close(ours)
    shown = printed.decode().replace("\r\n", "\n")
    assert "\x1b[" in shown  # it is bold
    assert "\x1b[31m" not in shown
    for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).split("\n"):
        assert is_text(line), line


@pytest.mark.parametrize("arguments", [["status"], ["explain", "11"], ["sql", "--format", "csv", "from core.brands"]])
def test_a_terminal_that_lacks_a_character_is_shown_its_escape(
    world: World, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver_reference("brands", BRANDS.replace("Acme", "Кофе"))
    world.deliver_reference("campaigns", CAMPAIGNS.replace("Acme always", "Кофе"))
    world.run()
    (world.root.path / "spendgate.toml").write_text("stale_after_minutes = 100000000\n")
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    shown = spendgate_process(world.root, *arguments)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert r"\u041a\u043e\u0444\u0435" in shown.stdout


@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
def test_an_error_is_one_line_of_text(text: str) -> None:
    assert is_text(first_line(ValueError(f"not {text}")))


def fail(_root: DataRoot, _file: DeliveredFile, _settings: Settings) -> None:
    raise ValueError(HOSTILE["a colour"])


def test_a_file_that_fails_in_a_process_of_its_own_is_one_line_of_text(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    world.deliver("a.jsonl", "")
    [file] = [replace(file, attempts=2) for file in delivered_files(world.root) if file.kind == "events"]
    with pytest.raises(QuarantineError, match="never ended"):
        quarantine_poison_file(file, fail, world.root, Settings())
    assert capfd.readouterr().err.splitlines()[-1] == "landing/events/a.jsonl: ValueError: \\x1b[31mred\\x1b[0m"


# --- the log, and the UI


@pytest.fixture(scope="module")
def hostile_run(hostile: World) -> tuple[World, str]:
    """The hostile world after one more run, by the command line, of new files with hostile names; what it said."""
    for number, name in enumerate(NAMES):
        hostile.deliver(f"more/{name}", jsonl(event(f"more {number}", 101, "view", "2025-06-10T10:00:00Z")))
    (hostile.root.reference / "ads.csv").unlink()
    pl.DataFrame({HOSTILE["a line"]: ["1"]}).write_parquet(hostile.root.reference / "ads.parquet")
    said = spendgate_process(hostile.root, "run", "--now", "2025-06-10T14:00:00Z").stderr
    return hostile, said


def test_no_line_of_the_log_is_forged_or_coloured(hostile_run: tuple[World, str]) -> None:
    _, said = hostile_run
    lines = said.split("\n")
    assert len([line for line in lines if "landing/events/more/" in line]) == len(NAMES)
    assert [line for line in lines if not is_text(line)] == []
    assert [line for line in lines if "all is well" in line and "\\x0a" not in line] == []


@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
@pytest.mark.parametrize(("name", "lines"), [("spendgate.tests", 1), ("dagster.tests", 2)])
def test_what_is_logged_is_text_for_every_handler(
    text: str, name: str, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    before = logging.getLogRecordFactory()
    log_as_text()
    try:
        logging.getLogger(name).error("it failed:\n%s", text.replace("\n", " "))
    finally:
        logging.setLogRecordFactory(before)
    logged = caplog.records[-1].getMessage().split("\n")
    assert len(logged) == lines
    assert [line for line in logged if not is_text(line)] == []


def test_a_failed_check_is_told_as_text(hostile_run: tuple[World, str]) -> None:
    _, said = hostile_run
    [told] = [line for line in said.split("\n") if line.startswith("check reference_rows_are_accepted")]
    assert "such as name reference/campaigns.csv, line_number " in told


def test_dagster_keeps_and_shows_what_was_delivered_as_text(
    hostile_run: tuple[World, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = hostile_run
    monkeypatch.setenv("DAGSTER_HOME", str(world.root.dagster_home))
    with dg.DagsterInstance.get() as instance:
        [run] = instance.get_runs()
        events = instance.all_logs(run.run_id)
    logged = [event.user_message for event in events if not event.is_dagster_event]
    assert len([message for message in logged if "landing/events/more/" in message]) == len(NAMES)
    assert [message for message in logged if not is_text(message)] == []
    told = [event.dagster_event for event in events if event.dagster_event]
    checks = [
        event.asset_check_evaluation_data
        for event in told
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    metadata = [value for check in checks for value in check.metadata.values()]
    assert {type(value) for value in metadata} == {dg.IntMetadataValue, dg.TableMetadataValue}
    rows = [record.data for value in metadata if isinstance(value, dg.TableMetadataValue) for record in value.records]
    assert len(rows) >= 5
    assert [row for row in rows if not all(is_text(str(value)) for value in row.values())] == []
