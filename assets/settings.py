"""Where things lie below a data root, and the limits a user may set there.

Belongs here: paths, limits, the error meant for users. Does not: anything that opens a file other than the settings.
"""

import os
import re
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path

from assets.shown import printable


@dataclass(frozen=True)
class ReferenceTable:
    """A table whose rows are delivered as a whole, and kept as versions.

    Attributes:
        file: the SQL file of the view over its versions, with the rules for a row.
        versions: the table that holds them.
        parent: the table that each row belongs to, if it belongs to one.
    """

    file: str
    versions: str
    parent: str | None = None


REFERENCE_TABLES = {
    "brands": ReferenceTable("core.brands", "core.brand_versions"),
    "campaigns": ReferenceTable("core.campaigns", "core.campaign_versions", parent="brands"),
    "ad_sets": ReferenceTable("core.ad_sets", "core.ad_set_versions", parent="campaigns"),
    "ads": ReferenceTable("core.ads", "core.ad_versions", parent="ad_sets"),
    "global_ad_pricing": ReferenceTable("core.global_ad_pricing", "core.global_ad_pricing_versions"),
}
"""Reference tables, each parent before its children."""

EVENTS, PAYMENTS = "events", "payments"
"""What lies in the folders below `landing/`."""


UNKNOWN = "unknown"
"""What lies in `reference/` and is no reference table."""

LARGEST_LIMIT = 10**15
"""A petabyte, or longer than the universe: a larger limit is a slip of the pen."""


class SpendgateError(Exception):
    """A mistake or a state that a person can mend; the text names the culprit and the fix."""


@cache
def zone_names() -> frozenset[str]:
    """Every time zone of the `tzdata` package; the operating system's list is another one, and changes unasked."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def first_line(error: BaseException) -> str:
    """What an error says, without the drawings that databases add; what it quotes is text."""
    return printable(str(error).strip().partition("\n")[0])


@dataclass(frozen=True)
class Settings:
    """Limits of one data root, and how long what is kept, read from `spendgate.toml` in it; every key is optional."""

    max_file_bytes: int = 2 * 1024**3  # expanded; more than a day of a large deliverer, less than a disk
    max_line_bytes: int = 1_000_000  # no honest event is larger, and readers hold a line in memory
    max_json_depth: int = 32  # events are flat; parsers recurse
    files_per_batch: int = 1_000  # bounds a transaction when deliveries have piled up
    batch_bytes: int = (
        512 * 1024**2
    )  # the same, as delivered in Parquet: 10 M events; three times as much of plain text
    ingest_seconds: float = 120.0  # after which a run begins no further transaction, but decides and publishes first
    memory_percent: int = 10  # of the machine's memory that a run may hold; beyond that it spills to the disk
    conflict_days: int = 3  # before the newest event: event_ids that come back with another time are found there
    settle_seconds: float = 1.0  # between the two looks that tell a finished file from a growing one
    lock_wait_seconds: float = 600.0  # how long a run waits for another one to leave the warehouse
    max_expansion: int = 200  # times its own size that a file may grow; honest events grow 5 to 50 times
    max_clock_ahead_days: int = 7  # of the newest record; no more than the shortest time for which something is kept
    max_clock_behind_seconds: float = 60.0  # the newest record: clocks are corrected a little all the time
    spare_bytes: int = 64 * 1024**2  # that stay free on the disk beside what a run needs; below, nothing is begun
    events_zone: str = ""  # IANA name, of events' times that are delivered without a zone; empty: they are refused
    payments_zone: str = ""  # the same for payments ...
    prices_zone: str = ""  # ... and for the effective_from of prices; refused are also times that a zone has twice
    keep_staged_days: int = 400  # copies of delivered files; `rebuild` and `rejects retry` read them
    keep_rejected_days: int = 90  # refused rows with their text; the counts stay for ever
    keep_replaced_days: int = 7  # warehouses that another one has replaced, sealed files that none needs any more
    sealed_copy: str = ""  # a folder, better on another disk, for a second copy of every sealed file; empty: none
    keep_runs_days: int = 30  # Dagster's record of a run, with its log ...
    keep_runs: int = 1_000  # ... and of no more runs than these; each takes 0.3 to 0.7 MB


ZONES = ("events_zone", "payments_zone", "prices_zone")
"""Settings that name a time zone, or none."""

READING_LIMITS = ("max_file_bytes", "max_line_bytes", "max_json_depth", "max_expansion", "conflict_days", *ZONES)
"""Settings on which it depends what a delivered file is read as; noted beside what is read."""

LONGEST_PATH = 504 - len("/dagster/history/runs/.db") - len("01234567-89ab-cdef-0123-456789abcdef")
"""Bytes of a data root's path: SQLite, in which Dagster keeps its record of runs, opens no file with a longer one."""

