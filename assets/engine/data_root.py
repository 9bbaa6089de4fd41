"""Where things lie below a data root.

Belongs here: paths. Does not: limits (`settings`), nor anything that opens a file.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from assets.engine.errors import SpendgateError
from assets.engine.kinds import LANDED
from assets.engine.settings import Settings, read_settings

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
        """The rebuilt warehouse, until it takes the other one's place."""
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
    def alerts_file(self) -> Path:
        """The ledger of alerts."""
        return self.path / "warehouse" / "alerts.sqlite"

    @property
    def alert_urls_file(self) -> Path:
        """Who is to be told of alerts, a URL a line, which others must not be able to read."""
        return self.path / "alerts.urls"

    @property
    def report_file(self) -> Path:
        """The page for people, if there is one."""
        return self.published_file.with_name("report.html")

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
    def exchange(self) -> Path:
        """What is handed to a distributed engine and what it hands back, a folder for each attempt."""
        return self.path / (self.settings().exchange or "exchange")

    @property
    def published_file(self) -> Path:
        """The database everybody reads."""
        return self.path / "published" / "spend.duckdb"

    @property
    def feed(self) -> Path:
        """The feed for ad servers: a link to a folder with everything of one state."""
        return self.path / "published" / "feed"

    @property
    def feed_states(self) -> Path:
        """The folders that it is a link to, one after the other."""
        return self.path / "published" / "feed_states"

    @property
    def last_look_file(self) -> Path:
        """When the statuses in that database were last looked at and nothing was due."""
        return self.path / "published" / "last_look.json"

    @property
    def dagster_home(self) -> Path:
        """Dagster's run history and configuration."""
        return self.path / "dagster"

    @property
    def dagster_additions(self) -> Path:
        """What a person adds to Dagster's configuration, such as another storage."""
        return self.path / "dagster.yaml"

    @property
    def landing_folder(self) -> Path:
        """All delivered files of events, payments and corrections."""
        return self.path / "landing"

    def landing(self, kind: str) -> Path:
        """Delivered files of events, payments or corrections."""
        return self.landing_folder / kind

    def create(self) -> None:
        """Make the folders that are not there yet."""
        for folder in (
            *(self.landing(kind) for kind in LANDED),
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
