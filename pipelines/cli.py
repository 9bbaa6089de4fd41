"""`spendgate`, the command line for people and scripts.

Belongs here: arguments, exit codes. Does not: what the commands do, nor how results look (`printing`). Dagster takes
seconds to import, so only the commands that run something import it.
"""

import fcntl
import logging
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, astuple
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import click
import duckdb

from assets.decision import MANUAL_CHANGES, ManualChange, hops, replay
from assets.evidence import explain as explain_status
from assets.settings import DataRoot, SpendgateError, first_line
from assets.warehouse import SQL, open_published, sql
from pipelines.printing import (
    console,
    explanation_lines,
    for_people,
    print_csv,
    print_json,
    print_json_rows,
    print_rows,
    print_table,
    print_words,
)


def _data_root(_context: click.Context, _option: click.Parameter, path: Path) -> DataRoot:
    try:
        return DataRoot(path.resolve())
    except RuntimeError as error:
        raise SpendgateError(f"{str(path)!r} is a link that leads back to itself") from error


DATA = click.option(
    "--data",
    "data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="SPENDGATE_DATA",
    default=Path("data"),
    show_default=True,
    help="The data root; SPENDGATE_DATA names it too.",
    callback=_data_root,
)


class Instant(click.ParamType[datetime]):
    """An instant in ISO 8601; UTC where it names no zone."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it strictly."""
        if isinstance(value, datetime):
            return value
        import pendulum

        try:
            parsed = pendulum.parse(value, tz="UTC") if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) else None
            instant = parsed.in_timezone("UTC") if isinstance(parsed, pendulum.DateTime) else None
        except (ValueError, OverflowError):
            instant = None
        if instant is None:
            self.fail(f"'{value}' is not an instant such as 2025-06-10T12:00:00Z", param, ctx)
        if instant.year < 2000:
            self.fail(f"'{value}' is before the year 2000, in which time begins here", param, ctx)
        return instant


ROWS_SHOWN = 50
"""Campaigns, or refused rows, that people are shown at once."""

ID = click.IntRange(-(2**63), 2**63 - 1)

