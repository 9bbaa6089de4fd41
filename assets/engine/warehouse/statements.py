"""The SQL files: each a table with the statements that write it, a step, a report, or a check.

Belongs here: finding files and the statements in them. Does not: running them (`warehouse`).

What comes before the first `-- name:` of a file is its definition; a check is nothing but one statement.
"""

import functools
import re
from pathlib import Path

SQL = Path(__file__).resolve().parents[3] / "sql"

NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def file_of(name: str) -> Path:
    """The SQL file of a table, step or check, such as `internal.attempts`."""
    return SQL / f"{name.replace('.', '/')}.sql"


@functools.cache
def whole(file: str) -> str:
    """Text of a SQL file."""
    return file_of(file).read_text(encoding="utf-8")


@functools.cache
def statements(file: str) -> dict[str, str]:
    """The statements of a SQL file by their names; its definition has none."""
    definition, *named = NAME.split(whole(file))
    return {"": definition, **dict(zip(named[::2], named[1::2], strict=True))}


def sql(file: str, statement: str = "") -> str:
    """Text of a statement; without a name, of the file's definition."""
    return statements(file)[statement]


def first_comment(file: str) -> str:
    """What a SQL file says of itself in its first lines."""
    lines = whole(file).splitlines()
    comment = lines[: next(place for place, line in enumerate(lines) if not line.startswith("--"))]
    return " ".join(line.removeprefix("--").strip() for line in comment)
