"""A data root lies in a folder of any name, and works; or it is refused in one line before anything is begun."""

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.engine.data_root import LONGEST_PATH, DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.reader_queries import answer
from assets.engine.rebuild.rebuild import rebuild
from assets.engine.sealing.seal import seal
from assets.engine.settings import Settings
from assets.engine.warehouse.publication import publish
from pipelines.cli.printing import print_csv
from tests.faults import state
from tests.test_cli import spendgate_process
from tests.world import NOON, PRICES, World, csv_text, event, jsonl, payment

LATER = NOON + timedelta(days=30)
"""When June's days are over."""

NAMES = [
    "date=2026",
    "all of # % ; \\ ' \" { , } = ~ $ & ( ) | < > ! ^ ` \t \n \u2028 é",
    "/".join("d" * 120 for _ in range(2)),
]


def fill(world: World) -> None:
    """Every sort of file, small and large enough to be read in bulk; then sealed days, and events that come again."""
    many = [event(f"many-{n}", 201, "impression", f"2025-06-09T10:00:{n % 60:02}Z") for n in range(12_000)]
    world.deliver("a.jsonl", jsonl(*many))
    world.deliver("b.csv", csv_text(*(row | {"event_id": f"csv-{row['event_id']}"} for row in many)))
    typed = pl.DataFrame([event(f"typed-{n}", 101, "click", "2025-06-09T10:00:00Z") for n in range(3)])
    typed.write_parquet(world.root.landing("events") / "c.parquet")
    paid = [payment("p1", 1, "5", "2025-06-09T11:00:00Z"), payment("p2", 1, "0", "2025-06-09T11:00:00Z")]
    pl.DataFrame(paid).write_parquet(world.root.landing("payments") / "d.parquet")
    pl.read_csv(PRICES.encode(), infer_schema=False).write_parquet(world.root.reference / "global_ad_pricing.parquet")
    (world.root.reference / "global_ad_pricing.csv").unlink()
    world.run()
    seal_all(world)
    late = [event("typed-1", 101, "click", "2025-06-09T10:00:00Z"), event("l", 101, "click", "2025-06-09T10:00:00Z")]
    world.deliver("late.jsonl", jsonl(*late))
    world.run(LATER)


def seal_all(world: World) -> None:
    with world.open(LATER) as warehouse:
        assert seal(warehouse)
        publish(warehouse)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same in a folder with a plain name."""
    world = World(DataRoot(tmp_path_factory.mktemp("plain") / "data"))
    fill(world)
    return world


@pytest.mark.parametrize("name", NAMES)
def test_a_data_root_in_a_folder_of_any_name_works(
    plain: World, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    world = World(DataRoot(tmp_path / name / "data"))
    fill(world)
    assert state(world) == state(plain)
    assert world.value("select count(*) from sealed.transactions()") == 24_004
    with world.open(LATER) as warehouse:
        assert [row.table for row in rebuild(warehouse, Settings()) if row.only_live or row.only_rebuilt] == []
    answer(world.root, "select count(*) as n from core.transactions", print_csv)
    assert capfd.readouterr().out == "n\n24005\n"


@pytest.mark.parametrize("name", ["st*ar", "a[X]r", "s?ar"])
def test_the_published_file_shows_nothing_of_the_folders_beside_it_wherever_it_has_been_moved(
    plain: World, tmp_path: Path, name: str
) -> None:
    """DuckDB takes such a name for a pattern, and reads what fits it."""
    for folder in (name, "stXar", "aXr"):
        shutil.copytree(plain.root.path, tmp_path / folder)
    query, said = "select count(*) from core.transactions", "DuckDB takes .* for a pattern: rename the folder"
    moved = tmp_path / name / "published" / "spend.duckdb"
    with duckdb.connect(str(moved), read_only=True) as published, pytest.raises(duckdb.Error, match=said):
        published.execute(query)
    with duckdb.connect() as other:
        other.execute(f"attach '{moved}' as spend (read_only)")
        other.execute(f"use spend; set variable spendgate_data = '{tmp_path / name}'")
        with pytest.raises(duckdb.Error, match=said):
            other.execute(query)
        (tmp_path / "link").symlink_to(tmp_path / name)
        other.execute(f"set variable spendgate_data = '{tmp_path / 'link'}'")
        assert other.execute(query).fetchall() == [(24_005,)]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a?b", "DuckDB takes .* for a pattern"),
        ("st*ar/data", "DuckDB takes .* for a pattern"),
        ("a[b", "DuckDB takes .* for a pattern"),
        ("a%4Fb", "'%' and two digits"),
        ("a\udcff", "that is no UTF-8 text"),
        ("d/" * LONGEST_PATH, f"may be {LONGEST_PATH} bytes long"),
    ],
)
def test_a_data_root_that_cannot_work_is_refused_in_one_line(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(SpendgateError, match=reason) as refusal:
        DataRoot(tmp_path / name)
    assert "\n" not in str(refusal.value)
    assert "name another folder with --data" in str(refusal.value)


def test_the_command_line_begins_nothing_in_a_data_root_that_cannot_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for name, reason in (("a?b", "for a pattern"), ("a\udcff", "no UTF-8 text"), ("loop", "leads back to itself")):
        monkeypatch.setenv("SPENDGATE_DATA", str(tmp_path / name))
        for command in ("run", "status"):
            code = "from pipelines.cli.main import main; main()"
            result = subprocess.run([sys.executable, "-c", code, command], capture_output=True, text=True, check=False)
            assert result.returncode == 1
            [line] = result.stderr.splitlines()
            assert line.startswith("error: ")
            assert reason in line
    assert [path.name for path in tmp_path.iterdir()] == ["loop"]


EACH = [
    *NAMES,
    *("a%b", "a#b", "a;b", "a\\b", "a b", "q'q", 'q"q', "x{y,z}", "a\nb", "a\rb", "a:b", "x:/y", "~", "$HOME", "-x"),
]


@pytest.mark.long
@pytest.mark.parametrize("name", EACH)
def test_every_command_works_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    root = DataRoot(tmp_path / name)
    size = ["--brands", "10", "--campaigns", "20", "--ads", "50", "--format", "parquet"]
    for command in (
        ["generate", "--events", "3000", *size, "--now", "2025-06-10T12:00:00Z"],
        ["run", "--now", "2025-06-10T13:00:00Z"],
        ["seal", "--now", "2025-07-20T13:00:00Z"],
        ["generate", "--events", "100", "--seed", "2", *size, "--now", "2025-06-09T12:00:00Z"],
        ["run", "--now", "2025-07-20T14:00:00Z"],
        ["status"],
        ["rebuild"],
        ["sql", "select count(*) as n, (select sum(spend) from mart.daily_spend) as s from raw.ad_events"],
    ):
        done = spendgate_process(root, *command)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
    assert "│ 3100 │ 101.080720169 │" in done.stdout
