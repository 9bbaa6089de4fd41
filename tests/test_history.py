"""History made on a distributed engine is that of the ledger; an attempt is adopted whole, or refused by name."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.history import adoption
from assets.engine.history.adoption import Adopted, adopt
from assets.engine.history.attempt import Attempt
from assets.engine.history.backfill import begin_backfill
from assets.engine.history.computing import compute
from assets.engine.history.engine import Engine, connected
from assets.engine.history.rebuild import Rebuilt, rebuild_on
from assets.engine.rebuild.rebuild import rebuild
from assets.engine.warehouse.publication import publish
from benchmarks.spark_server import spark_server
from tests.test_cli import spendgate
from tests.test_rebuild import live_through_a_lot
from tests.test_sealed_files import lose
from tests.test_sealing import LATER, deliver_days, seal_days
from tests.world import ADS, NOON, PRICES, World, event, jsonl, payment, spent

SAIL = "sail:1"
EMPTY_WORLD: dict[str, str] = {}

pytestmark = [
    pytest.mark.usefixtures("spark_client"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def engine(spark_client: None) -> Iterator[Engine]:  # noqa: ARG001 has to come first
    with connected(SAIL) as session:
        yield session


def rebuilt(world: World, first_day: date | None = None, last_day: date | None = None, on: str = SAIL) -> Rebuilt:
    return rebuild_on(world.open, on, (first_day, last_day))


def differing(result: Rebuilt) -> list[str]:
    return [
        f"{row.table}: {row.only_live} {row.only_made}" for row in result.compared if row.only_live or row.only_made
    ]


# --- rebuilt


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Prices and budgets that change, late, doubled, refused and retried rows, and events that waited."""
    world = World(DataRoot(tmp_path_factory.mktemp("lived") / "data"))
    live_through_a_lot(world)
    return world


def test_a_history_made_again_is_the_same_to_the_last_row(lived: World) -> None:
    result = rebuilt(lived)
    assert differing(result) == []
    assert {row.table: row.rows_live for row in result.compared} == {
        "raw.ad_events": 12,
        "core.transactions": 12,
        "spend by local date": 5,
    }
    assert result.states == 2  # a price list that holds from before the events it found
    assert not result.attempt.folder.exists()


def test_one_day_is_made_again_alone(lived: World) -> None:
    result = rebuilt(lived, date(2025, 6, 10), date(2025, 6, 10))
    assert differing(result) == []
    assert [row.rows_made for row in result.compared][:2] == [9, 9]


def test_files_that_are_gone_are_taken_from_the_ledger(lived: World, tmp_path: Path) -> None:
    world = World(DataRoot(shutil.copytree(lived.root.path, tmp_path / "data")), EMPTY_WORLD)
    for folder in (world.root.staged, world.root.landing("events")):
        for file in folder.iterdir():
            file.unlink()
    assert differing(rebuilt(world)) == []


def test_what_is_broken_in_the_ledger_is_found(lived: World, tmp_path: Path) -> None:
    world = World(DataRoot(shutil.copytree(lived.root.path, tmp_path / "data")), EMPTY_WORLD)
    with world.open() as warehouse:
        warehouse.connection.execute("update internal.transactions set amount = 0.01 where transaction_id % 10 = 1")
        warehouse.connection.execute("delete from internal.ad_events where event_id = 'early'")
    result = rebuilt(world)
    assert [row.table for row in result.compared if row.only_live or row.only_made] == [
        "raw.ad_events",
        "core.transactions",
        "spend by local date",
    ]
    told = spendgate(world.root, "rebuild", "--on", SAIL)
    assert "came out otherwise" in str(told.exception)


