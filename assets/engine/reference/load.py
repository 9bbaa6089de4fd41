"""Reference files are loaded as versions.

Belongs here: which file is loaded, and what is noted of it. Does not: reading it (`reading.reference_rows`), how a
version is kept (`sql/core/versions.sql`).
"""

import logging
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from assets.engine.data_root import DataRoot
from assets.engine.delivery.files import DeliveredFile, NotReadyError, QuarantineError, StagedFile
from assets.engine.delivery.inbox import Claim, Inbox
from assets.engine.delivery.staging import stage
from assets.engine.kinds import REFERENCE_TABLES
from assets.engine.reading.reference_rows import read_reference, refused_texts
from assets.engine.reading.text import RAW_TEXT_LIMIT, cut
from assets.engine.settings import Settings
from assets.engine.warehouse.clock import utc_now
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.reference")


def load_reference(warehouse: Warehouse, inbox: Inbox, name: str) -> None:
    """Load the newest delivered file of a reference table, if there is something new in it for us.

    A changed row becomes a new version from `warehouse.now` on; a row that is gone keeps its last version and is
    noted as missing. A file whose rows waited for their parents is tried again when parents have come.
    """
    retry = inbox.retry
    known = warehouse.row(
        "internal.reference_files", "newest",
        kind=name, parents_batch=_newest_batch_of_parents(warehouse, name),
        retried_reason=retry and retry.reason, retried_name=retry and retry.name,
    )  # fmt: skip
    newest = _Newest(*known) if known else _Newest()
    connection = warehouse.connection
    files = inbox.known(connection, name) if newest.deserves_another_try else inbox.new(connection, (name,))
    for file in inbox.stable(files):
        with inbox.claim(warehouse, [file], read_in_isolation) as claim:
            try:
                _load(warehouse, claim, file, newest, inbox.settings)
            except NotReadyError as why:
                claim.postpone(file, why)


def _newest_batch_of_parents(warehouse: Warehouse, name: str) -> int | None:
    """The newest batch that brought rows to which rows of a table may belong."""
    tables = [REFERENCE_TABLES[parent].versions for parent in REFERENCE_TABLES[name].parents]
    batches = [warehouse.value("core.versions", "newest_batch", table=table) for table in tables]
    return max((batch for batch in batches if batch is not None), default=None)


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


@dataclass(frozen=True)
class _Outcome:
    """What became of a file, and of its rows."""

    outcome: str
    sha256: str | None
    reason: str | None = None
    loaded: int = 0
    duplicate: int = 0
    rejected: int = 0


def read_in_isolation(root: DataRoot, file: DeliveredFile, settings: Settings) -> None:
    """Read a file into a database of its own, to see whether the process lives through it."""
    warehouse = Warehouse(root, now=utc_now(), run_id="in isolation", file=root.scratch / "isolated.duckdb")
    try:
        read_reference(warehouse, file.kind, stage(file, root, settings), settings)
    except (OSError, NotReadyError, QuarantineError):
        pass
    finally:
        warehouse.close()


def _load(warehouse: Warehouse, claim: Claim, file: DeliveredFile, newest: _Newest, settings: Settings) -> None:
    """Load a file, or record what else became of it.

    Raises:
        NotReadyError: it has to wait.
    """
    sha256 = None
    try:
        staged = claim.stage(file)
        sha256 = staged.sha256
        again = sha256 == newest.sha256
        if again and not newest.deserves_another_try:
            _record_unread(warehouse, file, _Outcome("DUPLICATE", sha256, "same bytes as the file before it"))
            return
        read_reference(warehouse, file.kind, staged, settings)
    except QuarantineError as refusal:
        _record_unread(warehouse, file, _Outcome("QUARANTINED", sha256 or refusal.sha256, str(refusal)))
        return
    _write(warehouse, file, staged, file_id=newest.loaded_file_id if again else None)


