"""An attempt to make history on an engine: a folder of its own, and what its maker says is in it.

Belongs here: where the files of an attempt lie, and its statement. Does not: making them (`computing`), believing it
(`adoption`, `comparison`).

The statement is written last. A folder without one is what a killed attempt leaves, and counts for nothing.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.hashing import sha256_of
from assets.engine.warehouse.disk import write_whole

TABLES = ("ad_events", "transactions")
"""What an attempt makes day by day, as it is sealed."""

PARTS = (*TABLES, "spend", "repeated", "waiting", "arrived")
"""All that it consists of: also sums, what repeats an event, what finds no price, what the workers have read."""


@dataclass(frozen=True)
class MadeFile:
    """A file that the engine has written: of which part and UTC day, if it is of one, how many rows, its bytes."""

    part: str
    day: date | None
    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Total:
    """What the engine says of a table and UTC day: its rows, what they cost (None: of events), first and last."""

    table: str
    day: date
    rows: int
    amount: Decimal | None
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Statement:
    """What the maker of an attempt says.

    Attributes:
        engine: which one made it.
        newest_batch: the newest batch of the ledger that it was made from.
        states: of the reference data by which it was priced.
        files: what it consists of; nothing else in the folder counts.
        totals: what is in them.
    """

    engine: str
    newest_batch: int
    states: int
    files: list[MadeFile]
    totals: list[Total]


@dataclass(frozen=True)
class Begun:
    """What is kept for a backfill: since when, its batch, and the first and last number for its files."""

    began_at: datetime
    newest_batch: int
    batch_id: int
    first_file_id: int
    last_file_id: int
    adopted_at: datetime | None


class Attempt:
    """The folder of one attempt; a name is never used again."""

    def __init__(self, root: DataRoot, name: str) -> None:
        self.name = name
        self.folder = root.exchange / name

    def part(self, name: str) -> Path:
        """A folder in it: `given`, `arrived`, `ad_events`, `transactions`, `spend`, `repeated` or `waiting`."""
        return self.folder / name

    def days(self, table: str) -> dict[date, list[Path]]:
        """The files that lie there of a table, by day."""
        found: dict[date, list[Path]] = {}
        for path in sorted(self.part(table).rglob("day=*/*.parquet")):
            found.setdefault(_day_of(path) or date.min, []).append(path)
        return found

    def listed(self, part: str) -> list[MadeFile]:
        """The files that lie there of a part, as a statement lists them."""
        return [
            MadeFile(
                part,
                _day_of(path),
                str(path.relative_to(self.folder)),
                rows_in(path),
                path.stat().st_size,
                sha256_of(path),
            )
            for path in map(Path, parquet_files(self.part(part)))
        ]

    def state(self, statement: Statement) -> None:
        """Write down what is in it, in one step."""
        write_whole(self.folder / "statement.json", json.dumps(asdict(statement), default=str, indent=1))

    def statement(self) -> Statement:
        """What its maker says.

        Raises:
            SpendgateError: there is none, or it cannot be read.
        """
        try:
            said: dict[str, Any] = json.loads((self.folder / "statement.json").read_text(encoding="utf-8"))
            files = [_file(file) for file in said["files"]]
            totals = [_total(total) for total in said["totals"]]
            return Statement(said["engine"], said["newest_batch"], said["states"], files, totals)
        except FileNotFoundError as error:
            raise SpendgateError(f"attempt {self.name} was never finished: {self.folder} may be removed") from error
        except (ValueError, KeyError, TypeError) as error:
            raise SpendgateError(f"attempt {self.name} is refused: its statement cannot be read ({error})") from error

    def remove(self) -> None:
        """Give up its room."""
        shutil.rmtree(self.folder, ignore_errors=True)


def rows_in(path: Path) -> int:
    """How many rows a Parquet file has, as its footer says."""
    return int(pq.read_metadata(path).num_rows)


def parquet_files(folder: Path) -> list[str]:
    """The Parquet files below a folder; an engine that had no row to write may have written none."""
    return [str(path) for path in sorted(folder.rglob("*.parquet"))]


def _day_of(path: Path) -> date | None:
    """The day that the folder of a file is about, if it is about one."""
    folder = path.parent.name
    return date.fromisoformat(folder.removeprefix("day=")) if folder.startswith("day=") else None


def _file(said: dict[str, Any]) -> MadeFile:
    return MadeFile(**{**said, "day": date.fromisoformat(said["day"]) if said["day"] else None})


def _total(said: dict[str, Any]) -> Total:
    instants = {name: datetime.fromisoformat(said[name]) for name in ("first_at", "last_at")}
    amount = Decimal(said["amount"]) if said["amount"] is not None else None
    return Total(**{**said, **instants, "day": date.fromisoformat(said["day"]), "amount": amount})
