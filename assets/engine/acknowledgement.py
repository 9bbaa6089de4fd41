"""What a person says may stay as it is: a refused file, a reference row that is gone for good.

Belongs here: which one is meant, and the record of it. Does not: what is open (the views `ops.open_files` and
`internal.open_missing_rows`), nor what to do about it.
"""

from dataclasses import dataclass
from difflib import get_close_matches

from assets.engine.errors import SpendgateError
from assets.engine.kinds import REFERENCE_TABLES
from assets.engine.warehouse.warehouse import Warehouse

NAMED = 5
"""So many of those that are open are named to somebody who asks for another one."""


@dataclass(frozen=True)
class Acknowledgement:
    """Who says it, and why."""

    by: str
    reason: str

    def __post_init__(self) -> None:
        if not (self.by.strip() and self.reason.strip()):
            raise SpendgateError("an acknowledgement needs a reason, and who gives it")


def acknowledge_file(warehouse: Warehouse, name: str, said: Acknowledgement) -> str:
    """Take it that a delivered file was refused, or most of its rows, and let no check name it any more.

    It holds for what has been delivered under that name so far, not for a later delivery.

    Args:
        warehouse: the live one.
        name: as the ledger has it, or its last parts, if only one open file has them.
        said: who says so, and why.

    Returns:
        The whole name.

    Raises:
        SpendgateError: no open file has that name, or several.
    """
    with warehouse.transaction() as recorded_at:
        files = warehouse.run("ops.open_files", "list").fetchall()
        meant = _meant(name, list(dict.fromkeys(open_name for _, open_name in files)))
        for file_id, open_name in files:
            if open_name == meant:
                warehouse.run(
                    "internal.acknowledgements", "add",
                    acknowledged_at=recorded_at, acknowledged_by=said.by, reason=said.reason,
                    file_id=file_id, table_name=None, id=None,
                )  # fmt: skip
    return meant


def _meant(name: str, names: list[str]) -> str:
    """The one of the names that is meant: itself, or by its last parts."""
    for found in (
        [other for other in names if other == name],
        [other for other in names if name and other.endswith(f"/{name}")],
    ):
        if len(found) > 1:
            raise SpendgateError(f"{len(found)} open files end in {name!r}: {_some(found)}; give more of the name")
        if found:
            return found[0]
    raise SpendgateError(f"no open file is called {name!r}; {_open(name, names, 'files')}")


def acknowledge_row(warehouse: Warehouse, table: str, id_: str, said: Acknowledgement) -> None:
    """Take it that a reference row is gone for good; its last version stays in force.

    It holds until the row is delivered again: should it vanish once more, that is another matter.

    Args:
        warehouse: the live one.
        table: a reference table.
        id_: the row's key, as the check `reference_rows_stay` names it.
        said: who says so, and why.

    Raises:
        SpendgateError: no such row is open.
    """
    if table not in REFERENCE_TABLES:
        raise SpendgateError(f"{table!r} is no reference table: those are {', '.join(REFERENCE_TABLES)}")
    with warehouse.transaction() as recorded_at:
        rows = warehouse.run("internal.open_missing_rows", "list").fetchall()
        file_ids = {(row_table, row_id): file_id for row_table, row_id, file_id in rows}
        if (table, id_) not in file_ids:
            ids = [row_id for row_table, row_id in file_ids if row_table == table]
            raise SpendgateError(f"no row {id_!r} of {table} has vanished and is open; {_open(id_, ids, 'ids')}")
        warehouse.run(
            "internal.acknowledgements", "add",
            acknowledged_at=recorded_at, acknowledged_by=said.by, reason=said.reason,
            file_id=file_ids[table, id_], table_name=table, id=id_,
        )  # fmt: skip


def _open(wanted: str, names: list[str], what: str) -> str:
    """What is open, those first that could have been meant."""
    if not names:
        return "none is open"
    close = get_close_matches(wanted, names, NAMED)
    return f"open {what}: {_some([*close, *(name for name in names if name not in close)])}"


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more (`spendgate acknowledge` lists them)" if more > 0 else "")
