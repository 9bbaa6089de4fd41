"""The limits a user may set in `spendgate.toml`, and how long what is kept is kept.

Belongs here: every setting with its reason, and reading the file strictly. Does not: paths (`data_root`).
"""

import re
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path

from assets.engine.errors import SpendgateError


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
    settle_seconds: float = 1.0  # between the two listings that tell a finished file from a growing one
    sensor_settle_seconds: float = 5.0  # the same of the UI's sensor, which nobody waits for
    lock_wait_seconds: float = 600.0  # how long a run waits for another one to leave the warehouse
    max_expansion: int = 200  # times its own size that a file may grow; honest events grow 5 to 50 times
    max_clock_ahead_days: int = 7  # of the newest record; no more than the shortest time for which something is kept
    max_clock_behind_seconds: float = 60.0  # the newest record: clocks are corrected a little all the time
    expect_deliveries_hours: int = 24  # events that come more rarely are shown as overdue in Dagster
    stale_after_minutes: int = 15  # statuses that are older are told to be, in red; decisions are made every five
    decide_every_seconds: int = 300  # the sensor of the UI looks whether a status is due; the feed promises as much
    feed_grace_seconds: float = 120.0  # after that, for the run itself, until the feed calls itself outdated
    spare_bytes: int = 64 * 1024**2  # that stay free on the disk beside what a run needs; below, nothing is begun
    events_zone: str = ""  # IANA name, of events' times that are delivered without a zone; empty: they are refused
    payments_zone: str = ""  # the same for payments ...
    prices_zone: str = ""  # ... and for the effective_from of prices; refused are also times that a zone has twice
    owner: str = ""  # of all assets, as Dagster shows it: an e-mail address, or team:NAME; empty: none
    tags: str = ""  # of all assets, as Dagster shows them, such as "team=ads, tier=1"
    keep_staged_days: int = 400  # copies of delivered files; `rebuild` and `rejects retry` read them
    keep_rejected_days: int = 90  # refused rows with their text; the counts stay for ever
    keep_replaced_days: int = 7  # warehouses that another one has replaced, sealed files that none needs any more
    exchange: str = ""  # a folder that all workers of an engine see, for `rebuild --on` and `backfill`; empty: exchange
    sealed_copy: str = ""  # a folder, better on another disk, for a second copy of every sealed file; empty: none
    alert_percents: str = "50,80,100"  # of a limit, of each of which somebody is told once per period; empty: of none
    alert_amounts: str = ""  # the same for amounts spent of a limit, such as "1000 USD, 900.50 EUR"
    alert_silence_hours: float = 0.0  # without any delivered events, after which somebody is told; 0: nobody is
    credited_causes: str = ""  # of over-delivery, by `spendgate credit`: "after_stop, 7: before_decision+after_stop"
    keep_alerts_days: int = 100  # those that are over; longer than a period of a limit, but all time, can come back
    keep_runs_days: int = 30  # Dagster's record of a run, with its log ...
    keep_runs: int = 1_000  # ... and of no more runs than these; each takes 0.3 to 0.7 MB


ZONES = ("events_zone", "payments_zone", "prices_zone")
"""Settings that name a time zone, or none."""

READING_LIMITS = ("max_file_bytes", "max_line_bytes", "max_json_depth", "max_expansion", "conflict_days", *ZONES)
"""Settings on which it depends what a delivered file is read as; noted beside what is read."""

CREDITED_CAUSES = ("before_decision", "after_stop", "late")
"""What of overspend may be credited, as in `mart.overspend`; a budget that was cut is the brand's own doing."""

_ANY_CAUSE = f"({'|'.join(CREDITED_CAUSES)})"

LISTS = {
    "alert_percents": (r"[1-9][0-9]{0,3}", "percents from 1 to 9999, such as 50,80,100"),
    "alert_amounts": (
        r"[0-9]{1,18}(\.[0-9]{1,9})? [A-Z]{3}",
        "amounts with their currencies, such as 1000 USD, 900.50 EUR",
    ),
    "credited_causes": (
        rf"(-?[0-9]{{1,18}}: )?(none|{_ANY_CAUSE}(\+{_ANY_CAUSE})*)",
        "causes joined by +, for all brands or after a brand's number, such as after_stop, 7: after_stop+late, 9: none",
    ),
}
"""Settings that hold several things with commas between them: what each looks like, as a pattern and in words."""

LARGEST_LIMIT = 10**15
"""A petabyte, or longer than the universe: a larger limit is a typing error."""


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
    if key in LISTS and not all(re.fullmatch(LISTS[key][0], each) for each in listed(value)):
        raise SpendgateError(f"{file}: {key} = {value!r} must be empty, or {LISTS[key][1]}")


def listed(value: str) -> list[str]:
    """What a setting lists, with commas between."""
    return [each.strip() for each in value.split(",")] if value.strip() else []


@cache
def zone_names() -> frozenset[str]:
    """Every time zone of the `tzdata` package; the operating system's list is another one, and changes unasked."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
