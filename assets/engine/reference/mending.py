"""What a person mends by hand, with a reason that is kept.

Belongs here: reference rows that a clock put into the future. Does not: lost files (`rebuild.reseal`, `recovery`).
"""

import logging
from datetime import datetime

from assets.engine.errors import SpendgateError
from assets.engine.kinds import REFERENCE_TABLES
from assets.engine.reference.load import keep_versions
from assets.engine.warehouse.warehouse import Warehouse

log = logging.getLogger("spendgate.mending")


def mend_versions(warehouse: Warehouse, *, mended_by: str, reason: str) -> dict[str, int]:
    """Bring reference rows that are not in force yet, since a clock was ahead when they were loaded, into force now.

    Each becomes a new version from now on; what was decided meanwhile stays as it was.

    Returns:
        How many rows of each table.

    Raises:
        SpendgateError: there is none, or nobody says who mends them and why.
    """
    if not (mended_by.strip() and reason.strip()):
        raise SpendgateError("mending needs a reason, and who does it")
    with warehouse.transaction() as recorded_at:
        mended = {name: _bring_in(warehouse, name, recorded_at) for name in REFERENCE_TABLES}
        if not any(mended.values()):
            raise SpendgateError("no reference row is from the future: there is nothing to mend")
        for name in REFERENCE_TABLES:
            if mended[name]:
                what = {"table_name": f"core.{name}", "rows": mended[name]}
                warehouse.run(
                    "internal.mendings", "add", mended_at=recorded_at, mended_by=mended_by, reason=reason, **what
                )
    return mended


def _bring_in(warehouse: Warehouse, name: str, recorded_at: datetime) -> int:
    table = REFERENCE_TABLES[name]
    record = {"batch_id": warehouse.batch_id(recorded_at), "recorded_at": recorded_at}
    warehouse.run("core.versions", "from_the_future", table=table.versions, clock=warehouse.clock(), **record)
    return keep_versions(warehouse, name, mends=True)
