"""Everything that is kept, held against its hash and against the ledger.

Belongs here: what is verified when a person asks. Does not: what every run and every night verify (`sealing.files`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from assets.engine.check_progress import values_of
from assets.engine.errors import first_line
from assets.engine.hashing import sha256_of
from assets.engine.sealing.files import verify_sealed_files
from assets.engine.warehouse.sealed_tables import names_lost_day
from assets.engine.warehouse.warehouse import Warehouse

INVARIANTS = (
    "checks.marts_add_up_to_the_ledger",
    "checks.events_are_charged_or_wait",
    "checks.event_ids_are_unique",
    "checks.no_event_is_charged_twice",
)
"""Rules in `sql/checks` that hold the sums against the ledger and the ledger against the events."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be: what (a file below the data root, or a rule), its day, the remedy."""

    what: str
    day: str
    remedy: str


def verify(warehouse: Warehouse, track: Callable[[list[Path]], Iterable[Path]] = iter) -> list[Finding]:
    """Read every sealed file and every staged copy against its hash, and add the sums up against the ledger.

    Args:
        warehouse: the live one.
        track: shows progress over the staged copies.
    """
    findings = [
        Finding(f"sealed/{file.name}", str(file.day), f"{file.state.lower()}: `spendgate rebuild --day {file.day}`")
        for file in verify_sealed_files(warehouse)
    ]
    for copy in track(sorted(warehouse.root.staged.iterdir())):
        if sha256_of(copy) != copy.name.partition(".")[0]:
            name = str(copy.relative_to(warehouse.root.path))
            remedy = "damaged: remove it; what needs it takes the delivered file, or `spendgate restore` brings it back"
            findings.append(Finding(name, "", remedy))
    return findings + [finding for rule in INVARIANTS for finding in _broken(warehouse, rule)]


def _broken(warehouse: Warehouse, rule: str) -> list[Finding]:
    # whether events are charged is told of the newest batch: of older ones an event may be sealed, its charge not yet
    through = warehouse.value("internal.batches", "newest") - 1 if rule == "checks.events_are_charged_or_wait" else 0
    values, name = values_of(rule, through), rule.removeprefix("checks.")
    try:
        row = warehouse.row(rule, **values)
    except duckdb.InvalidInputException as error:
        if not names_lost_day(error):
            raise
        return [Finding(name, "", f"not verified: {first_line(error)}")]
    return (
        [
            Finding(
                rule.removeprefix("checks."), "", f"broken, such as {row}: `spendgate rebuild` compares with the files"
            )
        ]
        if row
        else []
    )
