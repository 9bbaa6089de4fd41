"""Commands that keep what there is: verify, back up, restore, recover, migrate.

Belongs here: their arguments, and how their results are told. Does not: what they do (`assets`), nor how they are made.
"""

import logging
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.publication import publish
from pipelines.cli.options import CLOCK, DATA
from pipelines.cli.printing import for_people, print_table, progress, say
from pipelines.cli.running import RunRequest, held_warehouse, run_job, show_log

if TYPE_CHECKING:
    from assets.engine.backup import Sums

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
    from assets.engine.warehouse.migrations import VERSION, pending_migrations, version_of_file

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


COMMANDS = (verify, backup, restore, recover, migrate)
