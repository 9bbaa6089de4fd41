"""Commands that show something: status, explain, rejects, sql.

Belongs here: their arguments. Does not: how results look (`printing`).
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

import click
import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.explanation import explain as explain_status
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import sql
from pipelines.cli.explanations import explanation_lines
from pipelines.cli.options import CLOCK, DATA, ID, Instant
from pipelines.cli.printing import (
    ROWS_SHOWN,
    for_people,
    print_csv,
    print_json,
    print_json_rows,
    print_rows,
    print_words,
    say,
)
from pipelines.cli.running import RunRequest, run_job

# --- reading


@click.command()
@DATA
@click.option("--brand", "brand_id", type=ID, help="Only this brand's campaigns.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts and ad servers.")
def status(data: DataRoot, brand_id: int | None, *, as_json: bool) -> None:
    """Show which campaigns may run, and why."""
    with open_published(data) as published:
        if as_json:
            print_json_rows(published.execute(sql("reports.status", "statuses"), {"brand_id": brand_id}))
            return
        counts = dict(published.execute(sql("reports.status", "status_counts"), {"brand_id": brand_id}).fetchall())
        title = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        print_rows(
            published.execute(sql("reports.status", "campaigns"), {"brand_id": brand_id, "at_most": ROWS_SHOWN}),
            f"Campaigns: {title}" if counts else "Campaigns: none",
        )
    if sum(counts.values()) > ROWS_SHOWN:
        say(f"The {ROWS_SHOWN} that changed last are shown; --brand shows one brand's, --json all.", err=True)


@click.command()
@DATA
@click.argument("campaign_id", type=ID)
@click.option("--at", type=Instant(), help="Why it had the status it had then.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
def explain(data: DataRoot, campaign_id: int, at: datetime | None, *, as_json: bool) -> None:
    """Tell why a campaign has its status, and derive it again from the ledger."""
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
        say("what is stored does not follow from the ledger: see 'derived again'", colour="red", err=True)


FORMATS: dict[str, Callable[[duckdb.DuckDBPyConnection], None]] = {
    "table": print_rows,
    "csv": print_csv,
    "json": print_json_rows,
}

FORMAT = click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="table", show_default=True)


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


@click.command("sql")
@DATA
@click.argument("query")
@FORMAT
def sql_command(data: DataRoot, query: str, format_: str) -> None:
    """Query the published copy, read-only."""
    from assets.engine.reader_queries import answer

    def show(result: duckdb.DuckDBPyConnection) -> None:
        names = [column[0] for column in result.description or []]
        if len(set(names)) < len(names):
            raise SpendgateError(f"two columns have the same name among {', '.join(names)}: give them aliases")
        FORMATS[format_](result)

    answer(data, query, show)


COMMANDS = (status, explain, rejects, sql_command)
