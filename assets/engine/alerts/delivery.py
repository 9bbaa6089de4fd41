"""Telling receivers of alerts: each of each alert once, many of them in one message.

Belongs here: whose turn it is, what a message says, what is noted before and after. Does not: how it gets there
(`receivers`).

What is about to be sent is noted before. A process that dies between the sending and the note of it leaves that note,
and the next one sends it again and says so: rather twice than never.
"""

import fcntl
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import datetime

from assets.engine.alerts.ledger import Ledger, Line, open_ledger
from assets.engine.alerts.receivers import Receiver, room, send
from assets.engine.data_root import DataRoot
from assets.engine.shown import printable

log = logging.getLogger("spendgate.alerts")

LINES = 20
"""In one message; of more it says how many."""

AT_ONCE = 16
"""Receivers that are sent to at the same time, so that one that does not answer holds up no other."""


def deliver(root: DataRoot, receivers: list[Receiver], now: datetime) -> str:
    """Send each receiver what it has not got yet, if it is its turn.

    Returns:
        What came of it, in words.
    """
    with _alone(root) as alone, open_ledger(root) as ledger:
        if not alone:
            return "another process is sending"
        ledger.doubt()
        return _deliver(root, ledger, receivers, now)


@contextmanager
def _alone(root: DataRoot) -> Iterator[bool]:
    """Whether nobody else sends, as long as the block lasts."""
    with root.alerts_file.with_suffix(".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _deliver(root: DataRoot, ledger: Ledger, receivers: list[Receiver], now: datetime) -> str:
    sent = failed = 0
    with ThreadPoolExecutor(AT_ONCE) as threads:
        under_way = {}
        for receiver in receivers:
            lines = ledger.begin(receiver.hash, now, LINES)
            if lines:
                title, body = message(root, lines, room(receiver))
                under_way[threads.submit(send, receiver, title, body)] = receiver
        for each in as_completed(under_way):
            receiver, error = under_way[each], each.result()
            if error is None:
                ledger.sent(receiver.hash, now)
                sent += 1
            else:
                ledger.not_sent(receiver.hash, error, now)
                log.warning("receiver %s has not got the alerts: %s; it is tried again", receiver.name, error)
                failed += 1
    return f"{sent} receivers told, {failed} to be tried again" if sent or failed else "nothing to tell"


def message(root: DataRoot, lines: list[Line], longest: int) -> tuple[str, str]:
    """Title and body of one message about one or many alerts."""
    count = lines[0].messages
    title = f"spendgate: {count:,} alert{'s' if count > 1 else ''}"
    page = f"\nReport: {root.report_file}" if root.report_file.exists() else ""
    end = f"All: spendgate alerts list --data {root.path}{page}"
    body = ""
    for told, line in enumerate(lines):
        more = f"and {count - told - 1:,} more\n" if told + 1 < count else ""
        text = f"{body}{_words(line)}\n"
        if len(text) + len(more) + len(end) > longest and told:
            break
        body = text
        left = more
    return title, (body + left + end)[:longest]


def _words(line: Line) -> str:
    again = " (again: it is not known whether this had got through)" if line.doubt else ""
    over = f" (over since {line.over_since})" if line.over_since else ""
    return printable(f"{line.kind}: {line.message}{over}{again}") + "\n  " + printable(line.fix)
