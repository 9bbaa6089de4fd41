"""`spendgate`, the command line for people and scripts.

Belongs here: arguments, exit codes. Does not: what the commands do, nor how results look (`printing`). Dagster takes
seconds to import, so only the commands that run something import it.
"""

import io
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
import duckdb

from assets.decision import MANUAL_CHANGES, ManualChange, hops, replay
from assets.evidence import explain as explain_status
from assets.settings import DataRoot, SpendgateError, first_line
from assets.statements import SQL, sql
from assets.warehouse import open_published, publish
from pipelines.ending import told_when_stopped
from pipelines.keeping import COMMANDS
from pipelines.options import CLOCK, DATA, ID, NOW, Instant
from pipelines.printing import (
    explanation_lines,
    for_people,
    print_csv,
    print_json,
    print_json_rows,
    print_rows,
    print_words,
    say,
)
from pipelines.running import dagster_home, run_job, show_log

ROWS_SHOWN = 50
"""Campaigns, or refused rows, that people are shown at once."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="spendgate")
@click.option("--data", type=click.Path(), help="The data root, for any command.")
def cli(data: str | None) -> None:
    """Price ad events exactly once, keep spend per brand, decide which campaigns may run."""
    if data is not None:
        os.environ["SPENDGATE_DATA"] = data  # a --data after the command is nearer, and wins


def main() -> None:
    """Run the command line: a user's mistake is one line, never a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # of a terminal that has not every character
    try:
        with told_when_stopped():
            _require_text(sys.argv)
            cli()
    except (SpendgateError, OSError, duckdb.Error) as error:
        say(f"error: {first_line(error)}", colour="red", err=True)
        sys.exit(1)


def _require_text(arguments: list[str]) -> None:
    try:
        " ".join(arguments).encode()
    except UnicodeEncodeError:
        raise SpendgateError("an argument is not UTF-8 text") from None


# --- running


@cli.command()
@DATA
@CLOCK
def demo(data: DataRoot, *, clock_is_right: bool) -> None:
    """Deliver a small, lively world dated around now, run everything and show the result."""
    from pipelines.generate import deliver_demo

    now = datetime.now(UTC)
    deliver_demo(data, now)
    say(f"Delivered a demo world to {data.path}.")
    run_job(data, "refresh", clock_is_right=clock_is_right)
    with open_published(data) as published:
        print_rows(_query(published, "reports.status", "brands"), "Brands, each on its own day")
        print_rows(_query(published, "reports.status", "campaigns", brand_id=None, at_most=ROWS_SHOWN), "Campaigns")
        print_rows(_query(published, "reports.rejects", "newest", reason="", name="", at_most=20), "Refused rows")
    say('Next: `spendgate ui` for runs and lineage, `spendgate sql "from mart.daily_spend"` for the spend.')


@cli.command()
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

    from pipelines.generate import Size
    from pipelines.generate import generate as write

    with Progress(transient=True) as progress:
        task = progress.add_task("events", total=size["events"])
        write(
            data,
            Size(format=format_, **size),
            now or datetime.now(UTC).replace(microsecond=0),
            lambda count: progress.advance(task, count),
        )
    say(f"Delivered {size['events']:,} events as {format_} to {data.path}.")


@cli.command()
@DATA
@CLOCK
@NOW
def run(data: DataRoot, now: datetime | None, *, clock_is_right: bool) -> None:
    """Run one full refresh: reference, ingest, price, spend, decide, publish."""
    run_job(data, "refresh", now=now, trusted=now is not None, clock_is_right=clock_is_right)


@cli.command()
@DATA
@CLOCK
@NOW
@click.option("--dry-run", is_flag=True, help="Print what would change and write nothing.")
@click.option("--as-known", is_flag=True, help="Count only what had been recorded by then; a dry run, too.")
def decide(data: DataRoot, now: datetime | None, *, dry_run: bool, as_known: bool, clock_is_right: bool) -> None:
    """Decide alone, from what has been summed already.

    A dry run for an instant in the past answers as that instant would have: with the statuses and the reference data
    of then, and the spend up to it that is known today. With --as-known, what came late does not count either.
    """
    if not dry_run and not as_known:
        run_job(data, "decide", now=now, trusted=True, clock_is_right=clock_is_right)
        return
    with open_published(data) as published:
        outlook = replay(published, now or datetime.now(UTC), as_known=as_known)
        due = hops(published)
    for hop in due:
        say(f"campaign {hop.campaign_id}: {hop.from_status or 'new'} -> {hop.to_status} ({hop.reason})")
    say(f"{outlook.due} of {outlook.campaigns} campaigns would change; nothing was written.")


