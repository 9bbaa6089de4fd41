"""`spendgate`, the command line for people and scripts.

Belongs here: the group of all commands, exit codes. Does not: the commands, which stand beside it. Dagster takes
seconds to import, so only the commands that run something import it.
"""

import io
import os
import sys

import click
import duckdb

from assets.engine.errors import SpendgateError, first_line
from pipelines.cli import alerts, keep, run, show, steer
from pipelines.cli.ending import told_when_stopped
from pipelines.cli.printing import say


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


for command in (*run.COMMANDS, *show.COMMANDS, *steer.COMMANDS, *keep.COMMANDS, *alerts.COMMANDS):
    cli.add_command(command)
