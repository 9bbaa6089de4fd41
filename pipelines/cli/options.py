"""Options and arguments that several commands take.

Belongs here: how they are read and what they are called. Does not: what a command does with them.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError


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


class Duration(click.ParamType[timedelta]):
    """How long: a number and s, m, h or d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it strictly."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"([0-9]{1,6})([smhd])", value)
        if found is None:
            self.fail(f"'{value}' is not a duration such as 30s, 10m, 2h or 1d", param, ctx)
        unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[found[2]]
        return timedelta(**{unit: int(found[1])})


class Brands(click.ParamType[list[int]]):
    """Numbers of brands, with commas between them."""

    name = "ids"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """Read them strictly."""
        if isinstance(value, list):
            return value
        if not re.fullmatch(r"-?[0-9]{1,18}(,-?[0-9]{1,18})*", value):
            self.fail(f"'{value}' is not a list of brands such as 1,2", param, ctx)
        return [int(number) for number in value.split(",")]


BRANDS = Brands()

REPLACE = click.option("--replace", is_flag=True, help="Take the place of what is there.")

ID = click.IntRange(-(2**63), 2**63 - 1)


def format_option(*formats: str, told: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add `--format`, and `--json` for scripts of before there was one."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        json = click.option("--json", "as_json", is_flag=True, hidden=True)
        choice = click.option(
            "--format", "format_", type=click.Choice(formats), default="table", show_default=True, help=told
        )

        @wraps(command)
        def with_format(*arguments: Any, format_: str, as_json: bool, **options: Any) -> None:
            command(*arguments, format_="json" if as_json else format_, **options)

        return choice(json(with_format))

    return add


FORMAT = format_option("table", "json", "csv", told="JSON and CSV hold every row, exactly.")
WIDE = click.option("--wide", is_flag=True, help="Every column, however narrow the terminal is.")

NOW = click.option("--now", type=Instant(), help="Decide for this instant; what happened after it does not count.")

CLOCK = click.option(
    "--clock-is-right", is_flag=True, help="The clock is right, though it is behind or far ahead of the newest record."
)


class Day(click.DateTime):
    """A date, such as 2025-06-10."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it strictly."""
        return super().convert(value, param, ctx).date()


DAY = Day()


def days_option(told_first: str, told_last: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add `--from` and `--to`, handed on as one `days`: the first and the last of them; None: without end."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        first_option = click.option("--from", "first", type=DAY, metavar="DAY", help=told_first)
        last_option = click.option("--to", "last", type=DAY, metavar="DAY", help=told_last)

        @wraps(command)
        def with_days(*arguments: Any, first: date | None, last: date | None, **options: Any) -> None:
            if first and last and last < first:
                raise click.BadParameter(f"{last} is before --from {first}", param_hint="--to")
            command(*arguments, days=(first, last), **options)

        return first_option(last_option(with_days))

    return add


class Month(click.ParamType[date]):
    """A month of a calendar, as its first date."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read it strictly."""
        if isinstance(value, date):
            return value
        if not re.fullmatch(r"2[0-9]{3}-(0[1-9]|1[0-2])", value):
            self.fail(f"'{value}' is not a month such as 2026-10", param, ctx)
        return date.fromisoformat(f"{value}-01")


MONTH = Month()


def ENGINE(command: Callable[..., Any]) -> Callable[..., Any]:  # noqa: N802 stands among the options
    """Where history is made: `--on`, and into how many tasks it is divided there."""
    on = click.option("--on", "engine", metavar="ENGINE", help="sc://HOST:PORT, or sail:N for N workers here.")
    tasks = click.option("--tasks", type=click.IntRange(min=1), help="With --on: into how many tasks it is divided.")
    return on(tasks(command))
