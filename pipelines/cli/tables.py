"""Tables for people, as wide as the terminal is.

Belongs here: which columns a width holds, and how they are laid out. Does not: what is in them, nor printing it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

READABLE = 28
"""Characters: words may be wrapped into a column as narrow as this."""

LEAST_COLUMNS = 2
GAP = 2


def columns_that_fit(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> int:
    """How many columns, from the first on, a width holds; those that come first matter most."""
    used = -GAP
    for place, _ in enumerate(names):
        used += GAP + _width_wanted(names, rows, place)
        if used > width:
            return max(LEAST_COLUMNS, place)
    return len(names)


def _width_wanted(names: Sequence[str], rows: Sequence[Sequence[str]], place: int) -> int:
    texts = [names[place], *(row[place] for row in rows)]
    longest = max(map(len, texts))
    return min(longest, READABLE) if _has_words(rows, place) else min(longest, 2 * READABLE)


def _has_words(rows: Sequence[Sequence[str]], place: int) -> bool:
    """Whether what is in a column may be wrapped: more than two words."""
    return any(row[place].count(" ") > 1 for row in rows)


def table_of(names: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> "Table":
    """A table of texts; `numeric` columns stand to the right. No word is broken that fits into a line."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for place, name in enumerate(names):
        table.add_column(
            Text(name),
            justify="right" if numeric[place] else "left",
            overflow="fold",
            min_width=0 if _has_words(rows, place) else _width_wanted(names, rows, place),
        )
    for row in rows:
        table.add_row(*map(Text, row))  # as Text: brackets are no markup
    return table
