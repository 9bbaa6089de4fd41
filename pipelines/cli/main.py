"""`spendgate`, the command line for people and scripts.

Belongs here: the group of all commands, exit codes. Does not: the commands, which stand beside it. Dagster takes
seconds to import, so only the commands that run something import it.
"""

import io
import os
import sys
from typing import Any

import click
import duckdb

from assets.engine.errors import QueryError, SpendgateError, all_lines, first_line
from pipelines.cli import (
    alerts,
    finance,
    foresee,
    hand_on,
    health,
    history,
    keep,
    rebuild,
    report,
    run,
    show,
    steer,
    ui,
)
from pipelines.cli.ending import end_unread, told_when_stopped
from pipelines.cli.printing import say

SECTIONS = {
    "Look": (*show.COMMANDS, *report.COMMANDS, *health.COMMANDS, *alerts.COMMANDS),
    "Hand on": hand_on.COMMANDS,
    "Finance": finance.COMMANDS,
    "Foresee": foresee.COMMANDS,
    "Steer": steer.COMMANDS,
    "Run": (*run.COMMANDS, *ui.COMMANDS),
    "Mend": (*rebuild.COMMANDS, *keep.COMMANDS),
    "History": history.COMMANDS,
}


class Sections(click.Group):
    """A group whose help lists its commands by what they are for, and in which a pipe may be left early."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command to its end, or until nobody reads on."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            end_unread()
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 click's own
        """Write a list for each section."""
        longest = max(map(len, self.commands))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                room = formatter.width - 6 - longest
                names = [(str(command.name).ljust(longest), command.get_short_help_str(room)) for command in commands]
                formatter.write_dl(names)


@click.group(
    cls=Sections,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`spendgate COMMAND --help` tells more. `spendgate demo`, then `spendgate status`, is a good beginning.",
)
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
    except QueryError as error:
        for number, line in enumerate(all_lines(error).split("\n")):
            say(line if number else f"error: {line}", colour="red", err=True)
        sys.exit(1)
    except (SpendgateError, OSError, duckdb.Error) as error:
        say(f"error: {first_line(error)}", colour="red", err=True)
        sys.exit(1)


def _require_text(arguments: list[str]) -> None:
    try:
        " ".join(arguments).encode()
    except UnicodeEncodeError:
        raise SpendgateError("an argument is not UTF-8 text") from None


for section in SECTIONS.values():
    for command in section:
        cli.add_command(command)
