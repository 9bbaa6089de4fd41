"""`docs/rules.md` names what is there: files, statements, tests; and leaves out no reason and no check."""

import re
from pathlib import Path

from assets.engine.warehouse.statements import statements
from pipelines.cli.explanations import REASONS

PROJECT = Path(__file__).parent.parent
PAGE = (PROJECT / "docs" / "rules.md").read_text(encoding="utf-8")
RULES = re.findall(r"^\| (?!rule )([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
"""Each rule, what holds it, and what shows it."""

SECTIONS = [
    "Delivery and identity",
    "Values",
    "Reference data and versions",
    "Prices",
    "Spend and zones",
    "Decisions and statuses",
    "Foresight",
    "Manual changes",
    "Overspend",
    "Restatements",
    "Publication",
    "Readers",
    "Statements",
    "Sealing",
    "Retention",
]


def names_of_tests() -> set[str]:
    texts = (file.read_text(encoding="utf-8") for file in (PROJECT / "tests").glob("test_*.py"))
    return {name for text in texts for name in re.findall(r"^def (test_\w+)\(", text, re.MULTILINE)}


def holders(cell: str) -> list[tuple[str, list[str]]]:
    """The files that a cell names, each with the statements or names that follow it."""
    parts = re.findall(r"`([^`]+)`", cell)
    places = [place for place, part in enumerate(parts) if "/" in part]
    assert places, cell
    assert places[0] == 0, cell
    ends = [*places[1:], len(parts)]
    return [(parts[place], parts[place + 1 : end]) for place, end in zip(places, ends, strict=True)]


def test_every_section_is_there_and_every_rule_has_what_holds_and_what_shows_it() -> None:
    assert re.findall(r"^## (.+)$", PAGE, re.MULTILINE) == SECTIONS
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    assert len(lines) == len(RULES) + len(SECTIONS), "a line has more or fewer than three cells"


def names_in(file: str) -> set[str]:
    """The statements of a SQL file, or the functions and constants of a module."""
    if file.endswith(".sql"):
        return set(statements(file.removeprefix("sql/").removesuffix(".sql").replace("/", ".")))
    text = (PROJECT / file).read_text(encoding="utf-8")
    return set(re.findall(r"^(?:def )?(\w+)(?=\(| =)", text, re.MULTILINE))


def test_every_file_and_statement_that_is_named_is_there() -> None:
    for rule, held_by, _ in RULES:
        for file, names in holders(held_by):
            assert (PROJECT / file).is_file(), f"{rule}: no {file}"
            assert set(names) <= names_in(file), f"{rule}: no {set(names) - names_in(file)} in {file}"


def test_every_test_that_is_named_is_there() -> None:
    tests = names_of_tests()
    for rule, _, shown_by in RULES:
        named = re.findall(r"`([^`]+)`", shown_by)
        assert named, rule
        assert set(named) <= tests, f"{rule}: no {set(named) - tests}"


def test_every_reason_is_on_the_page() -> None:
    rules = " ".join(rule for rule, _, _ in RULES)
    assert [reason for reason in REASONS if not re.search(rf"\b{reason}\b", rules)] == []


def test_every_check_is_on_the_page_by_name_and_by_file() -> None:
    for file in (PROJECT / "sql" / "checks").glob("*.sql"):
        assert any(
            f"check `{file.stem}`" in rule and f"`sql/checks/{file.name}`" in held_by for rule, held_by, _ in RULES
        ), file.stem