def _write(warehouse: Warehouse, file: DeliveredFile, staged: StagedFile, *, file_id: int | None) -> None:
    """Write the rows of a file that have been read and validated, in one transaction.

    Args:
        warehouse: where to, with `validated_rows`.
        file: the file.
        staged: its copy.
        file_id: the ledger row it takes over when it is tried again.
    """
    table = REFERENCE_TABLES[file.kind]
    warehouse.run(*(("core.dayparting", "gather") if table.gathered else ("steps.reference", "delivered")))
    rows, refused = warehouse.row("steps.reference", "row_counts") or (0, 0)
    warehouse.connection.register("refused_rows", _refused_rows(warehouse, staged))
    with warehouse.transaction() as recorded_at:
        changed = _add_versions(warehouse, file.kind, recorded_at)
        if file_id is not None:
            warehouse.run("internal.reference_files", "remove", file_id=file_id)
            warehouse.run("raw.rejected_rows", "remove_of_file", file_id=file_id)
        outcome = _Outcome(
            "LOADED", staged.sha256, loaded=changed, duplicate=rows - refused - changed, rejected=refused
        )
        file_id = _record(warehouse, file, outcome, recorded_at, file_id)
        warehouse.run("raw.rejected_rows", "add_reference", file_id=file_id, recorded_at=recorded_at)
        if not table.gathered:
            warehouse.run("internal.missing_rows", "remove_delivered", table_name=file.kind)
            warehouse.run(
                "internal.missing_rows", "add", table_name=file.kind, file_id=file_id, recorded_at=recorded_at
            )
    warehouse.connection.unregister("refused_rows")
    log.info(
        "%s: %d rows = %d new or changed + %d as before + %d refused",
        file.name, rows, outcome.loaded, outcome.duplicate, outcome.rejected,
    )  # fmt: skip


def _add_versions(warehouse: Warehouse, name: str, recorded_at: datetime) -> int:
    """Make versions of the delivered rows that have changed; returns how many rows those are."""
    table = REFERENCE_TABLES[name]
    record = {"batch_id": warehouse.batch_id(recorded_at), "recorded_at": recorded_at}
    clocks = {"now": warehouse.now, "clock": warehouse.clock()}
    warehouse.run("core.versions", "changed", table=table.versions, **clocks, **record)
    added = keep_versions(warehouse, name, mends=False)
    return int(warehouse.value("core.dayparting", "gathered_rows")) if table.gathered else added


def keep_versions(warehouse: Warehouse, name: str, *, mends: bool) -> int:
    """Add `new_versions` to those of a table, and what follows from them; returns how many.

    Args:
        warehouse: inside a transaction.
        name: the table.
        mends: they take the place of versions that a clock had put into the future.
    """
    new_versions = warehouse.connection.table("new_versions")
    new_versions.insert_into(REFERENCE_TABLES[name].versions)
    if name == "brands":
        warehouse.run("core.brand_zones", "add", mends=mends)
    return len(new_versions)


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


def _record_unread(warehouse: Warehouse, file: DeliveredFile, outcome: _Outcome) -> None:
    """Note a file none of whose rows were read."""
    with warehouse.transaction() as recorded_at:
        _record(warehouse, file, outcome, recorded_at)
    log.warning("%s: %s (%s)", file.name, outcome.outcome, outcome.reason)


def _record(
    warehouse: Warehouse, file: DeliveredFile, outcome: _Outcome, recorded_at: datetime, file_id: int | None = None
) -> int:
    """Write the file's ledger row; returns its number, the next one unless it has one already."""
    warehouse.run("internal.attempts", "finish", names=[file.name])
    if file_id is None:
        file_id = int(warehouse.value("ops.delivered_files", "newest_id")) + 1
    warehouse.run(
        "internal.reference_files",
        "record",
        file_id=file_id,
        kind=file.kind,
        name=file.name,
        sha256=outcome.sha256,
        bytes=file.bytes,
        changed_ns=file.changed_ns,
        outcome=outcome.outcome,
        reason=outcome.reason,
        rows_loaded=outcome.loaded,
        rows_duplicate=outcome.duplicate,
        rows_rejected=outcome.rejected,
        batch_id=warehouse.batch_id(recorded_at),
        recorded_at=recorded_at,
    )
    return file_id
