"""`python -m benchmarks`: makes the work, measures, prints tables and writes benchmarks/results/<suite>-<events>.json.

Belongs here: what is measured against what. Does not: how the peers do the work (`peers`), nor the plot (`plot`).
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import click
import duckdb
from rich.console import Console
from rich.table import Table

from assets.settings import DataRoot
from benchmarks.peers import PEERS

RESULTS = Path(__file__).parent / "results"
AT = datetime(2026, 10, 15, tzinfo=UTC)
BRANDS = {"brands": 10_000, "campaigns": 50_000, "ads": 500_000}
TICK_EVENTS = 100_000
LOOP_EVENTS = 1_000_000
"""The loop over rows is measured on no more than these, and its time multiplied."""

console = Console()


@dataclass(frozen=True)
class Cost:
    """What one process took: seconds, MB resident at the peak, MB written."""

    seconds: float
    peak_mb: float
    written_mb: float


def measure(*command: str) -> Cost:
    """Run a command to its end.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        told = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=told[-2000:])
    return Cost(time.perf_counter() - started, usage.ru_maxrss / 1024, usage.ru_oublock * 512 / 1e6)


def typical(costs: list[Cost]) -> Cost:
    """The median of each figure."""
    columns = zip(*((cost.seconds, cost.peak_mb, cost.written_mb) for cost in costs), strict=True)
    return Cost(*(median(column) for column in columns))


def spendgate(command: str, data: Path, *options: str) -> Cost:
    """Measure one command of the command line."""
    return measure(str(Path(sys.executable).with_name("spendgate")), command, "--data", str(data), *options)


def deliver(data: Path, events: int, format_: str, *, days: int = 30, seed: int = 1, now: datetime = AT) -> None:
    """Make the reference files and events of a world, and bring them into memory as any reader would find them."""
    world = [f for name, count in BRANDS.items() for f in (f"--{name}", str(count))]
    size = ["--events", str(events), "--days", str(days), "--seed", str(seed), "--format", format_]
    spendgate("generate", data, *size, *world, "--now", now.isoformat())
    for file in data.rglob(f"*.{format_}"):
        file.read_bytes()


def fresh(work: Path, delivered: Path) -> Path:
    """A new data root with the same deliveries."""
    root = work / "root"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(delivered, root, copy_function=os.link)
    return root


# --- suites


def peers(work: Path, events: int, format_: str, repeat: int) -> list[dict[str, Any]]:
    """The whole run against the floor and against peers, on the same files, for the same answer."""
    delivered = work / f"{events}-{format_}"
    if not delivered.exists():
        deliver(delivered, events, format_)
    answer = work / "answer.parquet"
    costs: dict[str, list[Cost]] = {"spendgate run": [], "with nothing new": []}
    agrees: dict[str, bool] = {}
    names = [name for name in PEERS if name not in ("chdb", "pyspark") or find_spec(name)]
    for _ in range(repeat):
        root = fresh(work, delivered)
        costs["spendgate run"].append(spendgate("run", root, "--now", AT.isoformat()))
        costs["with nothing new"].append(spendgate("run", root, "--now", AT.isoformat()))
        for name in names:
            if name == "python loop" and events > LOOP_EVENTS:
                continue
            command = (sys.executable, "-m", "benchmarks.peers", name, str(delivered), format_, str(answer))
            costs.setdefault(name, []).append(measure(*command))
            agrees[name] = same_answer(DataRoot(root).published_file, answer)
            console.log(f"{name}: {costs[name][-1].seconds:.1f} s")
    cost = {name: typical(each) for name, each in costs.items()}
    own = cost["spendgate run"].seconds - cost["with nothing new"].seconds
    least = cost["floor"].seconds
    rows = [row("spendgate run, less that with nothing new", Cost(own, cost["spendgate run"].peak_mb, 0), own, least)]
    return rows + [
        row(name, each, own, least) | {"answer": {None: "", True: "same", False: "WRONG"}[agrees.get(name)]}
        for name, each in cost.items()
    ]


def row(name: str, cost: Cost, own: float, least: float) -> dict[str, Any]:
    """One line of the comparison; `own` and `least` are the seconds of spendgate and of the floor."""
    return {
        "what": name,
        "seconds": round(cost.seconds, 2),
        "x floor": round(cost.seconds / least, 2),
        "x spendgate": round(cost.seconds / own, 2),
        "peak MB": round(cost.peak_mb),
        "written MB": round(cost.written_mb),
    }


def same_answer(published: Path, answer: Path) -> bool:
    """Whether a peer's answer is, to the last digit, what spendgate published."""
    with duckdb.connect(str(published), read_only=True) as connection:
        theirs = connection.read_parquet(str(answer)).project(
            "brand_id::bigint, campaign_id::bigint, cost_type::varchar, local_date::date, spend::decimal(38, 9),"
            " transactions::bigint"
        )
        ours = connection.sql("select * replace (cost_type::varchar as cost_type) from mart.daily_spend")
        return not len(ours.except_(theirs)) and not len(theirs.except_(ours))


