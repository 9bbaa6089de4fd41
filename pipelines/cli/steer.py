"""Commands with which a person steers: set-status, acknowledge, mend-versions, recut.

Belongs here: their arguments, and who says why. Does not: what is allowed (`engine`).
"""

import os
from collections.abc import Callable
from dataclasses import astuple
from datetime import datetime
from typing import Any

import click

from assets.engine.data_root import DataRoot
from assets.engine.manual_status import MANUAL_CHANGES, ManualChange
from assets.engine.rows_as_text import column_names
from assets.engine.warehouse.publication import open_published, publish
from assets.engine.warehouse.statements import sql
from pipelines.cli.options import CLOCK, DATA, FORMAT, ID, Instant
from pipelines.cli.printing import (
    FORMATS,
    for_people,
    print_table,
    say,
)
from pipelines.cli.running import held_warehouse


@click.command("set-status", short_help="Pause, resume, complete, draft or reopen a campaign.")
@DATA
@CLOCK
@click.argument("campaign_id", type=ID)
@click.argument("status", type=click.Choice(list(MANUAL_CHANGES), case_sensitive=False))
@click.option("--reason", "note", required=True, help="Why, for whoever reads the history.")
@click.option("--by", "changed_by", default=lambda: os.environ.get("USER", "unknown"), help="Who (default: $USER).")
@click.option("--until", type=Instant(), help="When a pause ends by itself, as SCHEDULED.")
@click.option("--reopen", is_flag=True, help="Take a COMPLETED campaign up again.")
@click.option("--now", type=Instant(), help="The instant it is done at (default: now); for replays.")
def set_status(data: DataRoot, now: datetime | None, status: str, *, clock_is_right: bool, **wanted: Any) -> None:
    """Pause, resume (SCHEDULED), complete, draft or reopen a campaign by hand."""
    from assets.engine.manual_status import set_status as change_status
    from assets.engine.sealing.files import verify_changed_files

    change = ManualChange(status=status.upper(), **wanted)
    with held_warehouse(data, "set-status", now=now, clock_is_right=clock_is_right) as warehouse:
        verify_changed_files(warehouse)
        before = change_status(warehouse, change)
        publish(warehouse)
        over = change.until is not None and change.until <= warehouse.now
    end = f" until {for_people(change.until)} UTC" if change.until else ""
    if before is None:
        say(f"campaign {change.campaign_id} is {change.status}{end} already: nothing was recorded")
        return
    say(f"campaign {change.campaign_id}: {before} -> {change.status}{end}")
    if over:
        say("that has passed already: the pause ends with the next decision", colour="yellow", err=True)


@click.group(invoke_without_command=True, short_help="List what waits for a person, or say that it may stay.")
@DATA
@FORMAT
@click.pass_context
def acknowledge(context: click.Context, data: DataRoot, format_: str) -> None:
    """List what is refused or gone and waits for a person, or say that it may stay so."""
    if context.invoked_subcommand:
        if context.get_parameter_source("data") is click.core.ParameterSource.COMMANDLINE:
            os.environ["SPENDGATE_DATA"] = str(data.path)  # a --data after the subcommand is nearer, and wins
        return
    with open_published(data) as published:
        result = published.execute(sql("reports.open", "everything"))
        if format_ != "table":
            FORMATS[format_](result)
            return
        names, rows = column_names(result), result.fetchall()
    if rows:
        print_table(names, rows, f"Open: {len(rows):,}")
    else:
        say("Nothing is open: no refused file lies there, no file is mostly refused, no reference row has vanished.")


