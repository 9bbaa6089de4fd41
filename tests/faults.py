"""Runs that die: in a process of their own, killed with SIGKILL at a named point.

The processes are forked from a server that has imported everything and opened nothing, so one takes milliseconds to
start and shares no thread, lock or file with the tests.
"""

import multiprocessing
import os
import random
import resource
import shutil
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.decision import decide
from assets.engine.delivery import inbox
from assets.engine.delivery.files import DeliveredFile
from assets.engine.ingestion import ingest as ingestion
from assets.engine.ingestion.ingest import read_in_isolation
from assets.engine.reading.delivery import Delivery, Read
from assets.engine.reading.reader import Reader
from assets.engine.sealing import seal as sealing
from assets.engine.sealing.seal import seal
from assets.engine.settings import Settings
from assets.engine.warehouse import publication
from assets.engine.warehouse import warehouse as opening
from assets.engine.warehouse.disk import fsync
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.warehouse import open_warehouse
from tests.world import NOON, World, refresh

POINTS = ("staged", "parsed", "inside a commit", "after a commit", "checkpoint", "copy", "rename")
KILLED = -signal.SIGKILL

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults"])


def in_a_process(target: Callable[..., None], *arguments: Any) -> multiprocessing.process.BaseProcess:
    """Start a function in a process of its own."""
    process = _context.Process(target=target, args=arguments)
    process.start()
    return process


def exit_code(target: Callable[..., None], *arguments: Any) -> int | None:
    """How a function in a process of its own ended: 0, 1 for an exception, -9 when it was killed."""
    process = in_a_process(target, *arguments)
    process.join(120)
    return process.exitcode


def run(root: Path, now: datetime = NOON) -> None:
    """A refresh that waits for its turn."""
    with open_warehouse(DataRoot(root), now=now, run_id=f"run {os.getpid()}", wait_seconds=60) as held:
        refresh(held)


def run_killed(root: Path, point: str, occurrence: int, seed: int) -> None:
    """A refresh that is killed when it comes to a point for the nth time (from 0)."""
    _Doom(point, occurrence, random.Random(seed)).prepare()
    run(root)


def decide_killed(root: Path, point: str, occurrence: int, seed: int) -> None:
    """A decision alone that is killed like that."""
    _Doom(point, occurrence, random.Random(seed)).prepare()
    with open_warehouse(DataRoot(root), now=NOON, run_id="decide") as held:
        decide(held)


def seal_killed(root: Path, now: datetime, statement: int) -> None:
    """A sealing that is killed just after its nth statement; a file that is brought to the disk counts as one."""
    connect, done = duckdb.connect, count()

    def execute(connection: duckdb.DuckDBPyConnection, query: str, *values: Any) -> Any:
        result = connection.execute(query, *values)
        if next(done) >= statement:
            die()
        return result

    def sync(path: Path) -> None:
        fsync(path)
        if next(done) >= statement:
            die()

    put(duckdb, "connect", lambda *a, **k: _Watched(connect(*a, **k), execute))
    put(sealing, "fsync", sync)
    with open_warehouse(DataRoot(root), now=now, run_id="seal") as held:
        seal(held)
        publication.publish(held)


def run_with_poison(root: Path) -> None:
    """A refresh whose reader is killed by whatever file holds the word poison."""
    read = Reader.read

    def read_or_die(reader: Reader, delivery: Delivery) -> Read:
        if b"poison" in delivery.staged.path.read_bytes():
            die()
        return read(reader, delivery)

    put(Reader, "read", read_or_die)
    put(ingestion, "read_in_isolation", read_in_isolation_with_poison)
    run(root)


def read_in_isolation_with_poison(root: DataRoot, file: DeliveredFile, settings: Settings) -> None:
    """What reads a file in a process of its own, with the same weakness."""
    if b"poison" in file.path.read_bytes():
        die()
    read_in_isolation(root, file, settings)


def run_with_files_of_at_most(root: Path, size: int) -> None:
    """A refresh on a disk on which no file can grow beyond a size: writes fail as they do on a full one."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    run(root)


def run_without_looking_for_room(root: Path) -> None:
    """A refresh that begins on a full disk all the same."""
    put(opening, "require_room", lambda _: None)
    run(root)


def read_all_the_time(root: Path, queries: int, done: Any, complaints: Any, reads: Any) -> None:
    """Query the published file until told to end, so often by one handle; note errors and sums that disagree."""
    newest = count = 0
    while not done.is_set():
        try:
            with open_published(DataRoot(root)) as published:
                for _ in range(queries):
                    revision, ledger, *sums, events, loaded = published.execute(SUMS).fetchall()[0]
                    if set(sums) != {ledger} or events != loaded or revision < newest:
                        complaints.append(f"revision {revision} after {newest}: {ledger}, {sums}, {events}, {loaded}")
                    newest = revision
                    count += 1
        except Exception as error:  # noqa: BLE001 whatever a reader may meet is a complaint
            complaints.append(repr(error))
    reads.append(count)


SUMS = """
select
    (select revision from ops.revision),
    (select sum(amount) from core.transactions where transaction_type = 'COST'),
    (select sum(spend) from mart.hourly_spend),
    (select sum(spend) from mart.daily_spend),
    (select sum(spend) from mart.monthly_spend),
    (select count(*) from raw.ad_events),
    (select sum(rows_loaded) from raw.event_files where kind = 'events')
