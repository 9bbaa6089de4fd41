"""`spendgate rebuild`: ledger and sums made again and compared, here or on a distributed engine.

Belongs here: its arguments, and how its results are told. Does not: how it is done (`engine.rebuild` and
`engine.history`).
"""

from dataclasses import astuple
from datetime import date
from typing import TYPE_CHECKING

import click

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.publication import publish
from pipelines.cli.options import CLOCK, DATA, DAY, ENGINE, days_option
from pipelines.cli.printing import print_table, progress, say
from pipelines.cli.running import held_warehouse

if TYPE_CHECKING:
    from assets.engine.warehouse.warehouse import Warehouse

COMPARISON = ["table", "rows live", "rows rebuilt", "only live", "only rebuilt", "not compared"]


@click.command(short_help="Make ledger and sums again, and compare.")
@DATA
@CLOCK
@ENGINE
@days_option("With --on: from this UTC day on.", "With --on: up to this UTC day, included.")
@click.option("--swap", "swapped", is_flag=True, help="Put the rebuilt one in the live one's place, and publish.")
@click.option("--day", type=DAY, metavar="DAY", help="Make only the lost sealed files of this day again.")
def rebuild(  # noqa: PLR0913 options
    data: DataRoot,
    *,
    engine: str | None,
    tasks: int | None,
    days: tuple[date | None, date | None],
    swapped: bool,
    day: date | None,
    clock_is_right: bool,
) -> None:
    """Make ledger and sums again from the staged files, and compare them with the live ones.

    The live warehouse is only read. Statuses, their history and the versions of reference data are kept. Exits with 1
    when a table differs and nothing was swapped. With --day, a sealed day that is lost or damaged gets its files back.

    With --on, a distributed engine makes events, transactions and spend again, while runs here go on; lost days among
    them get their files back, and nothing else is changed.
    """
    if engine:
        if day or swapped:
            raise SpendgateError("--on compares, and gives lost days their files back: leave --day and --swap out")
        _rebuild_on(data, engine, tasks, days)
        return
    if any(days) or tasks:
        raise SpendgateError("--from, --to and --tasks belong to --on, which names an engine")
    if day and swapped:
        raise SpendgateError("--day puts files in their place by itself: leave --swap out")
    with held_warehouse(data, "rebuild", clock_is_right=clock_is_right) as warehouse:
        if day:
            _reseal(warehouse, day)
            return
        differing = _compare(warehouse)
        if swapped:
            _swap(warehouse)
        elif differing:
            raise SpendgateError(f"{', '.join(differing)} came out otherwise: `--swap` takes the rebuilt ones")
        else:
            say(f"The rebuilt warehouse is {data.rebuilt_file}; nothing was swapped.")


def _rebuild_on(data: DataRoot, url: str, tasks: int | None, days: tuple[date | None, date | None]) -> None:
    """Make history again on an engine, and tell how it compares."""
    from assets.engine.history.rebuild import rebuild_on

    rebuilt = rebuild_on(lambda: held_warehouse(data, "rebuild"), url, days, tasks=tasks, track=progress("pricing"))
    print_table(
        ["table", "rows live", f"rows on {url}", "only live", "only there"],
        [astuple(row) for row in rebuilt.compared],
        "The live warehouse and the one made again",
    )
    for file in rebuilt.mended:
        say(f"made again: sealed/{file.name}, {file.rows:,} rows, as many and over as much as were sealed")
    differing = [row.table for row in rebuilt.compared if row.only_live or row.only_made]
    if differing:
        raise SpendgateError(f"{', '.join(differing)} came out otherwise: {rebuilt.attempt.folder} has what was made")
    say(f"All the same, in {rebuilt.states} states of the reference data.")


def _reseal(warehouse: "Warehouse", day: date) -> None:
    from assets.engine.rebuild.reseal import reseal_day

    files = reseal_day(warehouse, day, warehouse.root.settings(), progress("reading again"))
    publish(warehouse)
    for file in files:
        say(f"made again: sealed/{file.name}, {file.rows:,} rows, as many and over as much as were sealed")


def _compare(warehouse: "Warehouse") -> list[str]:
    """Rebuild and tell how it compares; returns the tables that came out otherwise."""
    from assets.engine.rebuild.rebuild import rebuild as make_again

    compared = make_again(warehouse, warehouse.root.settings(), progress("rebuilding"))
    print_table(COMPARISON, [astuple(row) for row in compared], "The live warehouse and the rebuilt one")
    not_compared = [row.table for row in compared if row.why_not]
    differing = [row.table for row in compared if row.only_live or row.only_rebuilt]
    if not_compared:
        say(f"Not compared, since the live one cannot be read: {', '.join(not_compared)}.")
    if not differing and len(not_compared) < len(compared):
        say("All the rest is the same." if not_compared else _sameness(warehouse))
    return differing


def _sameness(warehouse: "Warehouse") -> str:
    """What it means that a rebuilt warehouse is the same: what is left of no file was not read again."""
    from assets.engine.delivery.staging import can_be_staged_again

    loaded = warehouse.run("raw.event_files", "loaded").fetchall()
    gone = sum(not can_be_staged_again(warehouse.root, *file) for file in loaded)
    if not loaded:
        return "There was nothing to compare: no file of events or payments has been loaded."
    if gone:
        return (
            f"All the same, but {gone:,} of {len(loaded):,} loaded files are gone with their copies: their rows were"
            " taken over, not read again."
        )
    return "All the same."


def _swap(warehouse: "Warehouse") -> None:
    """Take the rebuilt warehouse, and hold what was decided against its ledger."""
    from assets.checks import BROKEN, CHECKS, breaking_rows
    from assets.engine.rebuild.rebuild import swap

    swap(warehouse)
    warehouse.run("internal.evidence_checks", "clear")  # what was derived before was derived from the other ledger
    warehouse.run("internal.watermarks", "remove_checks")
    publish(warehouse)
    root = warehouse.root
    say(f"The rebuilt warehouse is the live one now, and published; the other is {root.replaced_file}.")
    rules = [name for name, (_, severity) in CHECKS.items() if severity == BROKEN]
    broken = {name.removeprefix("checks."): len(rows) for name in rules if len(rows := breaking_rows(warehouse, name))}
    if broken:
        told = ", ".join(f"{name} ({rows} rows)" for name, rows in broken.items())
        raise SpendgateError(
            f"it was swapped, and these rules do not hold in it: {told}. See them with `spendgate run`"
        )


COMMANDS = (rebuild,)
