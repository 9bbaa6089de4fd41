"""A warehouse made by an earlier version of spendgate is brought up to this one, with all that is in it.

Belongs here: which version a file has, the steps to this one, and the backup before them. Does not: what a step does
(that is `sql/migrations/<version>_<what>.sql`), nor when it is done (`warehouse`, whenever it opens a file).

Every change of a table ships its step: a file with the next number, whose first line says what it does, and a small
stored warehouse of the version before it in `tests/warehouses`. New columns come last in a definition, as they do when
they are added to a table that is there. Views and macros are defined again by themselves and need no step.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from assets.engine.errors import SpendgateError
from assets.engine.hashing import sha256_of
from assets.engine.warehouse.schema import define, refuse_other_tables
from assets.engine.warehouse.statements import SQL, first_comment, sql


@dataclass(frozen=True)
class Migration:
    """One step: from the version before it to `version`.

    Attributes:
        version: what the file is afterwards, from 2.
        name: of the SQL file that does it.
    """

    version: int
    name: str

    @property
    def what(self) -> str:
        """What it does, in words."""
        return first_comment(self.name)


MIGRATIONS = [
    Migration(int(file.name.partition("_")[0]), f"migrations.{file.stem}")
    for file in sorted((SQL / "migrations").glob("*.sql"))
]

VERSION = MIGRATIONS[-1].version
"""Of the warehouses that this program makes."""


class OtherVersionError(SpendgateError):
    """The published copy was written by another version of spendgate than the one that reads it."""


def version_of(connection: duckdb.DuckDBPyConnection) -> int | None:
    """Version of an open warehouse; None for a new file, 1 for those made before versions were noted."""
    tables = {name for (name,) in connection.execute(sql("database", "tables")).fetchall()}
    if not tables:
        return None
    if "ops.migrations" not in tables:
        return 1
    return int(connection.execute(sql("ops.migrations", "newest")).fetchall()[0][0])


def version_of_file(file: Path) -> int | None:
    """Version of a warehouse that is not open; None where there is none yet."""
    if not file.exists():
        return None
    with duckdb.connect(str(file), read_only=True) as connection:
        return version_of(connection)


def pending_migrations(version: int, file: Path) -> list[Migration]:
    """The steps from a version to this program's.

    Raises:
        SpendgateError: a newer program made the file.
    """
    if version > VERSION:
        raise SpendgateError(
            f"{file} has version {version} and was written by a newer spendgate; this one knows versions up to"
            f" {VERSION}: nothing was changed, update spendgate and run again"
        )
    return [migration for migration in MIGRATIONS if migration.version > version]


def refuse_other_version(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Hold that a file that is only read has this program's version.

    Raises:
        OtherVersionError: it has not.
    """
    version = version_of(connection) or VERSION
    if version < VERSION:
        raise OtherVersionError(
            f"{file} was written by an older spendgate (version {version}): `spendgate run` brings it up to {VERSION}"
        )
    if version > VERSION:
        raise OtherVersionError(f"{file} was written by a newer spendgate (version {version}): update this one")


def back_up(file: Path, version: int) -> Path:
    """Copy a closed warehouse beside itself before it is migrated; the copy is read back and compared.

    Raises:
        SpendgateError: the copy is not what was copied.
    """
    backup = file.with_name(f"before-version-{version + 1}.duckdb")
    part = backup.with_name(f"{backup.name}.part")
    shutil.copyfile(file, part)
    if sha256_of(part) != sha256_of(file):
        raise SpendgateError(f"{part} is not what was copied to it: {file} was not changed")
    part.replace(backup)
    return backup


def migrate(connection: duckdb.DuckDBPyConnection, migrations: list[Migration], now: Any, file: Path) -> None:
    """Do the steps, then define what is new and the views and macros as they are now. Call it inside a transaction.

    Raises:
        SpendgateError: what comes out has other tables than this program's, so it was never one of its versions.
    """
    for migration in migrations:
        connection.execute(sql(migration.name))
        note_version(connection, migration.version, migration.what, now)
    refuse_other_tables(connection, file)
    define(connection)


def note_version(connection: duckdb.DuckDBPyConnection, version: int, what: str, now: Any) -> None:
    """Write down that the file has a version since now."""
    connection.execute(sql("ops.migrations", "record"), {"version": version, "what": what, "migrated_at": now})
