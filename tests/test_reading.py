"""The two readers of text: in bulk by DuckDB and row by row must see the same in the same file."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.engine.data_root import DataRoot
from assets.engine.delivery.inbox import Inbox
from assets.engine.ingestion.ingest import ingest
from assets.engine.reading import reader
from assets.engine.reading.jsonl_files import nesting_depth
from assets.engine.reading.text import NAME_LIMIT, NAMES
from assets.engine.warehouse.publication import publish
from tests.world import World, csv_text, event, jsonl

ODD_LINES = [
    '{"event_id":"ok-1","ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z","extra":{"deep":[1,{}]}}',
    '{"ad_id":"7","occurred_at":"2025-06-10T10:00:00Z","event_type":"VIEW","event_id":"ok-2"}',
    '{"event_id":12345,"ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":1.50,"ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":true,"ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":"true","ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":"1e5","ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":"{}","ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":{},"ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":"dup","ad_id":1,"ad_id":2,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":"deep","ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z","x":'
    + "[" * 40
    + "]" * 40
    + "}",
    '{"event_id":"strings","ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z","x":"' + "[" * 40 + '"}',
    '{"event_id":"esc\\u00e9\\n\\"q","ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":"half \\ud800","ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":"big","ad_id":99999999999999999999,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":"exp","ad_id":1e3,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":"null","ad_id":null,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    '{"event_id":"obj","ad_id":1,"event_type":{"a":1},"occurred_at":["2025-06-10T10:00:00Z"]}',
    '{"event_id":"comma","ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z",}',
    '{"event_id":"comma too","ad_id":1,"occurred_at":"2025-06-10T10:00:00Z","event_type":"click" , }',
    '{"event_id":"nul\\u0000","ad_id":1,"event_type":"click","occurred_at":"2025-06-10T10:00:00Z"}',
    "",
    "   ",
    "null",
    "{}",
    '"text"',
    '{"event_id":"cut","ad_id":1,"ev',
]


def seen(world: World, name: str, content: str | bytes) -> tuple[Any, ...]:
    """What comes of a file: its events, refused lines and reasons, counts and drift."""
    world.deliver(name, content)
    with world.open() as warehouse:
        ingest(warehouse, Inbox(world.root, skip_stability_check=True))
        publish(warehouse)
    file = world.file(name)
    return (
        world.rows(
            "select event_id, ad_id, event_type, occurred_at, line_number from raw.ad_events order by line_number"
        ),
        world.rows("select line_number, raw, reason from raw.rejected_rows order by line_number"),
        [file[key] for key in ("outcome", "reason", "rows_read", "rows_loaded", "rows_rejected")],
        world.rows("select ignored_columns from raw.event_files"),
    )


def both_readers(root: DataRoot, name: str, content: str | bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """The same file read in bulk where possible, and row by row."""
    results = []
    for bulk_bytes, folder in ((0, "bulk"), (1 << 60, "rows")):
        monkeypatch.setattr(reader, "BULK_BYTES", bulk_bytes)
        results.append(seen(World(DataRoot(root.path / folder), {}), name, content))
    return results[0], results[1]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_both_readers_see_the_same_in_odd_json_lines(
    root: DataRoot, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    bulk, rows = both_readers(root, "a.jsonl", ending.join(ODD_LINES), monkeypatch)
    assert bulk == rows
    assert bulk[2][2] == len([line for line in ODD_LINES if line.strip()])


@pytest.mark.parametrize(
    "content",
    [
        csv_text(event("a", 1, "click", "2025-06-10T10:00:00Z"), event("b", 2, "view", "nonsense")),
        csv_text(event('q"uo,te', 1, "click", "2025-06-10T10:00:00Z")).replace("\n", "\r\n"),
        "event_id,ad_id,event_type,occurred_at\na,1,click,2025-06-10T10:00:00Z\nb,1\nc,1,click,2025-06-10T10:00:00Z,x\n",
        "event_id,ad_id,event_type,occurred_at\n\na,1,click,2025-06-10T10:00:00Z\n\n,,,\n",
        'event_id,ad_id,event_type,occurred_at\n"two\nlines",1,click,2025-06-10T10:00:00Z\nb,x,click,2025-06-10T10:00:00Z\n',
        "event_id,ad_id,event_type,occurred_at\na,1,click,2025-06-10T10:00:00Z\nb,1,click,2025-06-10T10:00:00Z",
        "event_id,ad_id,event_type,occurred_at\n",
        "",
        'event_id,ad_id,event_type,occurred_at,n\na,1,click,2025-06-10T10:00:00Z,5"\nb,1,click,x,6" tv\nc,1,view,,\n',
        "event_id,ad_id,event_type,occurred_at,note\na,1,click,2025-06-10T10:00:00Z," + "z" * 200_000 + "\n",
        "\ufeffevent_id,ad_id,event_type,occurred_at,extra\na,1,click,2025-06-10T10:00:00Z,=1+1\n",
    ],
)
def test_both_readers_see_the_same_in_csv(root: DataRoot, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    bulk, rows = both_readers(root, "a.csv", content, monkeypatch)
    assert bulk == rows


@given(st.recursive(st.text('{}[]",a\\'), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_depth_is_counted_outside_strings(value: Any) -> None:
    def depth(value: Any) -> int:
        if isinstance(value, dict):
            return 1 + max(map(depth, value.values()), default=0)
        return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0

    assert nesting_depth(json.dumps(value)) == depth(value)


@pytest.mark.parametrize("bulk_bytes", [0, 1 << 60])
@pytest.mark.parametrize(
    "text", ['[\n{"event_id":"x"},\n{"event_id":"y"}\n]\n', '\n{\n"event_id":"x"\n}\n', '[ {"event_id":"x"}]\n']
)
def test_a_json_document_is_quarantined_by_either_reader(
    world: World, monkeypatch: pytest.MonkeyPatch, text: str, bulk_bytes: int
) -> None:
    monkeypatch.setattr(reader, "BULK_BYTES", bulk_bytes)
    _, rejected, counts, _ = seen(world, "a.jsonl", text)
    assert rejected == []
    assert counts[:2] == [
        "QUARANTINED",
        "expected one object per line, found a JSON document spread over lines or an array",
    ]


@pytest.mark.parametrize("bulk_bytes", [0, 1 << 60])
def test_a_key_that_is_another_one_in_each_line_is_named_a_hundred_times_and_counted(
    world: World, monkeypatch: pytest.MonkeyPatch, bulk_bytes: int
) -> None:
    monkeypatch.setattr(reader, "BULK_BYTES", bulk_bytes)
    rows = [
        {**event(str(n), 101, "click", "2025-06-10T10:00:00Z"), f"k{n:04}": n, "z" * 1000: 0, "same": 1}
        for n in range(300)
    ]
    *_, [(names,)] = seen(world, "a.jsonl", jsonl(*rows))
    assert len(names) == NAMES
    assert all(len(name) <= NAME_LIMIT for name in names)
    more = world.value("select ignored_more from raw.event_files")
    # what is named was met once, but for those that are in every line
    assert more + sum(1 if name.startswith("k") else 300 for name in names) == 900


CSV_PIECES = (*"\",\r\n\t \0\xffé'\\;\ufeff\x01", '""', '"\n', ',"', '" ', ' "')
JSON_PIECES = (*'{}[],:"\\1e.- \x7f', "null", "NaN", "\\ud800", '"ad_id":5,')


def damaged(text: str, pieces: tuple[str, ...], dice: random.Random, first: int = 0) -> str:
    """A text with some pieces put in, and some taken out."""
    letters = list(text)
    for _ in range(dice.choice([0, 1, 1, 2, 3])):
        place = dice.randrange(first, len(letters))
        if dice.random() < 0.7:
            letters.insert(place, dice.choice(pieces))
        else:
            del letters[place : place + dice.choice([1, 1, 3, 10])]
    return "".join(letters)


def damaged_csv(dice: random.Random) -> bytes:
    header = "event_id,ad_id,event_type,occurred_at,note\n"
    notes, ends = ("x", '"q"', '"a,b"', '"two ""q"""', '5" tv', ""), dice.choice(["\n", "\r\n"])
    rows = (f"{dice.getrandbits(60)},101,click,2025-06-10T10:00:00Z,{dice.choice(notes)}{ends}" for _ in range(8))
    text = damaged(header + "".join(rows), CSV_PIECES, dice, first=len(header))
    return text.encode(dice.choice(["utf-8", "latin-1"]), "replace")


