"""The one world of the tests: three brands, their campaigns and ads, and a way to deliver files and run everything.

brand 1 Acme      America/New_York  10.00 a day           campaign 11 always, 12 from 22:00 to 04:00 UTC
brand 2 Borealis  Asia/Kolkata      1000.00 a month       campaign 21 always
brand 3 Cirrus    UTC               no budgets            campaign 31 PAUSED

ad 101 (campaign 11)  a click costs 0.50, the rest the global price
ad 102 (campaign 12)  global prices
ad 201 (campaign 21)  1,000 impressions cost 0.04, that is 0.00004 each; the rest the global price
ad 301 (campaign 31)  global prices

global prices         click 0.20, 1,000 impressions 1.50, view 0.01; none for an acquisition
"""

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any
from uuid import uuid4

from assets.engine.data_root import DataRoot
from assets.engine.decision import decide
from assets.engine.delivery.inbox import Inbox
from assets.engine.delivery.listing import delivered_files
from assets.engine.ingestion.ingest import ingest
from assets.engine.kinds import LANDED, REFERENCE_TABLES
from assets.engine.overspend import measure_overspend
from assets.engine.pricing import charge
from assets.engine.reference.load import load_reference
from assets.engine.sealing.files import verify_changed_files
from assets.engine.spend import sum_spend
from assets.engine.time_zones import load_utc_offsets
from assets.engine.warehouse.clock import Clock, utc_now
from assets.engine.warehouse.disk import write_ahead_log
from assets.engine.warehouse.publication import open_published, publish
from assets.engine.warehouse.warehouse import Warehouse, open_warehouse

NOON = datetime(2025, 6, 10, 12, tzinfo=UTC)
"""When most tests take place: 08:00 in New York, 17:30 in Kolkata, a Tuesday."""

BRANDS = """brand_id,name,daily_budget,monthly_budget,timezone,owner,is_active
1,Acme,10.00,,America/New_York,ann,true
2,Borealis,,1000.00,Asia/Kolkata,bob,true
3,Cirrus,,,UTC,cat,true
"""
CAMPAIGNS = """campaign_id,brand_id,name,status,allowed_start,allowed_end
11,1,Acme always,SCHEDULED,,
12,1,Acme nights,SCHEDULED,22:00,04:00
21,2,Borealis always,SCHEDULED,,
31,3,Cirrus paused,PAUSED,,
"""
AD_SETS = """ad_set_id,campaign_id,name,is_active
110,11,one,true
120,12,one,true
210,21,one,true
310,31,one,true
"""
ADS = """ad_id,ad_set_id,name,is_active,media_file,content,cost_per_click,cost_per_mille,cost_per_view,\
cost_per_acquisition
101,110,a,true,,,0.50,,,
102,120,b,true,,,,,,
201,210,c,true,,,,0.04,,
301,310,d,true,,,,,,
"""
PRICES = """effective_from,cost_per_click,cost_per_mille,cost_per_view,cost_per_acquisition
2000-01-01T00:00:00Z,0.20,1.50,0.01,
"""
REFERENCE = {
    "brands": BRANDS,
    "campaigns": CAMPAIGNS,
    "ad_sets": AD_SETS,
    "ads": ADS,
    "global_ad_pricing": PRICES,
}


def event(event_id: str, ad_id: int, event_type: str, occurred_at: str) -> dict[str, Any]:
    """One event as it is delivered."""
    return {"event_id": event_id, "ad_id": ad_id, "event_type": event_type, "occurred_at": occurred_at}


def payment(payment_id: str, brand_id: int, amount: str, paid_at: str) -> dict[str, Any]:
    """One payment as it is delivered."""
    return {"payment_id": payment_id, "brand_id": brand_id, "amount": amount, "paid_at": paid_at}


def jsonl(*rows: dict[str, Any]) -> str:
    """Rows as a JSONL text."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def csv_text(*rows: dict[str, Any]) -> str:
    """Rows as a CSV text with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@dataclass
