"""Writing the feed: the statuses of the published copy, compared with the feed before, put in its place in one step.

Belongs here: versions, and the swap. Does not: what a campaign's row says (`sql/reports/feed.sql`).
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError, first_line
from assets.engine.feed.files import CHANGES_KEPT, JSON, PARQUET, SCHEMA, Header, changes_file, header_line, read_header
from assets.engine.freshness import freshness
from assets.engine.warehouse.disk import fsync
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import sql

log = logging.getLogger("spendgate.feed")

STATES_KEPT = 3
"""Folders of states, the newest ones: a reader may still be at the one before."""


def write_feed(root: DataRoot, now: datetime) -> Header:
    """Write the feed of what is published, and put it in the place of the one before.

    The version grows by one when a campaign changed, came or went. Otherwise the feed is renewed: the same version,
    believed for longer.

    Args:
        root: whose statuses.
        now: the present, up to which the statuses hold where they were looked at.

    Raises:
        SpendgateError: nothing is published, or nothing was decided yet.
    """
    with _alone(root), open_published(root) as published:
        before = _feed_before(root, published)
        header, removed = _next(root, published, before, now)
        folder = root.feed_states / uuid4().hex
        try:
            _write(published, folder, header)
            if before and before.version == header.version:
                _copy_json(root.feed / JSON, folder / JSON, header)
            else:
                _write_json(published, folder / JSON, header_line(header, {}), since=0)
                line = header_line(header, {"since": header.version - 1, "removed": removed})
                _write_json(published, changes_file(folder, header.version), line, since=header.version - 1)
            if before:
                _keep_changes(root.feed.resolve(), folder, header.version)
            _swap(root, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return header


def rewrite_feed(root: DataRoot, now: datetime) -> None:
    """Write the feed beside something that must not fail for it: one that grows old says so by itself."""
    try:
        write_feed(root, now)
    except (SpendgateError, duckdb.Error, OSError) as error:
        log.error("the feed for ad servers is not renewed: %s", first_line(error))


@contextmanager
def _alone(root: DataRoot) -> Iterator[None]:
    """One writer at a time, a run or a sensor: an older state never takes the place of a newer one."""
    root.feed_states.mkdir(parents=True, exist_ok=True)
    with (root.feed_states / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _feed_before(root: DataRoot, published: duckdb.DuckDBPyConnection) -> Header | None:
    """The header of the feed that is there, with its rows as `feed_before`; None: there is none that can be read."""
    header = read_header(root.feed)
    if header is None:
        return None
    published.execute("set variable feed_before = $file", {"file": str(root.feed.resolve() / PARQUET)})
    try:
        published.execute(sql("reports.feed", "before"))
    except duckdb.Error as error:
        log.warning("the feed in %s cannot be read, and is begun anew: %s", root.feed, first_line(error))
        return None
    return header


def _next(
    root: DataRoot, published: duckdb.DuckDBPyConnection, before: Header | None, now: datetime
) -> tuple[Header, list[int]]:
    """The header of the next state, and which campaigns are gone; leaves the rows as `feed`."""
    as_of, settings = freshness(root, published, now), root.settings()
    published_at = _iso(published.execute(sql("ops.revision", "state")).fetchall()[0][1])
    removed: list[int] = []
    if before and before.published_at == published_at:  # the same copy tells the same
        published.execute(sql("reports.feed", "unchanged"))
        header = before
    else:
        header, removed = _compare(published, before, published_at)
    published.execute(sql("reports.feed", "in_json"))
    # a decision that is still to come was made by a clock that was wrong
    promised = min(as_of.held_at, now) + timedelta(seconds=settings.decide_every_seconds + settings.feed_grace_seconds)
    known = datetime.fromisoformat(header.next_change_at) if header.next_change_at else promised
    return replace(
        header,
        decided_at=_iso(as_of.decided_at),
        held_at=_iso(as_of.held_at),
        valid_until=_iso(min(promised, known)),
    ), removed


def _compare(
    published: duckdb.DuckDBPyConnection, before: Header | None, published_at: str
) -> tuple[Header, list[int]]:
    """The header of what is published, as far as it follows from its campaigns, and which of them are gone."""
    published.execute(sql("reports.feed", "campaigns"))
    wanted = [*published.table("feed_now").columns, "changed_in_version"]
    if before and published.view("feed_before").columns != wanted:
        log.warning("the feed has other columns than before, and is begun anew")
        before = None
    if before is None:
        published.execute(sql("reports.feed", "nothing_before"))
    published.execute(sql("reports.feed", "changes"))
    [(campaigns, changes, removed, next_change_at)] = published.execute(sql("reports.feed", "counts")).fetchall()
    version = before.version + bool(changes) if before else 1
    published.execute(sql("reports.feed", "rows"), {"version": version})
    header = Header(
        feed_id=before.feed_id if before else uuid4().hex,
        version=version,
        decided_at="",
        held_at="",
        valid_until="",
        published_at=published_at,
        next_change_at=next_change_at and _iso(next_change_at),
        campaigns_total=campaigns,
    )
    return header, removed


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _write(published: duckdb.DuckDBPyConnection, folder: Path, header: Header) -> None:
    """Write what every state has anew."""
    (folder / "changes").mkdir(parents=True)
    told = {name: getattr(header, name) for name in ("feed_id", "version", "decided_at", "valid_until")}
    rows = published.sql(sql("reports.feed", "in_parquet"), params=told)
    rows.to_parquet(str(folder / PARQUET), compression="zstd")
    fsync(folder / PARQUET)
    schema = resources.files("assets.engine.feed").joinpath(SCHEMA).read_text(encoding="utf-8")
    (folder / SCHEMA).write_text(schema, encoding="utf-8")


def _copy_json(before: Path, file: Path, header: Header) -> None:
    """The campaigns as they stand there, below another header."""
    with before.open("rb") as source:
        source.readline()
        _put_below(header_line(header, {}), source, file)


def _write_json(published: duckdb.DuckDBPyConnection, file: Path, line: str, *, since: int) -> None:
    """The campaigns that changed after a version, a line each, below a line with the header."""
    rows = file.with_suffix(".rows")
    published.execute(sql("reports.feed", "write_json"), {"since": since, "file": str(rows)})
    with rows.open("ab") as array:
        array.write(b"}\n")  # ends what the line begins
    with rows.open("rb") as source:
        _put_below(line, source, file)
    rows.unlink()


def _put_below(line: str, source: BinaryIO, file: Path) -> None:
    """A line, and what is left of a source, as a file."""
    with file.open("wb") as out:
        out.write(line.encode() + b"\n")
        shutil.copyfileobj(source, out, 1024 * 1024)
    fsync(file)


def _keep_changes(before: Path, folder: Path, version: int) -> None:
    """Take the changes of earlier versions along, as the same files."""
    for number in range(max(version - CHANGES_KEPT, 0) + 1, version + 1):
        kept, wanted = changes_file(before, number), changes_file(folder, number)
        if kept.exists() and not wanted.exists():
            os.link(kept, wanted)


def _swap(root: DataRoot, folder: Path) -> None:
    link = root.feed_states / "next"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(root.feed_states.name) / folder.name)
    if root.feed.is_dir() and not root.feed.is_symlink():  # somebody copied the data root with what its links lead to
        root.feed.rename(root.feed_states / uuid4().hex)
    fsync(folder)
    link.replace(root.feed)
    fsync(root.feed.parent)
    states = sorted(
        (state for state in root.feed_states.iterdir() if state.is_dir()), key=lambda s: s.stat().st_mtime_ns
    )
    for state in states[:-STATES_KEPT]:
        if state != folder:
            shutil.rmtree(state, ignore_errors=True)
