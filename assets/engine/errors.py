"""What a person can mend, in one line.

Belongs here: the error meant for people, and how other errors are told to them. Does not: telling it.
"""

from assets.engine.shown import printable


class SpendgateError(Exception):
    """A mistake or a state that a person can mend; the text names the culprit and the fix."""


class QueryError(SpendgateError):
    """A reader's query that cannot be answered; the text has the lines that show where, and what was meant."""


def all_lines(error: BaseException) -> str:
    """What an error says, each line of it as text."""
    return "\n".join(printable(line) for line in str(error).strip().split("\n"))


def first_line(error: BaseException) -> str:
    """What an error says, without the drawings that databases add; what it quotes is text."""
    return printable(str(error).strip().partition("\n")[0])