@cli.command()
@DATA
@CLOCK
def housekeeping(data: DataRoot, *, clock_is_right: bool) -> None:
    """Remove what has been kept as long as promised; the UI's daemon does so every night."""
    run_job(data, "housekeeping", now=None, trusted=True, clock_is_right=clock_is_right)


@cli.command()
@DATA
@CLOCK
@NOW
def seal(data: DataRoot, now: datetime | None, *, clock_is_right: bool) -> None:
    """Move days that can hardly change into immutable Parquet files; the UI's daemon does so every night."""
    run_job(data, "seal", now=now, trusted=True, clock_is_right=clock_is_right)


@cli.command("set-status")
@DATA
@CLOCK
@click.argument("campaign_id", type=ID)
@click.argument("status", type=click.Choice(list(MANUAL_CHANGES), case_sensitive=False))
@click.option("--reason", "note", required=True, help="Why, for whoever reads the history.")
@click.option("--by", "changed_by", default=lambda: os.environ.get("USER", "unknown"), help="Who (default: $USER).")
@click.option("--until", type=Instant(), help="When a pause ends by itself, as SCHEDULED.")
@click.option("--reopen", is_flag=True, help="Take a COMPLETED campaign up again.")
@click.option("--now", type=Instant(), help="The instant it is done at (default: now); for replays.")
def set_status(data: DataRoot, now: datetime | None, status: str, *, clock_is_right: bool, **wanted: Any) -> None:
    """Pause, resume (SCHEDULED), complete, draft or reopen a campaign by hand."""
    from uuid import uuid4

    from assets.decision import set_status as change_status
    from assets.sealed_files import look_at_sealed_files
    from assets.warehouse import open_warehouse

    show_log(logging.WARNING)
    change = ManualChange(status=status.upper(), **wanted)
    wait = data.settings().lock_wait_seconds
    with open_warehouse(
        data, now=now, run_id=f"set-status-{uuid4()}", wait_seconds=wait, clock_is_right=clock_is_right
    ) as warehouse:
        look_at_sealed_files(warehouse)
        before = change_status(warehouse, change)
        publish(warehouse)
        over = change.until is not None and change.until <= warehouse.now
    end = f" until {for_people(change.until)} UTC" if change.until else ""
    if before is None:
        say(f"campaign {change.campaign_id} is {change.status}{end} already: nothing was recorded")
        return
    say(f"campaign {change.campaign_id}: {before} -> {change.status}{end}")
    if over:
        say("that has passed already: the pause ends with the next decision", colour="yellow", err=True)


@cli.command()
@DATA
@click.option("--host", default="127.0.0.1", show_default=True, help="The UI has no login: see the README.")
@click.option("--port", type=int, default=3000, show_default=True)
def ui(data: DataRoot, host: str, port: int) -> None:
    """Start the Dagster UI with daemon and sensors."""
    dagster_home(data)
    os.environ["SPENDGATE_DATA"] = str(data.path)
    say(f"Dagster UI on http://{host}:{port} (Ctrl+C ends it)")
    # its advice to use another tool, for projects laid out by that tool
    silence = ["-W", "ignore:Function `dev_command` is superseded"]
    where = ["-w", str(SQL.parent / "workspace.yaml"), "-h", host, "-p", str(port)]
    # else a code server that dies is not started again, and no sensor ticks any more
    where.append("--use-legacy-code-server-behavior")
    os.execv(sys.executable, [sys.executable, *silence, "-m", "dagster", "dev", *where])  # noqa: S606 our interpreter


# --- reading


