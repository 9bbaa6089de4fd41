"""The distributed engine: a Spark Connect session, and a Sail server of our own for tests and small clusters.

Belongs here: connecting, views, writing what a view shows. Does not: which views (`computing`), the dialect.
"""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.engine.errors import SpendgateError, first_line

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

NEEDS_EXTRA = "history on an engine needs more packages: pip install 'spendgate[spark]'"

SLOTS = 64
"""Tasks that one local worker of Sail can hold at once; a stage that needs more than there are does not begin."""

BATCHES_BUFFERED = 1_000_000
"""Between two tasks of Sail. It streams from task to task, and with its 16 a join of two inputs that fill up waits for
ever: seen with two and four workers and two million events."""

RETRIES = 4
"""Tries of a call that is not answered, 50 ms after the first and then four times as long after each: some 4 s."""

CONFIGURATION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # an overflow is an error, never null
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # Spark's own default, INT96, knows no UTC
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.autoBroadcastJoinThreshold": "134217728",  # reference data goes to every worker, and events stay
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
}


@dataclass(frozen=True)
class Engine:
    """A session on an engine.

    Attributes:
        session: speaks Spark Connect.
        tasks: into how many tasks rows are divided that come from few files.
        name: what the engine says it is, such as `sail:2` or `sc://spark:15002`.
    """

    session: "SparkSession"
    tasks: int
    name: str

    def show(self, view: str, rows: "DataFrame") -> None:
        """Let a view show some rows."""
        rows.createOrReplaceTempView(view)

    def define(self, file: str, **values: Any) -> None:
        """Define the view of a portable file."""
        from assets.engine.history.dialect import on_engine, view_of

        self.show(view_of(file), self.session.sql(on_engine(file, **values)))

    def files(self, *paths: Path) -> "DataFrame":
        """Rows of Parquet files, or of folders of them, such as an engine writes."""
        return self.session.read.parquet(*map(str, paths))

    def write_days(self, view: str, folder: Path, order: tuple[str, ...]) -> None:
        """Write what a view shows to a new folder, one file for each `day`, its rows in order."""
        rows = self.session.table(view).repartition(self.tasks, "day").sortWithinPartitions("day", *order)
        rows.mapInArrow(_as_they_are, rows.schema).write.partitionBy("day").parquet(str(folder))

    def write(self, rows: "DataFrame", folder: Path) -> None:
        """Write rows to a new folder."""
        rows.write.parquet(str(folder))


def _as_they_are(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """Stands between a sort and the writing of it: Sail 0.7.2 with several workers waits for ever without."""
    yield from batches


def is_gone(error: Exception) -> bool:
    """Whether an engine failed because it does not answer any more."""
    return "StatusCode.UNAVAILABLE" in str(error)


def told_by(error: Exception) -> str:
    """What an engine says of its failure, in one line; what carries the words says more about itself."""
    if is_gone(error):
        return "does not answer any more"
    details = re.search(r'details = "([^"\n]*)', str(error))
    return f"failed: {details[1] if details else first_line(error)}"


@contextmanager
def connected(url: str, tasks: int | None = None) -> Iterator[Engine]:
    """A session on the engine at `sc://HOST:PORT`, or on `sail:N`, a Sail with N workers of its own in this process.

    Raises:
        SpendgateError: the packages for it are missing, the address is none, nobody answers there, or the engine fails.
    """
    workers = re.fullmatch(r"sail:([1-9][0-9]?)", url)
    if not workers and not re.fullmatch(r"sc://[^\s]+", url):
        raise SpendgateError(f"'{url}' is no engine: sc://HOST:PORT, or sail:N for a Sail with N workers here")
    try:
        import pyspark.sql
    except ImportError as error:
        raise SpendgateError(NEEDS_EXTRA) from error
    from pyspark.errors import PySparkException

    with warnings.catch_warnings(), _sail(int(workers[1])) if workers else _elsewhere(url) as address:
        session = None
        try:
            warnings.simplefilter("ignore")  # of versions of pandas, which is not used, and of tries, which is told
            session = pyspark.sql.SparkSession.builder.remote(address).create()
            _configure(session)
            yield Engine(session, tasks or (2 * int(workers[1]) if workers else 200), url)
        except PySparkException as error:
            raise SpendgateError(f"the engine {url} {told_by(error)}") from error
        except Exception as error:
            if "grpc" not in type(error).__module__:
                raise
            raise SpendgateError(f"the engine {url} does not answer: {first_line(error)}") from error
        finally:
            if session is not None:
                with suppress(Exception):
                    session.stop()


def _configure(session: "SparkSession") -> None:
    from pyspark.sql.connect.client.retries import DefaultPolicy

    # of a server that is gone: its client would try for ten minutes
    session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES)])
    for name, value in CONFIGURATION.items():
        with suppress(Exception):
            session.conf.set(name, value)


@contextmanager
def _elsewhere(url: str) -> Iterator[str]:
    yield url


@contextmanager
def _sail(workers: int) -> Iterator[str]:
    """A Sail server with some workers, on a port of its own, for as long as the block lasts."""
    settings = {
        "SAIL_MODE": "local-cluster",
        "SAIL_CLUSTER__WORKER_INITIAL_COUNT": str(workers),
        "SAIL_CLUSTER__WORKER_MAX_COUNT": str(workers),
        "SAIL_CLUSTER__WORKER_TASK_SLOTS": str(SLOTS),
        "SAIL_CLUSTER__TASK_STREAM_BUFFER": str(BATCHES_BUFFERED),
        "SAIL_EXECUTION__DEFAULT_PARALLELISM": str(2 * workers),
        "RUST_LOG": "error",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        from pysail.spark import SparkConnectServer

        server = SparkConnectServer("127.0.0.1", 0)
        server.start(background=True)
    except ImportError as error:
        raise SpendgateError(NEEDS_EXTRA) from error
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    try:
        host, port = server.listening_address
        yield f"sc://{host}:{port}"
    finally:
        server.stop()
