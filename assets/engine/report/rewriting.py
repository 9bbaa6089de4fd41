"""The report page follows the published copy, and never holds it back.

Belongs here: when the page is written again, and what becomes of a page that cannot be. Does not: what is in it
(`page`).
"""

import logging
from datetime import datetime

from assets.engine.data_root import DataRoot
from assets.engine.errors import first_line

log = logging.getLogger("spendgate.report")


def rewrite_report(root: DataRoot, now: datetime, *, anew: bool = True) -> str | None:
    """Write the page for everybody, if the copy is another one now or there is no page yet.

    Returns:
        Why it could not be written; None: it is as it should be. Statuses do not wait for a page.
    """
    if not anew and root.report_file.exists():
        return None
    try:
        from assets.engine.report.page import write_report

        write_report(root, root.report_file, now)
    except Exception as error:  # noqa: BLE001 whatever it is, the copy is published, and the run goes on
        told = f"the report page is not written: {first_line(error)}"
        log.error(told)
        return told
    return None
