"""What brands spent beyond their budgets, and why.

Belongs here: the order of the statements. Does not: what is a cause (`sql/mart/overspend.sql`).
"""

import logging

import duckdb

from assets.engine.errors import first_line
from assets.engine.warehouse.sealed_tables import names_lost_day
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.overspend")


def measure_overspend(warehouse: Warehouse) -> int:
    """Recompute what brands spent beyond their budgets, and why, for the periods that are due.

    Due is what has new transactions, and what a new budget or a decision's new finding bears upon.

    Returns:
        How many periods of brands' budgets were due; 0 when they wait for a sealed day that cannot be read.
    """
    try:
        return _measure_overspend(warehouse)
    except duckdb.InvalidInputException as error:
        if not names_lost_day(error):
            raise
        log.error("overspend is computed when this is mended: %s", first_line(error))
        return 0


def _measure_overspend(warehouse: Warehouse) -> int:
    with warehouse.transaction():
        due = place_costs(warehouse)
        warehouse.run("mart.overspend", "remove_due")
        any_exceeded = len(warehouse.connection.table("exceeded_periods")) > 0
        exceeded = int(warehouse.value("mart.overspend", "add")) if any_exceeded else 0
        warehouse.run("internal.overspend_due", "clear")
    log.info("overspend computed for %d periods of brands; %d budgets were gone beyond", due, exceeded)
    return due


def place_costs(warehouse: Warehouse) -> int:
    """Make `placed_costs` of the periods that are due, and the tables that it reads; returns how many are due."""
    warehouse.run("steps.overspend", "budget_history")
    due = int(warehouse.value("steps.overspend", "due_periods"))
    warehouse.run("steps.overspend", "exceeded_periods")
    warehouse.run("steps.overspend", "placed_costs")
    return due
