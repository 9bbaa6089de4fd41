"""Commands for history that an engine makes: backfill, adopt.

Belongs here: their arguments, and how their results are told. Does not: how it is done (`engine.history`).
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.publication import publish
from pipelines.cli.options import DATA, ENGINE
from pipelines.cli.printing import for_people, progress, say
from pipelines.cli.running import held_warehouse

if TYPE_CHECKING:
    from assets.engine.history.adoption import Adopted


@click.command(short_help="Take in months of old events, on an engine.")
@DATA
@ENGINE
@click.option("--no-adopt", is_flag=True, help="Only make it: `spendgate adopt` takes it in later.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def backfill(data: DataRoot, folder: Path, *, engine: str | None, tasks: int | None, no_adopt: bool) -> None:
    """Take in the files of events below FOLDER, which were never delivered here.

    A distributed engine reads, prices and sums them, by the reference data as it is now, while runs here go on; then
    they are adopted in one transaction, or not at all. The files are read where they lie, and stay there.
    """
    from assets.engine.history.backfill import begin_backfill
    from assets.engine.history.computing import compute
    from assets.engine.history.engine import connected

    if engine is None:
        raise SpendgateError("--on names the engine: sc://HOST:PORT, or sail:2 for two workers here")
    with connected(engine, tasks) as session:
        with held_warehouse(data, "backfill") as warehouse:
            given = begin_backfill(warehouse, folder, engine)
        say(f"attempt {given.attempt.name}: {len(given.readings):,} files")
        compute(session, given, progress("pricing"))
    if no_adopt:
        say(f"Made, and not taken in: `spendgate adopt {given.attempt.name}` does that.")
        return
    _adopt(data, given.attempt.name)


@click.command(short_help="Take in what an engine has made.")
@DATA
@click.argument("attempt")
def adopt(data: DataRoot, attempt: str) -> None:
    """Take ATTEMPT, which `spendgate backfill` has made, into the ledger: in one transaction, or not at all."""
    _adopt(data, attempt)


def _adopt(data: DataRoot, name: str) -> None:
    from assets.engine.history.adoption import adopt as take_in
    from assets.engine.history.attempt import Attempt

    with held_warehouse(data, "adopt") as warehouse:
        adopted = take_in(warehouse, Attempt(data, name))
        publish(warehouse)
    if adopted is None:
        say(f"Attempt {name} was adopted before: nothing was changed.")
        return
    _tell(adopted)


def _tell(adopted: "Adopted") -> None:
    say(
        f"Adopted: {adopted.events:,} events of {adopted.files:,} files, {adopted.transactions:,} transactions over"
        f" {for_people(adopted.spend)}; {adopted.waiting:,} wait for an ad or a price."
    )
    say("The next run decides by it.")


COMMANDS = (backfill, adopt)
