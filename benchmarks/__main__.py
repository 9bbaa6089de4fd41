"""`python -m benchmarks`: makes the work, measures, prints tables and writes benchmarks/results/<suite>-<events>.json.

Belongs here: what is measured against what. Does not: how the peers do the work (`peers`), nor the plot (`plot`).
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import gettempdir
from typing import Any

import click
import duckdb
from rich.console import Console
from rich.table import Table

from assets.engine.data_root import DataRoot
from assets.engine.decision import decide, evaluate
from assets.engine.feed.writing import write_feed
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.warehouse import open_warehouse
from benchmarks.forms import FORMS, write_form
from benchmarks.peers import EVERY_FORM, LOOP, PEERS, statements
from benchmarks.plot import draw
from benchmarks.readers import etag_of, requests_per_second, served_on_one_core
from benchmarks.spark_server import spark_server

RESULTS = Path(__file__).parent / "results"
AT = datetime(2026, 10, 15, tzinfo=UTC)
"""The instant of every run, at which the made-up events end."""

SIZES = (1_000_000, 5_000_000, 20_000_000, 100_000_000)
EVENTS_A_DAY = 1_000_000
TICK_EVENTS = 100_000
BACKLOG_DAYS = 100
WORLD = {"brands": 10_000, "campaigns": 50_000, "ads": 500_000}
MANY_CAMPAIGNS = {"brands": 100_000, "campaigns": 1_000_000, "ads": 1_000_000}
LIMITS = {
    "budgets": "select 'CAMPAIGN' as scope, campaign_id as id, 'DAY' as period, 1 + campaign_id % 50 as amount,"
    " null as effective_from, null as effective_to from range(1, 1_000_001) as ids (campaign_id)",
    "dayparting": "select campaign_id, 'mon-fri' as weekdays, printf('%02d:00', 6 + campaign_id % 6) as start,"
    " printf('%02d:30', 17 + campaign_id % 6) as end, null as clock from range(1, 1_000_001) as ids (campaign_id)",
}
"""Reference files that give each of the many campaigns a weekday window and a budget of its own."""

POLICIES = {
    "policies": "select 'BRAND' as scope, brand_id as id, 'learned' as stop_early"
    " from range(1, 100_001) as ids (brand_id)",
}
"""Reference files by which the limits of the many campaigns are foreseen."""

LOOP_EVENTS = 1_000_000
"""The loop over rows is measured on no more than these, and its time multiplied."""

RUN, NOTHING_NEW = "spendgate run", "spendgate run, nothing new"
Rows = list[dict[str, Any]]

console = Console()


@dataclass(frozen=True)
class Cost:
    """What one process took: seconds, MB resident at the peak, MB written."""

    seconds: float
    peak_mb: float
    written_mb: float


def timed(work: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(what: str, *command: str) -> Cost:
    """Run a command to its end, and tell how it went.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    with console.status(what):
        told = subprocess.run(
            (sys.executable, "-m", "benchmarks.measured", *command), capture_output=True, text=True, check=False
        )
    if told.returncode:
        raise subprocess.CalledProcessError(told.returncode, command, stderr=told.stderr[-2000:])
    seconds, peak_kb, blocks = told.stdout.split()
    cost = Cost(float(seconds), int(peak_kb) / 1024, int(blocks) * 512 / 1e6)
    console.log(f"{what}: {cost.seconds:.1f} s, {cost.peak_mb:,.0f} MB, {cost.written_mb:,.0f} MB written")
    return cost


def typical(costs: list[Cost]) -> Cost:
    """The median of each figure."""
    columns = zip(*((cost.seconds, cost.peak_mb, cost.written_mb) for cost in costs), strict=True)
    return Cost(*(median(column) for column in columns))


def spendgate(command: str, data: Path, *options: str) -> Cost:
    """Measure one command of the command line."""
    return measure(
        f"spendgate {command}", str(Path(sys.executable).with_name("spendgate")), command, "--data", str(data), *options
    )


