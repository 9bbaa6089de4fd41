"""Fixtures every test may use."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

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


def pytest_report_header() -> str:
    """The suite is to pass on more than one DuckDB: say which this is."""
    return f"duckdb {duckdb.__version__}"


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
