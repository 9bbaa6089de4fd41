"""One writer, a published copy: readers never wait, never meet an error, never see half a run."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.publication import open_published, publish
from assets.engine.warehouse.warehouse import open_warehouse
from tests.world import NOON, World, event, jsonl


def clicks(world: World, name: str, count: int) -> None:
    rows = (event(f"{name}-{n}", 102, "click", "2025-06-10T10:00:00Z") for n in range(count))
    world.deliver(f"{name}.jsonl", jsonl(*rows))


def test_a_second_run_waits_and_then_fails_with_one_clear_line(root: DataRoot) -> None:
    with (
        open_warehouse(root, now=NOON, run_id="first"),
        pytest.raises(SpendgateError, match=r"the warehouse is in use by run first \(process \d+\); try again"),
        open_warehouse(root, now=NOON, run_id="second", wait_seconds=0.3),
    ):
        pass


def test_a_second_run_goes_on_when_the_first_is_done(root: DataRoot) -> None:
    order = []
    held = threading.Event()

    def first() -> None:
        with open_warehouse(root, now=NOON, run_id="first"):
            held.set()
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    held.wait()
    with open_warehouse(root, now=NOON, run_id="second", wait_seconds=30):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_a_run_that_waited_stands_for_the_moment_it_got_the_warehouse(root: DataRoot) -> None:
    asked_at = datetime.now(UTC)
    released_at: list[datetime] = []

    def hold() -> None:
        with open_warehouse(root, run_id="first"):
            held.set()
            time.sleep(0.3)
            released_at.append(datetime.now(UTC))

    held = threading.Event()
    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    with open_warehouse(root, run_id="second", wait_seconds=30) as warehouse:
        assert asked_at < released_at[0] <= warehouse.now
    thread.join()


def test_the_lock_of_a_killed_process_is_free_at_once(root: DataRoot) -> None:
    holder = (
        "import os, sys; from datetime import *; from pathlib import Path\n"
        "from assets.engine.data_root import DataRoot; from assets.engine.warehouse.warehouse import open_warehouse\n"
        "with open_warehouse(DataRoot(Path(sys.argv[1])), now=datetime.now(UTC), run_id='doomed') as warehouse:\n"
        "    warehouse.connection; os.kill(os.getpid(), 9)\n"
    )
    project = Path(__file__).parent.parent
    killed = subprocess.run([sys.executable, "-c", holder, str(root.path)], cwd=project, check=False)
    assert killed.returncode == -9
    with open_warehouse(root, now=NOON, run_id="next") as warehouse:
        assert warehouse.value("ops.revision", "current") == 1  # its tables


def test_a_reader_keeps_what_it_opened_and_the_next_one_sees_the_new_state(world: World) -> None:
    clicks(world, "a", 3)
    world.run()
    count = "select count(*) from core.transactions"
    shell = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True)\n"
        "for _ in sys.stdin: print(c.execute('select count(*) from core.transactions').fetchall()[0][0], flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", shell, str(world.root.published_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin
        assert reader.stdout

        def ask() -> str:
            assert reader.stdin
            assert reader.stdout
            reader.stdin.write("?\n")
            reader.stdin.flush()
            return reader.stdout.readline().strip()

        assert ask() == "3"
        for number in range(3):
            clicks(world, f"b{number}", 10)
            world.run()
            assert ask() == "3"  # the state it opened, whole
            assert world.value(count) == 3 + 10 * (number + 1)
        reader.stdin.close()


def test_nothing_is_published_when_nothing_changed(world: World) -> None:
    world.run()
    before = world.root.published_file.stat()
    with world.open() as warehouse:
        assert publish(warehouse) is None
    assert world.root.published_file.stat().st_ino == before.st_ino


def test_the_published_file_cannot_be_written(world: World) -> None:
    world.run()
    assert world.root.published_file.stat().st_mode & 0o222 == 0
    with open_published(world.root) as published, pytest.raises(duckdb.InvalidInputException, match="read-only"):
        published.execute("delete from internal.transactions")


def test_a_damaged_copy_never_takes_the_place_of_the_good_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run()
    clicks(world, "a", 3)

    def copy_half(source: Path, target: Path) -> None:
        content = Path(source).read_bytes()
        Path(target).write_bytes(content[: len(content) // 2])

    monkeypatch.setattr("assets.engine.warehouse.publication.shutil.copyfile", copy_half)
    with pytest.raises(SpendgateError, match="is not what was written"):
        world.run()
    monkeypatch.undo()
    assert world.value("select count(*) from core.transactions") == 0
    world.run()
    assert world.value("select count(*) from core.transactions") == 3
    assert not list(world.root.published_file.parent.glob(".*"))


def test_whatever_has_taken_the_place_of_the_published_file_is_published_over(world: World) -> None:
    world.run()
    for content in (b"", b"not a database"):
        world.root.published_file.unlink()
        world.root.published_file.write_bytes(content)
        world.run()
        assert world.value("select count(*) from mart.brand_budget") == 3


def test_no_write_ahead_log_is_left_beside_the_warehouse(world: World) -> None:
    world.run()
    assert not world.root.warehouse_file.with_suffix(".duckdb.wal").exists()


def test_the_pipeline_cannot_reach_files_outside_its_folders(world: World, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with world.open() as warehouse:
        for query in (f"from '{tmp_path}/secret.csv'", "install httpfs", "set enable_external_access = true"):
            with pytest.raises(duckdb.Error):
                warehouse.connection.execute(query)


def test_reading_before_anything_is_published_says_what_to_do(root: DataRoot) -> None:
    with pytest.raises(SpendgateError, match="run `spendgate run` first"), open_published(root):
        pass
