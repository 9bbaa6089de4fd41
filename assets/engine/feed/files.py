"""The files of the feed, and what is read back from them.

Belongs here: their names, the header, the changes since a version. Does not: writing them (`writing`).

`published/feed` is a link to a folder with everything of one state. It is put in the place of the one before in one
step; whoever has that open keeps it, and it is removed two states later.
"""

import json
import logging
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError, first_line

log = logging.getLogger("spendgate.feed")

JSON = "campaign_status.json"
PARQUET = "campaign_status.parquet"
SCHEMA = "feed.schema.json"

CHANGES_KEPT = 100
"""Versions whose changes are kept, each a file: who is further behind takes the whole."""


@dataclass(frozen=True)
class Header:
    """What stands before the campaigns.

    Attributes:
        feed_id: the series that versions are counted in; another one: take the whole, and count anew.
        version: grows by one with each change of any campaign.
        decided_at: the instant last decided for.
        held_at: when that was last found to hold.
        valid_until: until when it may be believed, unless it is renewed before.
        published_at: when the published copy that it tells of was recorded last.
        next_change_at: the next known change of any campaign; None: there is none.
        campaigns_total: how many campaigns there are.
    """

    feed_id: str
    version: int
    decided_at: str
    held_at: str
    valid_until: str
    published_at: str
    next_change_at: str | None
    campaigns_total: int

    @property
    def is_valid_until(self) -> datetime:
        """`valid_until` as an instant."""
        return datetime.fromisoformat(self.valid_until)


def header_line(header: Header, more: dict[str, Any]) -> str:
    """The first line of a file: the header, and that the campaigns follow."""
    return json.dumps({**vars(header), **more})[:-1] + ', "campaigns":'


def read_header(folder: Path) -> Header | None:
    """The header of the feed in a folder; None: there is none that can be read, which is told where there is one."""
    try:
        return header_of(folder)
    except FileNotFoundError:
        return None
    except SpendgateError as error:
        log.warning("%s: it is begun anew", error)
        return None


def header_of(folder: Path) -> Header:
    """The header of the feed in a folder.

    Raises:
        FileNotFoundError: there is none.
        SpendgateError: it cannot be read.
    """
    try:
        with (folder / JSON).open(encoding="utf-8") as file:
            told = json.loads(file.readline() + "[]}")
        header = Header(**{field.name: told[field.name] for field in fields(Header)})
        if not (type(header.version) is int and header.is_valid_until.tzinfo):
            raise ValueError("its header is none")
        return header
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpendgateError(f"the feed in {folder} cannot be read: {first_line(error)}") from error


def changes_file(folder: Path, version: int) -> Path:
    """What changed with a version."""
    return folder / "changes" / f"{version:010d}.json"


def feed_since(root: DataRoot, since: int | None) -> dict[str, Any]:
    """What changed after a version, as one document; without one, or from too far back, the whole.

    Raises:
        SpendgateError: there is no feed, or it cannot be read.
    """
    folder = root.feed.resolve()  # one state, whatever is swapped meanwhile
    try:
        header = header_of(folder)
    except FileNotFoundError as error:
        raise SpendgateError(f"there is no feed in {root.feed}: `spendgate run` writes it") from error
    if since is not None and since <= header.version:
        missed = [changes_file(folder, version) for version in range(since + 1, header.version + 1)]
        with suppress(OSError, ValueError):  # gone, or torn: the whole says as much
            return merged(header, since, [json.loads(file.read_text(encoding="utf-8")) for file in missed])
    try:
        whole: dict[str, Any] = json.loads((folder / JSON).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpendgateError(f"the feed in {folder} cannot be read: {first_line(error)}") from error
    return whole


def merged(header: Header, since: int, changes: list[dict[str, Any]]) -> dict[str, Any]:
    """Several changes as one: of each campaign the last, of those that are gone the number."""
    campaigns: dict[int, dict[str, Any]] = {}
    removed: set[int] = set()
    for change in changes:
        for campaign_id in change["removed"]:
            campaigns.pop(campaign_id, None)
            removed.add(campaign_id)
        for campaign in change["campaigns"]:
            campaigns[campaign["campaign_id"]] = campaign
            removed.discard(campaign["campaign_id"])
    told = {"since": since, "removed": sorted(removed), "campaigns": [campaigns[key] for key in sorted(campaigns)]}
    return {**vars(header), **told}
