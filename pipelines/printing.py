"""How results look: tables and words for people, CSV and JSON for machines.

Belongs here: the form of what is shown. Does not: where it comes from. Whatever is printed is printed from here, as
text (see `assets.shown`); JSON has escapes of its own for whatever is not ASCII.
"""

import csv
import json
import math
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click
import duckdb

from assets.evidence import Change, Crossing, Explanation, Present
from assets.shown import printable

if TYPE_CHECKING:
    from rich.console import Console

REASONS = {
    "INITIAL": "it appeared in the campaigns file with this status",
    "DAILY_BUDGET_REACHED": "it was RUNNING, and its brand had spent its budget of the day",
    "MONTHLY_BUDGET_REACHED": "it was RUNNING, and its brand had spent its budget of the month",
    "UNDER_BUDGET": "it had been stopped for a budget, and none of its brand was reached any more",
    "BRAND_INACTIVE": "it was RUNNING, and its brand was no longer active",
    "WINDOW_CLOSED": "it was RUNNING, and its window had closed",
    "WINDOW_OPEN": "it was SCHEDULED, its window was open, its brand active and no budget reached",
    "NO_WINDOW": "it was SCHEDULED, its brand was active and no budget reached; it has no window to wait for",
    "PAUSE_ENDED": "the pause that a person had set was over",
    "MANUAL": "a person set it",
}
"""The rule behind each reason, in words."""


def _names(result: duckdb.DuckDBPyConnection) -> list[str]:
    return [column[0] for column in result.description or []]


def say(text: str, *, colour: str | None = None, err: bool = False) -> None:
    """Print a line for people."""
    click.secho(printable(text), fg=colour, err=err)


def print_rows(result: duckdb.DuckDBPyConnection, title: str | None = None) -> None:
    """Print the rows of a query as a table."""
    print_table(_names(result), result.fetchall(), title)


def print_table(names: list[str], rows: list[tuple[Any, ...]], title: str | None = None) -> None:
    """Print rows as a table."""
    from rich.table import Table
    from rich.text import Text

    def text(value: Any, style: str = "") -> Text:
        return Text(for_people(value), style)  # as Text: brackets are no markup

    table = Table(title=text(title, "table.title") if title else None, title_justify="left", header_style="bold")
    for place, name in enumerate(names):
        numeric = any(isinstance(row[place], (int, float, Decimal)) for row in rows)
        table.add_column(text(name), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(text, row))
    console().print(table)


def print_words(lines: list[tuple[str, str]], title: str) -> None:
    """Print (what, words) below a title, the words beside each other however many lines they need."""
    indent = max(len(what) for what, _ in lines) + 2
    click.secho(printable(title), bold=True)
    for what, words in lines:
        text = textwrap.TextWrapper(console().width, what.ljust(indent), " " * indent, break_long_words=False)
        click.echo(text.fill(printable(words)))


def console(*, stderr: bool = False) -> "Console":
    """A terminal as wide as it is; a file or a pipe has no width, and nothing is cut."""
    from rich.console import Console

    terminal = Console(stderr=stderr)
    if not terminal.is_terminal:
        terminal.width = 200
    return terminal


def for_people(value: Any) -> str:
    """A value as people read it; amounts exact, with at least cents."""
    match value:
        case None:
            return ""
        case Decimal():
            whole, point, decimals = f"{value:,f}".partition(".")
            return f"{whole}.{decimals.rstrip('0'):0<2}" if point else whole
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case _:
            return printable(str(value))


def print_csv(result: duckdb.DuckDBPyConnection) -> None:
    """Print the rows of a query as CSV, a line each, safe to open in a spreadsheet and to look at in a terminal."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(map(_csv_safe, _names(result)))
    for row in _rows(result):
        writer.writerow(map(_csv_safe, row))


def _csv_safe(value: Any) -> Any:
    """Text as text; what a spreadsheet would take for a formula gets an apostrophe before it."""
    match value:
        case None | int() | float() | Decimal():
            return value
        case str() if value.startswith(("=", "+", "-", "@", "\t", "\r")):
            return f"'{printable(value)}"
        case datetime() | date() | time():
            return _machine_text(value)
        case _:
            return printable(str(value))


def print_json_rows(result: duckdb.DuckDBPyConnection) -> None:
    """Print the rows of a query as a JSON array, an object per line."""
    names = _names(result)
    before = "["
    for row in _rows(result):
        values = (_json_value(value) for value in row)
        sys.stdout.write(f"{before}\n  {json.dumps(dict(zip(names, values, strict=True)))}")
        before = ","
    click.echo("[]" if before == "[" else "\n]")


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """The rows, some thousand at a time: a million of them at once are gigabytes."""
    while some := result.fetchmany(10_000):
        yield from some


def print_json(value: Any) -> None:
    """Print a value as JSON; amounts and instants as exact text."""
    click.echo(json.dumps(_json_value(value), indent=2))


def _json_value(value: Any) -> Any:
    """The value in JSON's own types; what it has none for as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case dict():
            return {str(_json_value(key)): _json_value(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_json_value(inner) for inner in value]
        case _:
            return _machine_text(value)


def _machine_text(value: Any) -> str:
    """Text of what JSON has no type for; amounts stay exact, instants are UTC."""
    match value:
        case datetime() if value == datetime.max.replace(tzinfo=value.tzinfo):
            return "infinity"
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)


