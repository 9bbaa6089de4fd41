"""What a reader may ask of the published file in SQL of his own, and with which rights he is answered.

Belongs here: telling a query that only reads from any other, and the connection it runs on. Does not: the kernel's part
(`rights`), the form of rows (`pipelines.cli.printing`).
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from assets.engine.data_root import DataRoot
from assets.engine.errors import QueryError, SpendgateError
from assets.engine.rights import give_up_rights, run_in_a_process
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import SQL, sql

EXPLAIN = re.compile(r"\s*explain\s", re.IGNORECASE | re.ASCII)

ONE_SELECT = (
    "a reader's query is one statement that selects: SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, PIVOT of"
    " named values within a FROM, or EXPLAIN of one of them"
)

OUR_SCHEMAS = ("core", "mart", "ops", "sealed")
"""Where our own macros are. A function of DuckDB's is found in none of them."""

TABLE_FUNCTIONS = {
    "duckdb_columns", "duckdb_constraints", "duckdb_databases", "duckdb_functions", "duckdb_indexes",
    "duckdb_keywords", "duckdb_schemas", "duckdb_sequences", "duckdb_tables", "duckdb_types", "duckdb_views",
    "generate_series", "icu_calendar_names", "json_each", "json_tree", "pg_timezone_names", "pragma_database_size",
    "pragma_show", "pragma_storage_info", "pragma_table_info", "pragma_version", "range", "repeat", "repeat_row",
    "unnest",
}  # fmt: skip
"""DuckDB's functions that stand for a table, as far as they only tell what is in this database, or make rows up."""

WITH_EFFECTS = {
    "current_connection_id", "current_query", "current_query_id", "current_transaction_id", "currval", "getenv",
    "json_serialize_plan", "nextval", "pg_sleep", "setseed", "setval", "sleep_ms", "stats", "vector_type", "write_log",
}  # fmt: skip
"""DuckDB's functions of values that do more than compute one, or look at more than this database."""

NAMES_A_FILE = re.compile(r"[./\\:]")

LIBRARIES = ("/usr", "/lib", "/lib64", "/nix/store", f"{sys.base_prefix}/lib")
"""Where libraries lie that a module may load when it is first used, and the time zones of the system."""


def answer(root: DataRoot, query: str, show: Callable[[duckdb.DuckDBPyConnection], None]) -> None:
    """Run a reader's query over the published file and show its rows, in a process that can write nowhere.

    Raises:
        QueryError: nothing is published, the query does anything but read, or it failed.
    """

    def work() -> None:
        with open_for_reader(root) as published:
            try:
                show(select(published, query))
            except duckdb.OutOfMemoryException as error:
                raise SpendgateError(
                    "the query needs more memory than there is, and a reader does not write to the disk: ask for less"
                    f" at once, or open {root.published_file} with DuckDB itself"
                ) from error

    try:
        run_in_a_process(work)
    except SpendgateError as error:
        raise QueryError(str(error)) from None


@contextmanager
def open_for_reader(root: DataRoot) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published file for a query that nobody has read, and let this process do nothing else any more."""
    with open_published(root) as published:
        threads = published.execute("select current_setting('threads')").fetchall()[0][0]
        end_other_threads(published)
        give_up_rights(readable(root))
        published.execute("set threads = $threads", {"threads": threads})
        shut_off(published, root)
        yield published


def end_other_threads(published: duckdb.DuckDBPyConnection) -> None:
    """Leave one thread: each of the others would keep the rights that this one gives up."""
    published.execute("set threads = 1")
    if published.execute("from duckdb_settings() where name = 'async_threads'").fetchall():
        published.execute("set async_threads = 0")  # of DuckDB 2.0, which reads files by them


def shut_off(published: duckdb.DuckDBPyConnection, root: DataRoot) -> None:
    """Let a connection read the sealed files, and no other."""
    published.execute("set allowed_directories = $folders", {"folders": [str(root.sealed.resolve())]})
    published.execute(
        "set temp_directory = ''; set python_enable_replacements = false; set enable_external_access = false;"
        " set autoload_known_extensions = false; set lock_configuration = true"
    )


def readable(root: DataRoot) -> Iterator[Path]:
    """What the answering process may read: the published file and the sealed ones, and what it is made of itself.

    A folder of code may be one above the data root: it is none to be opened whole.
    """
    yield from (root.published_file.parent, root.sealed)
    yield from (SQL, *(SQL.parent / package for package in ("assets", "pipelines")))
    for path in (*filter(None, sys.path), *LIBRARIES):
        if not root.path.is_relative_to(Path(path).resolve()):
            yield Path(path)


def select(published: duckdb.DuckDBPyConnection, query: str) -> duckdb.DuckDBPyConnection:
    """Run a query that reads, and no other.

    Raises:
        SpendgateError: it is another statement, or several, or it calls a function that does more than compute.
    """
    _refuse_all_but_reading(published, query)
    [statement] = published.extract_statements(query)
    if statement.type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise SpendgateError(ONE_SELECT)
    return published.execute(statement)


def _refuse_all_but_reading(published: duckdb.DuckDBPyConnection, query: str) -> None:
    explained = EXPLAIN.match(query)
    selected = query[explained.end() :] if explained else query  # what is explained must be one that could be run
    parsed = published.execute(sql("steps.readers", "parsed_query"), {"query": selected}).fetchall()
    [(fault, statements, table_functions, functions, tables)] = parsed
    if fault == "parser":
        published.extract_statements(query)  # says what is wrong, and where
    if fault:
        raise SpendgateError(ONE_SELECT)
    if statements != 1:
        raise SpendgateError(f"{statements} statements: {ONE_SELECT}" if statements else "the query selects nothing")
    acting = [name for schema, name in table_functions if name not in TABLE_FUNCTIONS and schema not in OUR_SCHEMAS]
    acting += [name for name in functions if name in WITH_EFFECTS]
    for name in acting:
        raise SpendgateError(
            f"a reader may not call {name}(): only what computes, what tells of this database, and its own macros"
        )
    for table in tables:
        if NAMES_A_FILE.search(table):
            raise SpendgateError(f"'{table}' is no table of this database, and a reader has no files")
