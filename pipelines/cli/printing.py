"""How results look: tables and words for people, CSV and JSON for machines.

Belongs here: the form of what is shown. Does not: where it comes from. Whatever is printed is printed from here, as
text (see `assets.shown`); JSON has escapes of its own for whatever is not ASCII.
"""

import json
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import click
import duckdb

from assets.engine.rows_as_text import column_names, json_value, write_csv, write_json
from assets.engine.shown import printable

ROWS_SHOWN = 50
"""Campaigns, or refused rows, that people are shown at once."""

WIDE = 2_000
"""Characters: what has no width of its own, such as a file, holds every column."""

TELLS_EVERY = 60.0
"""Seconds between two lines about progress, where there is no terminal to show it in."""

T = TypeVar("T")

if TYPE_CHECKING:
    from rich.console import Console


def say(text: str, *, colour: str | None = None, err: bool = False) -> None:
    """Print a line for people."""
    click.secho(printable(text), fg=colour, err=err)


def print_rows(result: duckdb.DuckDBPyConnection, title: str | None = None, *, wide: bool = False) -> None:
    """Print the rows of a query as a table."""
    print_table(column_names(result), result.fetchall(), title, wide=wide)


def print_table(names: list[str], rows: list[tuple[Any, ...]], title: str | None = None, *, wide: bool = False) -> None:
    """Print rows as a table, the columns in the order of their importance.

    In a terminal that is too narrow the last ones are left out, and named; with `wide`, or in a file, none is.
    """
    from pipelines.cli.tables import columns_that_fit, table_of

    terminal = console()
    texts = [[for_people(value) for value in row] for row in rows]
    numeric = [any(isinstance(row[place], (int, float, Decimal)) for row in rows) for place in range(len(names))]
    shown = len(names)
    if wide or not terminal.is_terminal:
        terminal.width = WIDE
    else:
        shown = columns_that_fit(names, texts, terminal.width)
    if title:
        click.secho(printable(title), bold=True)
    with terminal.capture() as laid_out:
        terminal.print(table_of(names[:shown], [row[:shown] for row in texts], numeric))
    click.echo("\n".join(line.rstrip() for line in laid_out.get().splitlines()))
    if shown < len(names):
        say(f"Left out, for a narrow terminal: {', '.join(names[shown:])}.", err=True)


def print_words(lines: list[tuple[str, str]], title: str) -> None:
    """Print (what, words) below a title, the words beside each other however many lines they need."""
    indent = max(len(what) for what, _ in lines) + 2
    click.secho(printable(title), bold=True)
    for what, words in lines:
        text = textwrap.TextWrapper(console().width, what.ljust(indent), " " * indent, break_long_words=False)
        click.echo(text.fill(printable(words)))


def console(*, stderr: bool = False) -> "Console":
    """A terminal as wide as it is; a file or a pipe has no width: words are wrapped as for a wide one."""
    from rich.console import Console

    terminal = Console(stderr=stderr)
    if not terminal.is_terminal:
        terminal.width = 120
    return terminal


def progress(what: str) -> Callable[[list[T]], Iterable[T]]:
    """Shows progress over a list: a bar in a terminal, a line a minute in a file."""
    from rich.progress import track

    terminal = console(stderr=True)
    if not terminal.is_terminal:
        return lambda items: _told_now_and_then(items, what)
    return lambda items: track(items, what, console=terminal, transient=True)


def _told_now_and_then(items: list[T], what: str) -> Iterator[T]:
    told_at = time.monotonic()
    for number, item in enumerate(items):
        if time.monotonic() - told_at >= TELLS_EVERY:
            told_at = time.monotonic()
            say(f"{what}: {number:,} of {len(items):,}", err=True)
        yield item


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
        case list():
            return ", ".join(map(for_people, value))
        case _:
            return printable(str(value))


def print_csv(result: duckdb.DuckDBPyConnection) -> None:
    """Print the rows of a query as CSV."""
    write_csv(result, sys.stdout)


def print_json_rows(result: duckdb.DuckDBPyConnection) -> None:
    """Print the rows of a query as a JSON array."""
    write_json(result, sys.stdout)


def print_json(value: Any) -> None:
    """Print a value as JSON; amounts and instants as exact text."""
    click.echo(json.dumps(json_value(value), indent=2))


FORMATS: dict[str, Callable[[duckdb.DuckDBPyConnection], None]] = {
    "table": print_rows,
    "csv": print_csv,
    "json": print_json_rows,
}
"""How the rows of a query may be printed."""
