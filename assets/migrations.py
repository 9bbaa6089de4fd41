"""A warehouse made by an earlier version of spendgate is brought up to this one, with all that is in it.

Belongs here: which version a file has, the steps to this one, and the backup before them. Does not: what a step does
(that is `sql/migrations/<version>_<what>.sql`), nor when it is done (`warehouse`, whenever it opens a file).

Every change of a table ships its step: a file with the next number, whose first line says what it does, and a small
stored warehouse of the version before it in `tests/warehouses`. New columns come last in a definition, as they do when
they are added to a table that is there. Views and macros are defined again by themselves and need no step.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from assets.hashing import sha256_of
from assets.sealed_tables import define_sealed_tables
from assets.settings import SpendgateError
from assets.statements import SQL, first_comment, sql

DEFINITIONS = (
    "types",
    "ops.sealed_files",
    "ops.sealed_file_states",
    "ops.files_let_go",
    "raw.ad_events",
    "raw.payments",
    "raw.event_files",
    "raw.rejected_rows",
    "core.utc_offsets",
    "core.superseded_utc_offsets",
    "core.versions",
    "core.brands",
    "core.campaigns",
    "core.ad_sets",
    "core.ads",
    "core.global_ad_pricing",
    "core.reference_rows",
    "core.transactions",
    "core.unpriced",
    "ops.definitions",
    "ops.migrations",
    "ops.revision",
    "ops.batches",
    "ops.watermarks",
    "ops.summed_brands",
    "ops.reference_files",
    "ops.delivered_files",
    "ops.attempts",
    "ops.retries",
    "ops.missing_rows",
    "ops.acknowledgements",
    "ops.open_missing_rows",
    "ops.refused_files",
    "ops.refused_files_gone",
    "ops.open_files",
    "ops.reading_limits",
    "ops.mendings",
    "ops.campaign_status",
    "ops.campaign_status_changes",
    "ops.decisions",
    "ops.budget_findings",
    "ops.overspend_due",
    "ops.evidence_checks",
    "mart.daily_spend",
    "mart.monthly_spend",
    "mart.hourly_spend",
    "mart.brand_budget",
    "mart.restatements",
    "mart.overspend",
    "mart.as_known",
)
"""The SQL files whose definitions make an empty warehouse, each after those it stands on."""


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


def definitions_digest() -> str:
    """SHA-256 of all definitions: a file that carries it needs nothing done."""
    sealed = [sql("steps.sealing", name) for name in ("show_files", "show_no_files", "sealed_through")]
    return hashlib.sha256("".join([*map(sql, DEFINITIONS), *sealed]).encode()).hexdigest()


def version_of(connection: duckdb.DuckDBPyConnection) -> int | None:
    """Version of an open warehouse; None for a new file, 1 for those made before versions were noted."""
    tables = {name for (name,) in connection.execute(sql("database", "tables")).fetchall()}
    if not tables:
        return None
    if "ops.migrations" not in tables:
        return 1
    return int(connection.execute(sql("ops.migrations", "newest")).fetchall()[0][0])


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
    _refuse_other_tables(connection, file)
    define(connection)


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is not there yet, and define views and macros as they are now."""
    for name in DEFINITIONS:
        connection.execute(sql(name))
    define_sealed_tables(connection)


def note_version(connection: duckdb.DuckDBPyConnection, version: int, what: str, now: Any) -> None:
    """Write down that the file has a version since now."""
    connection.execute(sql("ops.migrations", "record"), {"version": version, "what": what, "migrated_at": now})


def _refuse_other_tables(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Hold that each table that is there is what the definitions say: columns, their order and types."""
    with duckdb.connect() as empty:
        define(empty)
        wanted = _columns(empty)
    found = _columns(connection)
    schemas = {table.partition(".")[0] for table in wanted}
    for table, columns in found.items():
        if table.partition(".")[0] in schemas and columns != wanted.get(table):
            raise SpendgateError(
                f"{file} was made by a version of spendgate that this one does not know:"
                f" {_difference(table, wanted.get(table), columns)}. Nothing was changed. Use the spendgate that made"
                " it, or take back a copy with `spendgate restore`"
            )


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    columns: dict[str, list[tuple[str, str]]] = {}
    for table, column, type_ in connection.execute(sql("database", "table_columns")).fetchall():
        columns.setdefault(table, []).append((column, type_))
    return columns


def _difference(table: str, wanted: list[tuple[str, str]] | None, found: list[tuple[str, str]]) -> str:
    if wanted is None:
        return f"{table} is a table"
    missing = [name for name, _ in wanted if name not in dict(found)]
    more = [name for name, _ in found if name not in dict(wanted)]
    if missing or more:
        return f"{table} has {f'no {missing[0]}' if missing else more[0]}"
    return f"the columns of {table} are in another order, or of other types"
