"""A sealed day whose files are lost or damaged, made again from the files as they were delivered.

Belongs here: what of a day is lost, doing again what made it, and holding the result against what was noted when the
day was sealed. Does not: how files are read, priced and written again (`replay`, `sealing.seal`).

Only the delivered files with lost rows are read again, in an empty warehouse beside the live one.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa

from assets.engine.errors import SpendgateError
from assets.engine.rebuild.rebuild import replaying
from assets.engine.rebuild.replay import Replay, Step
from assets.engine.sealing.files import set_aside, verify_changed_files
from assets.engine.sealing.open_table import register_sealed_files
from assets.engine.sealing.seal import FILE_SCHEMA, SealedFile, new_name, note_files, take_in, write_days
from assets.engine.settings import Settings
from assets.engine.warehouse.disk import fsync
from assets.engine.warehouse.files_let_go import let_go
from assets.engine.warehouse.sealed_tables import NEVER, days_needed
from assets.engine.warehouse.warehouse import Warehouse

MADE = {"ad_events": "made_events", "transactions": "made_transactions"}
"""Made from delivered files, and as what they are shown; the other tables are sums over the transactions."""

PERIODS = {"daily_spend": "DAY", "monthly_spend": "MONTH"}
"""The tables of sums, and what each sums up."""

log = logging.getLogger("spendgate.resealing")


@dataclass(frozen=True)
class Lost:
    """What is lost of a table and day, and what those files held together."""

    table_name: str
    names: list[str]
    rows: int
    spend: Decimal | None
    transactions: int | None


def reseal_day(
    warehouse: Warehouse, day: date, settings: Settings, track: Callable[[list[Step]], Iterable[Step]] = iter
) -> list[SealedFile]:
    """Make the lost sealed files of a day again: a UTC day, a local date, or the month that begins with it.

    Returns:
        The files in their place.

    Raises:
        SpendgateError: nothing of the day is lost, or what comes out is not what was noted of it. Nothing was changed.
    """
    return reseal_from(warehouse, day, lambda: _made_again(warehouse, settings, track))


def reseal_from(warehouse: Warehouse, day: date, made_again: Callable[[], dict[str, pa.Table]]) -> list[SealedFile]:
    """Make the lost sealed files of a day again from a ledger that was made again: its rows by table."""
    verify_changed_files(warehouse)
    lost = [Lost(*row) for row in warehouse.run("ops.sealed_files", "lost_on_day", day=day).fetchall()]
    if not lost:
        raise SpendgateError(f"no sealed file of {day} is lost or damaged: `spendgate verify` names those that are")
    if any(one.table_name in MADE for one in lost):
        for table, rows in made_again().items():
            warehouse.connection.register(MADE[table], rows)
    try:
        files = [_make(warehouse, one, day) for one in _in_order(lost)]
    finally:
        for name in MADE.values():
            warehouse.connection.unregister(name)
    register_sealed_files(warehouse)
    return files


def _in_order(lost: list[Lost]) -> list[Lost]:
    """The ledger before the sums over it."""
    return sorted(lost, key=lambda one: one.table_name not in MADE)


def _made_again(
    warehouse: Warehouse, settings: Settings, track: Callable[[list[Step]], Iterable[Step]]
) -> dict[str, pa.Table]:
    """Read the files with lost rows again; returns the events and transactions that they come to."""
    with days_needed(warehouse.connection, NEVER):
        files = {file_id for (file_id,) in warehouse.run("steps.resealing", "files_to_read").fetchall()}
    log.info("%d delivered files have rows that are lost, and are read again", len(files))
    with replaying(warehouse) as (live, rebuilt):
        with days_needed(live, NEVER):
            Replay(live, rebuilt, settings, files).make_ledger(track)
        made = {table: rebuilt.connection.table(f"internal.{table}").to_arrow_table() for table in MADE}
    warehouse.root.rebuilt_file.unlink(missing_ok=True)
    return made


def _make(warehouse: Warehouse, lost: Lost, day: date) -> SealedFile:
    """Write one file in the place of the lost ones, in one transaction."""
    _collect(warehouse, lost.table_name, day)
    name = new_name(lost.table_name, day)
    note_files(warehouse, [name])
    [file] = write_days(warehouse, lost.table_name, {day: name})
    _hold_against_what_was_noted(lost, file)
    fsync((warehouse.root.sealed / name).parent)
    warehouse.connection.register("sealed_now", pa.Table.from_pylist([asdict(file)], FILE_SCHEMA))
    with warehouse.transaction() as recorded_at:
        warehouse.run("ops.sealed_files", "remove", names=lost.names)
        warehouse.run("internal.sealed_file_states", "remove", names=lost.names)
        warehouse.run("ops.sealed_files", "add", recorded_at=recorded_at)
        take_in(warehouse, [file])
        warehouse.require("checks.marts_add_up_to_the_ledger")
        if lost.table_name == "daily_spend":
            with days_needed(warehouse.connection, NEVER):
                warehouse.run("internal.overspend_due", "add_resealed", day=day)
    warehouse.connection.unregister("sealed_now")
    verify_changed_files(warehouse)
    _remove_lost(warehouse, lost.names)
    log.info("%s is in the place of %s", file.name, ", ".join(lost.names))
    return file


def _collect(warehouse: Warehouse, table: str, day: date) -> None:
    """Put the rows that were lost into `sealed_days`. What is lost is not needed for it; sums need their ledger."""
    if table in MADE:
        with days_needed(warehouse.connection, NEVER):
            warehouse.run("steps.resealing", table, day=day)
        return
    with days_needed(warehouse.connection, NEVER):
        warehouse.run("steps.resealing", "known_parts", day=day, period=PERIODS[table])
    days_in_it = 31 if PERIODS[table] == "MONTH" else 1
    begins, ends = (datetime.combine(day + timedelta(days=days), time(), UTC) for days in (-1, days_in_it + 1))
    warehouse.run("steps.resealing", "lost_span", first_day=begins.date(), end_day=ends.date())
    with days_needed(warehouse.connection, begins, ends - timedelta(microseconds=1)):
        warehouse.run("steps.resealing", "costs_to_sum")
        warehouse.run("steps.resealing", "brand_offsets")
        warehouse.run("portable.spend_by_date")
        warehouse.run("steps.resealing", table, day=day)


def _hold_against_what_was_noted(lost: Lost, file: SealedFile) -> None:
    noted = (lost.spend, lost.transactions) if lost.table_name not in MADE else (lost.rows, lost.spend)
    made = (file.spend, file.transactions) if lost.table_name not in MADE else (file.rows, file.spend)
    if noted != made:
        raise SpendgateError(
            f"sealed day {file.day} of {file.table_name} cannot be made again: {file.rows:,} rows and a spend of"
            f" {file.spend} came out, {lost.rows:,} rows and {lost.spend} were sealed. Delivered files are gone, the"
            " staged copies too; take the sealed file from a copy (`spendgate restore`). Nothing was changed"
        )


def _remove_lost(warehouse: Warehouse, names: list[str]) -> None:
    """Keep damaged files aside; those that are let go are not looked for any more."""
    files = [warehouse.root.sealed / name for name in names]
    for file in files:
        if file.is_file():
            set_aside(warehouse, file)
    let_go(warehouse, files, "lost, and made again")
