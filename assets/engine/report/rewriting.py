"""The report page follows the published copy, and never holds it back.

Belongs here: when the page is written again, and what becomes of a page that cannot be. Does not: what is in it
(`page`).
"""

import logging
from datetime import datetime

from assets.engine.data_root import DataRoot
from assets.engine.errors import first_line
from assets.engine.warehouse.publication import state_of_file

log = logging.getLogger("spendgate.report")


HEAD = 1000
"""Bytes of a page within which it says of which state of the copy it is."""


def rewrite_report(root: DataRoot, now: datetime) -> str | None:
    """Write the page for everybody, unless the one that is there is of the very copy that is published.

    So whoever publishes need not say whether anything changed, and a page that could not be written, or was not since
    its process had been killed, is written by the next run though that publishes nothing.

    Returns:
        Why it could not be written; None: it is as it should be. Statuses do not wait for a page.
    """
    if not root.published_file.exists():
        return None
    try:
        if _is_current(root):
            return None
        from assets.engine.report.page import write_report

        write_report(root, root.report_file, now)
    except Exception as error:  # noqa: BLE001 whatever it is, the copy is published, and the run goes on
        told = f"the report page is not written: {first_line(error)}"
        log.error(told)
        return told
    return None


def _is_current(root: DataRoot) -> bool:
    if not root.report_file.exists():
        return False
    revision, recorded_at = state_of_file(root.published_file)
    with root.report_file.open("rb") as page:
        return f'"{revision} {recorded_at.isoformat()}"'.encode() in page.read(HEAD)
