"""An attempt is held against what its maker says, against itself, and against the ledger.

Belongs here: the order of it, and how an attempt is refused. Does not: the rules (`sql/steps/adoption.sql`), taking the
attempt in (`adoption`).
"""

from dataclasses import asdict

import pyarrow as pa
import pyarrow.parquet as pq

from assets.engine.errors import SpendgateError
from assets.engine.hashing import sha256_of
from assets.engine.history.attempt import PARTS, TABLES, Attempt, Begun, Statement, rows_in
from assets.engine.history.made import show_made
from assets.engine.rows_as_text import first_row_told
from assets.engine.warehouse.warehouse import Warehouse

HELD = (
    ("other_totals", "holds other rows than its maker says"),
    ("rows_unaccounted", "has a file whose rows are not all loaded, duplicate or rejected"),
    ("files_taken_since", "has a file that was loaded here since it began"),
    ("events_not_new", "has an event twice, or one that the ledger has"),
    ("not_charged_once", "has an event that is neither charged nor waiting, or both"),
    ("other_sums", "has sums that are not those of its transactions"),
)
"""Rules for an attempt, and what it means that one is broken."""

SAID_FILES = pa.schema([("name", pa.string()), ("path", pa.string()), ("day", pa.date32())])
SAID_TOTALS = pa.schema(
    [
        ("table_name", pa.string()),
        ("day", pa.date32()),
        ("rows", pa.int64()),
        ("amount", pa.decimal128(38, 9)),
        ("first_at", pa.timestamp("us", "UTC")),
        ("last_at", pa.timestamp("us", "UTC")),
    ]
)


def hold_attempt(warehouse: Warehouse, attempt: Attempt, statement: Statement, begun: Begun) -> None:
    """Hold an attempt against all that is known of it, and let views `made_<part>` show its files.

    Raises:
        SpendgateError: it is not what its maker says, or does not fit the ledger.
    """
    _hold_files(attempt, statement)
    _show(warehouse, attempt, statement)
    _hold_rows(warehouse, attempt, statement, begun)


def refused(attempt: Attempt, why: str) -> SpendgateError:
    """Why an attempt is not taken in, with its name and where it lies."""
    return SpendgateError(f"attempt {attempt.name} is refused: {why}; nothing was changed, see {attempt.folder}")


def _hold_files(attempt: Attempt, statement: Statement) -> None:
    """Hold that each listed file is there once, with the bytes and the rows that were listed."""
    names = [file.name for file in statement.files]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise refused(attempt, f"{doubled[0]} is listed twice")
    for file in statement.files:
        path = attempt.folder / file.name
        if not path.resolve().is_relative_to(attempt.folder.resolve()):
            raise refused(attempt, f"{file.name} lies outside of it")
        if not path.is_file():
            raise refused(attempt, f"{file.name} is missing")
        if path.stat().st_size != file.bytes or sha256_of(path) != file.sha256:
            raise refused(attempt, f"{file.name} has other bytes than were listed")
        if rows_in(path) != file.rows:
            raise refused(attempt, f"{file.name} has {rows_in(path):,} rows, and {file.rows:,} were listed")


def _of_part(attempt: Attempt, statement: Statement, part: str) -> list[str]:
    return [str(attempt.folder / file.name) for file in statement.files if file.part == part]


def _show(warehouse: Warehouse, attempt: Attempt, statement: Statement) -> None:
    """Let views show the files of the attempt that are listed, and what its maker says of them."""
    for part in PARTS:
        show_made(warehouse, part, _of_part(attempt, statement, part))
    for name in ("files", "readings"):
        warehouse.connection.register(f"given_{name}", pq.read_table(attempt.part("given") / f"{name}.parquet"))
    said_files = [
        {"name": file.name, "path": str(attempt.folder / file.name), "day": file.day} for file in statement.files
    ]
    said_totals = [
        {"table_name": total.table, **{name: value for name, value in asdict(total).items() if name != "table"}}
        for total in statement.totals
    ]
    warehouse.connection.register("said_files", pa.Table.from_pylist(said_files, SAID_FILES))
    warehouse.connection.register("said_totals", pa.Table.from_pylist(said_totals, SAID_TOTALS))
    warehouse.run("steps.adoption", "files")


def _hold_rows(warehouse: Warehouse, attempt: Attempt, statement: Statement, begun: Begun) -> None:
    """Hold what is in the files against what was said of it, against itself, and against the ledger."""
    for table in TABLES:
        paths = _of_part(attempt, statement, table)
        if paths:
            _hold(warehouse, attempt, "rows_of_other_days", "has a row in the file of another day", paths=paths)
    for rule, meaning in HELD:
        _hold(warehouse, attempt, rule, meaning)
    marks = {"batch_id": begun.batch_id, "began_at": begun.began_at}
    _hold(warehouse, attempt, "other_marks", "has transactions that are not of it", **marks)
    warehouse.run("steps.history_given", "price_changes")
    changed = "was made by reference data that has changed since: begin it again"
    _hold(warehouse, attempt, "reference_changed_since", changed, began_at=begun.began_at)


def _hold(warehouse: Warehouse, attempt: Attempt, rule: str, meaning: str, **values: object) -> None:
    found = first_row_told(warehouse.run("steps.adoption", rule, **values))
    if found:
        raise refused(attempt, f"it {meaning} ({found})")
