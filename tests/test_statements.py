"""Every statement of the SQL files is run by some code, every call names one, and gives it what it asks for."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import duckdb

from assets.engine.warehouse.migrations import MIGRATIONS
from assets.engine.warehouse.schema import DEFINITIONS
from assets.engine.warehouse.statements import SQL, statements

RUNNERS = {"run", "row", "value", "require", "relation", "sql", "_query"}
"""What runs a statement, or takes its text: the file first, then the statement."""

TEMPLATES = {
    *(("steps.sealing", name) for name in ("show_files", "show_no_files", "sealed_through", "written_in")),
    *(("reports.readers", name) for name in ("rows", "schema")),
}
"""Definitions that are filled in with names, since they take no values."""

FILES = sorted(".".join(file.relative_to(SQL).with_suffix("").parts) for file in SQL.rglob("*.sql"))
CODE = {
    file: ast.parse(file.read_text(encoding="utf-8"))
    for folder in ("assets", "pipelines")
    for file in (SQL.parent / folder).rglob("*.py")
}


@dataclass(frozen=True)
class Call:
    """A place in the code where a statement is run: what is written there as it stands."""

    where: str
    file: str | None
    statement: str | None
    values: set[str]
    more_values: bool


def calls() -> Iterator[Call]:
    for file, tree in CODE.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            arguments = node.args[1:] if name == "_query" else node.args
            if name not in RUNNERS or not arguments:
                continue
            texts = [text_of(each) for each in arguments[:2]]
            path, statement = texts[0], texts[1] if len(texts) > 1 else ""
            if path is None and len(texts) < 2:  # asyncio.run(main()) and the like, or a check from its list
                continue
            given = {keyword.arg for keyword in node.keywords if keyword.arg}
            unpacked = any(keyword.arg is None for keyword in node.keywords)
            yield Call(f"{file.name}:{node.lineno}", path, statement, given, name == "sql" or unpacked)


def text_of(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def literals() -> set[str]:
    """Every text that stands in the code."""
    nodes = (node for tree in CODE.values() for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@cache
def parser() -> duckdb.DuckDBPyConnection:
    """Opened once: to open one takes longer than what it is asked here."""
    return duckdb.connect()


def parameters(text: str) -> set[str]:
    return set().union(*(statement.named_parameters for statement in parser().extract_statements(text)))


def named() -> list[tuple[str, str]]:
    return [(file, name) for file in FILES for name in statements(file) if name]


def test_every_call_names_a_statement_that_is_there() -> None:
    found = list(calls())
    assert len(found) > 150
    for call in found:
        if call.file is not None and call.statement is not None:
            assert call.file in FILES, call
            assert call.statement in statements(call.file), call
        if call.file is None and call.statement is not None:  # a table of a list: each has the statement, or none
            assert any(call.statement in statements(file) for file in FILES), call


def test_every_statement_is_run_by_name() -> None:
    called = {(call.file, call.statement) for call in calls()}
    texts = literals()
    for file, name in named():
        from_a_list = file in texts and name in texts
        assert (file, name) in called or from_a_list, f"nothing runs {name} of {file}"


def test_every_file_without_named_statements_is_run_or_defines_something() -> None:
    whole_files = {file for file in FILES if len(statements(file)) == 1}
    migrations = {migration.name for migration in MIGRATIONS}
    for file in whole_files - set(DEFINITIONS) - migrations:
        assert file in literals(), f"nothing runs {file}"


def test_every_definition_is_made() -> None:
    for file in FILES:
        made_elsewhere = file.startswith(("migrations.", "portable.", "history."))
        if re.search(r"^create ", statements(file)[""], re.MULTILINE) and not made_elsewhere:
            assert file in DEFINITIONS, file


def test_a_call_gives_a_statement_exactly_the_values_it_asks_for() -> None:
    for call in calls():
        if call.file is None or call.statement is None or (call.file, call.statement) in TEMPLATES:
            continue
        asked_for = parameters(statements(call.file)[call.statement])
        assert call.values <= asked_for, call
        assert call.more_values or call.values == asked_for, call


def test_every_file_and_statement_says_in_its_first_line_what_it_is() -> None:
    for file in FILES:
        for name, text in statements(file).items():
            assert text.startswith("-- ") or (not name and not text), f"{file} {name}"


def test_no_name_of_a_statement_is_put_together() -> None:
    for file, tree in CODE.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in RUNNERS:
                assert not any(isinstance(each, ast.JoinedStr) for each in node.args[:2]), f"{file.name}:{node.lineno}"
