"""The sealed ledger as other engines read it: Delta tables over the sealed files, equal to the ledger, never behind."""

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.transaction import AddAction, create_table_with_add_actions

from assets.engine.data_root import DataRoot
from assets.engine.history.engine import Engine, connected
from assets.engine.rebuild.reseal import reseal_day
from assets.engine.sealing import seal as sealing
from assets.engine.sealing.open_table import register_sealed_files
from tests.test_history import sail_process
from tests.test_reseal import DAY
from tests.test_sealed_files import lose
from tests.test_sealing import LATER, deliver_days, seal_days
from tests.world import World, event, jsonl

pytestmark = [
    pytest.mark.usefixtures("spark_client"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]

COLUMNS = "transaction_id, brand_id, amount, transaction_type, occurred_at, batch_id"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(DataRoot(tmp_path_factory.mktemp("sealed") / "data"))
    deliver_days(world)
    world.run()
    seal_days(world)
    return world


@pytest.fixture(scope="module")
def engine(spark_client: None) -> Iterator[Engine]:  # noqa: ARG001 has to come first
    with connected("sail:1") as session:
        yield session


def folder(world: World) -> str:
    return str(world.root.sealed / "transactions")


def in_the_ledger(world: World) -> list[tuple[object, ...]]:
    return world.rows(f"select {COLUMNS} from sealed.transactions() order by transaction_id")  # noqa: S608 our own


def in_the_table(world: World) -> list[tuple[object, ...]]:
    frame = pl.read_delta(folder(world)).select(COLUMNS.split(", ")).sort("transaction_id")
    return frame.rows()


def test_polars_and_sail_read_the_whole_history_with_exact_amounts_and_instants(sealed: World, engine: Engine) -> None:
    ledger = in_the_ledger(sealed)
    assert len(ledger) > 5
    assert in_the_table(sealed) == ledger
    rows = engine.session.read.format("delta").load(folder(sealed)).select(*COLUMNS.split(", ")).toArrow()
    assert sorted(tuple(row.values()) for row in rows.to_pylist()) == ledger
    assert rows.schema.field("amount").type == pa.decimal128(18, 9)
    for table in ("ad_events", "daily_spend", "monthly_spend"):
        rows_sealed = sealed.value(f"select count(*) from sealed.{table}()")  # noqa: S608 our own names
        path = str(sealed.root.sealed / table)
        assert (pl.read_delta(path).height if rows_sealed else 0) == rows_sealed


def test_a_reader_passes_over_files_of_other_days(sealed: World) -> None:
    actions = pa.table(DeltaTable(folder(sealed)).get_add_actions(flatten=True)).to_pylist()
    for action in actions:
        rows = pq.read_table(Path(folder(sealed)) / action["path"], partitioning=None)
        assert action["num_records"] == rows.num_rows
        assert action["min.occurred_at"] <= min(rows["occurred_at"].to_pylist())
        assert action["max.occurred_at"] >= max(rows["occurred_at"].to_pylist())


def test_what_is_not_sealed_is_said_in_the_description(world: World) -> None:
    deliver_days(world)
    world.run()
    seal_days(world)
    world.deliver("hot.jsonl", jsonl(event("hot", 101, "click", "2025-06-07T23:00:00Z")))
    world.run(LATER)
    assert "all" in str(DeltaTable(folder(world)).metadata().description)
    lose(world, "transactions")
    with world.open(LATER) as warehouse:
        reseal_day(warehouse, DAY, world.root.settings())
    assert "1 rows of transactions were not sealed then" in str(DeltaTable(folder(world)).metadata().description)
    assert in_the_table(world) == in_the_ledger_after_publishing(world)


def in_the_ledger_after_publishing(world: World) -> list[tuple[object, ...]]:
    world.run(LATER)
    return in_the_ledger(world)


def test_a_crash_between_sealing_and_registering_is_mended_by_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    deliver_days(world)
    world.run()
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(sealing, "register_sealed_files", die)
        seal_days(world)
    assert not DeltaTable.is_deltatable(folder(world))
    world.run(LATER)
    seal_days(world)
    assert in_the_table(world) == in_the_ledger(world)


def test_nothing_new_is_nothing_written_and_a_lost_log_is_made_again(sealed: World, tmp_path: Path) -> None:
    world = World(DataRoot(shutil.copytree(sealed.root.path, tmp_path / "data")), {})
    version = DeltaTable(folder(world)).version()
    with world.open(LATER) as warehouse:
        register_sealed_files(warehouse)
        assert DeltaTable(folder(world)).version() == version
        shutil.rmtree(Path(folder(world)) / "_delta_log")
        register_sealed_files(warehouse)
    assert in_the_table(world) == in_the_ledger(sealed)


# --- what others do that would lose or double rows; each test tells when that changes


def write_rows(path: Path, *numbers: int) -> AddAction:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    columns = {
        "id": pa.array(numbers, pa.int64()),
        "amount": pa.array([Decimal("1.000000001")] * len(numbers), pa.decimal128(18, 9)),
        "at": pa.array([at] * len(numbers), pa.timestamp("us", "UTC")),
    }
    pq.write_table(pa.table(columns), path)
    stats = json.dumps({"numRecords": len(numbers)})
    return AddAction(path.name, os.path.getsize(path), {}, 0, data_change=True, stats=stats)  # noqa: PTH202


def test_deltalake_takes_the_same_version_of_an_application_twice(tmp_path: Path) -> None:
    first = write_rows(tmp_path / "a.parquet", 1)
    noted = CommitProperties(app_transactions=[Transaction("spendgate", 5)])
    schema = Schema.from_arrow(pq.read_schema(tmp_path / "a.parquet"))
    create_table_with_add_actions(str(tmp_path), schema, [first], commit_properties=noted)
    table = DeltaTable(str(tmp_path))
    table.create_write_transaction(
        [write_rows(tmp_path / "b.parquet", 2)], "append", table.schema(), commit_properties=noted
    )
    assert pl.read_delta(str(tmp_path)).height == 2  # so the list is asked, and not the version
    again = DeltaTable(str(tmp_path))
    again.create_write_transaction([first], "append", again.schema())
    assert pl.read_delta(str(tmp_path)).height == 2  # a path that is added twice is there once


def test_sail_ignores_the_version_of_an_application(engine: Engine, tmp_path: Path) -> None:
    rows = engine.session.range(3)
    for _ in range(2):
        writer = rows.write.format("delta").mode("append").option("txnAppId", "spendgate").option("txnVersion", "1")
        writer.save(str(tmp_path / "table"))
    assert engine.session.read.format("delta").load(str(tmp_path / "table")).count() == 6


def test_sail_overwrites_other_days_too(engine: Engine, tmp_path: Path) -> None:
    path = str(tmp_path / "days")
    engine.session.sql("select 1 as id, 'a' as day union all select 2 as id, 'b' as day").write.format(
        "delta"
    ).partitionBy("day").save(path)
    one = engine.session.sql("select 3 as id, 'a' as day").write.format("delta").mode("overwrite")
    one.option("partitionOverwriteMode", "dynamic").save(path)
    left = engine.session.read.format("delta").load(path).toArrow().to_pylist()
    assert [row["day"] for row in left] == ["a"]


@pytest.mark.long
def test_a_write_of_sail_that_is_killed_leaves_files_under_final_names(tmp_path: Path) -> None:
    """So what lies in a folder says nothing: only an attempt with a statement counts, and only what it lists."""
    folder = tmp_path / "written"
    with sail_process() as (process, url), connected(url, 2) as session:
        writing = threading.Thread(target=write_many_rows, args=(session, folder), daemon=True)
        writing.start()
        ends_at = time.monotonic() + 60
        while not [*folder.glob("*.parquet")] and time.monotonic() < ends_at:
            time.sleep(0.01)
        process.kill()
        process.wait()
        writing.join(60)
    left = [*folder.glob("*.parquet")]
    assert left
    assert not (folder / "_SUCCESS").exists()


def write_many_rows(session: Engine, folder: Path) -> None:
    with suppress(Exception):  # of the server that is killed
        session.session.range(200_000_000).write.parquet(str(folder))
