"""The warehouse file without the room that removed rows have left: every publication copies it.

Belongs here: writing the file again, and holding it against the one before. Does not: when (`sealing.seal`).
"""

from typing import Any

import duckdb

from assets.engine.errors import SpendgateError
from assets.engine.warehouse.disk import fsync
from assets.engine.warehouse.schema import define
from assets.engine.warehouse.warehouse import Warehouse


def compact(warehouse: Warehouse) -> bool:
    """Rewrite the file where much of it is the room that removed rows have left: every publishing copies it.

    Returns:
        Whether it was.
    """
    warehouse.connection.execute("checkpoint")
    used, free = warehouse.run("database", "blocks").fetchall()[0]
    if free * 3 <= used:
        return False
    before = _counts(warehouse)
    warehouse.close()
    compacted = warehouse.root.compacted_file
    compacted.unlink(missing_ok=True)  # of a run that was killed
    with duckdb.connect(config={"temp_directory": str(warehouse.root.scratch)}) as connection:
        for name, file, how in (
            ("live", warehouse.file, "read_only"),
            ("compacted", compacted, "storage_version 'v1.5.0'"),
        ):
            path = str(file).replace("'", "''")
            connection.execute(f"attach '{path}' as {name} ({how})")
        connection.execute("copy from database live to compacted")
    copy = Warehouse(warehouse.root, now=warehouse.now, run_id=warehouse.run_id, file=compacted)
    try:
        define(copy.connection)  # comments are not copied
        if _counts(copy) != before:
            raise SpendgateError(f"{compacted} is not what {warehouse.file} holds, which stays as it is")
        copy.connection.execute("checkpoint")
    finally:
        copy.close()
    fsync(compacted)
    compacted.replace(warehouse.file)
    fsync(warehouse.file.parent)
    return True


def _counts(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """The revision, and how many rows each table has."""
    tables = [name for (name,) in warehouse.run("database", "tables").fetchall()]
    counts = [(name, len(warehouse.connection.table(name))) for name in tables]
    return [("revision", warehouse.value("ops.revision", "current")), *counts]
