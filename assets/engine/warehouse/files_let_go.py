"""Files below the data root that the warehouse does not need any more, and since when.

Belongs here: the record of it. Does not: removing them (`retention`).
"""

from collections.abc import Iterable
from pathlib import Path

from assets.engine.warehouse.warehouse import Warehouse


def let_go(warehouse: Warehouse, files: Iterable[Path], reason: str) -> None:
    """Write down that the warehouse does not need some files any more, and since when."""
    paths = [str(file.relative_to(warehouse.root.path)) for file in files]
    if paths:
        with warehouse.transaction():
            warehouse.run("internal.files_let_go", "add", paths=paths, let_go_at=warehouse.clock(), reason=reason)


def forget_let_go(warehouse: Warehouse, *files: Path) -> None:
    """Strike out files that are needed again, gone, or others than those noted. Part of a transaction under way."""
    paths = [str(file.relative_to(warehouse.root.path)) for file in files]
    warehouse.run("internal.files_let_go", "remove", paths=paths)