def deliver(data: Path, events: int, format_: str, world: dict[str, int] = WORLD, **spread: object) -> None:
    """Make the reference files and events of a world, and bring them into memory as any reader would find them.

    Args:
        data: where to.
        events: how many.
        format_: of the events' files.
        world: how many brands, campaigns and ads.
        spread: other options of `spendgate generate`: days, seed, now.
    """
    options = {"days": 30, "seed": 1, "now": AT.isoformat(), **world, **spread}
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    spendgate("generate", data, "--events", str(events), "--format", format_, *arguments)
    for file in data.rglob(f"*.{format_}"):
        file.read_bytes()


def _delivered(work: Path, events: int, format_: str, days: int = 30) -> Path:
    """A world that was delivered before, or is now."""
    delivered = work / f"{events}-{days}-{format_}"
    if not (delivered / "whole").exists():
        shutil.rmtree(delivered, ignore_errors=True)
        if format_ == "parquet":
            deliver(delivered, events, format_, days=max(1, days))
        else:
            write_form(_delivered(work, events, "parquet", days), delivered, format_)
            for file in (delivered / "landing").rglob("*.*"):
                file.read_bytes()
        (delivered / "whole").touch()
    return delivered


def fresh(work: Path, delivered: Path) -> Path:
    """A new data root with the same deliveries."""
    root = work / "root"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(delivered, root, copy_function=os.link)
    return root


# --- suites


def peers(work: Path, events: int, format_: str, repeat: int) -> Rows:
    """The whole run against the floor and against peers, on the same files, for the same answer."""
    delivered = _delivered(work, events, format_)
    answer = work / "answer.parquet"
    costs: dict[str, list[Cost]] = defaultdict(list)
    answers: dict[str, str] = {}
    for _ in range(repeat):
        root = fresh(work, delivered)
        costs[RUN].append(spendgate("run", root, "--now", AT.isoformat()))
        costs[NOTHING_NEW].append(spendgate("run", root, "--now", AT.isoformat()))
        for name in _peers_of(format_):
            if name == LOOP and events > LOOP_EVENTS:
                continue
            command = (sys.executable, "-m", "benchmarks.peers", name, str(delivered), format_, str(answer))
            costs[name].append(measure(name, *command))
            answers[name] = "same" if same_answer(DataRoot(root).published_file, answer) else "WRONG"
    if events > LOOP_EVENTS and LOOP in _peers_of(format_):
        costs[LOOP] = [_loop_by_rule_of_three(work, events, format_, answer)]
        answers[LOOP] = f"time of {LOOP_EVENTS:,} events, multiplied"
    cost = {name: typical(each) for name, each in costs.items()}
    own = replace(cost[RUN], seconds=cost[RUN].seconds - cost[NOTHING_NEW].seconds)
    return [
        {
            "what": name,
            "seconds": round(each.seconds, 2),
            "x floor": round(each.seconds / cost["floor"].seconds, 2),
            "x spendgate": round(each.seconds / own.seconds, 2),
            "peak MB": round(each.peak_mb),
            "written MB": round(each.written_mb),
            "answer": answers.get(name, ""),
        }
        for name, each in {"spendgate: the work alone": own, **cost}.items()
    ]


def _peers_of(format_: str) -> list[str]:
    """The peers that read a form of file, and can run here."""
    names = PEERS if format_ in ("parquet", "jsonl") else EVERY_FORM
    has_spark = shutil.which("java") and find_spec("py4j")  # the client of Spark Connect alone is no Spark
    return [name for name in names if name != "pyspark" or has_spark]


def _loop_by_rule_of_three(work: Path, events: int, format_: str, answer: Path) -> Cost:
    few = _delivered(work, LOOP_EVENTS, format_)
    cost = measure(LOOP, sys.executable, "-m", "benchmarks.peers", LOOP, str(few), format_, str(answer))
    return replace(cost, seconds=cost.seconds * events / LOOP_EVENTS)


