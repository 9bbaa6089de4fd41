"""A staged file of events, payments or corrections on its way through the readers.

Belongs here: what every reader is told of it, and tells. Does not: reading it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from assets.engine.delivery.files import StagedFile
from assets.engine.kinds import CORRECTIONS, EVENTS, PAYMENTS
from assets.engine.reading.columns import COLUMNS, OPTIONAL
from assets.engine.reading.text import IgnoredNames
from assets.engine.settings import Settings


@dataclass(frozen=True)
class Delivery:
    """A staged file of events, payments or corrections that is to be read.

    Attributes:
        file_id: number of the file, written beside each row.
        kind: events, payments or corrections.
        name: as the ledger has it, with the folders it lay in.
        staged: its copy.
        loaded_at: moment of loading (timezone-aware), against which times in the future are held.
        settings: limits, and in which zone times are that do not say so.
        is_split: its lines that held several objects have been split.
    """

    file_id: int
    kind: str
    name: str
    staged: StagedFile
    loaded_at: datetime
    settings: Settings
    is_split: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that are asked for."""
        return tuple(COLUMNS[self.kind])

    def needed(self, found: Iterable[str]) -> tuple[str, ...]:
        """Columns that a file with certain others must have; of those that may be absent, one has to be there."""
        absent = tuple(name for name in OPTIONAL.get(self.kind, ()) if name not in found)
        may_be_absent = () if absent == OPTIONAL.get(self.kind) else absent
        return tuple(name for name in self.columns if name not in may_be_absent)

    @property
    def folders(self) -> dict[str, str]:
        """Columns that a folder such as `event_type=click` names, and that folder."""
        parts = PurePosixPath(self.name).parts[:-1]
        return {part.partition("=")[0]: part for part in parts if part.partition("=")[0] in self.columns}


@dataclass(frozen=True)
class Read:
    """What was read: the columns or keys that were ignored, and the copy whose lines have the numbers of the rows."""

    ignored: IgnoredNames
    staged: StagedFile


def zone_of(kind: str, settings: Settings) -> str:
    """The zone of times that are delivered without one; empty: they are refused."""
    return {EVENTS: settings.events_zone, PAYMENTS: settings.payments_zone, CORRECTIONS: ""}[kind]
