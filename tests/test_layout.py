"""The layout is what it says of itself: charters name what is there, and no file outgrows its concept."""

import ast
import re
from pathlib import Path

import pytest

from assets.engine.warehouse.statements import SQL

PROJECT = SQL.parent
MODULES = sorted(file for part in ("assets", "pipelines") for file in (PROJECT / part).rglob("*.py"))
CHARTERED = [file for file in MODULES if file.name != "__init__.py"]

LONGEST = 250
"""Lines of a file; more are more than one concept."""


def charter(file: Path) -> str:
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""


def is_there(name: str, beside: Path) -> bool:
    """Whether a charter's name is a file of the project, or a module beside its own, above it or in the engine."""
    if "/" in name:
        return any(PROJECT.glob(re.sub(r"<\w+>", "*", name)))
    path = name.replace(".", "/")
    above = list(beside.parents)[: len(beside.relative_to(PROJECT).parents)]
    places = [*above, PROJECT / "assets", PROJECT / "assets/engine", SQL]
    files = (place / f"{path}{ending}" for place in places for ending in (".py", ".sql", ""))
    return any(file.exists() for file in files) or any((place / name).exists() for place in places)


@pytest.mark.parametrize("file", CHARTERED, ids=lambda file: str(file.relative_to(PROJECT)))
def test_a_module_says_what_belongs_in_it_and_names_only_what_is_there(file: Path) -> None:
    text = charter(file)
    assert "Belongs here: " in text
    assert "Does not: " in re.sub(r"\s+", " ", text)
    for names in re.findall(r"\(((?:(?:that is )?`[^`]+`(?:, | and )?)+)\)", re.sub(r"\s+", " ", text)):
        for name in re.findall(r"`([^`]+)`", names):
            assert is_there(name, file), f"{name} in the charter of {file.relative_to(PROJECT)}"


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(PROJECT)))
def test_no_file_outgrows_its_concept(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST


@pytest.mark.parametrize(
    "file", [file for file in MODULES if file.name == "__init__.py"], ids=lambda file: file.parent.name
)
def test_a_package_holds_nothing_but_its_sentence(file: Path) -> None:
    [sentence] = ast.parse(file.read_text(encoding="utf-8")).body
    assert isinstance(sentence, ast.Expr)
