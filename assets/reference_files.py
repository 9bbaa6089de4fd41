"""Reference files are loaded as versions.

Belongs here: which file is loaded, and what is noted of it. Does not: reading it (`reading.reference_rows`), how a
version is kept (`sql/core/<table>.sql`).
"""

import logging
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from assets.attempts import attempt, note_in_vain, refuse_killers, with_attempts, worth_an_attempt
from assets.ingestion import new_files
from assets.landing import DeliveredFile, Deliveries, NotReadyError, QuarantineError, StagedFile, stage
from assets.reading.reference_rows import read_reference, refused_texts
from assets.reading.text import RAW_TEXT_LIMIT, cut
from assets.settings import REFERENCE_TABLES, DataRoot, Settings
from assets.warehouse import Warehouse, utc_now

log = logging.getLogger("spendgate.reference")


def load_reference(warehouse: Warehouse, deliveries: Deliveries, name: str) -> None:
    """Load the newest delivered file of a reference table, if there is something new in it for us.

    A changed row becomes a new version from `warehouse.now` on; a row that is gone keeps its last version and is
    noted as missing. A file whose rows waited for their parents is tried again when parents have come.
    """
    files = [file for file in deliveries.seen if file.kind == name]
    retry = deliveries.retry
    known = warehouse.row(
        "ops.reference_files", "newest",
        kind=name, parent=REFERENCE_TABLES[name].parent,
        retried_reason=retry and retry.reason, retried_name=retry and retry.name,
    )  # fmt: skip
    newest = _Newest(*known) if known else _Newest()
    choose = with_attempts if newest.deserves_another_try else new_files
    wanted = choose(warehouse.connection, files)
    for file in filter(worth_an_attempt, deliveries.settled(wanted)):
        with attempt(warehouse, [file]):
            wait = _take(warehouse, file, deliveries.settings, newest)
        note_in_vain(warehouse, [(file, wait)] if wait else [])


@dataclass(frozen=True)
class _Newest:
    """What the ledger knows of the newest file of a reference table.

    Attributes:
        sha256: its bytes.
        loaded_file_id: the newest one that was loaded.
        deserves_another_try: rows of it that were refused may load now.
    """

    sha256: str | None = None
    loaded_file_id: int | None = None
    deserves_another_try: bool = False


def read_alone(root: DataRoot, file: DeliveredFile, settings: Settings) -> None:
    """Read a file into a database of its own, to see whether the process lives through it."""
    warehouse = Warehouse(root, now=utc_now(), run_id="reading alone", file=root.scratch / "alone.duckdb")
    try:
        read_reference(warehouse, file.kind, stage(file, root, settings), settings)
    except (OSError, NotReadyError, QuarantineError):
        pass
    finally:
        warehouse.close()


def _take(warehouse: Warehouse, file: DeliveredFile, settings: Settings, newest: _Newest) -> NotReadyError | None:
    """Load a file, or record what else became of it; returns why it has to wait, if it has to."""
    sha256 = None
    try:
        refuse_killers(file, read_alone, warehouse.root, file, settings)
        staged = stage(file, warehouse.root, settings)
        sha256 = staged.sha256
        again = sha256 == newest.sha256
        if again and not newest.deserves_another_try:
            _record(warehouse, file, sha256, "DUPLICATE", "same bytes as the file before it")
            return None
        read_reference(warehouse, file.kind, staged, settings)
    except NotReadyError as wait:
        return wait
    except QuarantineError as refusal:
        _record(warehouse, file, sha256 or refusal.sha256, "QUARANTINED", str(refusal))
        return None
    _load(warehouse, file, staged, file_id=newest.loaded_file_id if again else None)
    return None