def _says_who_and_why(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of whoever acknowledges something."""
    reason = click.option("--reason", required=True, help="Why, for whoever reads the history.")
    who = click.option("--by", default=lambda: os.environ.get("USER", "unknown"), help="Who (default: $USER).")
    return reason(who(command))


@acknowledge.command("file")
@DATA
@CLOCK
@click.argument("name")
@_says_who_and_why
def acknowledge_file(data: DataRoot, name: str, *, clock_is_right: bool, **said: str) -> None:
    """Let no check name a refused, or mostly refused, file any more.

    NAME is as `spendgate acknowledge` lists it, or its last parts, such as the file's name without its folders, if only
    one of them has these. It holds for what has been delivered so far, not for a later delivery under the same name.
    """
    from assets.engine.acknowledgement import Acknowledgement
    from assets.engine.acknowledgement import acknowledge_file as note

    with held_warehouse(data, "acknowledge", clock_is_right=clock_is_right) as warehouse:
        file = note(warehouse, name, Acknowledgement(**said))
        publish(warehouse)
    say(f"acknowledged: {file}; a later delivery under this name is another matter")


@acknowledge.command("row", context_settings={"ignore_unknown_options": True})  # an id may be below zero
@DATA
@CLOCK
@click.argument("table")
@click.argument("id_", metavar="ID")
@_says_who_and_why
def acknowledge_row(data: DataRoot, table: str, id_: str, *, clock_is_right: bool, **said: str) -> None:
    """Say that a reference row is gone for good; its last version stays in force.

    TABLE and ID are as `spendgate acknowledge` lists them. It holds until the row comes back and vanishes again.
    """
    from assets.engine.acknowledgement import Acknowledgement
    from assets.engine.acknowledgement import acknowledge_row as note

    with held_warehouse(data, "acknowledge", clock_is_right=clock_is_right) as warehouse:
        note(warehouse, table, id_, Acknowledgement(**said))
        publish(warehouse)
    say(f"acknowledged: {table} {id_} is gone; its last version stays in force")


@click.command("mend-versions", short_help="Bring rows into force that a wrong clock put off.")
@DATA
@CLOCK
@click.option("--reason", required=True, help="Why, for whoever reads the history.")
@click.option("--by", "mended_by", default=lambda: os.environ.get("USER", "unknown"), help="Who (default: $USER).")
def mend_versions(data: DataRoot, reason: str, mended_by: str, *, clock_is_right: bool) -> None:
    """Bring reference rows into force now that a wrong clock had put into the future."""
    from assets.engine.reference.mending import mend_versions as mend

    with held_warehouse(data, "mend-versions", clock_is_right=clock_is_right) as warehouse:
        mended = mend(warehouse, mended_by=mended_by, reason=reason)
        publish(warehouse)
    for name, rows in mended.items():
        if rows:
            say(f"{name}: {rows} rows are in force from now on")


@click.command(short_help="Cut a brand's history anew by its present zone.")
@DATA
@CLOCK
@click.argument("brand_id", type=ID)
@click.option("--reason", required=True, help="Why, for whoever reads the history.")
@click.option("--by", "recut_by", default=lambda: os.environ.get("USER", "unknown"), help="Who (default: $USER).")
@click.option("--dry-run", is_flag=True, help="Show what would move, and write nothing.")
def recut(data: DataRoot, brand_id: int, *, dry_run: bool, clock_is_right: bool, **said: str) -> None:
    """Cut the history of a brand anew by its present zone, when another one was delivered wrongly from the start.

    An ordinary change of a zone needs no command: it holds from the next local midnight and moves nothing.
    """
    from assets.engine.recutting import preview_recut
    from assets.engine.recutting import recut as cut_anew
    from assets.engine.sealing.files import verify_changed_files

    with held_warehouse(data, "recut", clock_is_right=clock_is_right) as warehouse:
        verify_changed_files(warehouse)
        if dry_run:
            done = preview_recut(warehouse, brand_id)
        else:
            done = cut_anew(warehouse, brand_id, **said)
            publish(warehouse)
    if done.moves:
        names = ["period", "starts on", "spend before", "spend after"]
        print_table(names, [astuple(move) for move in done.moves], f"Brand {brand_id} by {done.timezone}")
    else:
        say(f"No spend of brand {brand_id} moves to another day or month.")
    if dry_run:
        say("Nothing was written.")
    else:
        say(f"brand {brand_id}: all of its history is by {done.timezone} now; the next run decides by it")


COMMANDS = (set_status, acknowledge, mend_versions, recut)