class World:
    """A data root, with the reference files above delivered unless others are.

    Attributes:
        usual: the reference files that so many tests begin with that it pays to load them once.
    """

    root: DataRoot
    reference: dict[str, str] = field(default_factory=lambda: dict(REFERENCE))
    usual: dict[str, str] = field(default_factory=lambda: REFERENCE)

    def __post_init__(self) -> None:
        self.root.create()
        self._untouched: tuple[int, int] | None = None
        if not self.root.warehouse_file.exists():
            shutil.copyfile(warehouse_with_time_zones(), self.root.warehouse_file)
            self._untouched = _size_and_time(self.root.warehouse_file)
        for name, text in self.reference.items():
            self.deliver_reference(name, text)

    def deliver_reference(self, name: str, text: str) -> None:
        """Put `reference/<name>.csv` in place."""
        (self.root.reference / f"{name}.csv").write_text(text, encoding="utf-8")

    def deliver(self, name: str, content: str | bytes, kind: str = "events") -> Path:
        """Put a file into a landing folder; returns its path."""
        path = self.root.landing(kind) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    @contextmanager
    def open(self, now: datetime = NOON, clock: Callable[[], datetime] = utc_now) -> Iterator[Warehouse]:
        """Open the warehouse as a run would, whatever the clock says."""
        with self._hold(now, clock) as warehouse:
            verify_changed_files(warehouse)
            yield warehouse

    def run(self, now: datetime = NOON) -> None:
        """Do what a refresh does, step by step, without Dagster."""
        self._do(refresh, now)

    def load(self, now: datetime = NOON) -> None:
        """Load what is delivered and publish it: half a refresh, and enough for who asks nothing of prices and on."""
        self._do(load_and_publish, now)

    def _do(self, steps: Callable[[Warehouse], None], now: datetime) -> None:
        with self._hold(now) as warehouse:
            if now == NOON and self._usual_files(alone=True):
                self._copy(root_that_has_run(tuple(self.usual.items())))
                note_changes_of(warehouse, self.usual)
                publish(warehouse)
                return
            begun = self._usual_files()
            if begun:
                self._copy(root_with_reference(tuple((name, self.usual[name]) for name in begun)))
                note_changes_of(warehouse, begun)
            verify_changed_files(warehouse)
            steps(warehouse)

    def _hold(self, now: datetime, clock: Callable[[], datetime] = utc_now) -> AbstractContextManager[Warehouse]:
        return open_warehouse(self.root, now=now, run_id=str(uuid4()), clock=Clock(clock, is_right=True))

    def _usual_files(self, *, alone: bool = False) -> tuple[str, ...]:
        """What is delivered of the usual reference files, before a first run; nothing after it.

        With them a first run begins where it would be after two fifths of its work, with a copy of a warehouse that has
        loaded them. That is the same for every test: a first version holds from the beginning, whenever it was loaded.

        Args:
            alone: all of them are wanted, with no other files and no settings beside them.
        """
        warehouse = self.root.warehouse_file
        if (
            not warehouse.exists()
            or write_ahead_log(warehouse).exists()
            or _size_and_time(warehouse) != self._untouched
        ):
            return ()
        settings = self.root.path / "spendgate.toml"
        if settings.exists() and (alone or b"max_" in settings.read_bytes()):
            return ()  # under another limit they may be refused
        delivered = {file.name: file for file in delivered_files(self.root) if alone or file.kind not in LANDED}
        if not delivered.keys() <= {f"reference/{name}.csv" for name in (self.usual if alone else REFERENCE_TABLES)}:
            return ()  # of two files for one table neither is loaded
        is_usual = {
            name: (file := delivered.get(f"reference/{name}.csv")) and file.path.read_bytes() == text.encode()
            for name, text in self.usual.items()
        }
        return () if alone and not all(is_usual.values()) else tuple(takewhile(is_usual.__getitem__, is_usual))

    def _copy(self, other: DataRoot) -> None:
        shutil.copyfile(other.warehouse_file, self.root.warehouse_file)
        shutil.copytree(other.staged, self.root.staged, dirs_exist_ok=True)
        if other.published_file.exists():
            shutil.copy2(other.published_file, self.root.published_file)

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query on the published copy."""
        with open_published(self.root) as published:
            return published.execute(query, values or None).fetchall()

    def value(self, query: str, **values: Any) -> Any:
        """The single value of a query on the published copy."""
        [[value]] = self.rows(query, **values)
        return value

    def file(self, name: str) -> dict[str, Any]:
        """The newest ledger row of a delivered file."""
        with open_published(self.root) as published:
            result = published.execute(
                "select * from ops.delivered_files where name like '%/' || $name order by file_id desc limit 1",
                {"name": name},
            )
            names = [column[0] for column in result.description]
            return dict(zip(names, result.fetchall()[0], strict=True))

    def reasons(self) -> list[str]:
        """Why rows were rejected, in order."""
        return [reason for (reason,) in self.rows("select reason from raw.rejected_rows order by file_id, line_number")]

    def status(self, campaign_id: int) -> str:
        """What a campaign may do."""
        return str(self.value("select status from ops.campaign_status where campaign_id = $id", id=campaign_id))

    def transitions(self, campaign_id: int) -> list[tuple[Any, ...]]:
        """A campaign's changes, but for its first appearance."""
        return self.rows(
            "select from_status, to_status, reason from ops.campaign_status_changes"
            " where campaign_id = $id and reason <> 'INITIAL' order by change_id",
            id=campaign_id,
        )


