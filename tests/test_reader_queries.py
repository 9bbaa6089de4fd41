"""Readers ask in their own SQL and change nothing: by no statement, by no function, and they have not the right."""

import contextlib
import faulthandler
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError, first_line
from assets.engine.reader_queries import (
    TABLE_FUNCTIONS,
    WITH_EFFECTS,
    answer,
    end_other_threads,
    readable,
    select,
    shut_off,
)
from assets.engine.rights import give_up_rights, landlock_version, run_in_a_process
from assets.engine.sealing.seal import seal
from assets.engine.warehouse.publication import open_published, publish
from pipelines.cli.printing import print_csv
from tests.world import NOON, World, event, jsonl

needs_landlock = pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Some events of a day that is sealed."""
    world = World(DataRoot(tmp_path_factory.mktemp("readers") / "data"))
    world.deliver("a.jsonl", jsonl(*(event(f"e{n}", 101, "click", "2025-06-09T10:00:00Z") for n in range(4))))
    world.run()
    with world.open(NOON + timedelta(days=2)) as warehouse:
        assert seal(warehouse)
        publish(warehouse)
    return world


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, which is home and place for temporary files as well."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (folder / "secret.csv").write_text("a\nsecret\n")
    (folder / "secret.json").write_text('{"a": "secret"}\n')
    return folder


def looks(folder: Path) -> dict[str, Any]:
    """All that lies below a folder: what is written, moved or given another mode has another time of change."""
    looks = {}
    for path in [folder, *folder.rglob("*")]:
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and status.st_size < 100_000 else None
        looks[str(path)] = (
            status.st_ino,
            status.st_mode,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            content,
        )
    return looks


ATTACKS = [
    "copy (select 1) to '{sealed}'",
    "copy (select 1) to '{sealed}' (format csv, use_tmp_file false)",
    "copy (select 1) to '{folder}/sealed/new.parquet'",
    "copy (select 1) to '{here}/new.csv'",
    "copy (select 1) to '/dev/stdout'",
    "copy internal.transactions from '{sealed}'",
    "copy from database spend to memory",
    "export database '{here}/exported'",
    "export database '{folder}/sealed/exported'",
    "import database '{here}'",
    "attach '{here}/new.duckdb'",
    "attach '{folder}/warehouse/warehouse.duckdb' as live",
    "attach ':memory:' as memory",
    "detach spend",
    "use memory",
    "use mart",
    "install httpfs",
    "force install httpfs from 'http://127.0.0.1:1/'",
    "load httpfs",
    "pragma enable_profiling",
    "pragma profiling_output = '{here}/profile.json'",
    "pragma table_info('mart.daily_spend')",
    "pragma import_database('{here}')",
    "set threads = 1",
    "set temp_directory = '{here}'",
    "set variable spendgate_data = '{here}'",
    "reset variable spendgate_data",
    "reset threads",
    "call enable_logging(storage = 'file', storage_config = {{'path': '{here}'}})",
    "call duckdb_tables()",
    "from enable_logging()",
    "from enable_logging('QueryLog', storage = 'file', storage_config = {{'path': '{here}'}})",
    "select * from (select 1), enable_logging()",
    "with logging as (from enable_logging()) from logging",
    "describe from enable_logging()",
    "summarize from enable_logging()",
    "explain from enable_logging()",
    "from disable_logging()",
    "from enable_profiling()",
    "from truncate_duckdb_logs()",
    "from duckdb_logs()",
    "from duckdb_logs_parsed('QueryLog')",
    "select write_log('x')",
    "select 1 order by write_log('x')",
    "select * replace (write_log('x') as a) from (select 1 as a)",
    "select \"WRITE_LOG\"('x')",
    "select main.write_log('x')",
    "select x.write_log() from (select 'x' as x)",
    "select list_transform(['x'], lambda x: write_log(x))",
    "select sum(1) filter (write_log('x') is null) over (order by write_log('y'))",
    "from mart.costs_as_known((select max(now()) from glob('*')))",
    "vacuum",
    "analyze",
    "checkpoint",
    "force checkpoint",
    "from checkpoint()",
    "from force_checkpoint('spend')",
    "create table new (a int)",
    "create temp table new as select 1",
    "create or replace temp view new as select 1",
    "create macro new() as 1",
    "create temp macro new() as 1",
    "create secret (type s3, key_id 'x', secret 'y')",
    "create sequence new",
    "create type new as enum ('a')",
    "drop table internal.transactions",
    "alter table internal.transactions rename to new",
    "comment on table internal.transactions is 'new'",
    "insert into internal.transactions from core.transactions",
    "update internal.transactions set amount = 0",
    "delete from internal.transactions",
    "truncate internal.transactions",
    "merge into internal.transactions using (select 1) on true when matched then delete",
    "with gone as (delete from internal.transactions returning *) from gone",
    "begin",
    "commit",
    "rollback",
    "prepare later as select 1",
    "execute later",
    "deallocate later",
    "select 1; select 2",
    "select 1; copy (select 1) to '{here}/new.csv'",
    "; ; select 1; drop table internal.transactions",
    "/* select */ copy (select 1) to '{here}/new.csv'",
    "/* /* */ select 1 -- */ copy (select 1) to '{here}/new.csv'",
    "-- select 1\ncopy (select 1) to '{here}/new.csv'",
    "select 1 --\r; copy (select 1) to '{here}/new.csv'",
    "\u00a0copy\u2003(select 1) to '{here}/new.csv'",
    "\ufeffcopy (select 1) to '{here}/new.csv'",
    "\uff43opy (select 1) to '{here}/new.csv'",
    "explain analyze select 1",
    "explain (analyze) select 1",
    "explain analyze copy (select 1) to '{here}/new.csv'",
    "explain copy (select 1) to '{here}/new.csv'",
    "/* /* */ explain select 1 -- */ explain analyze copy (select 1) to '{here}/new.csv'",
    "explain /* */ analyze select 1",
    "pivot mart.daily_spend on cost_type using sum(spend)",
    "from '{sealed}'",
    "from '{here}/secret.csv'",
    "describe '{here}/secret.csv'",
    "summarize '{here}/secret.csv'",
    "from secret.csv",
    "from \"secret.csv\"",
    "from read_csv('{here}/secret.csv')",
    "from read_csv_auto(['{here}/secret.csv'])",
    "from READ_TEXT('{here}/secret.csv')",
    "from \"read_blob\"('/etc/passwd')",
    "from system.main.read_text('/etc/passwd')",
    "from mart.read_text('/etc/passwd')",
    "select (from read_text('/etc/passwd'))",
    "select 1 where exists (from read_text('/etc/passwd'))",
    "values ((select content from read_text('/etc/passwd')))",
    "from range(1) t(a), lateral (from read_text('/etc/passwd'))",
    "from read_json('{here}/secret.json')",
    "from read_ndjson('{here}/secret.json')",
    "from read_parquet('{sealed}')",
    "from parquet_scan('{sealed}')",
    "from parquet_metadata('{sealed}')",
    "from read_duckdb('{folder}/warehouse/warehouse.duckdb')",
    "from read_csv('http://127.0.0.1:1/x.csv')",
    "from 'https://127.0.0.1:1/x.parquet'",
    "from 's3://bucket/x.parquet'",
    "from sniff_csv('{here}/secret.csv')",
    "from glob('*')",
    "from glob('/etc/*')",
    "select getenv('HOME')",
    "from duckdb_secrets()",
    "from which_secret('s3://bucket/x', 's3')",
    "from duckdb_settings()",
    "from duckdb_variables()",
    "from duckdb_temporary_files()",
    "from query('select 1')",
    "from query('copy (select 1) to ''{here}/new.csv''')",
    "from query_table('{here}/secret.csv')",
    "from json_execute_serialized_sql(json_serialize_sql('from read_text(''/etc/passwd'')'))",
    "select json_serialize_plan('from read_text(''/etc/passwd'')')",
    "from python_map_function()",
    "from pandas_scan(1)",
    "from arrow_scan(1, 2, 3)",
    "select nextval('x')",
    "select currval('x')",
    "select sleep_ms(100000)",
    "select setseed(0.5)",
    "select $1",
    "select ?",
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_whatever_does_more_than_read_is_refused_in_one_line_and_leaves_no_trace(
    world: World, here: Path, attack: str
) -> None:
    before = looks(world.root.path), looks(here)
    with open_published(world.root) as published, pytest.raises((SpendgateError, duckdb.Error)) as refusal:
        shut_off(published, world.root)
        select(published, filled_in(attack, world, here))
    assert said(refusal.value)
    assert (looks(world.root.path), looks(here)) == before


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("copy (select 1) to '{sealed}'", "a reader's query is one statement that selects"),
        ("export database '{here}/exported'", "a reader's query is one statement that selects"),
        ("call enable_logging()", "a reader's query is one statement that selects"),
        ("from enable_logging()", "a reader may not call enable_logging()"),
        ("from '{here}/secret.csv'", "is no table of this database, and a reader has no files"),
        ("selec 1", "Parser Error"),
        ("", "the query selects nothing"),
        ("-- nothing", "the query selects nothing"),
    ],
)
def test_a_reader_is_told_what_he_may_ask(
    world: World, here: Path, capfd: pytest.CaptureFixture[str], query: str, says: str
) -> None:
    before = looks(world.root.path), looks(here)
    with pytest.raises(SpendgateError) as refusal:
        answer(world.root, filled_in(query, world, here), print_csv)
    assert said(refusal.value).startswith(says) or says in said(refusal.value)
    assert capfd.readouterr() == ("", "")
    assert (looks(world.root.path), looks(here)) == before


def filled_in(query: str, world: World, here: Path) -> str:
    """A query with a sealed file, the data root and the folder where it is asked in place of their names."""
    sealed = next(world.root.sealed.glob("transactions/*.parquet"))
    return query.format(sealed=sealed, folder=world.root.path, here=here)


def said(error: BaseException) -> str:
    """What the command line would say, in its one line."""
    [line] = first_line(error).splitlines()
    return line


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("select count(*), sum(amount) from core.transactions", [(4, Decimal("2.000000000"))]),
        ("from mart.daily_spend select transactions", [(4,)]),
        ("table mart.daily_spend", None),
        ("values (1), (2)", [(1,), (2,)]),
        ("with a as (select 1 as x) from a;", [(1,)]),
        ("(select 1) union all (select 2) order by 1", [(1,), (2,)]),
        ("/* why */ select 1 -- so", [(1,)]),
        ("describe mart.daily_spend", None),
        ("show tables from mart", None),
        ("show all tables", None),
        ("summarize mart.daily_spend", None),
        ("EXPLAIN select 1", None),
        ("explain\nfrom mart.daily_spend", None),
        ("from (pivot mart.daily_spend on cost_type in ('CLICK') using sum(spend))", None),
        ("unpivot (select 1 as a, 2 as b) on a, b", [("a", 1), ("b", 2)]),
        ("select count(*) from mart.costs_as_known(now())", [(4,)]),
        ("select count(*) from spend.sealed.transactions()", [(4,)]),
        ("select core.local_time(timestamptz '2025-06-10T00:00:00Z', 0) is not null", [(True,)]),
        ("from range(2)", [(0,), (1,)]),
        ("select unnest(generate_series(1, 2))", [(1,), (2,)]),
        ("select count(*) > 9 from duckdb_tables()", [(True,)]),
        ("select count(*) from duckdb_columns() where table_name = 'brand_budget'", None),
        ("select name from pragma_table_info('ops.revision') limit 1", None),
        ("select count(*) > 9 from information_schema.tables", [(True,)]),
        ("select count(*) > 0 from pg_catalog.pg_tables", [(True,)]),
        ("select histogram(brand_id) from mart.daily_spend", None),
        ("select length(uuid()::varchar), random() < 1", [(36, True)]),
        ("select value from json_each('[7]')", [("7",)]),
        ("select row_number() over (), list_transform([1], lambda x: x + 1), 'a' || 'b', -1 % 2, 'a' ilike 'A'", None),
        ("select getvariable('nothing'), current_setting('TimeZone'), current_date is null", [(None, "UTC", False)]),
    ],
)
def test_whatever_reads_is_answered(world: World, query: str, rows: list[Any] | None) -> None:
    with open_published(world.root) as published, contextlib.chdir(world.root.path):
        shut_off(published, world.root)
        answered = select(published, query).fetchall()
    assert answered
    assert rows is None or answered == rows


HARMLESS = {"error", "gen_random_uuid", "random", "uuid", "uuidv4", "uuidv7"}


def test_what_duckdb_says_has_effects_is_known(world: World) -> None:
    """A newer DuckDB may have more: say whether a reader may call it."""
    with open_published(world.root) as published:
        rows = published.execute("select function_name, function_type, has_side_effects from duckdb_functions()")
        functions = rows.fetchall()
    assert {name for name, _, has_effects in functions if has_effects} <= WITH_EFFECTS | HARMLESS
    assert {name for name, type_, _ in functions if type_ == "table"} >= TABLE_FUNCTIONS


BY_SQL = [
    "copy (select 1) to '{sealed}' (use_tmp_file false)",
    "copy (select 1) to '{sealed}'",
    "copy (select 1) to '{folder}/sealed/new.parquet'",
    "copy (select 1) to '{here}/secret.csv'",
    "copy (from range(1_000_000)) to '{here}' (format csv, per_thread_output, append)",
    "export database '{here}/exported'",
    "attach '{here}/new.duckdb'",
    "attach '{folder}/warehouse/warehouse.duckdb' as live",
    "attach '{folder}/warehouse/warehouse.duckdb' as live (read_only)",
    "call enable_logging(level = 'debug', storage = 'file', storage_config = {{'path': '{here}/logs'}}); select 1",
    "set temp_directory = '{here}/new'; set memory_limit = '20MB'; from range(9_000_000) order by -range",
    "create persistent secret (type http, bearer_token 'x')",
    "from read_csv('{here}/secret.csv')",
    "from read_text('/etc/passwd')",
    "from read_blob('/proc/self/environ')",
]


@needs_landlock
@pytest.mark.parametrize("statements", BY_SQL)
def test_a_process_without_rights_writes_and_reads_nothing_whatever_statements_it_runs(
    world: World, here: Path, statements: str
) -> None:
    before = looks(world.root.path), looks(here)

    def work() -> None:
        faulthandler.disable()  # DuckDB may not survive that it has no rights
        with duckdb.connect() as connection:
            end_other_threads(connection)
            give_up_rights(readable(world.root))
            connection.execute("set threads = 4")
            connection.execute(filled_in(statements, world, here)).fetchall()

    with pytest.raises(SpendgateError) as refusal:
        run_in_a_process(work)
    assert re.search("ermission denied|SIGABRT", said(refusal.value))
    assert (looks(world.root.path), looks(here)) == before


BY_HAND: dict[str, Callable[[Path], object]] = {
    "write": lambda file: file.write_text("x"),
    "append": lambda file: file.open("a"),
    "make": lambda file: file.with_name("new").touch(),
    "truncate": lambda file: os.truncate(file, 0),
    "truncate for reading": lambda file: os.open(file, os.O_RDONLY | os.O_TRUNC),
    "remove": lambda file: file.unlink(),
    "rename": lambda file: file.rename(file.with_name("new")),
    "link": lambda file: file.with_name("new").hardlink_to(file),
    "point": lambda file: file.with_name("new").symlink_to(file),
    "make a pipe": lambda file: os.mkfifo(file.with_name("new")),
    "make a folder": lambda file: file.with_name("new").mkdir(),
    "run a program": lambda _: subprocess.run(["/bin/true"], check=True),
    "standard output by its name": lambda _: Path("/proc/self/fd/1").write_text("x"),
    "nothing": lambda _: Path("/dev/null").write_text("x"),
    "read": lambda file: file.read_text(),
    "list": lambda file: list(file.parent.iterdir()),
}


@needs_landlock
@pytest.mark.parametrize("act", BY_HAND.values(), ids=BY_HAND)
def test_a_process_without_rights_cannot_even_by_hand(world: World, here: Path, act: Callable[[Path], object]) -> None:
    before = looks(here)

    def work() -> None:
        give_up_rights(readable(world.root))
        act(here / "secret.csv")

    with pytest.raises(SpendgateError, match="Permission denied"):
        run_in_a_process(work)
    assert looks(here) == before


@needs_landlock
@pytest.mark.parametrize("version", range(1, 7))
def test_an_older_landlock_forbids_writing_too(
    world: World, here: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    monkeypatch.setattr("assets.engine.rights.landlock_version", lambda: version)

    def work() -> None:
        give_up_rights(readable(world.root))
        (here / "secret.csv").write_text("x")

    with pytest.raises(SpendgateError, match="Permission denied"):
        run_in_a_process(work)
    answer(world.root, "select count(*) from core.transactions", print_csv)


def test_without_landlock_a_query_is_answered_or_refused_as_ever(
    world: World, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("assets.engine.rights.landlock_version", lambda: 0)
    answer(world.root, "select count(*) as n from core.transactions", print_csv)
    assert capfd.readouterr().out == "n\n4\n"
    with pytest.raises(SpendgateError, match="is one statement that selects"):
        answer(world.root, "copy (select 1) to 'x.csv'", print_csv)


@needs_landlock
def test_a_process_with_a_second_thread_keeps_no_rights_by_mistake(world: World) -> None:
    def work() -> None:
        held = threading.Event()
        threading.Thread(target=held.wait, daemon=True).start()
        give_up_rights(readable(world.root))

    with pytest.raises(SpendgateError, match="a second thread would keep its rights"):
        run_in_a_process(work)


@pytest.mark.parametrize("end", [SystemExit(0), KeyboardInterrupt(), ValueError("why\nelse")])
def test_a_process_of_its_own_never_runs_on_into_the_code_that_started_it(end: BaseException) -> None:
    def work() -> None:
        raise end

    with pytest.raises(SpendgateError, match=r"^(this was interrupted|why\nelse)$"):
        run_in_a_process(work)


def test_a_large_sort_is_refused_in_one_line_since_it_cannot_go_to_the_disk(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.contextmanager
    def with_little_memory(root: DataRoot) -> Iterator[duckdb.DuckDBPyConnection]:
        with open_published(root) as published:
            published.execute("set memory_limit = '50MB'")
            yield published

    monkeypatch.setattr("assets.engine.reader_queries.open_published", with_little_memory)
    with pytest.raises(
        SpendgateError, match="needs more memory than there is, and a reader does not write to the disk"
    ):
        answer(world.root, "select md5(range::varchar) as x from range(3_000_000) order by x", print_csv)
    assert not list(world.root.published_file.parent.glob("*.tmp"))


def test_nothing_but_rows_is_printed(world: World) -> None:
    with open_published(world.root) as published:
        assert published.execute("select current_setting('enable_progress_bar')").fetchall() == [(False,)]