def test_a_file_that_is_not_what_it_was_is_named(lived: World, tmp_path: Path) -> None:
    world = World(DataRoot(shutil.copytree(lived.root.path, tmp_path / "data")), EMPTY_WORLD)
    [copy] = [copy for copy in world.root.staged.iterdir() if "early" in copy.read_text()][:1]
    copy.write_text(jsonl(event("forged", 101, "click", "2025-06-10T11:00:00Z")))
    with pytest.raises(
        SpendgateError, match=r"jsonl \(file \d+\) cannot be read again: its bytes are not what they were"
    ):
        rebuilt(world)


def test_a_conflict_with_a_day_that_is_not_made_again_stays_refused(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("x", 101, "click", "2025-06-09T11:00:00Z")))
    world.run()
    world.deliver("b.jsonl", jsonl(event("x", 101, "click", "2025-06-10T11:00:00Z")))
    spent(world, 2)
    world.run()
    assert len(world.reasons()) == 1
    assert differing(rebuilt(world, date(2025, 6, 10), date(2025, 6, 10))) == []
    assert differing(rebuilt(world)) == []


def test_a_lost_day_gets_its_files_back_from_an_engine(world: World) -> None:
    deliver_days(world)
    world.deliver("p.jsonl", jsonl(payment("p", 1, "9.5", "2025-06-07T11:00:00Z")), kind="payments")
    world.run()
    seal_days(world)
    before = world.rows("from core.transactions order by transaction_id")
    lose(world, "transactions", "ad_events")
    with world.open(LATER) as warehouse:
        publish(warehouse)
    result = rebuild_on(lambda: world.open(LATER), SAIL, (None, None))
    assert differing(result) == []
    assert sorted(file.table_name for file in result.mended) == ["ad_events", "transactions"]
    assert world.rows("from core.transactions order by transaction_id") == before


# --- backfilled

OLD = [
    *(event(f"e{month}-{n}", 101, "click", f"2025-0{month}-0{month}T23:30:00Z") for month in (1, 2) for n in range(4)),
    event("waits", 998, "view", "2025-01-01T00:00:00Z"),
    event("known", 101, "click", "2025-06-10T11:00:00Z"),
    event("e1-1", 102, "click", "2025-02-01T23:30:00Z"),
    {"x": 1},
    event("cheap", 201, "impression", "2025-02-03T23:30:00Z"),
]


def write_old_files(folder: Path) -> Path:
    folder.mkdir()
    (folder / "a.jsonl").write_text(jsonl(*OLD[:6]))
    (folder / "b.jsonl").write_text(jsonl(*OLD[4:], OLD[0]))
    (folder / "same.jsonl").write_text(jsonl(*OLD[:6]))
    (folder / "bad.jsonl").write_text("[\n]\n")
    return folder


def begin(world: World, folder: Path, session: Engine) -> Attempt:
    """Make an attempt of the files below a folder."""
    with world.open() as warehouse:
        given = begin_backfill(warehouse, folder, SAIL)
    compute(session, given)
    return given.attempt


def adopted(world: World, attempt: Attempt) -> Adopted | None:
    with world.open() as warehouse:
        result = adopt(warehouse, attempt)
        publish(warehouse)
    return result


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> tuple[World, str]:
    """A warehouse with an attempt that waits to be adopted."""
    folder = tmp_path_factory.mktemp("backfill")
    world = World(DataRoot(folder / "data"))
    world.deliver("now.jsonl", jsonl(event("known", 101, "click", "2025-06-10T11:00:00Z")))
    world.run()
    return world, begin(world, write_old_files(folder / "old"), engine).name


@pytest.fixture
def waiting(made: tuple[World, str], tmp_path: Path) -> tuple[World, Attempt]:
    root = DataRoot(shutil.copytree(made[0].root.path, tmp_path / "data"))
    return World(root, EMPTY_WORLD), Attempt(root, made[1])


