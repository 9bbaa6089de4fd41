"""Commands that keep what there is: verify, back up, restore, recover, migrate, rebuild.

Belongs here: their arguments, and how their results are told. Does not: what they do (`assets`), nor how they are made.
"""

import logging
from dataclasses import astuple
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.publication import publish
from pipelines.cli.options import CLOCK, DATA
from pipelines.cli.printing import for_people, print_table, say
from pipelines.cli.running import RunRequest, run_job, show_log

if TYPE_CHECKING:
    from assets.engine.backup import Sums
    from assets.engine.warehouse.warehouse import Warehouse
from pipelines.cli.running import held_warehouse, progress

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(short_help="Read all files against their hashes, and the sums.")
@DATA
@CLOCK
def verify(data: DataRoot, *, clock_is_right: bool) -> None:
    """Read every sealed file and staged copy against its hash, and the sums against the ledger.

    Exits with 1 when something is not as it should be, and says which file, of which day, and what to do.
    """
    from assets.engine.verification import verify as verify_all

    with held_warehouse(data, "verify", clock_is_right=clock_is_right) as warehouse:
        findings = verify_all(warehouse, progress("verifying"))
        publish(warehouse)
        sealed = int(warehouse.value("ops.sealed_files", "count"))
    if findings:
        print_table(["what", "day", "remedy"], [astuple(finding) for finding in findings], "Not as it should be")
        raise SpendgateError(f"{len(findings)} findings: the remedies stand beside them")
    say(f"All is whole: {sealed:,} sealed files, the staged copies, and the sums over the ledger.")


@click.command(short_help="Copy all that is needed to go on elsewhere.")
@DATA
@click.argument("folder", type=FOLDER)
def backup(data: DataRoot, folder: Path) -> None:
    """Copy all that is needed to go on elsewhere to FOLDER, while everything runs.

    Again into the same folder, only what is new is copied. The copy is opened and added up before it counts.
    """
    from assets.engine.backup import back_up

    show_log(logging.WARNING)
    _tell_sums(back_up(data, DataRoot(folder.resolve()), progress("copying")), f"Backed up to {folder}")


@click.command(short_help="Take a backup back.")
@DATA
@click.argument("folder", type=FOLDER)
def restore(data: DataRoot, folder: Path) -> None:
    """Take a backup in FOLDER back. The warehouse in its place, if there is one, is kept aside."""
    from assets.engine.backup import restore as take_back

    with held_warehouse(data, "restore", clock_is_right=True) as warehouse:
        sums = take_back(warehouse, DataRoot(folder.resolve()), progress("copying"))
        data.published_file.unlink(missing_ok=True)  # it is of the warehouse kept aside
        publish(warehouse)
    _tell_sums(sums, f"Restored from {folder}, and published")
    say("`spendgate run` loads what was delivered since.")


def _tell_sums(sums: "Sums", title: str) -> None:
    say(
        f"{title}: revision {sums.revision:,}, {sums.events:,} events, {sums.transactions:,} transactions over"
        f" {for_people(sums.amount)}, {sums.changes:,} changes of statuses; read back and the same."
    )


@click.command(short_help="Bring back a warehouse that does not open.")
@DATA
def recover(data: DataRoot) -> None:
    """Bring back a warehouse that does not open, as power loss or a bad disk leave it.

    The damaged files are kept aside. What was not in the newest state that can be read is loaded again.
    """
    from assets.engine.recovery import deliver_unknown_copies
    from assets.engine.recovery import recover as bring_back

    with held_warehouse(data, "recover", clock_is_right=True) as warehouse:
        done = bring_back(warehouse)
        if done.cause is None:
            say("The warehouse opens and can be read to its end: there is nothing to recover.")
            return
        publish(warehouse)
    say(f"The warehouse could not be used: {done.cause}")
    for file in done.aside:
        say(f"kept aside: {file}")
    if done.state:
        published = "none" if done.published_revision is None else f"{done.published_revision:,}"
        say(f"brought back: {done.state.what}, revision {done.state.revision:,} (published copy: {published})")
    say("What is missing is loaded again from the delivered files:")
    failed = _run_refresh(data)
    with held_warehouse(data, "recover", clock_is_right=True) as warehouse:
        delivered = deliver_unknown_copies(warehouse)
    for file in delivered:
        say(f"delivered again, since only its staged copy was left: {file}")
    if delivered:
        failed = _run_refresh(data)
    if failed:
        raise SpendgateError(f"the warehouse is back; what is left to mend: {failed}")


def _run_refresh(data: DataRoot) -> SpendgateError | None:
    """Load what lies there; returns what keeps the run from being sound, such as a sealed day that is lost, too."""
    try:
        run_job(data, "refresh", RunRequest(trusted=False, clock_is_right=True))
    except SpendgateError as failed:
        return failed
    return None


@click.command(short_help="Bring the warehouse up to this version.")
@DATA
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
def migrate(data: DataRoot, *, dry_run: bool) -> None:
    """Bring the warehouse up to this version of spendgate; every run does so by itself."""
    from assets.engine.warehouse.migrations import VERSION, pending_migrations
    from assets.engine.warehouse.warehouse import version_of_file

    version = version_of_file(data.warehouse_file)
    pending = pending_migrations(version or VERSION, data.warehouse_file)
    if not pending:
        say(f"The warehouse has version {version or 'none yet'}: nothing is to be done.")
        return
    for migration in pending:
        say(f"version {migration.version}: {migration.what}")
    if dry_run:
        say(f"{data.warehouse_file} has version {version}: nothing was changed. A copy is kept when it is done.")
        return
    with held_warehouse(data, "migrate", clock_is_right=True) as warehouse:
        publish(warehouse)
    say(f"The warehouse has version {VERSION} now, and is published; a copy of it as it was lies beside it.")


COMPARISON = ["table", "rows live", "rows rebuilt", "only live", "only rebuilt", "not compared"]


@click.command(short_help="Make ledger and sums again, and compare.")
@DATA
@CLOCK
@click.option("--swap", "swapped", is_flag=True, help="Put the rebuilt one in the live one's place, and publish.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Make only the lost sealed files of this day again.")
def rebuild(data: DataRoot, *, swapped: bool, day: datetime | None, clock_is_right: bool) -> None:
    """Make ledger and sums again from the staged files, and compare them with the live ones.

    The live warehouse is only read. Statuses, their history and the versions of reference data are kept. Exits with 1
    when a table differs and nothing was swapped. With --day, a sealed day that is lost or damaged gets its files back.
    """
    if day and swapped:
        raise SpendgateError("--day puts files in their place by itself: leave --swap out")
    with held_warehouse(data, "rebuild", clock_is_right=clock_is_right) as warehouse:
        if day:
            _reseal(warehouse, day.date())
            return
        differing = _compare(warehouse)
        if swapped:
            _swap(warehouse)
        elif differing:
            raise SpendgateError(f"{', '.join(differing)} came out otherwise: `--swap` takes the rebuilt ones")
        else:
            say(f"The rebuilt warehouse is {data.rebuilt_file}; nothing was swapped.")


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
    warehouse.run("ops.evidence_checks", "clear")  # what was derived before was derived from the other ledger
    warehouse.run("ops.watermarks", "remove_checks")
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


COMMANDS = (rebuild, verify, backup, restore, recover, migrate)