UNUSABLE = {
    r"[*?\[]": "DuckDB takes '*', '?' and '[' in a path for a pattern",
    r"%[0-9a-fA-F]{2}": "Dagster's database takes '%' and two digits in a path for another character",
    r"[\ud800-\udfff]": "that is no UTF-8 text",
}
"""What must not be in the path of a data root, as patterns, and why."""


@dataclass(frozen=True)
class DataRoot:
    """The folder that holds everything spendgate reads and writes.

    Raises:
        SpendgateError: one of the libraries cannot work in a folder with such a path.
    """

    path: Path

    def __post_init__(self) -> None:
        text = str(self.path)
        length = len(os.fsencode(text))
        if length > LONGEST_PATH:
            raise SpendgateError(
                f"a data root's path may be {LONGEST_PATH} bytes long (a limit of SQLite), and this one is {length:,}:"
                " name another folder with --data"
            )
        for pattern, reason in UNUSABLE.items():
            if re.search(pattern, text):
                raise SpendgateError(f"the data root cannot be {text!r}: {reason}; name another folder with --data")

    @property
    def reference(self) -> Path:
        """Delivered reference files."""
        return self.path / "reference"

    @property
    def warehouse_file(self) -> Path:
        """The pipeline's own database."""
        return self.path / "warehouse" / "warehouse.duckdb"

    @property
    def rebuilt_file(self) -> Path:
        """The warehouse made anew, until it takes the other one's place."""
        return self.path / "warehouse" / "rebuilt.duckdb"

    @property
    def replaced_file(self) -> Path:
        """The warehouse whose place a rebuilt one has taken, until the next one does."""
        return self.path / "warehouse" / "replaced.duckdb"

    @property
    def compacted_file(self) -> Path:
        """The warehouse without empty room, until it takes its own place."""
        return self.path / "warehouse" / "compacted.duckdb"

    @property
    def lock_file(self) -> Path:
        """What a run locks; its text names the holder."""
        return self.path / "warehouse" / "warehouse.lock"

    @property
    def staged(self) -> Path:
        """Copies of delivered files, named by the SHA-256 of their bytes."""
        return self.path / "warehouse" / "staged"

    @property
    def sealed(self) -> Path:
        """Immutable Parquet files of days that can hardly change, one folder per table."""
        return self.path / "sealed"

    @property
    def sealed_copy(self) -> Path | None:
        """Where the second copy of the sealed files lies, if there is to be one."""
        folder = self.settings().sealed_copy
        return self.path / folder if folder else None

    @property
    def damaged(self) -> Path:
        """Damaged files, kept aside as they were found."""
        return self.path / "warehouse" / "damaged"

    @property
    def scratch(self) -> Path:
        """Files that mean nothing once the process that made them has ended."""
        return self.path / "warehouse" / "scratch"

    @property
    def published_file(self) -> Path:
        """The database everybody reads."""
        return self.path / "published" / "spend.duckdb"

    @property
    def dagster_home(self) -> Path:
        """Dagster's run history and configuration."""
        return self.path / "dagster"

    @property
    def landing_folder(self) -> Path:
        """All delivered files of events and payments."""
        return self.path / "landing"

    def landing(self, kind: str) -> Path:
        """Delivered files of events or payments."""
        return self.landing_folder / kind

    def create(self) -> None:
        """Make the folders that are not there yet."""
        for folder in (
            self.landing(EVENTS),
            self.landing(PAYMENTS),
            self.reference,
            self.staged,
            self.scratch,
            self.sealed,
            self.published_file.parent,
            self.dagster_home,
        ):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise SpendgateError(f"cannot make the folder {folder}: {error.strerror}") from error

    def settings(self) -> Settings:
        """Read `spendgate.toml`, if there is one; see `read_settings`."""
        return read_settings(self.path / "spendgate.toml")


def read_settings(file: Path) -> Settings:
    """Read a settings file, if there is one.

    Raises:
        SpendgateError: the file is not TOML, a key is unknown or of another type, or a zone is none.
    """
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpendgateError(f"{file} is not TOML: {error}") from error
    types = {field.name: field.type for field in fields(Settings)}
    for key, value in given.items():
        if key not in types:
            raise SpendgateError(f"{file}: unknown key '{key}' (known: {', '.join(types)})")
        if types[key] is str:
            _require_text(file, key, value)
            continue
        kind, least = ("whole number", 1) if types[key] is int else ("number", 0)
        if type(value) not in (int, types[key]) or not least <= value <= LARGEST_LIMIT:
            raise SpendgateError(f"{file}: {key} = {value!r} must be a {kind} from {least} to {LARGEST_LIMIT:,}")
    return Settings(**given)


def _require_text(file: Path, key: str, value: object) -> None:
    if not isinstance(value, str) or "\0" in value:
        raise SpendgateError(f"{file}: {key} = {value!r} must be text")
    if key in ZONES and value and value not in zone_names():
        raise SpendgateError(
            f"{file}: {key} = {value!r} must be empty or a time zone of the IANA list, such as Europe/Paris"
        )
