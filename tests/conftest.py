"""Fixtures every test may use."""

from pathlib import Path

import pytest

from assets.settings import DataRoot
from tests.world import World


@pytest.fixture
def root(tmp_path: Path) -> DataRoot:
    """An empty data root."""
    return DataRoot(tmp_path / "data")


@pytest.fixture
def world(root: DataRoot) -> World:
    """The world of `tests/world.py`, delivered and not yet run."""
    return World(root)