"""


def put(owner: Any, name: str, value: Any) -> None:
    """Put something in the place of what has that name there; a name that is there no more is an error."""
    getattr(owner, name)
    setattr(owner, name, value)


def die() -> NoReturn:
    """End as a process does that is killed: at once, with nothing tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


class _Doom:
    """Kills this process at a point."""

    def __init__(self, point: str, occurrence: int, dice: random.Random) -> None:
        self._point = point
        self._left = occurrence
        self._dice = dice

    def prepare(self) -> None:
        """Put the kill in its place."""
        match self._point:
            case "staged":
                self._after(inbox, "stage")
            case "parsed":
                self._after(Reader, "read")
            case "inside a commit" | "after a commit" | "checkpoint":
                self._at_statements()
            case "copy":
                put(shutil, "copyfile", self._copy_half)
            case "rename":
                self._around_rename()

    def _is_due(self) -> bool:
        self._left -= 1
        return self._left < 0

    def _after(self, owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def then_die(*arguments: Any, **named: Any) -> Any:
            result = original(*arguments, **named)
            if self._is_due():
                die()
            return result

        put(owner, name, then_die)

    def _at_statements(self) -> None:
        connect = duckdb.connect
        put(duckdb, "connect", lambda *a, **k: _Watched(connect(*a, **k), self._execute))

    def _execute(self, connection: duckdb.DuckDBPyConnection, query: str, *values: Any) -> Any:
        due = query == self._point.split()[-1] and self._is_due()
        if due and not self._point.startswith("after"):
            threading.Thread(target=self._die_soon).start()  # while the statement works, or just after it
        result = connection.execute(query, *values)
        if due:
            die()
        return result

    def _die_soon(self) -> None:
        time.sleep(self._dice.uniform(0, 0.003))
        die()

    def _copy_half(self, source: Path, target: Path) -> None:
        content = Path(source).read_bytes()
        Path(target).write_bytes(content[: self._dice.randrange(len(content))])
        die()

    def _around_rename(self) -> None:
        """The copy is synced just before it is renamed, its folder just after."""

        def sync(path: Path) -> None:
            fsync(path)
            if path.parent.name == "published" and self._is_due():
                die()
            if path.name == "published":
                die()

        put(publication, "fsync", sync)


class _Watched:
    """A connection each of whose statements somebody else executes."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, execute: Callable[..., Any]) -> None:
        self._connection = connection
        self._execute = execute

    def execute(self, query: str, *values: Any) -> Any:
        return self._execute(self._connection, query, *values)

    def __enter__(self) -> duckdb.DuckDBPyConnection:
        return self._connection.__enter__()

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def state(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """What readers are to see in the end, whichever way it was come by: no batches, runs and times of recording."""
    return {name: world.rows(query) for name, query in STATE.items()}


STATE = {
    "files": "select name, kind, outcome, reason, rows_read, rows_loaded, rows_duplicate, rows_rejected"
    " from ops.delivered_files order by all",
    "events": "select event_id, ad_id, event_type, occurred_at from raw.ad_events order by all",
    "payments": "select payment_id, brand_id, amount, paid_at from raw.payments order by all",
    "refused": "select line_number, raw, reason from raw.rejected_rows order by all",
    "ledger": "select * exclude (transaction_id, recorded_at, batch_id, price_effective_from)"
    " from core.transactions order by all",
    "waiting": "select ad_id, brand_id, event_type, amount, occurred_at, reason from core.unpriced order by all",
    "hours": "from mart.hourly_spend order by all",
    "days": "from mart.daily_spend order by all",
    "months": "from mart.monthly_spend order by all",
    "budgets": "from mart.brand_budget order by all",
    "overspend": "from mart.overspend order by all",
    "statuses": "from ops.campaign_status order by all",
    "changes": "select campaign_id, from_status, to_status, reason, decided_at, daily_spend, monthly_spend"
    " from ops.campaign_status_changes order by change_id",
    "begun": "from internal.attempts",
}
