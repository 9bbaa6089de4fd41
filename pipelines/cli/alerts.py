"""Commands for alerts: list them, send them now, and try who receives them.

Belongs here: their arguments, and the variable of the environment. Does not: what is told, and when (`engine.alerts`).
"""

import logging
import os

import click
import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from pipelines.cli.options import DATA, FORMAT
from pipelines.cli.printing import FORMATS, ROWS_SHOWN, say


@click.group(short_help="List alerts, send what waits, try who receives them.")
def alerts() -> None:
    """List alerts, send what waits, and try who receives them."""


@alerts.command("list")
@DATA
@click.option("--all", "closed_too", is_flag=True, help="Also those that are over.")
@FORMAT
def list_alerts(data: DataRoot, format_: str, *, closed_too: bool) -> None:
    """List the states that hold and were told, the newest first, and which receiver has got them.

    Receivers are called by their number and the scheme of their URL.
    """
    from assets.engine.alerts.ledger import FROM_EVER, open_ledger

    if not data.alerts_file.exists():
        raise SpendgateError(HOW)
    with open_ledger(data) as ledger:
        rows = ledger.listed(since=FROM_EVER if closed_too else None, open_too=True)
    shown = rows
    if format_ == "table":
        shown = rows.select(["kind", "threshold", "opened_at", "closed_at", "message", "receivers"]).slice(
            0, ROWS_SHOWN
        )
    with duckdb.connect() as memory:
        memory.register("alerts", shown)
        FORMATS[format_](memory.execute("from alerts"))
    if format_ == "table" and len(rows) > ROWS_SHOWN:
        say(f"The newest {ROWS_SHOWN} of {len(rows):,} are shown; --format csv or json gives all.", err=True)


@alerts.command("send")
@DATA
def send_alerts(data: DataRoot) -> None:
    """Note which states hold and tell receivers what they have not got yet: what the daemon does every minute."""
    import dagster as dg

    from assets.engine.alerts.receivers import receivers_of
    from assets.engine.warehouse.clock import utc_now
    from pipelines.alerting import tick
    from pipelines.cli.running import dagster_home, show_log

    if not receivers_of(data, urls_given()):
        raise SpendgateError(HOW)
    dagster_home(data)
    show_log(logging.WARNING)
    with dg.DagsterInstance.get() as instance:
        say(tick(data, urls_given(), instance, utc_now()))


@alerts.command("test")
@DATA
def test_alerts(data: DataRoot) -> None:
    """Send each receiver a message, and tell what came of it."""
    from assets.engine.alerts.receivers import receivers_of, send

    receivers = receivers_of(data, urls_given())
    if not receivers:
        raise SpendgateError(HOW)
    failed = 0
    for receiver in receivers:
        error = send(receiver, "spendgate: a test", f"Alerts of {data.path} come here.")
        failed += error is not None
        say(f"receiver {receiver.name}: {error or 'sent'}", colour="red" if error else None, err=error is not None)
    if failed:
        raise SpendgateError(f"{failed} of {len(receivers)} receivers did not take the message")


def urls_given() -> str:
    """What the environment says of receivers."""
    return os.environ.get("SPENDGATE_ALERT_URLS", "")


HOW = (
    "alerts are off: put the URLs of receivers into SPENDGATE_ALERT_URLS, or a line each into alerts.urls in the data"
    " root with `chmod 600`, such as json://host/path, mailto://user:password@host, slack://token"
    " (docs/operations.md, Alerts)"
)

COMMANDS = (alerts,)