# --- explanations


def explanation_lines(explanation: Explanation) -> list[tuple[str, str]]:
    """An explanation in plain words, as (what, words)."""
    last, versions = explanation.changes[-1], explanation.versions
    lines = [("why", _hop(change)) for change in explanation.changes]
    if last.reason == "MANUAL":
        lines.append(("who", f"{last.changed_by}: {last.note}"))
    if last.paused_until:
        lines.append(("until", f"{for_people(last.paused_until)} UTC, then SCHEDULED by itself"))
    clock = f"{versions.local_time:%Y-%m-%d %H:%M:%S} in {last.timezone}"
    lines += [
        ("at", f"{for_people(last.decided_at)} UTC, {clock}"),
        ("day", _spend(last.daily_spend, last.daily_budget)),
        ("month", _spend(last.monthly_spend, last.monthly_budget)),
        ("window", _window(last.window_start, last.window_end)),
    ]
    if explanation.crossing:
        lines.append(("crossed by", _crossing(explanation.crossing, last)))
    lines += [
        ("counted", f"costs of batches up to {last.watermark_batch_id}"),
        ("campaign", f"as loaded in batch {versions.campaign_batch_id}"),
        ("brand", f"{last.brand_id} {versions.brand_name or ''}, as loaded in batch {versions.brand_batch_id}"),
        ("run", f"{last.run_id}, recorded {for_people(last.recorded_at)} UTC as change {last.change_id}"),
        ("before", _before(explanation.before)),
        ("derived anew", "; ".join(explanation.differences) or "the same"),
        ("a decision", _present(explanation.present)),
    ]
    return lines


def _hop(change: Change) -> str:
    return f"{change.from_status or 'new'} -> {change.to_status}, {change.reason}: {REASONS[change.reason]}"


def _spend(spend: Decimal, budget: Decimal | None) -> str:
    return f"{for_people(spend)} of {'no limit' if budget is None else for_people(budget)}"


def _window(start: datetime | None, end: datetime | None) -> str:
    return f"{for_people(start)} - {for_people(end)} UTC" if start else "any time"


def _crossing(crossing: Crossing, change: Change) -> str:
    in_period = change.monthly_spend if crossing.period == "MONTH" else change.daily_spend
    after = for_people(in_period - crossing.spend_with_it) if in_period > crossing.spend_with_it else "nothing"
    return (
        f"{crossing.cost_type.lower()} on ad {crossing.ad_id} (campaign {crossing.campaign_id}) at"
        f" {for_people(crossing.occurred_at)} UTC for {for_people(crossing.amount)}:"
        f" {for_people(crossing.spend_before_it)} before it, {for_people(crossing.spend_with_it)} with it,"
        f" {after} after it; transaction {crossing.transaction_id}, line {crossing.line_number} of {crossing.file}"
    )


def _before(change: Change | None) -> str:
    if change is None:
        return "nothing: it was new"
    return f"{change.to_status} since {for_people(change.decided_at)} UTC ({change.reason})"


def _present(present: Present) -> str:
    """What a decision makes of it at the instant asked for, and what holds it where it is."""
    at = f"at {for_people(present.at)} UTC"
    if present.reasons:
        return f"{at} would make it {present.final_status} ({', '.join(present.reasons)})"
    facts = [
        f"day {_spend(present.daily_spend, present.daily_budget)}",
        f"month {_spend(present.monthly_spend, present.monthly_budget)}",
        f"window {'open' if present.window_open else 'closed'}",
        "brand active" if present.is_active else "brand inactive",
    ]
    expected = f"{for_people(present.next_change_at)} UTC" if present.next_change_at else "never"
    return f"{at} would leave it {present.status}: {', '.join(facts)}; next change with no new spend: {expected}"