NOW = click.option("--now", type=Instant(), help="Decide for this instant; what happened after it does not count.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="spendgate")
@click.option("--data", type=click.Path(), help="The data root, for any command.")
def cli(data: str | None) -> None:
    """Price ad events exactly once, keep spend per brand, decide which campaigns may run."""
    if data is not None:
        os.environ["SPENDGATE_DATA"] = data  # a --data after the command is nearer, and wins


def main() -> None:
    """Run the command line: a user's mistake is one line, never a traceback."""
    try:
        " ".join(sys.argv).encode()
        cli()
    except UnicodeEncodeError:
        click.secho("error: an argument is not UTF-8 text", fg="red", err=True)
        sys.exit(1)
    except (SpendgateError, OSError, duckdb.Error) as error:
        click.secho(f"error: {first_line(error)}", fg="red", err=True)
        sys.exit(1)


# --- running


@cli.command()
@DATA
def demo(data: DataRoot) -> None:
    """Deliver a small, lively world dated around now, run everything and show the result."""
    from pipelines.generate import deliver_demo

    now = datetime.now(UTC)
    deliver_demo(data, now)
    click.echo(f"Delivered a demo world to {data.path}.")
    _run(data, "refresh", now=None, trusted=True)
    with open_published(data) as published:
        print_rows(_query(published, "report/brands"), "Brands, each on its own day")
        print_rows(_query(published, "report/campaigns", brand_id=None, at_most=ROWS_SHOWN), "Campaigns")
        print_rows(_query(published, "report/rejects", reason="", name="", at_most=20), "Refused rows")
    click.echo('Next: `spendgate ui` for runs and lineage, `spendgate sql "from mart.daily_spend"` for the spend.')


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
    click.echo(f"Delivered {size['events']:,} events as {format_} to {data.path}.")


@cli.command()
@DATA
@NOW
def run(data: DataRoot, now: datetime | None) -> None:
    """Run one full refresh: reference, ingest, price, spend, decide, publish."""
    _run(data, "refresh", now=now, trusted=now is not None)


@cli.command()
@DATA
@NOW
@click.option("--dry-run", is_flag=True, help="Print what would change and write nothing.")
@click.option("--as-known", is_flag=True, help="Count only what had been recorded by then; a dry run, too.")
def decide(data: DataRoot, now: datetime | None, *, dry_run: bool, as_known: bool) -> None:
    """Decide alone, from what has been summed already.

    A dry run for an instant in the past answers as that instant would have: with the statuses and the reference data
    of then, and the spend up to it that is known today. With --as-known, what came late does not count either.
    """
    if not dry_run and not as_known:
        _run(data, "decide", now=now, trusted=True)
        return
    with open_published(data) as published:
        outlook = replay(published, now or datetime.now(UTC), as_known=as_known)
        due = hops(published)
    for hop in due:
        click.echo(f"campaign {hop.campaign_id}: {hop.from_status or 'new'} -> {hop.to_status} ({hop.reason})")
    click.echo(f"{outlook.due} of {outlook.campaigns} campaigns would change; nothing was written.")


@cli.command()
@DATA
def housekeeping(data: DataRoot) -> None:
    """Remove what has been kept as long as promised; the UI's daemon does so every night."""
    _run(data, "housekeeping", now=None, trusted=True)


@cli.command()
@DATA
@NOW
def seal(data: DataRoot, now: datetime | None) -> None:
    """Move days that can hardly change into immutable Parquet files; the UI's daemon does so every night."""
    _run(data, "seal", now=now, trusted=True)


@cli.command("set-status")
@DATA
@click.argument("campaign_id", type=ID)
@click.argument("status", type=click.Choice(list(MANUAL_CHANGES), case_sensitive=False))
@click.option("--reason", "note", required=True, help="Why, for whoever reads the history.")
@click.option("--by", "changed_by", default=lambda: os.environ.get("USER", "unknown"), help="Who (default: $USER).")
@click.option("--until", type=Instant(), help="When a pause ends by itself, as SCHEDULED.")
@click.option("--reopen", is_flag=True, help="Take a COMPLETED campaign up again.")
@click.option("--now", type=Instant(), help="The instant it is done at (default: now); for replays.")
def set_status(data: DataRoot, now: datetime | None, status: str, **wanted: Any) -> None:
    """Pause, resume (SCHEDULED), complete, draft or reopen a campaign by hand."""
    from uuid import uuid4

    from assets.decision import set_status as change_status
    from assets.warehouse import open_warehouse

    _show_log(logging.WARNING)
    change = ManualChange(status=status.upper(), **wanted)
    wait = data.settings().lock_wait_seconds
    with open_warehouse(data, now=now, run_id=f"set-status-{uuid4()}", wait_seconds=wait) as warehouse:
        before = change_status(warehouse, change)
        warehouse.publish()
        over = change.until is not None and change.until <= warehouse.now
    end = f" until {for_people(change.until)} UTC" if change.until else ""
    if before is None:
        click.echo(f"campaign {change.campaign_id} is {change.status}{end} already: nothing was recorded")
        return
    click.echo(f"campaign {change.campaign_id}: {before} -> {change.status}{end}")
    if over:
        click.secho("that has passed already: the pause ends with the next decision", fg="yellow", err=True)


COMPARISON = ["table", "rows live", "rows rebuilt", "only live", "only rebuilt"]


@cli.command()
@DATA
@click.option("--swap", "swapped", is_flag=True, help="Put the rebuilt one in the live one's place, and publish.")
def rebuild(data: DataRoot, *, swapped: bool) -> None:
    """Make ledger and sums anew from the staged files, and compare them with the live ones.

    The live warehouse is only read. Statuses, their history and the versions of reference data are kept. Exits with 1
    when a table differs and nothing was swapped.
    """
    from uuid import uuid4

    from rich.progress import track

    from assets.rebuilding import rebuild as make_anew
    from assets.rebuilding import swap
    from assets.warehouse import open_warehouse

    _show_log(logging.WARNING)
    settings = data.settings()
    with open_warehouse(data, run_id=f"rebuild-{uuid4()}", wait_seconds=settings.lock_wait_seconds) as warehouse:
        shown = console(stderr=True)
        compared = make_anew(
            warehouse, settings, lambda steps: track(steps, "rebuilding", console=shown, transient=True)
        )
        print_table(COMPARISON, [astuple(row) for row in compared], "The live warehouse and the rebuilt one")
        differing = [row.table for row in compared if row.only_live or row.only_rebuilt]
        if swapped:
            swap(data)
            warehouse.publish()
            click.echo(f"The rebuilt warehouse is the live one now, and published; the other is {data.replaced_file}.")
            return
    if differing:
        raise SpendgateError(f"{', '.join(differing)} came out otherwise: `--swap` takes the rebuilt ones")
    click.echo(f"All the same. The rebuilt warehouse is {data.rebuilt_file}; nothing was swapped.")


@cli.command()
@DATA
@click.option("--host", default="127.0.0.1", show_default=True, help="The UI has no login: see the README.")
@click.option("--port", type=int, default=3000, show_default=True)
def ui(data: DataRoot, host: str, port: int) -> None:
    """Start the Dagster UI with daemon and sensors."""
    _dagster_home(data)
    os.environ["SPENDGATE_DATA"] = str(data.path)
    click.echo(f"Dagster UI on http://{host}:{port} (Ctrl+C ends it)")
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
            print_json_rows(_query(published, "report/statuses", brand_id=brand_id))
            return
        counts = dict(_query(published, "report/status_counts", brand_id=brand_id).fetchall())
        title = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        print_rows(
            _query(published, "report/campaigns", brand_id=brand_id, at_most=ROWS_SHOWN),
            f"Campaigns: {title}" if counts else "Campaigns: none",
        )
    if sum(counts.values()) > ROWS_SHOWN:
        click.echo(f"The {ROWS_SHOWN} that changed last are shown; --brand shows one brand's, --json all.", err=True)


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
        click.secho("what is stored does not follow from the ledger: see 'derived anew'", fg="red", err=True)


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
            FORMATS[format_](_query(published, "report/rejected_rows", **which))
            return
        [count] = _query(published, "report/reject_count", **which).fetchall()[0]
        print_rows(_query(published, "report/rejects", **which, at_most=ROWS_SHOWN), f"Refused rows: {count:,}")
    if count > ROWS_SHOWN:
        click.echo(f"The newest {ROWS_SHOWN} are shown; --format csv or json gives all of them.", err=True)


@rejects.command("retry")
@DATA
@_which_rejects
def retry_rejects(data: DataRoot, reason: str, name: str) -> None:
    """Try refused rows again, once their cause is mended: a limit raised, a time come, a newer tzdata.

    The refused rows of each file that has a row like that are read again, from its staged copy, in a full refresh.
    What is sound now is loaded, once, and leaves the list.
    """
    with open_published(data) as published:
        [count] = _query(published, "report/reject_count", reason=reason, name=name).fetchall()[0]
    if not count:
        raise SpendgateError("no refused row is like that: see `spendgate rejects list`")
    _run(data, "refresh", now=None, trusted=False, retry={"reason": reason, "file": name})


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


# --- how a run is made and told


def _run(
    data: DataRoot, job_name: str, *, now: datetime | None, trusted: bool, retry: dict[str, str] | None = None
) -> None:
    """Run a job in this process, through Dagster, and tell what happened."""
    data.settings()  # a mistake in it is told before Dagster is loaded
    _dagster_home(data)
    _show_log()
    import dagster as dg

    from pipelines.definitions import build_defs

    job = build_defs(data).resolve_job_def(job_name)
    deliveries = {"trusted": trusted, **({"retry": retry} if retry else {})}
    config = {
        "resources": {
            "warehouse": {"config": {"now": now.isoformat() if now else ""}},
            **({"deliveries": {"config": deliveries}} if job_name == "refresh" else {}),
        },
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(run_config=config, instance=instance, raise_on_error=False)
    if not result.success:
        raise SpendgateError(_cause_of_failure(result))
    broken = _tell_checks(result.get_asset_check_evaluations())
    if job_name not in ("housekeeping", "seal"):
        _tell_run(data, result.run_id)
    if broken:
        raise SpendgateError("an invariant does not hold: see the failed checks above")


def _dagster_home(data: DataRoot) -> None:
    """Give Dagster its home below the data root, with the committed configuration and its databases made.

    Two processes that make the databases of a new home at once would spoil them for good.
    """
    data.create()
    home = data.dagster_home
    os.environ["DAGSTER_HOME"] = str(home)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.copyfile(str(resources.files("pipelines") / "dagster.yaml"), home / "dagster.yaml")
        if not (home / "made").exists():
            import dagster as dg

            dg.DagsterInstance.get().dispose()
            (home / "made").touch()


def _cause_of_failure(result: Any) -> str:
    """The innermost error of the first failed step, in one line."""
    for event in result.all_events:
        error = getattr(event.event_specific_data, "error", None)
        if error is not None:
            while error.cause is not None:
                error = error.cause
            message = error.message.strip().splitlines()[0].removeprefix("assets.settings.")
            return f"run {result.run_id} failed: {message.removeprefix('SpendgateError: ')}"
    return f"run {result.run_id} failed: see it in the UI"


def _tell_checks(evaluations: Iterable[Any]) -> bool:
    """Print the checks that did not pass; True when one of them means that something is broken."""
    failed = [evaluation for evaluation in evaluations if not evaluation.passed]
    for evaluation in failed:
        count = evaluation.metadata["breaking_rows"].value
        first = evaluation.metadata["first_rows"].value.splitlines()[0]
        table = evaluation.asset_key.to_user_string().replace("/", ".")
        click.secho(
            f"check {evaluation.check_name} ({table}): {count} rows, such as {first[:300]}",
            fg="yellow",
            err=True,
        )
    return any(evaluation.severity.value == "ERROR" for evaluation in failed)


def _tell_run(data: DataRoot, run_id: str) -> None:
    with open_published(data) as published:
        print_rows(_query(published, "report/run", run_id=run_id), f"Run {run_id}")


def _show_log(level: int = logging.INFO) -> None:
    from rich.logging import RichHandler

    handler = RichHandler(console=console(stderr=True), show_path=False, log_time_format="%H:%M:%S")
    logger = logging.getLogger("spendgate")
    logger.handlers = [handler]
    logger.setLevel(level)


def _query(connection: duckdb.DuckDBPyConnection, name: str, /, **values: Any) -> duckdb.DuckDBPyConnection:
    return connection.execute(sql(name), values or None)
