"""The SQL files: each is a statement, or the definitions of a schema, that can be read and run by itself.

Belongs here: finding them. Does not: running them (`warehouse`).
"""

import functools
from pathlib import Path

SQL = Path(__file__).resolve().parent.parent / "sql"


@functools.cache
def sql(name: str) -> str:
    """Text of `sql/<name>.sql`."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def first_comment(name: str) -> str:
    """What `sql/<name>.sql` says of itself in its first line."""
    return sql(name).removeprefix("-- ").partition("\n")[0]