@cli.command()
@DATA
@click.option("--brand", "brand_id", type=ID, help="Only this brand's campaigns.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts and ad servers.")
def status(data: DataRoot, brand_id: int | None, *, as_json: bool) -> None:
    """Show which campaigns may run, and why."""
    with open_published(data) as published:
        if as_json:
            print_json_rows(_query(published, "reports.status", "statuses", brand_id=brand_id))
            return
        counts = dict(_query(published, "reports.status", "status_counts", brand_id=brand_id).fetchall())
        title = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        print_rows(
            _query(published, "reports.status", "campaigns", brand_id=brand_id, at_most=ROWS_SHOWN),
            f"Campaigns: {title}" if counts else "Campaigns: none",
        )
    if sum(counts.values()) > ROWS_SHOWN:
        say(f"The {ROWS_SHOWN} that changed last are shown; --brand shows one brand's, --json all.", err=True)


@cli.command()
@DATA
@click.argument("campaign_id", type=ID)
@click.option("--at", type=Instant(), help="Why it had the status it had then.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
def explain(data: DataRoot, campaign_id: int, at: datetime | None, *, as_json: bool) -> None:
    """Tell why a campaign has its status, and derive it anew from the ledger."""
    with open_published(data) as published:
        explanation = explain_status(published, campaign_id, at=at, now=datetime.now(UTC))
    if as_json:
        print_json(asdict(explanation))
    else:
        last = explanation.changes[-1]
        name = explanation.versions.campaign_name or ""
        title = f"Campaign {campaign_id} {name}: {last.to_status} since {for_people(last.decided_at)} UTC"
        print_words(explanation_lines(explanation), title)
    if explanation.differences:
        say("what is stored does not follow from the ledger: see 'derived anew'", colour="red", err=True)


FORMATS: dict[str, Callable[[duckdb.DuckDBPyConnection], None]] = {
    "table": print_rows,
    "csv": print_csv,
    "json": print_json_rows,
}
FORMAT = click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="table", show_default=True)


@cli.group()
def rejects() -> None:
    """List rows that were refused, and try them again."""


def _which_rejects(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which refused rows are meant."""
    reason = click.option("--reason", default="", help="Those refused for a reason that contains this text.")
    name = click.option("--file", "name", default="", help="Those of files whose name contains this text.")
    return reason(name(command))


@rejects.command("list")
@DATA
@_which_rejects
@FORMAT
def list_rejects(data: DataRoot, reason: str, name: str, format_: str) -> None:
    """List refused rows with file, line, reason and text as delivered."""
    with open_published(data) as published:
        which = {"reason": reason, "name": name}
        if format_ != "table":
            FORMATS[format_](_query(published, "reports.rejects", "all", **which))
            return
        [count] = _query(published, "reports.rejects", "count", **which).fetchall()[0]
        print_rows(
            _query(published, "reports.rejects", "newest", **which, at_most=ROWS_SHOWN), f"Refused rows: {count:,}"
        )
    if count > ROWS_SHOWN:
        say(f"The newest {ROWS_SHOWN} are shown; --format csv or json gives all of them.", err=True)


@rejects.command("retry")
@DATA
@CLOCK
@_which_rejects
def retry_rejects(data: DataRoot, reason: str, name: str, *, clock_is_right: bool) -> None:
    """Try refused rows again, once their cause is mended: a limit raised, a time come, a newer tzdata.

    The refused rows of each file that has a row like that are read again, from its staged copy, in a full refresh.
    What is sound now is loaded, once, and leaves the list.
    """
    with open_published(data) as published:
        [count] = _query(published, "reports.rejects", "count", reason=reason, name=name).fetchall()[0]
    if not count:
        raise SpendgateError("no refused row is like that: see `spendgate rejects list`")
    run_job(data, "refresh", trusted=False, retry={"reason": reason, "file": name}, clock_is_right=clock_is_right)


@cli.command("sql")
@DATA
@click.argument("query")
@FORMAT
def sql_command(data: DataRoot, query: str, format_: str) -> None:
    """Query the published copy, read-only."""
    from assets.readers import answer

    def show(result: duckdb.DuckDBPyConnection) -> None:
        names = [column[0] for column in result.description or []]
        if len(set(names)) < len(names):
            raise SpendgateError(f"two columns have the same name among {', '.join(names)}: give them aliases")
        FORMATS[format_](result)

    answer(data, query, show)


def _query(
    connection: duckdb.DuckDBPyConnection, file: str, statement: str, /, **values: Any
) -> duckdb.DuckDBPyConnection:
    return connection.execute(sql(file, statement), values or None)


for command in COMMANDS:
    cli.add_command(command)
