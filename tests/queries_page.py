"""Runs the queries of `docs/queries.md` on a world that has lived for two days, and writes below each what it prints.

uv run python -m tests.queries_page
"""

import re
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from assets.engine.data_root import DataRoot
from assets.engine.warehouse.clock import Clock
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.warehouse import open_warehouse
from pipelines.cli.printing import for_people
from tests.world import ADS, NOON, World, event, jsonl, payment, refresh, spent

FILE = Path(__file__).parent.parent / "docs" / "queries.md"

QUERY = re.compile(r"```sql\n(?P<query>.+?)```\n(?:\n```text\n.*?```\n)?", re.DOTALL)

ROWS_SHOWN = 6

WIDTH = 40
"""Characters of a column; what is longer is cut."""


def lived(folder: Path) -> World:
    """A campaign stopped by its budget and shown nevertheless; the day after, a new price, late and bad deliveries."""
    root = DataRoot(folder)
    clock = Clock(lambda: NOON - timedelta(days=1), is_right=True)
    with open_warehouse(root, now=NOON, run_id="made", clock=clock) as warehouse:
        assert warehouse.connection  # made now: time recorded only grows, and the tests' own file is of today
    world = World(root)
    run(world, NOON)  # campaign 11 is RUNNING
    spent(world, 21, "2025-06-10T12:01:00Z")  # 10.50 of 10.00
    run(world, NOON + timedelta(minutes=5))  # BUDGET_REACHED
    spent(world, 4, "2025-06-10T12:06:00Z")
    world.deliver("paid.jsonl", jsonl(payment("p", 1, "100", "2025-06-10T11:00:00Z")), kind="payments")
    run(world, NOON + timedelta(hours=17))  # 01:00 of the next day in New York: RUNNING
    world.deliver_reference("ads", ADS.replace("101,110,a,true,,,0.50", "101,110,a,true,,,0.60"))
    run(world, NOON + timedelta(hours=18))
    spent(world, 2, "2025-06-10T13:00:00Z")  # of a day that has been decided
    spent(world, 14, "2025-06-11T11:00:00Z")  # 8.40 of 10.00
    shown = (event(f"i{n}", 201, "impression", "2025-06-11T10:00:00Z") for n in range(50))
    world.deliver("shown.jsonl", jsonl(*shown, event("i-click", 201, "click", "2025-06-11T10:05:00Z")))
    bad = (
        event("unknown", 999, "click", "2025-06-11T11:00:00Z"),
        event("misspelt", 101, "clik", "2025-06-11T11:00:00Z"),
    )
    world.deliver("bad.jsonl", jsonl(*bad))
    world.deliver("refused.jsonl", "[\n]\n")
    credit = {"correction_id": "c", "event_id": "2025-06-11T11:00:00Z-0", "amount": "0.2", "reason": "invalid traffic"}
    world.deliver("credit.jsonl", jsonl(credit), kind="corrections")
    run(world, NOON + timedelta(days=1))
    return world


def run(world: World, now: datetime) -> None:
    """A run whose clock says the instant that it stands for."""
    with world.open(now, lambda: now) as warehouse:
        refresh(warehouse)


def page(world: World) -> str:
    """The page with what its queries print."""
    return QUERY.sub(lambda found: f"```sql\n{found['query']}```\n\n{printed(world, found['query'])}", text())


def text() -> str:
    """The page as it is."""
    return FILE.read_text(encoding="utf-8")


def printed(world: World, query: str) -> str:
    """What a query prints, as a block."""
    with open_published(world.root) as published:
        result = published.execute(query)
        names = [column[0] for column in result.description or []]
        rows = [[for_people(value)[:WIDTH] for value in row] for row in result.fetchall()]
    shown = [names, *rows[:ROWS_SHOWN]]
    widths = [max(len(row[place]) for row in shown) for place in range(len(names))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown]
    if len(rows) > ROWS_SHOWN:
        lines.append(f"... {len(rows) - ROWS_SHOWN} more")
    return "```text\n" + "\n".join(lines) + "\n```\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        FILE.write_text(page(lived(Path(folder) / "data")), encoding="utf-8")
