"""`core.utc_offsets` from the PyPI `tzdata` release: every zone's offset from UTC, period by period.

Belongs here: turning zone rules into rows. Does not: local dates and hours (SQL joins to the table for those).
DuckDB's and the operating system's own zone data differ and change unasked; this changes with a version bump.
"""

import logging
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from io import BytesIO
from zoneinfo import ZoneInfo

import pyarrow as pa
import tzdata

from assets.engine.settings import zone_names
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.time_zones")

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
"""No event is older; beyond it a zone keeps its last offset."""

SCHEMA = pa.schema(
    [
        ("timezone", pa.string()),
        ("starts_at", pa.timestamp("us", "UTC")),
        ("ends_at", pa.timestamp("us", "UTC")),
        ("utc_offset", pa.int32()),
        ("tzdata_version", pa.string()),
    ]
)


def tzdata_version() -> str:
    """IANA release of the installed `tzdata`, such as 2026b."""
    return str(tzdata.IANA_VERSION)


@cache
def utc_offsets() -> pa.Table:
    """Every offset period of every IANA zone from 2000 on, as rows of `core.utc_offsets`.

    `ends_at` is null in a zone's last period. Source: the files of the `tzdata` package, read as such, since
    `ZoneInfo(name)` would prefer the operating system's.
    """
    package = resources.files("tzdata")
    rows = [
        {
            "timezone": name,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "utc_offset": int(offset.total_seconds()),
            "tzdata_version": tzdata_version(),
        }
        for name in sorted(zone_names())
        for starts_at, ends_at, offset in _periods(package.joinpath("zoneinfo", name).read_bytes())
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


Period = tuple[datetime, datetime | None, timedelta]
"""First instant, first instant after it (None for the last), offset from UTC."""


@cache
def _periods(rules: bytes) -> list[Period]:
    """Offset periods of a zone, from its compiled rules; half of all names are links to the same ones."""
    return list(_changes(ZoneInfo.from_file(BytesIO(rules))))


def _changes(zone: ZoneInfo) -> Iterator[Period]:
    starts_at, offset = FIRST, _offset(zone, FIRST)
    for day, noon_offset in zip(_noons(), map(zone.utcoffset, _noons()), strict=True):
        if noon_offset == offset:
            continue
        # one change since the noon before: no zone has changed twice within a week (a test looks at each day)
        change = _first_instant_with(zone, noon_offset, starts_at, day.replace(tzinfo=UTC) - offset)
        yield starts_at, change, offset
        starts_at, offset = change, _offset(zone, change)
    yield starts_at, None, offset


@cache
def _noons() -> list[datetime]:
    """A noon of every week as a zone's own clock shows it; no zone has ever changed its offset at noon."""
    return [
        datetime(2000, 1, 1, 12) + timedelta(days=day)  # noqa: DTZ001 a wall clock's time, of no zone yet
        for day in range(0, (LAST - FIRST).days, 7)
    ]


def _first_instant_with(zone: ZoneInfo, offset: timedelta | None, after: datetime, near: datetime) -> datetime:
    """The second at which a zone takes on an offset, near a known noon."""
    seconds = range(int(max(after, near - timedelta(days=9)).timestamp()), int((near + timedelta(days=1)).timestamp()))
    place = bisect_left(seconds, True, key=lambda second: datetime.fromtimestamp(second, zone).utcoffset() == offset)  # noqa: FBT003 the value looked for
    return datetime.fromtimestamp(seconds[place], UTC)


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    if offset is None:
        raise ValueError(f"{zone} has no offset at {instant}")
    return offset


def load_utc_offsets(warehouse: Warehouse) -> None:
    """Bring `core.utc_offsets` to the installed tzdata release."""
    if warehouse.value("core.utc_offsets", "release") == tzdata_version():
        return
    warehouse.connection.register("zone_periods", utc_offsets())
    with warehouse.transaction() as recorded_at:
        warehouse.run("core.superseded_utc_offsets", "add", recorded_at=recorded_at)
        warehouse.run("core.utc_offsets", "clear")
        warehouse.run("core.utc_offsets", "add")
        warehouse.batch_id(recorded_at)  # sums by zone rules that changed are behind now
    warehouse.connection.unregister("zone_periods")
    log.info("time zones of tzdata %s", tzdata_version())
