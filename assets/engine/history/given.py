"""What an engine is given: delivered files to read, reference data as it was known, what the ledger has already.

Belongs here: writing it below the folder of an attempt. Does not: the statements (`sql/steps/history_given.sql`), and
what the engine does with it (`computing`).
"""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from assets.engine.delivery.files import DeliveredFile
from assets.engine.delivery.staging import can_be_staged_again, staged_copy
from assets.engine.errors import SpendgateError
from assets.engine.history.attempt import Attempt, Begun
from assets.engine.history.given_tables import (
    CHARGES,
    CHARGING,
    CHARGING_OF_FILES,
    CONFLICTS,
    FILES,
    KNOWN_FILES,
    READINGS,
    write_table,
)
from assets.engine.history.judges import Facts, Judge, judge_new, judge_rebuilt
from assets.engine.settings import READING_LIMITS, Settings
from assets.engine.warehouse.sealed_tables import BEGINNING, NEVER, days_needed
from assets.engine.warehouse.warehouse import Warehouse

STATE_TABLES = ("ads", "ad_sets", "campaigns", "global_ad_pricing")
"""Reference tables that are given as they were known in each state."""

FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Wanted:
    """Which events are to be made: those that arrived with one batch or later, between two instants.

    Attributes:
        first_batch: that batch.
        starts_at: the first instant.
        ends_at: the first one after the last.
    """

    first_batch: int
    starts_at: datetime
    ends_at: datetime


@dataclass
class Given:
    """What an attempt is made from.

    Attributes:
        attempt: its folder.
        wanted: which events it is about.
        newest_batch: the newest batch of the ledger then.
        states: of the reference data, and since when each was known.
        sealed: sealed files of events.
        lost: UTC days of which the ledger has lost rows.
    """

    attempt: Attempt
    wanted: Wanted
    newest_batch: int
    states: list[tuple[int, datetime]]
    sealed: list[Path]
    lost: list[date]
    judge: Judge = field(repr=False)
    readings: list[dict[str, int]] = field(default_factory=list, repr=False)
    facts: Facts = field(default_factory=list, repr=False)

    def file(self, name: str) -> Path:
        """A Parquet file that the engine is given."""
        return self.attempt.part("given") / f"{name}.parquet"

    def take_facts(self, facts: Facts) -> None:
        """Hear what the workers say of the files, and let the rows of those that are sound count.

        Raises:
            SpendgateError: a file was not read, or twice, or cannot be taken.
        """
        wanted = {reading["file_id"] for reading in self.readings}
        told = [fact["file_id"] for fact in facts]
        if sorted(told) != sorted(wanted):
            raise SpendgateError(f"the engine read {len(told):,} files and was given {len(wanted):,}: nothing is taken")
        self.facts = facts
        taken = set(self.judge(facts))
        write_table(self.file("readings"), [row for row in self.readings if row["file_id"] in taken], READINGS)


def give_for_rebuild(warehouse: Warehouse, attempt: Attempt, first_day: date | None, last_day: date | None) -> Given:
    """What is needed to make the events of some UTC days, or of all, again as the ledger has them.

    Raises:
        SpendgateError: a batch waits to be charged or summed.
    """
    require_nothing_pending(warehouse)
    starts_at = datetime.combine(first_day, time(), UTC) if first_day else BEGINNING
    ends_at = datetime.combine(last_day + timedelta(days=1), time(), UTC) if last_day else FOR_EVER
    bounds = {"starts_at": starts_at, "ends_at": ends_at}
    with days_needed(warehouse.connection, NEVER):  # lost days are what this may be about
        warehouse.run("steps.history_given", "price_changes")
        warehouse.run("steps.history_given", "states")
        everything = first_day is None and last_day is None
        files = warehouse.relation("steps.history_given", "files", everything=everything, **bounds).to_arrow_table()
        wanted = Wanted(0, starts_at, ends_at)
        given = _begin(warehouse, attempt, wanted, judge_rebuilt(files.to_pylist()))
        _give_files(warehouse, given, files.to_pylist())
        warehouse.run("steps.history_given", "charges")
        warehouse.run("steps.history_given", "charging")
        for name, statement in (
            ("charges", "list_charges"),
            ("charging_of_batches", "list_charging"),
            ("charging_of_files", "charging_of_files"),
        ):
            _give(warehouse, given, name, statement)
        _give(warehouse, given, "ads_first_known", from_the_beginning=False)
        _give(warehouse, given, "corrections", newest_batch=given.newest_batch, **bounds)
    return given


