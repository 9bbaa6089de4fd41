"""What an engine has made of files that were never delivered here is taken into the ledger, in one transaction.

Belongs here: taking an attempt in. Does not: making it (`computing`), holding it against what its maker says and
against the ledger (`holding`).

Only files that the statement lists count. Until the transaction ends, nothing is changed but names below `sealed/` that
no warehouse knows and that are noted as let go.
"""

import logging
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from assets.engine.delivery.files import finished_file
from assets.engine.delivery.staging import stage
from assets.engine.errors import SpendgateError
from assets.engine.history.attempt import TABLES, Attempt, Begun, MadeFile, Statement
from assets.engine.history.given import require_nothing_pending
from assets.engine.history.holding import hold_attempt, refused
from assets.engine.ingestion.refused_texts import fetch_refused_texts
from assets.engine.kinds import EVENTS
from assets.engine.sealing.files import copy_sealed_files, verify_changed_files
from assets.engine.sealing.open_table import register_sealed_files
from assets.engine.sealing.seal import FILE_SCHEMA, SealedFile, new_name, note_files, take_in
from assets.engine.spend import write_spend
from assets.engine.warehouse.disk import fsync
from assets.engine.warehouse.sealed_tables import TABLES as SEALED_TABLES
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.history")


@dataclass(frozen=True)
class Adopted:
    """What an attempt brought: delivered files, events, transactions and what they cost, and events that wait."""

    files: int
    events: int
    transactions: int
    spend: Decimal
    waiting: int


def adopt(warehouse: Warehouse, attempt: Attempt) -> Adopted | None:
    """Take an attempt into the ledger.

    Returns:
        What it brought; None when it was adopted before, and nothing was changed.

    Raises:
        SpendgateError: it was not begun here, was never finished, is not what its maker says, or does not fit the
            ledger. Nothing was changed.
    """
    row = warehouse.row("internal.backfills", "begun", attempt=attempt.name)
    if row is None:
        raise SpendgateError(f"attempt {attempt.name} is refused: it was not begun by this warehouse")
    begun = Begun(*row)
    if begun.adopted_at:
        log.info("attempt %s was adopted at %s", attempt.name, begun.adopted_at)
        return None
    require_nothing_pending(warehouse)
    if int(warehouse.value("internal.batches", "newest")) >= begun.batch_id:
        raise refused(attempt, "the number that was kept for its batch has been reached: begin it again")
    statement = attempt.statement()
    hold_attempt(warehouse, attempt, statement, begun)
    _collect_refusals(warehouse, attempt)
    files = _put_into_place(warehouse, attempt, statement)
    adopted = _take_in(warehouse, attempt, begun, files)
    verify_changed_files(warehouse)
    copy_sealed_files(warehouse)
    register_sealed_files(warehouse)
    attempt.remove()
    return adopted


def _collect_refusals(warehouse: Warehouse, attempt: Attempt) -> None:
    """Put what is refused into `refusals`, and its text as delivered into `refused_texts`.

    The workers have handed over the texts of what is wrong by itself; the rest is read once more.
    """
    warehouse.run("steps.adoption", "conflicts")
    settings = warehouse.root.settings()
    given = {row["file_id"]: row for row in pq.read_table(attempt.part("given") / "files.parquet").to_pylist()}
    staged = {}
    for (file_id,) in warehouse.run("steps.refusals", "files").fetchall():
        file = finished_file(Path(given[file_id]["path"]), EVENTS, given[file_id]["name"])
        staged[file_id] = EVENTS, stage(file, warehouse.root, settings)
    fetch_refused_texts(warehouse, staged)
    warehouse.run("steps.adoption", "refuse_faulty")
    warehouse.run("steps.adoption", "add_faulty_texts")