def damaged_lines(dice: random.Random) -> bytes:
    extras = {"a": 1.5, "user": {"p": {"q": [1, 2]}}, "tags": [{}], "x y": "}{", "é": None, "long": [[[]]] * 12}
    lines = []
    for _ in range(200):
        row = {
            "event_id": f"e{dice.getrandbits(60)}", "ad_id": dice.choice([101, "101", "007"]),
            "event_type": dice.choice(["click", "View"]),
            "occurred_at": dice.choice(["2025-06-10T10:00:00Z", "2025-06-10 10:00:00+00"]),
            **{key: extras[key] for key in dice.sample(sorted(extras), 2)},
        }  # fmt: skip
        line = damaged(json.dumps(row, separators=dice.choice([(",", ":"), (", ", ": ")])), JSON_PIECES, dice)
        lines.append(line)
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def all_seen(root: DataRoot, files: dict[str, bytes]) -> list[list[tuple[Any, ...]]]:
    """What comes of some files, each by itself."""
    world = World(root, {})
    for name, content in files.items():
        world.deliver(name, content)
    with world.open() as warehouse:
        ingest(warehouse, Inbox(world.root, skip_stability_check=True))
        publish(warehouse)
    return [
        world.rows("select name, outcome, reason, rows_read from raw.event_files order by all"),
        world.rows("select * exclude (batch_id) from raw.ad_events order by all"),
        world.rows("select * exclude (recorded_at) from raw.rejected_rows order by all"),
    ]


@pytest.mark.parametrize(("form", "make", "count"), [("csv", damaged_csv, 150), ("jsonl", damaged_lines, 10)])
def test_both_readers_see_the_same_in_damaged_files(
    root: DataRoot, monkeypatch: pytest.MonkeyPatch, form: str, make: Any, count: int
) -> None:
    dice = random.Random(7)
    files = {f"{n:03}.{form}": make(dice) for n in range(count)}
    found = []
    for bulk_bytes in (0, 1 << 60):
        monkeypatch.setattr(reader, "BULK_BYTES", bulk_bytes)
        found.append(all_seen(DataRoot(root.path / str(bulk_bytes)), files))
    for bulk, rows in zip(*found, strict=True):
        assert bulk == rows
    assert len(found[0][1]) > 100
    assert len(found[0][2]) > 100