def same_answer(published: Path, answer: Path) -> bool:
    """Whether a peer's answer is, to the last digit, what spendgate published."""
    with duckdb.connect(str(published), read_only=True) as connection:
        theirs = connection.read_parquet(str(answer)).project(
            "brand_id::bigint, campaign_id::bigint, cost_type::varchar, local_date::date, spend::decimal(38, 9),"
            " transactions::bigint"
        )
        ours = connection.sql(
            "select * exclude (currency) replace (cost_type::varchar as cost_type) from mart.daily_spend"
        )
        return not len(ours.except_(theirs)) and not len(theirs.except_(ours))


def zones(work: Path, events: int, format_: str, repeat: int) -> Rows:
    """Sums by UTC date, by local date, and by local date with AT TIME ZONE for each row; of the same ledger."""
    root = fresh(work, _delivered(work, events, format_))
    spendgate("run", root, "--now", AT.isoformat())
    queries = dict(zip(("UTC date", "local date", "AT TIME ZONE"), statements("zones"), strict=True))
    seconds: dict[str, list[float]] = defaultdict(list)
    with duckdb.connect(str(DataRoot(root).published_file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for number in range(repeat + 1):
            for name, query in queries.items():
                took = timed(lambda query=query: connection.execute(query).fetchall())  # type: ignore[misc]
                if number:  # the first one brings the file into memory
                    seconds[name].append(took)
    times = {name: median(each) for name, each in seconds.items()}
    return [
        {"what": name, "seconds": round(each, 3), "x UTC": round(each / times["UTC date"], 2)}
        for name, each in times.items()
    ]


def ticks(work: Path, events: int, format_: str, repeat: int) -> Rows:
    """A run with 100,000 new events over histories of 1 M events a day, after the nightly sealing."""
    rows: Rows = []
    for history in (size for size in SIZES if size <= max(events, SIZES[0])):
        root = fresh(work, _delivered(work, history, format_, days=history // EVENTS_A_DAY))
        spendgate("run", root, "--now", AT.isoformat())
        sealing = spendgate("seal", root, "--now", AT.isoformat())
        cost = typical([_tick(root, format_, number) for number in range(repeat + 1)][1:])
        rows.append(
            {
                "history": history,
                "seconds": round(cost.seconds, 2),
                "peak MB": round(cost.peak_mb),
                "written MB": round(cost.written_mb),
                "published MB": round(DataRoot(root).published_file.stat().st_size / 1e6),
                "sealing before, seconds": round(sealing.seconds, 1),
            }
        )
        shutil.rmtree(root)
    least = rows[0]
    for row in rows:
        for column in ("seconds", "peak MB", "written MB"):
            row[f"x {column}"] = round(row[column] / least[column], 2)
    return rows


def _tick(root: Path, format_: str, number: int) -> Cost:
    """Deliver events of the day before, five minutes on, and run."""
    now = AT + timedelta(minutes=5 * (number + 1))
    apart = root.with_name("tick")  # the reference files stay as they are
    deliver(apart, TICK_EVENTS, format_, days=1, seed=2 + number, now=now.isoformat())
    for file in DataRoot(apart).landing("events").iterdir():
        file.rename(DataRoot(root).landing("events") / file.name)
    return spendgate("run", root, "--now", now.isoformat())


def decision(work: Path, events: int, format_: str, repeat: int) -> Rows:
    """1 M campaigns of 100,000 brands: the decision itself, and what people and the sensor wait for."""
    root = DataRoot(work / "campaigns")
    if not root.published_file.exists():
        shutil.rmtree(root.path, ignore_errors=True)
        deliver(root.path, min(events, 2_000_000), format_, world=MANY_CAMPAIGNS)
        spendgate("run", root.path, "--now", AT.isoformat())

    # the same campaigns later on, each with a weekday window and a budget of its own, and then all of them foreseen
    limited, foreseeing = DataRoot(work / "limited-campaigns"), DataRoot(work / "foreseen-campaigns")
    _add_reference(root, limited, LIMITS)
    _add_reference(limited, foreseeing, POLICIES)
    worlds = {
        "decide and record it": root,
        "the same, each campaign with a window and a budget": limited,
        "the same, and each limit foreseen": foreseeing,
    }
    seconds: dict[str, list[float]] = defaultdict(list)

    def decide_later(name: str, world: DataRoot, number: int) -> None:
        with open_warehouse(world, now=AT + timedelta(hours=number + 1), run_id=f"benchmark-{number}") as warehouse:
            warehouse.value("ops.revision", "current")  # opened, so that what is timed is the decision
            seconds[name].append(timed(lambda: decide(warehouse)))
            pace = "create or replace temp table paced as from mart.pace"
            seconds[f"mart.pace, of: {name}"].append(timed(lambda: warehouse.connection.execute(pace)))

    def look_now() -> None:
        with open_published(root) as published:
            evaluate(published, AT + timedelta(hours=1))

    for number in range(repeat):
        for name, world in worlds.items():
            decide_later(name, world, number)
        seconds["the sensor's look"].append(timed(look_now))
        for name, command in (("status", ()), ("status --brand", ("--brand", "7")), ("explain", ("77",))):
            cost = spendgate(name.partition(" ")[0], root.path, *command)
            seconds[f"spendgate {name}, the whole command"].append(cost.seconds)
    shutil.rmtree(root.path)
    return [{"what": name, "seconds": round(median(each), 2)} for name, each in seconds.items()]


def _add_reference(world: DataRoot, target: DataRoot, files: dict[str, str]) -> None:
    """Run a copy of a world with more reference files, made by queries."""
    if target.published_file.exists():
        return
    shutil.copytree(world.path, target.path, dirs_exist_ok=True)
    for name, query in files.items():
        duckdb.sql(query).write_csv(str(target.reference / f"{name}.csv"))
    spendgate("run", target.path, "--now", AT.isoformat())


def startup(work: Path, events: int, format_: str, repeat: int) -> Rows:
    """What it takes to begin: reading commands, and a run with nothing new beside the least that Dagster takes."""
    root = fresh(work, _delivered(work, min(events, EVENTS_A_DAY), format_))
    spendgate("run", root, "--now", AT.isoformat())
    spendgate("seal", root, "--now", AT.isoformat())
    commands: dict[str, Callable[[], Cost]] = {
        "python, import duckdb": lambda: measure("duckdb", sys.executable, "-c", "import duckdb"),
        "spendgate sql 'select 1'": lambda: spendgate("sql", root, "select 1 as one"),
        "spendgate status": lambda: spendgate("status", root),
        "Dagster, the same steps and checks, empty": lambda: measure(
            "Dagster", sys.executable, "-m", "benchmarks.dagster_alone"
        ),
        "spendgate run, nothing new": lambda: spendgate("run", root, "--now", AT.isoformat()),
    }
    costs: dict[str, list[Cost]] = defaultdict(list)
    for _ in range(repeat):
        for name, command in commands.items():
            costs[name].append(command())
    return [{"what": name, "seconds": round(typical(each).seconds, 2)} for name, each in costs.items()]


def curve(work: Path, events: int, format_: str, repeat: int) -> Rows:
    """Time and memory of a run over ever more events."""
    rows: Rows = []
    for size in (size for size in SIZES if size <= max(events, SIZES[0])):
        delivered = _delivered(work, size, format_, days=max(30, size // EVENTS_A_DAY))
        times = repeat if size < SIZES[-1] else 1
        cost = typical([spendgate("run", fresh(work, delivered), "--now", AT.isoformat()) for _ in range(times)])
        rows.append(
            {
                "events": size,
                "seconds": round(cost.seconds, 2),
                "seconds per M": round(cost.seconds / size * 1e6, 2),
                "peak MB": round(cost.peak_mb),
                "written MB": round(cost.written_mb),
            }
        )
    return rows


def sealing(work: Path, events: int, format_: str, repeat: int) -> Rows:
    """The first sealing of 100 days beside only writing such files; a run with nothing new, before it and after it."""
    root = fresh(work, _delivered(work, events, format_, days=BACKLOG_DAYS))
    run = ("run", root, "--now", AT.isoformat())
    spendgate(*run)
    first = spendgate(*run).seconds
    hot = [spendgate(*run) for _ in range(repeat)]
    seal = spendgate("seal", root, "--now", AT.isoformat())
    writing = median(timed(lambda: _write_again(root)) for _ in range(repeat))
    sealed = typical([spendgate(*run) for _ in range(repeat + 1)][1:])  # the first one checks what sealing has left
    shutil.rmtree(root)
    return [
        {"what": name, "seconds": round(seconds, 2), "beside": beside, "x": round(seconds / least, 2)}
        for name, seconds, beside, least in (
            ("spendgate seal, for the first time", seal.seconds, "only writing those files", writing),
            ("spendgate run, nothing new, at once after the load", first, "the same, sealed", sealed.seconds),
            ("spendgate run, nothing new, not sealed", typical(hot).seconds, "the same, sealed", sealed.seconds),
            ("only writing those files", writing, "", writing),
            ("spendgate run, nothing new, sealed", sealed.seconds, "", sealed.seconds),
        )
    ]


def _write_again(root: Path) -> None:
    """Write the rows of all sealed files once more, each to a new file, in the order in which they are."""
    again = root / "again"
    shutil.rmtree(again, ignore_errors=True)  # to write over a file that is there takes far longer
    again.mkdir()
    with duckdb.connect() as connection:
        for file in DataRoot(root).sealed.glob("*/*.parquet"):
            rows = connection.read_parquet(str(file), hive_partitioning=False)
            rows.write_parquet(str(again / f"{file.parent.name}-{file.name}"), compression="zstd")


def history(work: Path, events: int, format_: str, repeat: int) -> Rows:
    """History made again by DuckDB alone, by Sail with 1, 2 and 4 workers, and by Spark where there is Java."""
    root = fresh(work, _delivered(work, events, format_, days=40))
    spendgate("run", root, "--now", AT.isoformat())
    spendgate("seal", root, "--now", AT.isoformat())
    engines = {f"Sail, {n} workers": ("--on", f"sail:{n}") for n in (1, 2, 4)}
    cost = {"DuckDB alone": typical([spendgate("rebuild", root) for _ in range(repeat)])}
    cost |= {name: typical([spendgate("rebuild", root, *on) for _ in range(repeat)]) for name, on in engines.items()}
    if shutil.which("java"):
        with spark_server(work) as url:
            spark = [spendgate("rebuild", root, "--on", url, "--tasks", "4") for _ in range(repeat)]
        cost["Spark on a JVM, two cores"] = typical(spark)
    shutil.rmtree(root)
    least = cost["DuckDB alone"].seconds
    return [
        {
            "what": name,
            "seconds": round(each.seconds, 1),
            "x DuckDB": round(each.seconds / least, 2),
            "peak MB": round(each.peak_mb),
        }
        for name, each in cost.items()
    ]


def readers(work: Path, events: int, format_: str, repeat: int) -> Rows:
    """The feed of few and of many campaigns, its server on one core, an export, the views over the ledger."""
    rows: Rows = []
    worlds = {"100": {"brands": 20, "campaigns": 100, "ads": 500}, "50,000": WORLD, "1,000,000": MANY_CAMPAIGNS}
    for name, world in worlds.items():
        root = DataRoot(work / f"feed-{name}")
        shutil.rmtree(root.path, ignore_errors=True)
        deliver(root.path, min(events, 2_000_000), format_, world=world)
        spendgate("run", root.path, "--now", AT.isoformat())
        again = median(timed(lambda root=root: write_feed(root, AT)) for _ in range(repeat))  # type: ignore[misc]
        shutil.rmtree(root.feed_states)
        root.feed.unlink()
        size = root.feed / "campaign_status.json"
        first = timed(lambda root=root: write_feed(root, AT))  # type: ignore[misc]
        rows.append({"what": f"the feed of {name} campaigns, first", "figure": round(first, 2), "unit": "s"})
        rows.append({"what": f"the feed of {name} campaigns, renewed", "figure": round(again, 2), "unit": "s"})
        rows.append(
            {"what": f"its JSON, {name} campaigns", "figure": round(size.stat().st_size / 1e6, 2), "unit": "MB"}
        )
        rows += _served(root.path, name) if name != "1,000,000" else []
        if name == "50,000":
            rows += _asked(root, repeat)
        shutil.rmtree(root.path)
    return rows


def _served(data: Path, campaigns: str) -> Rows:
    """Answers a second of `spendgate serve`."""
    rows: Rows = []
    with served_on_one_core(data) as port:
        for what, path, headers in (
            ("the whole feed", "/feed", ""),
            ("nothing new, by ETag", "/feed", f"If-None-Match: {etag_of(port)}\r\n"),
            ("nothing new, by version", "/feed?since=1", ""),
            ("health", "/health", ""),
        ):
            figure = round(requests_per_second(port, path, headers))
            rows.append({"what": f"{what}, {campaigns} campaigns", "figure": figure, "unit": "answers/s"})
    return rows


def _asked(root: DataRoot, repeat: int) -> Rows:
    """An export, and the views over the ledger."""
    out = root.path.with_name("exported.duckdb")
    out.unlink(missing_ok=True)
    cost = typical([spendgate("export", root.path, str(out), "--replace") for _ in range(repeat)])
    rows: Rows = [{"what": "spendgate export OUT.duckdb", "figure": round(cost.seconds, 1), "unit": "s"}]
    out.unlink()
    for view in ("daily_budget", "daily_ad_spend", "campaign_performance", "price_effect", "statement"):
        for whose, condition in (("all brands", "true"), ("one brand", "brand_id = 7")):
            with open_published(root) as published:
                rows_of = published.table_function("query_table", [f"mart.{view}"])
                relation = rows_of.filter(condition).aggregate("count(*), sum(hash(brand_id))")
                seconds = median(timed(relation.fetchall) for _ in range(repeat))
            rows.append({"what": f"mart.{view}, {whose}", "figure": round(seconds, 2), "unit": "s"})
    return rows


SUITES = {suite.__name__: suite for suite in (peers, zones, startup, decision, ticks, sealing, history, readers, curve)}


@click.command()
@click.option("--events", type=click.IntRange(min=1), default=1_000_000, show_default=True)
@click.option("--format", "format_", type=click.Choice(list(FORMS)), default="parquet", show_default=True)
@click.option("--repeat", type=click.IntRange(min=1), default=3, show_default=True, help="The median is told.")
@click.option("--only", type=click.Choice(list(SUITES)), multiple=True, help="These suites alone.")
@click.option(
    "--work", type=click.Path(path_type=Path), help="Where the made-up worlds lie (default: a temporary folder)."
)
def main(*, events: int, format_: str, repeat: int, only: tuple[str, ...], work: Path | None) -> None:
    """Measure, print, store, and draw what has been stored."""
    RESULTS.mkdir(exist_ok=True)
    work = work or Path(gettempdir()) / "spendgate-benchmarks"
    work.mkdir(parents=True, exist_ok=True)
    for name in only or SUITES:
        console.rule(f"{name}: {events:,} events, {format_}", align="left")
        rows = SUITES[name](work, events, format_, repeat)
        table = Table(title=f"{name}: {events:,} events, {format_}, median of {repeat}", title_justify="left")
        for column in rows[-1]:
            table.add_column(column, justify="left" if column in ("what", "answer", "beside", "unit") else "right")
        for row in rows:
            table.add_row(*(f"{row[c]:,}" if isinstance(row[c], int) else str(row[c]) for c in rows[-1]))
        console.print(table)
        stored = {"suite": name, "events": events, "format": format_, "repeat": repeat, "rows": rows}
        (RESULTS / f"{name}-{events}-{format_}.json").write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    draw(RESULTS)


if __name__ == "__main__":
    main()