def _load(warehouse: Warehouse, file: DeliveredFile, staged: StagedFile, *, file_id: int | None) -> None:
    """Load the rows of a file that have been read and judged, in one transaction.

    Args:
        warehouse: where to, with `validated_rows`.
        file: the file.
        staged: its copy.
        file_id: the ledger row it takes over when it is tried again.
    """
    name = file.kind
    connection = warehouse.connection
    warehouse.run("steps.reference", "delivered")
    rows, refused = warehouse.row("steps.reference", "row_counts") or (0, 0)
    connection.register("refused_rows", _refused_rows(warehouse, staged))
    with warehouse.transaction() as recorded_at:
        batch_id = warehouse.batch_id(recorded_at)
        opened = _add_versions(warehouse, name, batch_id, recorded_at)
        if file_id is not None:
            warehouse.run("ops.reference_files", "remove", file_id=file_id)
            warehouse.run("raw.rejected_rows", "remove_of_file", file_id=file_id)
        counts = (opened, rows - refused - opened, refused)
        file_id = _write_file(
            warehouse, file, recorded_at, sha256=staged.sha256, outcome="LOADED", counts=counts, file_id=file_id
        )
        warehouse.run("raw.rejected_rows", "add_reference", file_id=file_id, recorded_at=recorded_at)
        warehouse.run("ops.missing_rows", "remove_delivered", table_name=name)
        warehouse.run("ops.missing_rows", "add", table_name=name, file_id=file_id, recorded_at=recorded_at)
    connection.unregister("refused_rows")
    log.info(
        "%s: %d rows = %d new or changed + %d as before + %d refused",
        file.name, rows, opened, rows - refused - opened, refused,
    )  # fmt: skip


def _add_versions(warehouse: Warehouse, name: str, batch_id: int, recorded_at: datetime) -> int:
    """Make versions of the delivered rows that have changed; returns how many."""
    table = REFERENCE_TABLES[name]
    record = {"batch_id": batch_id, "recorded_at": recorded_at}
    changed = warehouse.relation(
        "core.versions", "changed", table=table.file, now=warehouse.now, clock=warehouse.clock(), **record
    )
    changed.insert_into(table.versions)
    return len(changed)


def _refused_rows(warehouse: Warehouse, staged: StagedFile) -> pa.Table:
    """The refused rows as they are listed: line, reason and text as delivered."""
    reasons = dict(warehouse.run("steps.reference", "refused_rows").fetchall())
    texts = {number: cut(text, RAW_TEXT_LIMIT) for number, text in refused_texts(warehouse, staged, list(reasons))}
    return pa.table(
        {
            "line_number": pa.array(reasons, pa.int64()),
            "reason": pa.array(reasons.values(), pa.string()),
            "raw": pa.array([texts[number] for number in reasons], pa.string()),
        }
    )


def _record(warehouse: Warehouse, file: DeliveredFile, sha256: str | None, outcome: str, reason: str) -> None:
    """Note a file none of whose rows were looked at."""
    with warehouse.transaction() as recorded_at:
        _write_file(warehouse, file, recorded_at, sha256=sha256, outcome=outcome, reason=reason)
    log.warning("%s: %s (%s)", file.name, outcome, reason)


def _write_file(
    warehouse: Warehouse,
    file: DeliveredFile,
    recorded_at: datetime,
    *,
    sha256: str | None,
    outcome: str,
    reason: str | None = None,
    counts: tuple[int, int, int] = (0, 0, 0),
    file_id: int | None = None,
) -> int:
    """Write the file's ledger row; returns its number, the next one unless it has one already."""
    warehouse.run("ops.attempts", "finish", names=[file.name])
    if file_id is None:
        file_id = int(warehouse.value("ops.delivered_files", "newest_id")) + 1
    loaded, duplicate, rejected = counts
    warehouse.run(
        "ops.reference_files",
        "record",
        file_id=file_id,
        kind=file.kind,
        name=file.name,
        sha256=sha256,
        bytes=file.bytes,
        changed_ns=file.changed_ns,
        outcome=outcome,
        reason=reason,
        rows_loaded=loaded,
        rows_duplicate=duplicate,
        rows_rejected=rejected,
        batch_id=warehouse.batch_id(recorded_at),
        recorded_at=recorded_at,
    )
    return file_id
