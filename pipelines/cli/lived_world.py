"""The demo's world after some weeks of running: decisions every few hours, and what happens to campaigns meanwhile.

Belongs here: what is delivered and done when, and the runs of those days. Does not: the world itself (`demo_world`).
"""

import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta

import polars as pl

from assets.engine.data_root import DataRoot
from assets.engine.decision import decide
from assets.engine.delivery.inbox import Inbox
from assets.engine.errors import SpendgateError
from assets.engine.ingestion.ingest import ingest
from assets.engine.kinds import CORRECTIONS, EVENTS, PAYMENTS, REFERENCE_TABLES
from assets.engine.manual_status import ManualChange, set_status
from assets.engine.overspend import measure_overspend
from assets.engine.pricing import charge
from assets.engine.reference.load import load_reference
from assets.engine.spend import sum_spend
from assets.engine.time_zones import load_utc_offsets
from assets.engine.warehouse.warehouse import Warehouse, open_warehouse
from pipelines.cli.demo_world import (
    BAD_LINES,
    PRICE,
    begin_demo,
    corrections_of,
    deliver_rows,
    made_up_events,
    payments_of,
)

EVERY = timedelta(hours=6)
EVENTS_A_STEP = 500
LATE_BY = 6
"""Steps by which some events of one file come late."""

Track = Callable[[list[int]], Iterable[int]]


def live(root: DataRoot, now: datetime, days: int, track: Track) -> None:
    """Deliver and run the days before `now`, step by step.

    Args:
        root: where the demo lies, or is to lie.
        now: the last instant.
        days: how many.
        track: shows progress over the steps.

    Raises:
        SpendgateError: the data root holds something that is not the demo's.
    """
    begin_demo(root, now)
    steps = int(timedelta(days=days) / EVERY)
    dice = random.Random(f"{now.isoformat()} {days}")  # noqa: S311 a demo, not a secret
    for step in track([*range(steps)]):
        at = now - (steps - 1 - step) * EVERY
        _deliver_step(root, dice, step, at, steps)
        with open_warehouse(root, now=at, run_id=f"demo-{step}") as warehouse:
            _run(warehouse)
            _act(warehouse, step, steps, at)


def _deliver_step(root: DataRoot, dice: random.Random, step: int, at: datetime, steps: int) -> None:
    """The events of one step; halfway prices change, some events come late, and a file is refused."""
    stamp = f"{at:%Y%m%dT%H%M}"
    events = made_up_events(dice, f"s{step}", at, EVENTS_A_STEP, EVERY)
    deliver_rows(root, EVENTS, f"{stamp}.jsonl", events, BAD_LINES if step == steps // 3 else b"")
    if step % 60 == 0:
        deliver_rows(root, PAYMENTS, f"{stamp}.jsonl", payments_of(at))
    if step == steps // 2:
        late = made_up_events(dice, "late", at - LATE_BY * EVERY, 60, EVERY)
        deliver_rows(root, EVENTS, f"{stamp}-late.jsonl", late)
        prices = [PRICE, {**PRICE, "effective_from": f"{at:%Y-%m-%dT%H:%M:%SZ}", "cost_per_click": "0.045"}]
        pl.DataFrame(prices).write_csv(root.reference / "global_ad_pricing.csv")
    if step == steps * 2 // 3:
        (root.landing(EVENTS) / f"{stamp}-broken.jsonl").write_text("[\n  {}\n]\n", encoding="utf-8")
    if step == steps * 3 // 4:
        deliver_rows(root, CORRECTIONS, f"{stamp}.jsonl", corrections_of(at, events))


def _run(warehouse: Warehouse) -> None:
    """The steps of a run, in the order of the assets, without Dagster: hundreds of its runs would take an hour."""
    deliveries = Inbox(warehouse.root, skip_stability_check=True)
    load_utc_offsets(warehouse)
    for name in REFERENCE_TABLES:
        load_reference(warehouse, deliveries, name)
    ingest(warehouse, deliveries)
    charge(warehouse)
    sum_spend(warehouse)
    decide(warehouse)
    measure_overspend(warehouse)


def _act(warehouse: Warehouse, step: int, steps: int, at: datetime) -> None:
    """What people do: a pause that ends by itself, one that lasts, and a campaign that is done."""
    changes = {
        steps // 4: ManualChange(30, "PAUSED", "ann", "the shop is closed", until=at + 7 * EVERY),
        steps // 2: ManualChange(50, "PAUSED", "bob", "new pictures are on their way"),
        steps * 3 // 5: ManualChange(50, "SCHEDULED", "bob", "the pictures are there"),
        steps * 4 // 5: ManualChange(12, "COMPLETED", "ann", "the client has what it wanted"),
    }
    if step in changes:
        with suppress(SpendgateError):  # of a few days, a campaign may not be where it is changed from
            set_status(warehouse, changes[step])
