"""Which states hold that somebody is to be told of, by what the warehouse, or the published copy, says.

Belongs here: holding those against the ledger. Does not: what is such a state (`sql/steps/alerts.sql`), nor sending
(`delivery`).
"""

import logging
import sqlite3
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa

from assets.engine.alerts.ledger import FROM_EVER, Key, Ledger, State, open_ledger
from assets.engine.errors import first_line
from assets.engine.settings import Settings, listed
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.alerts")

KINDS = ("LIMIT", "OVERSPEND", "FILE_QUARANTINED", "REJECTED_SHARE", "NO_DELIVERIES", "NOTHING_DECIDED")
"""Kinds of alerts whose states are found here; of others the ledger's rows are left alone."""


def note_states(
    connection: duckdb.DuckDBPyConnection, ledger: Ledger, settings: Settings, now: datetime, clock: datetime
) -> int:
    """Open an alert for each state that holds and has none, and close those that are over.

    Args:
        connection: to the warehouse, or to the published copy.
        ledger: of alerts.
        settings: what is a state, and how long alerts are kept.
        now: the instant that is asked about.
        clock: when it is noted.

    Returns:
        How many are new.
    """
    columns = ("kind", "subject", "threshold", "period_start")
    keys = ledger.open_keys(KINDS)
    known = pa.table({name: pa.array([getattr(key, name) for key in keys], pa.string()) for name in columns})
    connection.execute(
        sql("steps.alerts", "hold"),
        {
            "now": now,
            "percents": [int(percent) for percent in listed(settings.alert_percents)],
            "amounts": listed(settings.alert_amounts),
            "silence_hours": float(settings.alert_silence_hours),
        },
    )
    connection.register("known_alerts", known)
    try:
        new = [State(*row) for row in connection.execute(sql("steps.alerts", "new")).fetchall()]
        over = [Key(*row) for row in connection.execute(sql("steps.alerts", "over")).fetchall()]
    finally:
        connection.unregister("known_alerts")
    opened = ledger.note(new, over, clock)
    ledger.forget(clock - timedelta(days=settings.keep_alerts_days))
    return opened


def note_in_run(warehouse: Warehouse) -> None:
    """Note the states that a run has found, also those that the next one ends, where alerts are on.

    Whatever is wrong with the ledger, the run goes on: it decides and publishes.
    """
    root = warehouse.root
    if not root.alerts_file.exists():
        return
    try:
        with open_ledger(root) as ledger:
            if ledger.is_on:
                settings, clock = root.settings(), warehouse.clock()
                opened = note_states(warehouse.connection, ledger, settings, warehouse.now, clock)
                log.info("alerts: %d new states", opened)
                _show(warehouse, ledger)
    except (sqlite3.Error, duckdb.Error, OSError) as error:
        log.error("alerts are noted later: %s", first_line(error))


def _show(warehouse: Warehouse, ledger: Ledger) -> None:
    """Bring the readers' table up to the ledger."""
    since = warehouse.value("ops.alerts", "newest_time") or FROM_EVER
    keep = timedelta(days=warehouse.root.settings().keep_alerts_days)
    warehouse.connection.register("listed_alerts", ledger.listed(since=since))
    try:
        with warehouse.transaction():
            warehouse.run("ops.alerts", "apply_ledger")
            warehouse.run("ops.alerts", "forget", before=warehouse.clock() - keep)
    finally:
        warehouse.connection.unregister("listed_alerts")