def zones(work: Path, events: int, format_: str, repeat: int) -> list[dict[str, Any]]:
    """Sums by UTC date, by local date, and by local date with AT TIME ZONE for each row; of the same ledger."""
    root = fresh(work, _delivered(work, events, format_))
    spendgate("run", root, "--now", AT.isoformat())
    texts = (Path(__file__).parent / "zones.sql").read_text(encoding="utf-8").split(";\n")
    queries = dict(zip(("UTC date", "local date", "AT TIME ZONE"), texts, strict=False))
    seconds: dict[str, list[float]] = {name: [] for name in queries}
    with duckdb.connect(str(DataRoot(root).published_file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for _ in range(repeat + 1):  # the first one brings the file into memory
            for name, query in queries.items():
                started = time.perf_counter()
                connection.execute(query).fetchall()
                seconds[name].append(time.perf_counter() - started)
    times = {name: median(each[1:]) for name, each in seconds.items()}
    return [
        {"what": name, "seconds": round(each, 3), "x UTC": round(each / times["UTC date"], 2)}
        for name, each in times.items()
    ]


def _delivered(work: Path, events: int, format_: str) -> Path:
    delivered = work / f"{events}-{format_}"
    if not delivered.exists():
        deliver(delivered, events, format_)
    return delivered


def ticks(work: Path, events: int, format_: str, repeat: int) -> list[dict[str, Any]]:
    """A run with 100,000 new events over histories of 1 M events a day: 1 M, and as many as asked for."""
    rows = []
    for history in sorted({1_000_000, events}):
        root = work / f"history-{history}"
        shutil.rmtree(root, ignore_errors=True)
        deliver(root, history, format_, days=max(1, history // 1_000_000))
        spendgate("run", root, "--now", AT.isoformat())
        spendgate("seal", root, "--now", AT.isoformat())
        costs = [_tick(root, format_, number) for number in range(1, repeat + 2)][1:]
        cost = typical(costs)
        published = DataRoot(root).published_file.stat().st_size / 1e6
        rows.append({"history": history, "seconds": round(cost.seconds, 2), "peak MB": round(cost.peak_mb),
                     "written MB": round(cost.written_mb), "published MB": round(published)})  # fmt: skip
        shutil.rmtree(root)
    for each in rows:
        each["x smallest"] = round(each["seconds"] / rows[0]["seconds"], 2)
    return rows


def _tick(root: Path, format_: str, number: int) -> Cost:
    """Deliver the events of one more day's last instants, and run."""
    now = AT + timedelta(minutes=5 * number)
    deliver(root, TICK_EVENTS, format_, days=1, seed=1 + number, now=now)
    return spendgate("run", root, "--now", now.isoformat())


def startup(work: Path, events: int, format_: str, repeat: int) -> list[dict[str, Any]]:
    """What it takes to begin: reading commands, and a run with nothing new beside the least that Dagster takes."""
    root = fresh(work, _delivered(work, events, format_))
    spendgate("run", root, "--now", AT.isoformat())
    at_least = "import dagster as dg\n@dg.asset\ndef a(): ...\ndg.materialize([a])"
    commands: dict[str, Callable[[], Cost]] = {
        "python, import duckdb": lambda: measure(sys.executable, "-c", "import duckdb"),
        "spendgate sql 'select 1'": lambda: spendgate("sql", root, "select 1 as one"),
        "spendgate status --brand 1": lambda: spendgate("status", root, "--brand", "1"),
        "Dagster, one empty asset": lambda: measure(sys.executable, "-c", at_least),
        "spendgate run, nothing new": lambda: spendgate("run", root, "--now", AT.isoformat()),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(repeat):
        for name, command in commands.items():
            costs[name].append(command())
    return [{"what": name, "seconds": round(typical(each).seconds, 2)} for name, each in costs.items()]


def curve(work: Path, events: int, format_: str, repeat: int) -> list[dict[str, Any]]:
    """Time and memory of a run over ever more events."""
    sizes = [size for size in (1_000_000, 5_000_000, 20_000_000, 100_000_000) if size <= events]
    rows = []
    for size in sizes:
        delivered = _delivered(work, size, format_)
        cost = typical([spendgate("run", fresh(work, delivered), "--now", AT.isoformat()) for _ in range(repeat)])
        rows.append({"events": size, "seconds": round(cost.seconds, 2), "peak MB": round(cost.peak_mb),
                     "written MB": round(cost.written_mb)})  # fmt: skip
    return rows


SUITES = {suite.__name__: suite for suite in (peers, zones, ticks, startup, curve)}


@click.command()
@click.option("--events", type=click.IntRange(min=1), default=1_000_000, show_default=True)
@click.option("--format", "format_", type=click.Choice(["parquet", "jsonl"]), default="parquet", show_default=True)
@click.option("--repeat", type=click.IntRange(min=1), default=3, show_default=True, help="The median is told.")
@click.option("--only", type=click.Choice(list(SUITES)), multiple=True, help="These suites alone.")
@click.option("--work", type=click.Path(path_type=Path), default=Path("/tmp/spendgate-benchmarks"), show_default=True)  # noqa: S108 a default that people see
def main(*, events: int, format_: str, repeat: int, only: tuple[str, ...], work: Path) -> None:
    """Measure, print and store."""
    RESULTS.mkdir(exist_ok=True)
    work.mkdir(parents=True, exist_ok=True)
    for name in only or SUITES:
        with console.status(f"{name}, {events:,} events"):
            rows = SUITES[name](work, events, format_, repeat)
        table = Table(title=f"{name}: {events:,} events, {format_}, median of {repeat}", title_justify="left")
        for column in rows[-1]:
            table.add_column(column, justify="left" if column in ("what", "answer") else "right")
        for each in rows:
            table.add_row(*(f"{each[c]:,}" if isinstance(each.get(c), int) else str(each.get(c, "")) for c in rows[-1]))
        console.print(table)
        stored = {"events": events, "format": format_, "repeat": repeat, "rows": rows}
        (RESULTS / f"{name}-{events}-{format_}.json").write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
