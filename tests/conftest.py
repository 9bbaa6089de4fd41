"""Fixtures every test may use."""

import gc
import logging
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pytest
import sqlalchemy
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from sqlalchemy.pool import NullPool

from assets.engine.data_root import DataRoot
from tests.world import World


class WithoutPandas:
    """DuckDB imports pandas, which only the client of Spark needs, for the first value it is handed: not here."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> None:
        """Refuse pandas unless Spark's client asks, leave the rest to the other finders."""
        if name == "pandas" and "pyspark" not in sys.modules:
            raise ModuleNotFoundError("pandas is not among the packages", name=name)


sys.meta_path.insert(0, WithoutPandas)

_connect = duckdb.connect


def connect_with_one_thread(*arguments: Any, **named: Any) -> Any:
    """Connect as ever; the tests run on every core already, so a second thread would only wait for the first."""
    return _connect(*arguments, **{**named, "config": {**named.get("config", {}), "threads": 1}})


vars(duckdb)["connect"] = connect_with_one_thread

_create_engine = sqlalchemy.create_engine


@lru_cache(maxsize=100)
def _engine_of_file(url: str, **connect: float) -> sqlalchemy.Engine:
    engine = _create_engine(url, poolclass=NullPool, connect_args=connect)

    @sqlalchemy.event.listens_for(engine, "connect")
    def never_wait_for_the_disk(connection: sqlite3.Connection, _: object) -> None:
        with suppress(sqlite3.Error):  # it is for Dagster to find that a file is damaged
            connection.execute("pragma synchronous = off")

    return engine


def create_engine_once(url: Any, **named: Any) -> sqlalchemy.Engine:
    """Create an engine, but only once for a file of Dagster's record, and let nothing wait for the disk.

    Dagster creates one for each event it notes, which is to compile its statements anew: two fifths of a run.
    """
    if named.get("poolclass") is NullPool:
        return _engine_of_file(str(url), **named.get("connect_args", {}))
    return _create_engine(url, **named)


for storage in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
    vars(storage)["create_engine"] = create_engine_once


def pytest_report_header() -> str:
    """The suite is to pass on more than one DuckDB: say which this is."""
    return f"duckdb {duckdb.__version__}"


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what lasts to the end: the modules, and some thousand tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_of_another_test() -> Iterator[None]:
    """Commands that run in this process set the environment and the logger: each test begins without what they set."""
    logger = logging.getLogger("spendgate")
    logger.handlers = []
    logger.setLevel(logging.NOTSET)
    with patch.dict(os.environ):
        os.environ.pop("DAGSTER_HOME", None)
        yield


@pytest.fixture
def root(tmp_path: Path) -> DataRoot:
    """An empty data root."""
    return DataRoot(tmp_path / "data")


@pytest.fixture
def world(root: DataRoot) -> World:
    """The world of `tests/world.py`, delivered and not yet run."""
    return World(root)


@pytest.fixture(scope="session")
def spark_client() -> Iterator[None]:
    """Spark's client takes a process whose main module is no file, as pytest's workers are, for a run of doctests."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "ps1", ">>> ", raising=False)
        yield
