"""Commands that run something: demo, generate, run, decide, seal, housekeeping.

Belongs here: their arguments. Does not: what a run does (`assets`), nor how it is told (`running`).
"""

from datetime import UTC, datetime

import click

from assets.engine.as_of import replay
from assets.engine.data_root import DataRoot
from assets.engine.decision import due_transitions
from assets.engine.freshness import freshness
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import sql
from pipelines.cli.options import CLOCK, DATA, NOW, Instant, format_option
from pipelines.cli.printing import FORMATS, print_rows, progress, say
from pipelines.cli.running import RunRequest, run_job
from pipelines.cli.show import print_statuses

# --- running


@click.command(short_help="Make a small, lively world, and run everything.")
@DATA
@CLOCK
@click.option(
    "--days", type=click.IntRange(2, 400), help="Let it have run for so many days, with a decision every six hours."
)
def demo(data: DataRoot, days: int | None, *, clock_is_right: bool) -> None:
    """Deliver a small, lively world dated around now, run everything and show the result.

    With --days it has a past: pauses, a change of prices, a late file, refused rows, budgets that were reached.
    """
    from pipelines.cli.demo_world import deliver_demo

    now = datetime.now(UTC)
    if days:
        from pipelines.cli.lived_world import live

        live(data, now, days, progress(f"{days} days"))
    else:
        deliver_demo(data, now)
    say(f"Delivered a demo world to {data.path}.")
    run_job(data, "refresh", RunRequest(clock_is_right=clock_is_right))
    with open_published(data) as published:
        print_rows(published.execute(sql("reports.status", "brands")), "Brands, each on its own day")
        print_statuses(published, None, freshness(data, published, datetime.now(UTC)), wide=False)
        print_rows(
            published.execute(sql("reports.rejects", "newest"), {"reason": "", "name": "", "at_most": 20}),
            "Refused rows",
        )
    say('Next: `spendgate ui` for runs and lineage, `spendgate sql "from mart.daily_spend"` for the spend.')


@click.command(short_help="Deliver made-up files of any size.")
@DATA
@click.option("--events", type=click.IntRange(min=0), required=True, help="How many events.")
@click.option("--brands", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--campaigns", type=click.IntRange(min=1), default=500, show_default=True)
@click.option("--ads", type=click.IntRange(min=1), default=5000, show_default=True)
@click.option("--days", type=click.IntRange(min=1), default=30, show_default=True, help="Spread over so many days.")
@click.option("--format", "format_", type=click.Choice(["jsonl", "csv", "parquet"]), default="jsonl", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other events.")
@click.option("--now", type=Instant(), help="Last instant of the events (default: now).")
def generate(data: DataRoot, format_: str, now: datetime | None, **size: int) -> None:
    """Deliver reference files and events of any size."""
    from rich.progress import Progress

    from pipelines.cli.sample_data import Size
    from pipelines.cli.sample_data import generate as write

    with Progress(transient=True) as progress:
        task = progress.add_task("events", total=size["events"])
        write(
            data,
            Size(format=format_, **size),
            now or datetime.now(UTC).replace(microsecond=0),
            lambda count: progress.advance(task, count),
        )
    say(f"Delivered {size['events']:,} events as {format_} to {data.path}.")


@click.command(short_help="Take in, price, sum, decide, publish: everything.")
@DATA
@CLOCK
@NOW
def run(data: DataRoot, now: datetime | None, *, clock_is_right: bool) -> None:
    """Run one full refresh: reference, ingest, price, spend, decide, publish."""
    run_job(data, "refresh", RunRequest(now=now, trusted=now is not None, clock_is_right=clock_is_right))


@click.command(short_help="Decide alone, from what has been summed.")
@DATA
@CLOCK
@NOW
@click.option("--dry-run", is_flag=True, help="Print what would change and write nothing.")
@click.option("--as-known", is_flag=True, help="Count only what had been recorded by then; a dry run, too.")
@format_option("table", "json", "csv", told="Of a dry run.")
def decide(data: DataRoot, now: datetime | None, format_: str, *, clock_is_right: bool, **past: bool) -> None:
    """Decide alone, from what has been summed already.

    A dry run for an instant in the past answers as that instant would have: with the statuses and the reference data
    of then, and the spend up to it that is known today. With --as-known, what came late does not count either.
    """
    if not any(past.values()):
        run_job(data, "decide", RunRequest(now=now, trusted=True, clock_is_right=clock_is_right))
        return
    with open_published(data) as published:
        summary = replay(published, now or datetime.now(UTC), as_known=past["as_known"])
        if format_ != "table":
            FORMATS[format_](published.execute(sql("steps.decision", "due_transitions")))
            return
        due = due_transitions(published)
    for each in due:
        say(f"campaign {each.campaign_id}: {each.from_status or 'new'} -> {each.to_status} ({each.reason})")
    say(f"{summary.due} of {summary.campaigns} campaigns would change; nothing was written.")


@click.command(short_help="Remove what was kept as long as promised.")
@DATA
@CLOCK
def housekeeping(data: DataRoot, *, clock_is_right: bool) -> None:
    """Remove what has been kept as long as promised; the UI's daemon does so every night."""
    run_job(data, "housekeeping", RunRequest(now=None, trusted=True, clock_is_right=clock_is_right))


@click.command(short_help="Move old days into immutable Parquet files.")
@DATA
@CLOCK
@NOW
def seal(data: DataRoot, now: datetime | None, *, clock_is_right: bool) -> None:
    """Move days that can hardly change into immutable Parquet files; the UI's daemon does so every night."""
    run_job(data, "seal", RunRequest(now=now, trusted=True, clock_is_right=clock_is_right))


COMMANDS = (demo, generate, run, decide, housekeeping, seal)