def _put_into_place(warehouse: Warehouse, attempt: Attempt, statement: Statement) -> list[SealedFile]:
    """Give the files of the days names below `sealed/`, where they are read from once they belong to the warehouse."""
    made = [file for file in statement.files if file.part in TABLES and file.rows]
    names = {file.name: new_name(file.part, _day(file)) for file in made}
    note_files(warehouse, list(names.values()))
    sums = {table: _sums(warehouse, attempt, [file for file in made if file.part == table]) for table in TABLES}
    sealed = []
    for file in made:
        target = warehouse.root.sealed / names[file.name]
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(attempt.folder / file.name, target)
        rows, spend, transactions = sums[file.part][file.name]
        sealed.append(
            SealedFile(file.part, _day(file), names[file.name], rows, spend, transactions, file.sha256, file.bytes)
        )
    for folder in {(warehouse.root.sealed / name).parent for name in names.values()}:
        fsync(folder)
    return sealed


def _day(file: MadeFile) -> date:
    if file.day is None:
        raise SpendgateError(f"{file.name} is of no day")
    return file.day


def _link(source: Path, target: Path) -> None:
    """Give a file another name; a copy where it lies on another disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    fsync(target)
    target.chmod(0o444)


def _sums(
    warehouse: Warehouse, attempt: Attempt, files: Sequence[MadeFile]
) -> dict[str, tuple[int, Decimal | None, int | None]]:
    """Rows, spend and transactions of each file, as they are noted of sealed files."""
    if not files:
        return {}
    paths = {str(attempt.folder / file.name): file.name for file in files}
    rows = warehouse.connection.from_parquet(list(paths), hive_partitioning=False, filename=True)
    sums = rows.aggregate(f"filename, count(*), {SEALED_TABLES[files[0].part].sums}", "filename").fetchall()
    return {paths[path]: (count, spend, transactions) for path, count, spend, transactions in sums}


def _take_in(warehouse: Warehouse, attempt: Attempt, begun: Begun, files: list[SealedFile]) -> Adopted:
    """One transaction: the files, their rows and sums, what was refused, and what waits."""
    warehouse.connection.register("sealed_now", pa.Table.from_pylist([asdict(file) for file in files], FILE_SCHEMA))
    with warehouse.transaction() as recorded_at:
        of_batch = {"batch_id": begun.batch_id, "recorded_at": recorded_at}
        warehouse.run("internal.batches", "add_reserved", run_id=warehouse.run_id, **of_batch)
        warehouse.run("steps.adoption", "record_files", read_at=begun.began_at, **of_batch)
        warehouse.run("raw.rejected_rows", "add", recorded_at=recorded_at)
        waiting = int(warehouse.value("steps.adoption", "add_waiting", recorded_at=recorded_at))
        warehouse.run("ops.sealed_files", "add", recorded_at=recorded_at)
        take_in(warehouse, files)
        warehouse.advance_watermark("core.transactions", begun.batch_id, recorded_at)
        warehouse.run("steps.adoption", "new_spend")
        warehouse.run("steps.spend", "changed_zones")
        warehouse.run("steps.spend", "rezoned_brands")
        write_spend(warehouse, begun.batch_id, recorded_at, rezoned=False)
        events = sum(file.rows for file in files if file.table_name == "ad_events")
        spend = sum((file.spend or Decimal(0) for file in files), Decimal(0))
        warehouse.run(
            "internal.backfills",
            "adopt",
            attempt=attempt.name,
            recorded_at=recorded_at,
            rows_loaded=events,
            spend=spend,
        )
        warehouse.require("checks.files_account_for_every_row")
        warehouse.require("checks.marts_add_up_to_the_ledger")
    warehouse.connection.unregister("sealed_now")
    delivered = int(warehouse.value("raw.event_files", "count_of_batch", batch_id=begun.batch_id))
    transactions = sum(file.transactions or 0 for file in files)
    log.info("attempt %s: %d events adopted from %d files", attempt.name, events, delivered)
    return Adopted(delivered, events, transactions, spend, waiting)
