"""How a data root is: what is as it should be, what will need a person, what is broken.

Belongs here: what can be seen without Dagster, each finding with what to do. Does not: Dagster's daemon and its checks,
nor how findings are told.
"""

import shutil
from dataclasses import dataclass, fields
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
import pendulum

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError, first_line
from assets.engine.feed.files import read_header
from assets.engine.freshness import freshness
from assets.engine.rows_as_text import column_names
from assets.engine.settings import Settings
from assets.engine.time_zones import tzdata_version
from assets.engine.warehouse.lock import is_held
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import sql

OK, WARN, BAD = 0, 1, 2
"""As a finding is, and as `spendgate health` exits for the worst of them."""

VERIFIED_WITHIN_DAYS = 40
"""Every night a share of the sealed files is read against its hash, so that all are within a month."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: its name.
        level: OK, WARN or BAD.
        told: how it is, and what to do if it is not well.
        value: as a number, for monitoring; None where it is none.
        unit: of that number.
    """

    what: str
    level: int
    told: str
    value: float | None = None
    unit: str = ""


def look(root: DataRoot, now: datetime) -> list[Finding]:
    """Look at everything but Dagster."""
    settings = root.settings()
    return [
        *_published(root, settings, now),
        _feed(root, now),
        _lock(root),
        _disk(root, settings),
        _versions(),
        _settings(root, settings),
    ]


def _published(root: DataRoot, settings: Settings, now: datetime) -> list[Finding]:
    try:
        with open_published(root) as published:
            fresh = freshness(root, published, now)
            result = published.execute(sql("reports.health", "published"), {"now": now})
            found: dict[str, Any] = dict(zip(column_names(result), result.fetchall()[0], strict=True))
    except (SpendgateError, duckdb.Error) as error:
        return [Finding("published copy", BAD, f"cannot be read: {first_line(error)}")]
    minutes = fresh.age.total_seconds() / 60
    late = minutes > settings.stale_after_minutes
    told = f"{fresh.told}{'; start `spendgate ui`, or `spendgate run`' if late else ''}"
    return [
        Finding("statuses", BAD if late else OK, told, round(minutes, 1), "minutes"),
        Finding(
            "published copy",
            OK,
            f"of {_ago(found['recorded_at'], now)}",
            _minutes(found["recorded_at"], now),
            "minutes",
        ),
        _newest_event(found["newest_event"], settings, now),
        _files(found),
        _sealed(found, now),
        _zones(found["tzdata"]),
        Finding("tables", OK, f"version {found['tables_version']}", found["tables_version"], "version"),
    ]


def _feed(root: DataRoot, now: datetime) -> Finding:
    header = read_header(root.feed)
    if header is None:
        return Finding("feed", WARN, "there is none that can be read for ad servers: `spendgate run` writes it")
    left = (header.is_valid_until - now).total_seconds()
    told = f"version {header.version}, valid until {header.is_valid_until:%Y-%m-%d %H:%M:%S} UTC"
    late = "" if left >= 0 else ": outdated, its readers go on by themselves; start `spendgate ui`, or `spendgate run`"
    return Finding("feed", OK if left >= 0 else BAD, told + late, round(left, 1), "valid_seconds")


def _newest_event(newest: datetime | None, settings: Settings, now: datetime) -> Finding:
    if newest is None:
        return Finding("newest event", WARN, "none has been loaded: deliver files to landing/events")
    late = (now - newest).total_seconds() > settings.expect_deliveries_hours * 3600
    hint = (
        f", more than expect_deliveries_hours ({settings.expect_deliveries_hours}) ago: ask who delivers"
        if late
        else ""
    )
    return Finding(
        "newest event", WARN if late else OK, f"of {_ago(newest, now)}{hint}", _minutes(newest, now), "minutes"
    )


def _files(found: dict[str, Any]) -> Finding:
    if found["open_files"]:
        told = f"{found['open_files']:,} are refused, or mostly so: `spendgate acknowledge` lists them with what helps"
        return Finding("delivered files", WARN, told, found["open_files"], "refused")
    waiting = f"; {found['waiting']:,} events wait for an ad, a brand or a price" if found["waiting"] else ""
    return Finding("delivered files", OK, f"none is refused{waiting}", 0, "refused")


def _sealed(found: dict[str, Any], now: datetime) -> Finding:
    if found["unreadable_files"]:
        told = (
            f"{found['unreadable_files']:,} cannot be read: `spendgate verify` names them, with what makes them again"
        )
        return Finding("sealed files", BAD, told, found["unreadable_files"], "unreadable")
    since = found["verified_since"]
    if since and (now - since).days > VERIFIED_WITHIN_DAYS:
        return Finding(
            "sealed files", WARN, f"not all verified since {_ago(since, now)}: `spendgate verify`", 0, "unreadable"
        )
    return Finding("sealed files", OK, f"{found['sealed_files']:,}, none of them damaged", 0, "unreadable")


def _zones(stored: str | None) -> Finding:
    installed = tzdata_version()
    if stored != installed:
        return Finding("time zones", WARN, f"tzdata {installed} is installed, {stored} is in use: `spendgate run`")
    return Finding("time zones", OK, f"tzdata {installed}")


def _lock(root: DataRoot) -> Finding:
    if not is_held(root):
        return Finding("warehouse", OK, "free")
    holder = root.lock_file.read_text(encoding="utf-8", errors="replace").strip()
    return Finding("warehouse", OK, f"held by {holder or 'another process'}")


def _disk(root: DataRoot, settings: Settings) -> Finding:
    free = shutil.disk_usage(_existing(root.path)).free
    size = root.warehouse_file.stat().st_size if root.warehouse_file.exists() else 0
    wanted = size + settings.spare_bytes  # a run publishes a copy
    told = f"{free / 1e9:,.1f} GB free; a run needs {wanted / 1e9:,.1f} GB"
    if free < wanted:
        return Finding("disk", BAD, f"{told}: make room, no run begins before", free, "free_bytes")
    return Finding("disk", WARN if free < 3 * wanted else OK, told, free, "free_bytes")


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _versions() -> Finding:
    names = ("spendgate", "dagster", "duckdb", "tzdata")
    return Finding("versions", OK, ", ".join(f"{name} {metadata.version(name)}" for name in names))


def _settings(root: DataRoot, settings: Settings) -> Finding:
    """Settings that are not as they are by themselves, and where that is said."""
    defaults = Settings()
    changed = [
        f"{field.name} = {getattr(settings, field.name)!r}"
        for field in fields(Settings)
        if getattr(settings, field.name) != getattr(defaults, field.name)
    ]
    told = f"{', '.join(changed)}, from {root.path / 'spendgate.toml'}" if changed else "as they are by themselves"
    return Finding("settings", OK, told)


def _ago(then: datetime, now: datetime) -> str:
    words = pendulum.instance(then).diff_for_humans(pendulum.instance(now), absolute=True)
    return f"{then:%Y-%m-%d %H:%M:%S} UTC, {words} ago"


def _minutes(then: datetime, now: datetime) -> float:
    return round((now - then).total_seconds() / 60, 1)
