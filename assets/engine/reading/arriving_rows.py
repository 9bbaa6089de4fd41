"""Rows that were read one by one wait here, and are handed to DuckDB many at once, whatever file they are of.

Belongs here: the arrival tables as readers see them. Does not: reading a row, and what becomes of it (`ingestion`).
"""

from collections.abc import Iterable
from itertools import islice

import pyarrow as pa

from assets.engine.kinds import CORRECTIONS, EVENTS, LANDED, PAYMENTS
from assets.engine.reading.columns import COLUMNS
from assets.engine.reading.delivery import Delivery
from assets.engine.reading.rules import as_arrow
from assets.engine.reading.text import Row
from assets.engine.warehouse.warehouse import Warehouse

ROWS_AT_ONCE = 50_000
"""Rows handed to DuckDB together; bounds memory."""

REMOVALS = (
    "remove_event_texts",
    "remove_typed_events",
    "remove_bulk_events",
    "remove_payment_texts",
    "remove_payments",
    "remove_correction_texts",
    "remove_corrections",
)
"""What takes back the rows of a file."""


class ArrivingRows:
    """The arrival tables of a warehouse, made empty."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._waiting: dict[str, list[tuple[int, Row]]] = {kind: [] for kind in LANDED}
        warehouse.run("steps.arrivals", "tables")

    def add(self, delivery: Delivery, rows: Iterable[Row]) -> None:
        """Let rows read one by one wait, and hand them over when there are many."""
        waiting = self._waiting[delivery.kind]
        remaining = iter(rows)
        while some := list(islice(remaining, max(1, ROWS_AT_ONCE - len(waiting)))):
            waiting += [(delivery.file_id, row) for row in some]
            if len(waiting) >= ROWS_AT_ONCE:
                self.flush()

    def flush(self) -> None:
        """Hand the rows that wait to DuckDB, as Arrow."""
        for kind, waiting in self._waiting.items():
            if waiting:
                columns = tuple(COLUMNS[kind])
                of_files = pa.array([file_id for file_id, _ in waiting], pa.int64())
                table = as_arrow([row for _, row in waiting], columns).append_column("file_id", of_files)
                self._warehouse.connection.register("text_rows", table)
                add = {
                    EVENTS: "add_event_texts",
                    PAYMENTS: "add_payment_texts",
                    CORRECTIONS: "add_correction_texts",
                }[kind]
                self._warehouse.run("steps.arrivals", add)
                self._warehouse.connection.unregister("text_rows")
                waiting.clear()

    def forget(self, file_id: int) -> None:
        """Take back all rows of a file."""
        for waiting in self._waiting.values():
            waiting[:] = [(of_file, row) for of_file, row in waiting if of_file != file_id]
        for statement in REMOVALS:
            self._warehouse.run("steps.arrivals", statement, file_id=file_id)
