"""The published file is whole wherever it is, and what is exported from it needs nothing else."""

import contextlib
import csv
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.export import FOR_ANY_BRAND, LEFT_BEHIND, PLACED_IN_TIME
from assets.engine.sealing.seal import seal
from assets.engine.warehouse.publication import publish
from assets.engine.warehouse.statements import sql
from tests.test_cli import spendgate
from tests.world import CAMPAIGNS, NOON, World, spent

READERS = sql("reports.readers", "tables")
LATER = NOON + timedelta(days=60)
SUMS = (
    "select (select sum(spend) from {0}mart.daily_spend), (select sum(spend) from {0}mart.monthly_spend),"
    " (select count(*) from {0}core.transactions), (select count(*) from {0}raw.ad_events),"
    " (select sum(spend) from {0}mart.hourly_spend), (select sum(amount) from {0}mart.statement where line = 'COST')"
)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Three days of one brand, sealed, and a late event of one of them; another brand; a name that is a formula."""
    world = World(DataRoot(tmp_path_factory.mktemp("published file") / "it's data"))
    world.deliver_reference("campaigns", CAMPAIGNS.replace("Borealis always", '"=1+1"'))
    for day in (7, 8, 9):
        spent(world, 3, f"2025-06-0{day}T11:00:00Z")
    rows = "".join(
        f'{{"event_id": "b{n}", "ad_id": 201, "event_type": "view", "occurred_at": "2025-06-08T10:00:00Z"}}\n'
        for n in range(4)
    )
    world.deliver("b.jsonl", rows)
    world.run(LATER)
    with world.open(LATER) as warehouse:
        assert seal(warehouse)
        publish(warehouse)
    spent(world, 2, "2025-06-08T12:00:00Z")
    world.run(LATER)
    return world


def expected(world: World) -> tuple[Any, ...]:
    [row] = world.rows(SUMS.format(""))
    assert row[:4] == (Decimal("5.54"), Decimal("5.54"), 15, 15)
    return row


@contextlib.contextmanager
def attached(file: Path, name: str) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        path = str(file).replace("'", "''")
        connection.execute(f"attach '{path}' as \"{name}\" (read_only)")
        yield connection


@pytest.mark.parametrize("name", ["spend", "x", "select", "Aussi un 'nom'"])
def test_it_is_attached_under_any_name(sealed: World, name: str) -> None:
    with attached(sealed.root.published_file, name) as connection:
        assert connection.execute(SUMS.format(f'"{name}".')).fetchall() == [expected(sealed)]


def test_every_table_of_it_is_read_when_it_is_attached(sealed: World) -> None:
    with attached(sealed.root.published_file, "x") as connection:
        connection.execute("use x")
        for name, _ in connection.execute(READERS).fetchall():
            connection.execute("use memory")
            connection.execute(f"from x.{name} limit 1").fetchall()


def test_its_macros_are_called_when_it_is_in_use(sealed: World) -> None:
    with attached(sealed.root.published_file, "x") as connection:
        connection.execute("use x")
        between = connection.execute("from mart.spend_between('2025-06-08', '2025-06-08')").fetchall()
        assert [(row[1], row[3], row[4], row[5]) for row in sorted(between)] == [
            ("Acme", "Acme always", Decimal("2.5"), 5),
            ("Borealis", "=1+1", Decimal("0.04"), 4),
        ]
        known = connection.execute("select sum(spend) from mart.spend_as_known_at(now())").fetchall()
        assert known == [(Decimal("5.54"),)]
        [status] = connection.execute("from ops.status_at(11, $1::timestamptz)", [LATER]).fetchall()
        assert status[:2] == (11, "RUNNING")
        assert connection.execute("from ops.status_at(11, $1::timestamptz)", [NOON]).fetchall() == []


def test_two_of_them_are_attached_at_once_and_each_reads_its_own_days(sealed: World, tmp_path: Path) -> None:
    other = World(DataRoot(tmp_path / "data"))
    spent(other, 7, "2025-06-07T11:00:00Z")
    other.run(LATER)
    with other.open(LATER) as warehouse:
        seal(warehouse)
        publish(warehouse)
    with attached(sealed.root.published_file, "one") as connection:
        connection.execute(f"attach '{other.root.published_file}' as two (read_only)")
        rows = connection.execute(
            "select (select sum(spend) from one.mart.daily_spend), (select sum(spend) from two.mart.daily_spend)"
        )
        assert rows.fetchall() == [(Decimal("5.54"), Decimal("3.5"))]


def test_a_copy_of_it_alone_reads_the_days_where_they_are(sealed: World, tmp_path: Path) -> None:
    copy = shutil.copyfile(sealed.root.published_file, tmp_path / "mine.duckdb")
    with duckdb.connect(str(copy), read_only=True) as connection:
        assert connection.execute(SUMS.format("")).fetchall() == [expected(sealed)]


def test_a_folder_that_was_moved_reads_the_days_beside_it(sealed: World, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(sealed.root.path, moved)
    away = sealed.root.path.rename(sealed.root.path.with_name("away"))
    try:
        with duckdb.connect(str(moved / "published" / "spend.duckdb"), read_only=True) as connection:
            [row] = connection.execute(SUMS.format("")).fetchall()
        assert row[:2] == (Decimal("5.54"), Decimal("5.54"))
        # it runs there, and from then on knows where it is
        World(DataRoot(moved), {}).run(LATER)
        with attached(moved / "published" / "spend.duckdb", "x") as connection:
            assert connection.execute(SUMS.format("x.")).fetchall() == [row]
    finally:
        away.rename(sealed.root.path)


def test_without_its_days_it_says_what_to_do_and_that_works(sealed: World, tmp_path: Path) -> None:
    copy = shutil.copyfile(sealed.root.published_file, tmp_path / "mine.duckdb")
    away = sealed.root.path.rename(tmp_path / "away")
    try:
        with duckdb.connect(str(copy), read_only=True) as connection:
            assert connection.execute("select count(*) from mart.brand_budget").fetchall() == [(3,)]
            with pytest.raises(duckdb.IOException, match=r"SET VARIABLE spendgate_data.*spendgate export"):
                connection.execute("from mart.daily_spend")
            connection.execute("set variable spendgate_data = $1", [str(away)])
            assert connection.execute("select sum(spend) from mart.daily_spend").fetchall() == [(Decimal("5.54"),)]
    finally:
        away.rename(sealed.root.path)


def test_it_is_read_by_somebody_who_may_write_nowhere_there(sealed: World) -> None:
    folders = [folder for folder in sealed.root.path.rglob("*") if folder.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    for parent in sealed.root.path.parents:  # those of pytest are for one user
        if parent.name.startswith(("pytest-", "popen-", "published file")):
            parent.chmod(0o755)
    code = (
        "import decimal, duckdb, os, sys\n"
        "os.getuid() or os.setuid(65534)\n"
        "with duckdb.connect(sys.argv[1], read_only=True) as connection:\n"
        "    print(connection.execute('select sum(spend) from mart.daily_spend').fetchall()[0][0])\n"
    )
    try:
        shell = [sys.executable, "-c", code, str(sealed.root.published_file)]
        told = subprocess.run(shell, capture_output=True, text=True, cwd="/", check=False)
        assert told.stdout.strip() == "5.540000000", told.stderr
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_amounts_are_exact_in_polars_and_arrow(sealed: World) -> None:
    with duckdb.connect(str(sealed.root.published_file), read_only=True) as connection:
        query = "select sum(spend) as spend from mart.daily_spend"
        assert connection.sql(query).pl()["spend"].to_list() == [Decimal("5.540000000")]
        assert connection.sql(query).to_arrow_table()["spend"].to_pylist() == [Decimal("5.540000000")]
        assert isinstance(connection.sql(query).pl()["spend"].dtype, pl.Decimal)
        assert pa.types.is_decimal(connection.sql(query).to_arrow_table()["spend"].type)


def test_an_exported_database_needs_nothing_else(sealed: World, tmp_path: Path) -> None:
    file = tmp_path / "out.duckdb"
    told = spendgate(sealed.root, "export", str(file))
    assert told.exit_code == 0, told.exception
    away = sealed.root.path.rename(tmp_path / "away")
    try:
        with attached(file, "x") as connection:
            rows = connection.execute(SUMS.replace("(select count(*) from {0}raw.ad_events), ", "").format("x."))
            assert rows.fetchall()[0][:3] == (Decimal("5.54"), Decimal("5.54"), 15)
            connection.execute("use x")
            undescribed = "from duckdb_columns() where database_name = 'x' and comment is null"
            assert connection.execute(undescribed).fetchall() == []
    finally:
        away.rename(sealed.root.path)


def test_an_export_has_the_days_and_brands_that_are_wanted_and_no_other(sealed: World, tmp_path: Path) -> None:
    folder = tmp_path / "out.parquet"
    told = spendgate(sealed.root, "export", str(folder), "--from", "2025-06-08", "--to", "2025-06-08", "--brands", "1")
    assert told.exit_code == 0, told.exception
    days = (
        duckdb.read_parquet(str(folder / "mart.daily_spend.parquet")).project("brand_id, local_date, spend").fetchall()
    )
    assert days == [(1, date(2025, 6, 8), Decimal("2.5"))]
    assert len(duckdb.read_parquet(str(folder / "core.transactions.parquet"))) == 5
    assert not (folder / "ops.delivered_files.parquet").exists(), "it names no brand, so it may be about another"
    for file in folder.iterdir():
        names = duckdb.read_parquet(str(file)).columns
        if "brand_id" in names:
            assert duckdb.read_parquet(str(file)).filter("brand_id <> 1").fetchall() == [], file.name


def test_a_period_is_exported_with_any_day_of_it(sealed: World, tmp_path: Path) -> None:
    folder = tmp_path / "out.csv"
    assert spendgate(sealed.root, "export", str(folder), "--from", "2025-06-30", "--to", "2025-07-01").exit_code == 0
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) - 1 for path in folder.iterdir()}
    assert lines["mart.monthly_spend.csv"] == 2
    assert lines["mart.daily_spend.csv"] == lines["core.transactions.csv"] == lines["ops.delivered_files.csv"] == 0
    assert lines["core.brands.csv"] == 3, "what holds in general is taken whole"


def test_what_moved_to_another_brand_leaves_no_name_of_that_behind(world: World, tmp_path: Path) -> None:
    spent(world, 2)
    world.run()
    world.deliver_reference("campaigns", CAMPAIGNS.replace("11,1,Acme always", "11,2,SECRET"))
    world.run(NOON + timedelta(minutes=5))
    folder = tmp_path / "out.csv"
    assert spendgate(world.root, "export", str(folder), "--brands", "1").exit_code == 0
    for file in folder.iterdir():
        assert "SECRET" not in file.read_text(encoding="utf-8"), file.name
        assert "Borealis" not in file.read_text(encoding="utf-8"), file.name
    [row] = world.rows("from mart.spend_between('2025-06-01', '2025-06-30')")
    assert row[:4] == (1, "Acme", 11, None)


def test_what_an_export_leaves_out_and_narrows_is_what_the_page_says(sealed: World, tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "queries.md").read_text(encoding="utf-8")
    section = page.partition("## What an export leaves out\n")[2].partition("\n## ")[0]
    left_out, narrowed = (
        {row.split(" | ")[0]: row.split(" | ")[1] for row in re.findall(r"^\| (.+) \|$", table, re.MULTILINE)}
        for table in section.split("`--from` and `--to`")
    )

    def named(text: str) -> set[str]:
        return set(re.findall(r"`((?:mart|ops|core|raw)\.\w+)`", text))

    everything = {name for name, _ in sealed.rows(READERS)}
    for options, left in (([], {*named(left_out["any export"])}), (["--brands", "1"], named(left_out["`--brands`"]))):
        folder = tmp_path / f"{len(options)}.parquet"
        assert spendgate(sealed.root, "export", str(folder), *options).exit_code == 0
        said = left if not options else left - {"mart.brand_budget", *FOR_ANY_BRAND} | set(LEFT_BEHIND)
        assert everything - {file.stem for file in folder.iterdir()} == said
    assert set().union(*map(named, narrowed.values())) == set(PLACED_IN_TIME)


def test_an_export_to_csv_is_safe_in_a_spreadsheet(sealed: World, tmp_path: Path) -> None:
    folder = tmp_path / "out.csv"
    assert spendgate(sealed.root, "export", str(folder)).exit_code == 0
    with (folder / "mart.campaigns.csv").open(encoding="utf-8", newline="") as file:
        assert "'=1+1" in {row["campaign_name"] for row in csv.DictReader(file)}


def test_an_export_replaces_only_when_it_is_told_to_and_all_at_once(
    sealed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "out.duckdb"
    assert spendgate(sealed.root, "export", str(file)).exit_code == 0
    before = file.read_bytes()
    assert "say --replace" in str(spendgate(sealed.root, "export", str(file)).exception)
    assert "let it end in" in str(spendgate(sealed.root, "export", str(tmp_path / "out.xlsx")).exception)
    assert "there is no folder" in str(spendgate(sealed.root, "export", str(tmp_path / "no" / "x.csv")).exception)

    for name in ("published/spend.duckdb", "warehouse/warehouse.duckdb", "x.csv", "sealed.parquet"):
        told = spendgate(sealed.root, "export", str(sealed.root.path / name), "--replace")
        assert "lies in the data root" in str(told.exception), name
    (tmp_path / "mine.csv").mkdir()
    (tmp_path / "mine.csv" / "letter.txt").write_text("dear")
    (tmp_path / "plain.parquet").write_text("x")
    (tmp_path / "link.csv").symlink_to(tmp_path / "mine.csv")
    for name, said in (("mine.csv", "is no export"), ("plain.parquet", "is no export"), ("link.csv", "is a link")):
        assert said in str(spendgate(sealed.root, "export", str(tmp_path / name), "--replace").exception), name
    assert (tmp_path / "mine.csv" / "letter.txt").read_text() == "dear"

    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("assets.engine.export._plain", fail)
    spendgate(sealed.root, "export", str(file), "--replace")
    assert file.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"out.duckdb", "mine.csv", "plain.parquet", "link.csv"}
    monkeypatch.undo()
    assert spendgate(sealed.root, "export", str(file), "--replace", "--brands", "2").exit_code == 0
    with duckdb.connect(str(file), read_only=True) as connection:
        assert connection.execute("select distinct brand_id from mart.daily_spend").fetchall() == [(2,)]
