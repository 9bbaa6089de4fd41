r"""What was delivered, shown as text wherever it is shown: never obeyed by a terminal or a log.

Belongs here: how text of a deliverer is written for each of them. Does not: what is shown, nor how it is laid out.

What would be obeyed, or would not be seen, is written as an escape: `\x1b` for a control character of ASCII, `\u202e`
for any other character, `\xff` for a byte that is no UTF-8. All other text stays as it is, in any language; so text
that has been escaped stays the same when it is escaped again.
"""

import logging
import re
from typing import Any

_JOINED = "\u0600-\u109f\u1780-\u18af\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
"""Scripts and pictures in which an invisible joiner between two characters is part of how they are written."""

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # controls: escape sequences, colours, titles, links, line ends
    "\u2028\u2029"  # line ends, too
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the direction of what follows
    "\u00ad\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # are not seen
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"  # nor are these
    "\ud800-\udfff"  # cannot be written as UTF-8
    "]"
    f"|(?<![{_JOINED}])[\u200c\u200d]|[\u200c\u200d](?![{_JOINED}])"  # joiners that join nothing
)

_NOT_UTF8 = range(0xDC80, 0xDD00)
"""As which Python reads the bytes 80 to ff of a file's name where they are no UTF-8."""


def printable(text: str) -> str:
    """Text for a terminal, a log, a file's name, or a line of anything else: one line, nothing in it is obeyed."""
    return text if text.isprintable() else _UNSAFE.sub(_escape, text)  # most is, and looking is 40 times as fast


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code in _NOT_UTF8:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class _Line(logging.LogRecord):
    """What is logged, as one line of text."""

    def getMessage(self) -> str:  # noqa: N802 the name of the standard library
        return printable(super().getMessage())


class _Lines(logging.LogRecord):
    """What Dagster logs, which may quote an error of a step, with its traceback."""

    def getMessage(self) -> str:  # noqa: N802 the name of the standard library
        return "\n".join(map(printable, super().getMessage().split("\n")))


_RECORDS = {"spendgate": _Line, "dagster": _Lines}


def _record(name: str | None, *rest: Any, **more: Any) -> logging.LogRecord:
    record = _RECORDS.get((name or "").partition(".")[0], logging.LogRecord)
    return record(name, *rest, **more)  # type: ignore[arg-type]


def log_as_text() -> None:
    """Make text of whatever spendgate and Dagster log from now on, whoever writes it or keeps it.

    Of each record, not in a handler: Dagster adds handlers of its own while a step runs.
    """
    logging.setLogRecordFactory(_record)
