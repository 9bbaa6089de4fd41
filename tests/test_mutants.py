"""Good files, damaged at random: no mutant stops a run or is miscounted."""

import multiprocessing
import random
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.delivery.inbox import Inbox
from assets.engine.ingestion.ingest import ingest
from tests.corpus.case import Row, click, gz, paid, parquet
from tests.corpus.containers import flipped
from tests.corpus.world import ledger_of
from tests.world import World, csv_text, jsonl

# --- mutants of good files

MUTANTS = 300
"""Delivered at once, beside a good file."""

TYPES = ("click", "impression", "view", "CLICK")

NASTY = (
    b"\0", b"\n", b"\r\n", b'"', b'""', b",", b";", b"{", b"}", b"[", b"]", b"\\", b"\\u0000", b"\\ud800",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\x80", b"\x1f\x8b", b"PAR1", b"PK\x03\x04", b"\x01", b"'", b"-", b" ",
    b"\t", b"null", b"true", b"NaN", b"1e999", b"9223372036854775808", b"0.0000000001", b"9999-12-31T23:59:59Z",
    b"0000-00-00T00:00:00Z", b"=1+1",
)  # fmt: skip
"""What a reader may stumble over."""


def good_rows(kind: str, prefix: str, count: int = 50) -> list[Row]:
    """Sound rows whose ids begin with a prefix."""
    at = [f"2025-06-{n % 9 + 1:02}T10:{n:02}:00{'Z' if n % 2 else '.25+02:00'}" for n in range(count)]
    if kind == "payments":
        return [paid(f"{prefix}/{n}", amount=f"{n + 1}.{n:09}", paid_at=at[n]) for n in range(count)]
    return [click(f"{prefix}/{n}", ad_id=100 + n % 3, event_type=TYPES[n % 4], occurred_at=at[n]) for n in range(count)]


def good_table(kind: str, rows: list[Row], *, is_typed: bool) -> pa.Table:
    """The rows as a Parquet table, with types of its own or all but ids as text."""
    schema = pa.schema([(name, pa.int64() if name in ("ad_id", "brand_id") else pa.string()) for name in rows[0]])
    table = pa.Table.from_pylist(rows, schema)
    if is_typed:
        name = schema.names[3]
        instants = pa.array([datetime.fromisoformat(row[name]) for row in rows], pa.timestamp("us", "UTC"))
        table = table.set_column(3, name, instants)
    if is_typed and kind == "payments":
        amounts = pa.array([Decimal(row["amount"]) for row in rows], pa.decimal128(18, 9))
        table = table.set_column(2, "amount", amounts)
    return table


def good_file(kind: str, form: str, prefix: str, dice: random.Random) -> bytes:
    """A sound file."""
    rows = good_rows(kind, prefix)
    if form == "parquet":
        table = good_table(kind, rows, is_typed=dice.random() < 0.5)
        return parquet(
            table,
            compression=dice.choice(["none", "snappy", "zstd", "gzip"]),
            use_dictionary=dice.random() < 0.5,
            data_page_version=dice.choice(["1.0", "2.0"]),
            write_page_checksum=dice.random() < 0.3,
            row_group_size=dice.choice([7, 50]),
        )
    text = jsonl(*rows) if form.startswith("jsonl") else csv_text(*rows)
    return text.encode()


def places(content: bytes, dice: random.Random) -> tuple[int, int]:
    """A stretch of the content, more often short than long."""
    start = dice.randrange(len(content) + 1)
    return start, min(len(content), start + int(len(content) ** dice.random()))


