"""One world for all files and rows of the corpus that need a single run, and what came of each."""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from assets.engine.data_root import DataRoot
from assets.engine.delivery.files import DeliveredFile
from assets.engine.delivery.inbox import Inbox
from assets.engine.delivery.listing import delivered_files
from assets.engine.ingestion.ingest import ingest
from assets.engine.warehouse.publication import open_published
from tests.corpus.case import Case
from tests.corpus.cases import CASES
from tests.corpus.reference_rows import REFERENCE_ROWS
from tests.world import NOON, REFERENCE, World

# --- one world for all files and rows that need a single run


LATER = NOON + timedelta(hours=1)


@dataclass
class Found:
    """What became of one delivered file."""

    file_id: int
    outcome: str
    reason: str | None
    counts: tuple[int, int, int, int]
    drift: tuple[str, ...]
    loaded: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    rejected: dict[int, tuple[str | None, ...]] = field(default_factory=dict)
    unpriced: dict[int, str] = field(default_factory=dict)


@dataclass
class Corpus:
    """The world after its run, what became of its files by kind and name, and which of them stopped the run."""

    world: World
    found: dict[tuple[str, str], Found]
    stopped: dict[tuple[str, str], str]


FILES = """
select kind, name, file_id, outcome, reason, rows_read, rows_loaded, rows_duplicate, rows_rejected, ignored_columns
from ops.delivered_files left join (select file_id, ignored_columns from raw.event_files) using (file_id)
order by file_id
"""

LOADED = """
select file_id, line_number, event_id, ad_id, event_type, occurred_at from raw.ad_events
"""

PAID = """
select file_id, line_number, payment_id, brand_id, amount, paid_at from raw.payments
"""

REJECTED = """
select file_id, line_number, raw, reason from raw.rejected_rows
"""

UNPRICED = """
select transaction_id // 10_000_000_000, transaction_id % 10_000_000_000, reason from core.unpriced
"""


def ledger_of(world: World) -> dict[tuple[str, str], Found]:
    """What became of every file of a world; of several with one name, of the last."""
    with open_published(world.root) as published:
        rows = published.execute(FILES).fetchall()
        files = {file_id: Found(file_id, outcome, reason, tuple(counts), tuple(drift or ()))
                 for _, _, file_id, outcome, reason, *counts, drift in rows}  # fmt: skip
        for query in (LOADED, PAID):
            for file_id, line, *values in published.execute(query).fetchall():
                assert files[file_id].loaded.setdefault(line, tuple(values)) == tuple(values)
        for file_id, line, *texts in published.execute(REJECTED).fetchall():
            assert files[file_id].rejected.setdefault(line, tuple(texts)) == tuple(texts)
        for file_id, line, reason in published.execute(UNPRICED).fetchall():
            files[file_id].unpriced[line] = reason
    return {(kind, name): files[file_id] for kind, name, file_id, *_ in rows}


def deliver(world: World, case: Case, place: int) -> None:
    """Put a case's file in place, younger than those before it."""
    path = world.root.landing(case.kind) / os.fsdecode(case.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if callable(case.content):
        case.content(path)
    else:
        path.write_bytes(case.content)
    if os.path.lexists(path):
        os.utime(path, (case.modified or place,) * 2, follow_symlinks=False)


def run_corpus(folder: Path) -> Corpus:
    """Deliver everything and run once."""
    reference = dict(REFERENCE)
    for row in REFERENCE_ROWS:
        reference[row.table] += row.text + "\n"
    world = World(DataRoot(folder), reference)
    for place, case in enumerate(CASES, start=1_000):
        deliver(world, case, place)
    stopped = {}
    try:
        world.run()
    except Exception:  # noqa: BLE001 whatever it is, it is one file's fault: which one's?
        stopped = remove_what_stops_a_run(world, delivered_files(world.root))
        world.run()
    return Corpus(world, ledger_of(world), stopped)


def remove_what_stops_a_run(world: World, files: list[DeliveredFile]) -> dict[tuple[str, str], str]:
    """Take in the files, ever fewer at once, but for those that raise: they are removed; returns what they raised."""
    some = Inbox(world.root, skip_stability_check=True)
    some.listed = files
    try:
        with world.open() as warehouse:
            warehouse.connection.execute("delete from internal.attempts")  # or they would be taken one by one
            ingest(warehouse, some)
    except Exception as error:  # noqa: BLE001 it is found out which file's fault it is
        if len(files) == 1:
            files[0].path.unlink()
            return {(files[0].kind, files[0].name): repr(error)}
        half = len(files) // 2
        return remove_what_stops_a_run(world, files[:half]) | remove_what_stops_a_run(world, files[half:])
    return {}
