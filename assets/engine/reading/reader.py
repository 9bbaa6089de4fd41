"""A staged file of events, payments or corrections becomes rows in the arrival tables.

Belongs here: which reader has which file or line. Does not: forms (`jsonl_files`, `csv_files`, `parquet_files`), the
rules for values (`sql/steps/field_rules.sql`), duplicates, and writing to the warehouse (`ingestion`).

Large texts of events are read in bulk by DuckDB, which leaves every line it has the slightest doubt about to the reader
of single rows in Python; that one reads everything else, and is the authority on what is wrong with a row.
"""

from dataclasses import replace
from datetime import datetime

from assets.engine.delivery.files import QuarantineError
from assets.engine.kinds import CORRECTIONS, EVENTS, PAYMENTS
from assets.engine.reading.arriving_rows import ArrivingRows
from assets.engine.reading.bulk import BulkReader
from assets.engine.reading.columns import COLUMNS, INSTANT
from assets.engine.reading.csv_files import csv_header, csv_rows
from assets.engine.reading.delivery import Delivery, Read, zone_of
from assets.engine.reading.json_objects import split_objects
from assets.engine.reading.jsonl_files import JsonLines, SeveralObjectsError, refuse_json_document
from assets.engine.reading.parquet_files import check_columns, parquet_schema
from assets.engine.reading.rules import define_rules, refused_if_damaged
from assets.engine.reading.text import IgnoredNames
from assets.engine.settings import Settings
from assets.engine.warehouse.warehouse import Warehouse

BULK_BYTES = 1 << 20
"""Below this the reader of single rows is faster than a bulk query's fixed cost."""


class Reader:
    """Puts the rows of staged files into the arrival tables of a warehouse; `finish` ends that."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        define_rules(warehouse, zone="")
        self._rows = ArrivingRows(warehouse)
        self._bulk = BulkReader(warehouse, self._rows)

    def read(self, delivery: Delivery) -> Read:
        """Read one file.

        Raises:
            QuarantineError: the file as a whole cannot be read as rows of its kind; none of its rows is left.
        """
        try:
            define_rules(self._warehouse, zone_of(delivery.kind, delivery.settings))
            try:
                return Read(self._read(delivery), delivery.staged)
            except SeveralObjectsError:
                self._rows.forget(delivery.file_id)
                split = delivery.staged.path.with_suffix("").with_suffix("").name
                text = self._warehouse.root.scratch / f"{split}.objects.jsonl"
                split_objects(delivery.staged.text, text, delivery.settings.max_line_bytes)
                again = replace(delivery, staged=replace(delivery.staged, text=text, clean=False), is_split=True)
                return Read(self._read(again), again.staged)
        except QuarantineError:
            self._rows.forget(delivery.file_id)
            raise

    def finish(self, loaded_at: datetime, settings: Settings) -> None:
        """Give the rows that were read as text their types, or say what is wrong with them."""
        self._rows.flush()
        for kind, statement in ((EVENTS, "type_events"), (PAYMENTS, "type_payments")):
            define_rules(self._warehouse, zone_of(kind, settings))
            self._warehouse.run("steps.arrivals", statement, loaded_at=loaded_at)
        self._warehouse.run("steps.arrivals", "type_corrections")

    def forget(self, file_id: int) -> None:
        """Take back all rows of a file."""
        self._rows.forget(file_id)

    def _read(self, delivery: Delivery) -> IgnoredNames:
        if delivery.staged.format == "parquet":
            return self._read_parquet(delivery)
        if delivery.staged.format == "csv":
            return self._read_csv(delivery)
        return self._read_jsonl(delivery)

    def _read_parquet(self, delivery: Delivery) -> IgnoredNames:
        columns = COLUMNS[delivery.kind]
        schema = parquet_schema(delivery.staged, delivery.settings)
        needed = {name: columns[name] for name in delivery.needed(schema.names)}
        check_columns(schema, needed, delivery.folders, local_times=bool(zone_of(delivery.kind, delivery.settings)))
        if delivery.kind == CORRECTIONS:
            with refused_if_damaged():
                path = str(delivery.staged.path)
                self._warehouse.run("steps.read_parquet", "corrections", file_id=delivery.file_id, path=path)
                self._warehouse.run("steps.read_parquet", "correction_faults", file_id=delivery.file_id)
            return IgnoredNames(sorted(set(schema.names) - set(columns)))
        [instant] = [schema.columns[name] for name, type_ in columns.items() if type_ is INSTANT]
        values = {"file_id": delivery.file_id, "loaded_at": delivery.loaded_at}
        typed, faulty = {
            EVENTS: ("events", "event_faults"),
            PAYMENTS: ("payments", "payment_faults"),
        }[delivery.kind]
        path = str(delivery.staged.path)
        with refused_if_damaged():
            self._warehouse.run("steps.read_parquet", typed, **values, path=path, is_utc=not instant.is_local_time)
            self._warehouse.run("steps.read_parquet", faulty, **values)
        return IgnoredNames(sorted(set(schema.names) - set(columns)))

    def _read_jsonl(self, delivery: Delivery) -> IgnoredNames:
        refuse_json_document(delivery.staged.text)
        ignored = IgnoredNames()
        lines = JsonLines(
            delivery.staged.text, delivery.columns, ignored, delivery.settings, delivery.folders, delivery.is_split
        )
        if not (_is_bulky(delivery) and self._bulk.read_jsonl(delivery, lines)):
            self._rows.add(delivery, lines.rows())
        return ignored

    def _read_csv(self, delivery: Delivery) -> IgnoredNames:
        header = csv_header(delivery.staged.text, delivery.needed, delivery.folders)
        if not (header and _is_bulky(delivery) and self._bulk.read_csv(delivery, header)):
            limit = delivery.settings.max_line_bytes
            self._rows.add(delivery, csv_rows(delivery.staged.text, header, delivery.columns, limit))
        return IgnoredNames(sorted(set(header) - set(delivery.columns)))


def _is_bulky(delivery: Delivery) -> bool:
    return delivery.kind == EVENTS and delivery.staged.text.stat().st_size >= BULK_BYTES