def flip_bytes(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        if changed:
            changed[dice.randrange(len(changed))] = dice.choice((0, 0x7F, 0x80, 0xFF, dice.randrange(256)))
    return bytes(changed)


def flip_a_bit(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    return flipped(content, dice.randrange(len(content)), 1 << dice.randrange(8)) if content else content


def flip_a_bit_near_the_end(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    """In a Parquet file that is the footer."""
    length = int.from_bytes(content[-8:-4], "little") if content.endswith(b"PAR1") else 64
    near = max(0, len(content) - length - 8)
    for _ in range(dice.randint(1, 4)):
        if near < len(content):
            content = flipped(content, dice.randrange(near, len(content)), 1 << dice.randrange(8))
    return content


def cut_out(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    start, end = dice.choice(
        [(0, places(content, dice)[0]), (places(content, dice)[0], len(content)), places(content, dice)]
    )
    return content[:start] + content[end:]


def insert(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(content) + 1)
    return content[:start] + dice.choice([dice.choice(NASTY), dice.randbytes(dice.randint(1, 20))]) + content[start:]


def overwrite(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    start, end = places(content, dice)
    filling = dice.choice((b"\0", b"\xff", *NASTY))
    return content[:start] + (filling * (end - start))[: end - start] + content[end:]


def double(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    start, end = places(content, dice)
    return content[:end] + content[start:end] * dice.choice((1, 1, 2, 50)) + content[end:]


def splice(content: bytes, other: bytes, dice: random.Random) -> bytes:
    return content[: places(content, dice)[0]] + other[places(other, dice)[0] :]


def swap_lines(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    lines = content.split(b"\n")
    one, two = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def replace_a_value(content: bytes, _other: bytes, dice: random.Random) -> bytes:
    values = [*re.finditer(rb'"[^"\n]*"|[0-9.]+|click|view', content)]
    if not values:
        return content
    value = dice.choice(values)
    return content[: value.start()] + dice.choice(NASTY) + content[value.end() :]


MUTATIONS = (
    flip_bytes, flip_a_bit, flip_a_bit_near_the_end, cut_out, insert, overwrite, double, splice, swap_lines,
    replace_a_value,
)  # fmt: skip

GOOD = [(kind, form) for kind in ("events", "payments") for form in ("jsonl", "csv", "jsonl.gz", "csv.gz", "parquet")]


@dataclass(frozen=True)
class Mutant:
    """A spoilt file and how it was made; `mutant(seed, number)` makes it again."""

    kind: str
    name: str
    content: bytes
    recipe: str


def mutant(seed: int, number: int) -> Mutant:
    """The same spoilt file for the same numbers."""
    dice = random.Random(f"{seed} {number}")
    kind, form = dice.choice(GOOD)
    prefix = f"{seed}/{dice.choice((number, number, 'shared'))}"
    content = good_file(kind, form, prefix, dice)
    mutations = dice.choices(MUTATIONS, k=dice.choice((1, 1, 1, 2, 3)))
    packs_first = form.endswith(".gz") and dice.random() < 0.5
    content = gz(content) if packs_first else content
    for mutation in mutations:
        other_kind, other_form = dice.choice(GOOD)
        content = mutation(content, good_file(other_kind, other_form, f"{prefix}/other", dice), dice)
    content = gz(content) if form.endswith(".gz") and not packs_first else content
    recipe = f"mutant({seed}, {number}): {', '.join(mutation.__name__ for mutation in mutations)}"
    return Mutant(kind, f"{number:04}.{form}", content, recipe)


def refresh_in_a_child(folder: Path) -> None:
    """A run in a process of its own, which may die of it; what it raises is left behind as a text."""
    try:
        World(DataRoot(folder), {}).run()
    except BaseException:
        (folder / "traceback.txt").write_text(traceback.format_exc())
        raise


def take_one_by_one(folder: Path, seed: int, numbers: list[int]) -> None:
    """Take in each mutant by itself, as long as none kills this process; what they raise is left behind."""
    world = World(DataRoot(folder / f"{seed}-{numbers[0]}"), {})
    for number in numbers:
        (folder / "newest.txt").write_text(str(number))
        spoilt = mutant(seed, number)
        path = world.deliver(spoilt.name, spoilt.content, spoilt.kind)
        try:
            with world.open() as warehouse:
                ingest(warehouse, Inbox(world.root, skip_stability_check=True))
        except Exception:  # noqa: BLE001 whatever escapes is what we are after
            (folder / f"{number}.txt").write_text(traceback.format_exc())
        path.unlink()


def ended(target: Callable[..., None], *arguments: Any) -> str | None:
    """Run something in a process of its own; says how it ended, unless it ended well."""
    child = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    child.start()
    child.join(120)
    if child.exitcode is None:
        child.kill()
        child.join()
        return "it hung"
    return f"it ended with {child.exitcode}" if child.exitcode else None


def culprits(folder: Path, seed: int, numbers: list[int]) -> dict[int, str]:
    """The mutants that stop a run, each by itself, and how."""
    folder.mkdir()
    stopped = {}
    while numbers and (how := ended(take_one_by_one, folder, seed, numbers)):
        newest = int((folder / "newest.txt").read_text())
        stopped[newest] = how
        numbers = [number for number in numbers if number > newest]
    raised = {int(file.stem): file.read_text() for file in folder.glob("[0-9]*.txt")}
    return stopped | raised


# an id begins with the numbers of its mutant
ODD_ROWS = """
select event_id from raw.ad_events
where occurred_at < '2000-01-01' or occurred_at > now() + interval 11 minutes or length(event_id) not between 1 and 1000
union all
select payment_id from raw.payments
where paid_at < '2000-01-01' or paid_at > now() + interval 11 minutes or amount = 0
"""


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_no_mutant_of_a_good_file_stops_a_run_or_is_miscounted(tmp_path: Path, seed: int) -> None:
    mutants = [mutant(seed, number) for number in range(MUTANTS)]
    world = World(DataRoot(tmp_path / "all"))
    for spoilt in mutants:
        world.deliver(spoilt.name, spoilt.content, spoilt.kind)
    world.deliver("good.jsonl", jsonl(*good_rows("events", "good")))
    how = ended(refresh_in_a_child, world.root.path)
    if how is not None:
        found = culprits(tmp_path / "each", seed, list(range(MUTANTS)))
        causes = [f"{mutants[number].recipe}\n{trouble}" for number, trouble in found.items()]
        pytest.fail(f"{how}\n" + ("\n".join(causes) or (world.root.path / "traceback.txt").read_text()))
    files = ledger_of(world)
    for spoilt in mutants:
        file = files[spoilt.kind, f"landing/{spoilt.kind}/{spoilt.name}"]
        told = f"{spoilt.recipe}: {file}"
        assert file.outcome in ("LOADED", "DUPLICATE", "QUARANTINED"), told
        assert file.outcome == "LOADED" or file.reason, told
        read, loaded, duplicate, rejected = file.counts
        assert read == loaded + duplicate + rejected, told
        assert (len(file.loaded), len(file.rejected)) == (loaded, rejected), told
        assert all(raw is not None and reason for raw, reason in file.rejected.values()), told
    good = files["events", "landing/events/good.jsonl"]
    assert (good.outcome, good.counts) == ("LOADED", (50, 50, 0, 0))
    assert world.value("select count(*) - count(distinct event_id) from raw.ad_events") == 0
    assert world.value("select count(*) - count(distinct payment_id) from raw.payments") == 0
    assert world.rows(ODD_ROWS) == []