def give_for_backfill(warehouse: Warehouse, attempt: Attempt, files: list[DeliveredFile], begun: Begun) -> Given:
    """What is needed to take in files that were never delivered here, as if they came now."""
    settings = warehouse.root.settings()
    warehouse.run("steps.history_given", "one_state")
    wanted = Wanted(begun.batch_id, BEGINNING, FOR_EVER)
    given = _begin(warehouse, attempt, wanted, judge_new(warehouse, files, begun))
    reading = _reading(begun.began_at, settings)
    rows = [
        {
            "file_id": begun.first_file_id + number,
            "path": str(file.path),
            "name": file.name,
            "sha256": None,
            "readings": json.dumps([reading]),
        }
        for number, file in enumerate(files)
    ]
    write_table(given.file("files"), rows, FILES)
    given.readings = [
        {"file_id": begun.first_file_id + number, "reading": 0, "batch_id": begun.batch_id}
        for number in range(len(files))
    ]
    charge = {"charge_batch_id": begun.batch_id, "charged_at": begun.began_at}
    charging = {"batch_id": begun.batch_id, **charge}
    write_table(
        given.file("charging_of_files"), [{"file_id": row["file_id"], **charging} for row in rows], CHARGING_OF_FILES
    )
    write_table(given.file("charging_of_batches"), [{**charging, "state": 0}], CHARGING)
    write_table(given.file("charges"), [], CHARGES)
    loaded = warehouse.run("raw.event_files", "loaded_ids").fetchall()
    write_table(given.file("known_files"), [{"file_id": file_id} for (file_id,) in loaded], KNOWN_FILES)
    write_table(given.file("known_conflicts"), [], CONFLICTS)
    _give(warehouse, given, "ads_first_known", from_the_beginning=True)
    nothing = {"newest_batch": -1, "starts_at": BEGINNING, "ends_at": BEGINNING}
    _give(warehouse, given, "corrections", **nothing)
    return given


def require_nothing_pending(warehouse: Warehouse) -> None:
    """Hold that all that was taken in is charged and summed.

    Raises:
        SpendgateError: it is not.
    """
    if warehouse.has_pending_batches():
        raise SpendgateError("a batch waits to be charged or summed: run `spendgate run` first")


def _begin(warehouse: Warehouse, attempt: Attempt, wanted: Wanted, judge: Judge) -> Given:
    """Make the folder, and write what every attempt is given. Reads history_states."""
    attempt.part("given").mkdir(parents=True)
    states = warehouse.run("steps.history_given", "list_states").fetchall()
    sealed = warehouse.run("ops.sealed_files", "readable_of_table", table_name="ad_events").fetchall()
    lost = warehouse.run("internal.sealed_file_states", "lost_days").fetchall()
    given = Given(
        attempt=attempt,
        newest_batch=int(warehouse.value("internal.batches", "newest")),
        wanted=wanted,
        states=[(state, known_since) for state, known_since, _ in states],
        sealed=[warehouse.root.sealed / name for (name,) in sealed],
        lost=[day for (day,) in lost],
        judge=judge,
    )
    for state, _, known_before in states:
        warehouse.run("steps.history_given", "set_known_before", known_before=known_before)
        warehouse.run("steps.history_given", "known_before")
        for table in STATE_TABLES:
            _give(warehouse, given, f"{table}-{state}", table)
    _give(warehouse, given, "hot_events")
    _give(warehouse, given, "brand_offsets", until=warehouse.clock() + timedelta(days=2))
    return given


def _give(warehouse: Warehouse, given: Given, name: str, statement: str = "", /, **values: Any) -> None:
    rows = warehouse.relation("steps.history_given", statement or name, **values)
    rows.write_parquet(str(given.file(name)), compression="zstd")


def _give_files(warehouse: Warehouse, given: Given, files: list[dict[str, Any]]) -> None:
    """Say which delivered files are to be read, by what limits, and which are gone, whose events the ledger has."""
    root = warehouse.root
    gone, rows = [], []
    for file in files:
        if not can_be_staged_again(root, file["sha256"], file["name"]):
            gone.append(file["file_id"])
            continue
        path = staged_copy(root, file["sha256"], file["name"]) or root.path / file["name"]
        readings = [_reading(reading["read_at"], _limits_then(warehouse, reading)) for reading in file["readings"]]
        rows.append({**file, "path": str(path), "readings": json.dumps(readings)})
        given.readings += [
            {"file_id": file["file_id"], "reading": number, "batch_id": reading["batch_id"]}
            for number, reading in enumerate(file["readings"])
        ]
    write_table(given.file("files"), [{name: row[name] for name in FILES.names} for row in rows], FILES)
    write_table(given.file("known_files"), [{"file_id": file_id} for file_id in gone], KNOWN_FILES)
    known = [row["file_id"] for row in files]
    conflicts = warehouse.run("steps.history_given", "conflicts", files=known).fetchall()
    write_table(
        given.file("known_conflicts"), [dict(zip(CONFLICTS.names, row, strict=True)) for row in conflicts], CONFLICTS
    )


def _limits_then(warehouse: Warehouse, reading: dict[str, Any]) -> Settings:
    limits = warehouse.row("internal.reading_limits", "at", recorded_at=reading["recorded_at"])
    settings = warehouse.root.settings()
    return replace(settings, **dict(zip(READING_LIMITS, limits, strict=True))) if limits else settings


def _reading(read_at: datetime, settings: Settings) -> dict[str, Any]:
    return {"read_at": read_at.astimezone(UTC).isoformat(), "settings": asdict(settings)}