def test_old_files_are_adopted_as_if_they_had_been_delivered(
    waiting: tuple[World, Attempt], tmp_path: Path, made: tuple[World, str]
) -> None:
    world, attempt = waiting
    spent(world, 2, "2025-06-10T11:30:00Z")
    world.run()  # goes on meanwhile
    assert adopted(world, attempt) == Adopted(files=4, events=10, transactions=9, spend=Decimal("4.00004"), waiting=1)
    world.run(NOON + timedelta(hours=1))

    delivered = World(DataRoot(tmp_path / "delivered"))
    delivered.deliver("now.jsonl", jsonl(event("known", 101, "click", "2025-06-10T11:00:00Z")))
    delivered.run()
    spent(delivered, 2, "2025-06-10T11:30:00Z")
    delivered.run()
    for file in sorted((made[0].root.path.parent / "old").iterdir()):
        delivered.deliver(file.name, file.read_bytes())
    delivered.run(NOON + timedelta(hours=1))
    for query in (
        (
            "select regexp_extract(name, '[^/]*$') as file, outcome, rows_read, rows_loaded, rows_duplicate,"
            " rows_rejected from raw.event_files where file in ('a.jsonl', 'b.jsonl', 'same.jsonl', 'bad.jsonl')"
            " order by file"
        ),
        "select event_id, ad_id, event_type, occurred_at, line_number from raw.ad_events order by all",
        (
            "select brand_id, campaign_id, ad_id, amount, cost_type, occurred_at, price_source from core.transactions"
            " order by all"
        ),
        "select ad_id, event_type, occurred_at, reason from core.unpriced",
        "select line_number, raw, regexp_replace(reason, 'file [0-9]+', 'file N') from raw.rejected_rows order by all",
        "from mart.daily_spend order by all",
        "from mart.monthly_spend order by all",
        "from mart.lifetime_spend order by all",
        "select campaign_id, status from ops.campaign_status order by all",
        "select brand_id, local_date, spend_before, spend_after from mart.restatements order by all",
    ):
        assert world.rows(query) == delivered.rows(query), query


def test_what_waited_is_charged_and_all_of_it_can_be_rebuilt_here_and_there(waiting: tuple[World, Attempt]) -> None:
    world, attempt = waiting
    adopted(world, attempt)
    world.deliver_reference("ads", ADS + "998,110,x,true,,,,,,\n")
    world.run(NOON + timedelta(hours=1))
    assert world.value("select count(*) from core.unpriced") == 0
    with world.open() as warehouse:
        assert [row for row in rebuild(warehouse, world.root.settings()) if row.only_live or row.only_rebuilt] == []
    assert differing(rebuilt(world)) == []
    seal_days(world)
    assert differing(rebuilt(world)) == []


def test_an_attempt_that_is_adopted_twice_changes_nothing(waiting: tuple[World, Attempt]) -> None:
    world, attempt = waiting
    copy = shutil.copytree(attempt.folder, attempt.folder.with_name("kept"))
    adopted(world, attempt)
    before = world.rows("from core.transactions order by all"), world.rows("from ops.revision")
    copy.rename(attempt.folder)
    assert adopted(world, attempt) is None
    assert (world.rows("from core.transactions order by all"), world.rows("from ops.revision")) == before


Harm = Callable[[World, Attempt], object]


def said(attempt: Attempt) -> dict[str, Any]:
    statement: dict[str, Any] = json.loads((attempt.folder / "statement.json").read_text())
    return statement


def say(attempt: Attempt, statement: dict[str, Any]) -> None:
    (attempt.folder / "statement.json").write_text(json.dumps(statement))


def a_file(attempt: Attempt, part: str) -> Path:
    names: list[str] = [file["name"] for file in said(attempt)["files"] if file["part"] == part]
    return attempt.folder / names[0]


def remove_file(_: World, attempt: Attempt) -> None:
    a_file(attempt, "transactions").unlink()


def truncate_file(_: World, attempt: Attempt) -> None:
    path = a_file(attempt, "transactions")
    path.write_bytes(path.read_bytes()[:-9])


def list_twice(_: World, attempt: Attempt) -> None:
    statement = said(attempt)
    say(attempt, {**statement, "files": [*statement["files"], statement["files"][0]]})


