"""Commands that show something: status, explain, rejects, sql.

Belongs here: their arguments. Does not: how results look (`printing`).
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click
import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.explanation import explain as explain_status
from assets.engine.freshness import Freshness, freshness
from assets.engine.known_brands import require_brands
from assets.engine.rows_as_text import column_names
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import sql
from pipelines.cli.explanations import explanation_lines
from pipelines.cli.options import CLOCK, DATA, FORMAT, ID, WIDE, Duration, Instant, format_option
from pipelines.cli.printing import (
    FORMATS,
    ROWS_SHOWN,
    for_people,
    print_json,
    print_rows,
    print_words,
    say,
)
from pipelines.cli.running import RunRequest, run_job

# --- reading


STATUSES_TOO_OLD = 3
"""Exit code of `status --max-age`."""


@click.command(
    short_help="Show which campaigns may run, and what holds them.",
    epilog="""\b
Examples:
  spendgate status --brand 7
  spendgate status --format json | jq '.[] | select(.status == "RUNNING") | .campaign_id'
  spendgate status --max-age 10m || echo "do not trust these"
""",
)
@DATA
@click.option("--brand", "brand_id", type=ID, help="Only this brand's campaigns.")
@click.option("--max-age", type=Duration(), help="Exit with 3 when the statuses are older, such as 10m.")
@FORMAT
@WIDE
def status(data: DataRoot, brand_id: int | None, max_age: timedelta | None, format_: str, *, wide: bool) -> None:
    """Show which campaigns may run, and what holds the others."""
    with open_published(data) as published:
        as_of = freshness(data, published, datetime.now(UTC))
        require_brands(published, None if brand_id is None else [brand_id])
        if format_ == "table":
            print_statuses(published, brand_id, as_of, wide=wide)
        else:
            FORMATS[format_](published.execute(sql("reports.status", "statuses"), {"brand_id": brand_id}))
    if max_age is not None and as_of.age > max_age:
        say(f"error: the statuses are {as_of.in_words}, more than --max-age allows: {OUTDATED}", colour="red", err=True)
        raise click.exceptions.Exit(STATUSES_TOO_OLD)
    if as_of.age > timedelta(minutes=data.settings().stale_after_minutes):
        say(f"These statuses are {as_of.in_words}: {OUTDATED}", colour="red", err=True)


OUTDATED = "is the daemon of `spendgate ui` running? `spendgate run` brings them up to date"


def print_statuses(published: duckdb.DuckDBPyConnection, brand_id: int | None, as_of: Freshness, *, wide: bool) -> None:
    """Print the campaigns of a brand, or all, with what holds them."""
    counts = dict(published.execute(sql("reports.status", "status_counts"), {"brand_id": brand_id}).fetchall())
    published.execute(sql("reports.status", "shown"), {"brand_id": brand_id, "at_most": ROWS_SHOWN})
    many = ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "no campaigns"
    print_rows(published.execute(sql("reports.status", "campaigns")), f"{many}; {as_of.told}", wide=wide)
    if sum(counts.values()) > ROWS_SHOWN:
        say(f"The {ROWS_SHOWN} that changed last are shown; --brand shows one brand's, --format json all.", err=True)


@click.command(
    short_help="Tell what holds a campaign, and why it has its status.",
    epilog="""\b
Examples:
  spendgate explain 77
  spendgate explain 77 --at 2025-06-10T12:00:00Z
""",
)
@DATA
@click.argument("campaign_id", type=ID)
@click.option("--at", type=Instant(), help="Why it had the status it had then.")
@format_option("table", "json", told="In words, or as JSON.")
def explain(data: DataRoot, campaign_id: int, at: datetime | None, format_: str) -> None:
    """Tell what holds a campaign, why it has its status, and derive that again from the ledger."""
    now = datetime.now(UTC)
    with open_published(data) as published:
        as_of = freshness(data, published, now)
        explanation = explain_status(published, campaign_id, at=at, now=now)
    if format_ == "json":
        print_json(asdict(explanation))
    else:
        last = explanation.changes[-1]
        name = explanation.versions.campaign_name or ""
        title = f"Campaign {campaign_id} {name}: {last.to_status} since {for_people(last.decided_at)} UTC"
        lines = explanation_lines(explanation)
        print_words(lines if at else [lines[0], ("statuses", as_of.told), *lines[1:]], title)
    if explanation.differences:
        say("what is stored does not follow from the ledger: see 'derived again'", colour="red", err=True)


@click.group()
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
            FORMATS[format_](published.execute(sql("reports.rejects", "all"), which))
            return
        [count] = published.execute(sql("reports.rejects", "count"), which).fetchall()[0]
        print_rows(
            published.execute(sql("reports.rejects", "newest"), {**which, "at_most": ROWS_SHOWN}),
            f"Refused rows: {count:,}",
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
        [count] = published.execute(sql("reports.rejects", "count"), {"reason": reason, "name": name}).fetchall()[0]
    if not count:
        raise SpendgateError("no refused row is like that: see `spendgate rejects list`")
    run_job(
        data,
        "refresh",
        RunRequest(trusted=False, retry={"reason": reason, "file": name}, clock_is_right=clock_is_right),
    )


@click.command(
    "sql",
    epilog="""\b
Examples:
  spendgate sql "from mart.brand_budget"
  spendgate sql "select * from mart.daily_spend where local_date = current_date" --format csv > spend.csv
""",
)
@DATA
@click.argument("query")
@FORMAT
@WIDE
def sql_command(data: DataRoot, query: str, format_: str, *, wide: bool) -> None:
    """Query the published copy, read-only."""
    from assets.engine.reader_queries import answer

    def show(result: duckdb.DuckDBPyConnection) -> None:
        names = column_names(result)
        if len(set(names)) < len(names):
            raise SpendgateError(f"two columns have the same name among {', '.join(names)}: give them aliases")
        if format_ == "table":
            print_rows(result, wide=wide)
        else:
            FORMATS[format_](result)

    answer(data, query, show)


COMMANDS = (status, explain, rejects, sql_command)
