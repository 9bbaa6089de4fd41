"""`docs/scenarios.md` is what the worked decisions say."""

import json
from pathlib import Path

import pytest

from tests.scenarios_page import CASES, LIMITS, page

PAGE = Path(__file__).parent.parent / "docs" / "scenarios.md"

PRINT_IT = "print it again: uv run python -m tests.scenarios_page > docs/scenarios.md"


def test_the_page_is_what_the_worked_decisions_print() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), PRINT_IT


@pytest.mark.parametrize(("file", "letter"), [(CASES, "S"), (LIMITS, "L")])
def test_every_worked_decision_has_its_row(file: Path, letter: str) -> None:
    ids = [case["id"] for case in json.loads(file.read_text(encoding="utf-8"))]
    rows = [line.split(" | ") for line in page().splitlines() if line.startswith(f"| {letter}")]
    assert [cells[0].removeprefix("| ") for cells in rows] == ids
    assert {len(cells) for cells in rows} == {8}