def spent(world: World, clicks: int, at: str = "2025-06-10T11:00:00Z") -> None:
    """Deliver clicks on ad 101, which cost 0.50 each; brand 1 may spend 10.00 a day."""
    rows = (event(f"{at}-{n}", 101, "click", at) for n in range(clicks))
    world.deliver(f"{clicks}-{at}.jsonl", jsonl(*rows))


@cache
def warehouse_with_time_zones() -> Path:
    """A warehouse whose batch 1 are the time zones: made once, since it is the same for every test."""
    root = DataRoot(Path(tempfile.mkdtemp(prefix="spendgate-tests-")))
    with open_warehouse(root, now=NOON, run_id="time zones") as warehouse:
        load_utc_offsets(warehouse)
    return root.warehouse_file


Texts = tuple[tuple[str, str], ...]
"""Reference files: name and text of each, parents first."""


@cache
def root_with_reference(texts: Texts) -> DataRoot:
    """One that has loaded some reference files as well."""
    root = DataRoot(Path(tempfile.mkdtemp(prefix="spendgate-tests-")))
    World(root, dict(texts))
    with open_warehouse(root, now=NOON, run_id="time zones") as warehouse:  # in the same batch
        load_all_reference(warehouse, Inbox(root, skip_stability_check=True))
    return root


@cache
def root_that_has_run(texts: Texts) -> DataRoot:
    """One whose first run found nothing but some reference files."""
    world = World(DataRoot(Path(tempfile.mkdtemp(prefix="spendgate-tests-"))), dict(texts))
    with world.open() as warehouse:
        refresh(warehouse)
    return world.root


def note_changes_of(warehouse: Warehouse, names: Iterable[str]) -> None:
    """Let the ledger take reference files for those it has loaded: a copy has a change time of its own."""
    for name in names:
        changed_ns = (warehouse.root.reference / f"{name}.csv").stat().st_ctime_ns
        warehouse.connection.execute(
            "update internal.reference_files set changed_ns = $changed_ns where kind = $kind",
            {"changed_ns": changed_ns, "kind": name},
        )


def _size_and_time(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns


def refresh(warehouse: Warehouse) -> None:
    """The steps of a refresh, in the order of the asset graph."""
    load_and_sum(warehouse)
    decide(warehouse)
    measure_overspend(warehouse)
    publish(warehouse)


def load_and_sum(warehouse: Warehouse) -> None:
    """Those up to the spend."""
    load(warehouse)
    charge(warehouse)
    sum_spend(warehouse)


def load_and_publish(warehouse: Warehouse) -> None:
    """Those up to the ingestion, and the last one."""
    load(warehouse)
    publish(warehouse)


def load(warehouse: Warehouse) -> None:
    """Those up to the ingestion."""
    deliveries = Inbox(warehouse.root, skip_stability_check=True)
    load_utc_offsets(warehouse)
    load_all_reference(warehouse, deliveries)
    ingest(warehouse, deliveries)


def load_all_reference(warehouse: Warehouse, deliveries: Inbox) -> None:
    """What is new in the reference files."""
    for name in REFERENCE_TABLES:
        load_reference(warehouse, deliveries, name)