def relist(attempt: Attempt, path: Path, table: Any) -> None:
    """Write other rows into a file, and let the list know its new bytes."""
    import hashlib

    pq.write_table(table, path)
    statement = said(attempt)
    for file in statement["files"]:
        if attempt.folder / file["name"] == path:
            file |= {
                "rows": table.num_rows,
                "bytes": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
    say(attempt, statement)


def double_rows(_: World, attempt: Attempt) -> None:
    import pyarrow as pa

    path = a_file(attempt, "transactions")
    table = pq.read_table(path, partitioning=None)
    relist(attempt, path, pa.concat_tables([table, table]))


def add_a_cent(part: str, column: str) -> Harm:
    def harm(_: World, attempt: Attempt) -> None:
        import pyarrow as pa

        path = a_file(attempt, part)
        table = pq.read_table(path, partitioning=None)
        place = table.schema.get_field_index(column)
        more = [value + Decimal("0.01") for value in table[column].to_pylist()]
        relist(attempt, path, table.set_column(place, column, pa.array(more, table.schema.field(place).type)))

    return harm


def lower_total(_: World, attempt: Attempt) -> None:
    statement = said(attempt)
    statement["totals"][-1]["rows"] -= 1
    say(attempt, statement)


def move_to_another_day(_: World, attempt: Attempt) -> None:
    statement = said(attempt)
    for file in statement["files"]:
        if file["part"] == "ad_events":
            file["day"] = "2024-12-31"
    say(attempt, statement)


def point_outside(_: World, attempt: Attempt) -> None:
    statement = said(attempt)
    statement["files"][0]["name"] = "../../published/spend.duckdb"
    say(attempt, statement)


def leave_unfinished(_: World, attempt: Attempt) -> None:
    (attempt.folder / "statement.json").unlink()


def garble(_: World, attempt: Attempt) -> None:
    (attempt.folder / "statement.json").write_text("{")


def forget(world: World, _: Attempt) -> None:
    with world.open() as warehouse:
        warehouse.connection.execute("delete from internal.backfills")


def reach_its_number(world: World, _: Attempt) -> None:
    with world.open() as warehouse:
        warehouse.connection.execute("update internal.backfills set batch_id = 2")


def change_a_price(world: World, _: Attempt) -> None:
    world.deliver_reference("global_ad_pricing", PRICES + "2025-02-01T00:00:00Z,0.25,1.50,0.02,1.00\n")
    world.run(NOON + timedelta(hours=1))


def deliver_an_event_of_it(world: World, _: Attempt) -> None:
    world.deliver("late.jsonl", jsonl(OLD[0]))
    world.run()


def deliver_a_file_of_it(world: World, attempt: Attempt) -> None:
    rows = pq.read_table(attempt.part("given") / "files.parquet").to_pylist()
    world.deliver("b.jsonl", Path(rows[1]["path"]).read_bytes())
    world.run()


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (remove_file, r"transactions/.*\.parquet is missing"),
        (truncate_file, r"transactions/.*\.parquet has other bytes than were listed"),
        (list_twice, r"\.parquet is listed twice"),
        (double_rows, "holds other rows than its maker says .*rows_said"),
        (add_a_cent("transactions", "amount"), "holds other rows than its maker says .*amount_found"),
        (add_a_cent("spend", "spend"), "has sums that are not those of its transactions"),
        (lower_total, "holds other rows than its maker says"),
        (move_to_another_day, "has a row in the file of another day"),
        (point_outside, r"lies outside of it"),
        (leave_unfinished, "was never finished"),
        (garble, "its statement cannot be read"),
        (forget, "was not begun by this warehouse"),
        (reach_its_number, "the number that was kept for its batch has been reached"),
        (change_a_price, "was made by reference data that has changed since"),
        (deliver_an_event_of_it, "has an event twice, or one that the ledger has .*e1-0"),
        (deliver_a_file_of_it, "has a file that was loaded here since it began"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_an_attempt_that_lies_is_refused_with_its_name(waiting: tuple[World, Attempt], harm: Harm, why: str) -> None:
    world, attempt = waiting
    harm(world, attempt)
    before = world.rows("from core.transactions order by all")
    with pytest.raises(SpendgateError, match=f"attempt {attempt.name} .*{why}" if why[0] != "w" else why):
        adopted(world, attempt)
    with world.open() as warehouse:
        publish(warehouse)
    assert world.rows("from core.transactions order by all") == before


def test_an_adoption_that_is_killed_leaves_nothing_and_is_done_again(
    waiting: tuple[World, Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, attempt = waiting

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(adoption, "_take_in", die)
        adopted(world, attempt)
    begun = {file.name for file in (world.root.sealed / "transactions").iterdir()}
    assert begun
    world.run()
    assert world.value("select count(*) from core.transactions") == 1
    with world.open() as warehouse:
        let_go = {
            Path(path).name
            for (path,) in warehouse.connection.execute("select path from internal.files_let_go").fetchall()
        }
    assert begun <= let_go  # housekeeping takes them
    assert adopted(world, attempt) is not None


def test_an_attempt_whose_engine_dies_leaves_nothing_but_its_folder(world: World, tmp_path: Path) -> None:
    folder = write_old_files(tmp_path / "old")
    world.run()
    with sail_process() as (process, url), pytest.raises(SpendgateError, match=r"sc://.* does not answer"):  # noqa: SIM117
        with connected(url, 2) as session:
            with world.open() as warehouse:
                given = begin_backfill(warehouse, folder, url)
            process.send_signal(signal.SIGKILL)
            process.wait()
            compute(session, given)
    assert not (given.attempt.folder / "statement.json").exists()
    with pytest.raises(SpendgateError, match="was never finished"):
        adopted(world, given.attempt)
    world.run()
    assert world.value("select count(*) from core.transactions") == 0


@contextmanager
def sail_process() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A Sail server in a process of its own."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("sail")), "spark", "server", "--ip", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process, f"sc://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


# --- commands


def test_the_commands_make_adopt_and_tell(world: World, tmp_path: Path) -> None:
    folder = write_old_files(tmp_path / "old")
    world.run()
    told = spendgate(world.root, "backfill", "--on", SAIL, "--no-adopt", str(folder))
    assert told.exit_code == 0, told.output
    name = told.output.split("`spendgate adopt ")[1].split("`")[0]
    told = spendgate(world.root, "adopt", name)
    assert "Adopted: 11 events of 4 files, 10 transactions over 4.50" in told.output
    assert "was adopted before: nothing was changed" in spendgate(world.root, "adopt", name).output
    told = spendgate(world.root, "rebuild", "--on", SAIL, "--from", "2025-02-01")
    assert told.exit_code == 0, told.output
    assert "All the same, in 1 states of the reference data." in told.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["rebuild", "--on", "spark://x:1"], "'spark://x:1' is no engine: sc://HOST:PORT, or sail:N"),
        (["rebuild", "--on", "sail:0"], "'sail:0' is no engine"),
        (["rebuild", "--from", "2025-01-01"], "belong to --on"),
        (["rebuild", "--on", SAIL, "--swap"], "leave --day and --swap out"),
        (["backfill", "."], "--on names the engine"),
        (["adopt", "none"], "attempt none is refused: it was not begun by this warehouse"),
    ],
)
def test_a_mistake_in_a_command_is_told_in_one_line(world: World, arguments: list[str], why: str) -> None:
    told = spendgate(world.root, *arguments)
    assert told.exit_code == 1
    assert why in str(told.exception)


def test_what_is_delivered_here_is_no_backfill(world: World, tmp_path: Path) -> None:
    world.run()
    (tmp_path / "empty").mkdir()
    for folder, why in (
        (world.root.landing("events"), "is delivered here"),
        (tmp_path / "empty", "there is no file below"),
    ):
        with world.open() as warehouse, pytest.raises(SpendgateError, match=why):
            begin_backfill(warehouse, folder, SAIL)


def test_nothing_is_begun_while_a_batch_waits(world: World, tmp_path: Path) -> None:
    from assets.engine.delivery.inbox import Inbox
    from assets.engine.ingestion.ingest import ingest

    spent(world, 1)
    with world.open() as warehouse:
        ingest(warehouse, Inbox(world.root, skip_stability_check=True))
        with pytest.raises(SpendgateError, match="a batch waits to be charged or summed"):
            begin_backfill(warehouse, write_old_files(tmp_path / "old"), SAIL)


def test_status_and_run_do_not_load_an_engine(world: World) -> None:
    spent(world, 1)
    code = (
        "import sys; from pipelines.cli.main import main\n"
        "try: main()\n"
        "finally: sys.exit(any(name in sys.modules for name in ('pyspark', 'pysail', 'sqlglot', 'deltalake')) or None)"
    )
    for command in ("run", "status"):
        run = [sys.executable, "-c", code, command, "--data", str(world.root.path)]
        assert subprocess.run(run, capture_output=True, check=False).returncode == 0, command


def test_numbers_that_are_kept_are_given_to_no_other_file(world: World, tmp_path: Path, engine: Engine) -> None:
    world.run()
    attempt = begin(world, write_old_files(tmp_path / "old"), engine)
    spent(world, 1)
    world.run()
    [(kept_first, kept_last)] = world.rows("select first_file_id, last_file_id from internal.backfills")
    assert world.value("select max(file_id) from raw.event_files") > kept_last
    adopted(world, attempt)
    [(first, last)] = world.rows("select min(file_id), max(file_id) from raw.event_files where batch_id > 10000")
    assert (first, last) == (kept_first, kept_last)


def test_one_run_of_dagster_makes_many_days_again(lived: World, tmp_path: Path) -> None:
    import dagster as dg

    from pipelines.definitions import build_defs

    root = DataRoot(shutil.copytree(lived.root.path, tmp_path / "data"))
    job = build_defs(root).resolve_job_def("rebuild_history")
    with dg.DagsterInstance.ephemeral() as instance:
        days = {"dagster/asset_partition_range_start": "2025-06-01", "dagster/asset_partition_range_end": "2025-06-10"}
        config = {"resources": {"engine": {"config": {"url": SAIL}}}}
        result = job.execute_in_process(run_config=config, instance=instance, tags=days)
        assert result.success
        made = result.get_asset_materialization_events()
        assert {event.materialization.asset_key.to_user_string() for event in made} == {
            "history/ad_events",
            "history/transactions",
            "history/spend",
        }
        [rows] = {
            event.materialization.metadata["rows made"].value
            for event in made
            if event.materialization.asset_key.to_user_string() == "history/transactions"
        }
        assert rows == 11


# --- behind the marker: more workers, and Spark itself


@pytest.mark.long
@pytest.mark.parametrize("on", ["sail:2", "sail:4"])
def test_more_workers_make_the_same_history(lived: World, on: str) -> None:
    for _ in range(3):
        assert differing(rebuilt(lived, on=on)) == []


@pytest.mark.long
@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
def test_spark_on_a_jvm_makes_the_same_history_and_backfill(lived: World, tmp_path: Path) -> None:
    with spark_server(tmp_path) as url:
        result = rebuild_on(lived.open, url, (None, None), tasks=4)
        assert differing(result) == []
        world = World(DataRoot(tmp_path / "data"))
        world.run()
        with connected(url, 4) as session:
            attempt = begin(world, write_old_files(tmp_path / "old"), session)
        brought = adopted(world, attempt)
    assert brought is not None
    assert (brought.files, brought.events) == (4, 11)
