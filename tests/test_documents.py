"""What the documents name is there: files, tests, modules with their functions, and the targets of links."""

import importlib
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
FOLDERS = (".", "docs", "docs/decisions", "data", "benchmarks", "tests/scenarios")
PAGES = sorted(page for folder in FOLDERS for page in (PROJECT / folder).glob("*.md"))


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def page(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_every_file_that_a_document_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"`((?:assets|pipelines|sql|tests|docs)/[\w./-]+\.(?:py|sql|md|json|yaml))`", text):
        assert (PROJECT / path).is_file(), path


def test_every_link_of_a_document_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target, heading in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
        file = page.parent / target if target else page
        assert file.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}, heading


def test_every_test_that_a_document_names_is_there(page: Path) -> None:
    tests = "".join(file.read_text(encoding="utf-8") for file in (PROJECT / "tests").glob("test_*.py"))
    for name in re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8")):
        assert f"def {name}(" in tests, name


def test_every_module_and_function_that_a_document_names_is_there(page: Path) -> None:
    for name in re.findall(r"`((?:assets|pipelines)(?:\.\w+)+)`", page.read_text(encoding="utf-8")):
        assert found(name), name


def found(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            thing: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if not hasattr(thing, part):
                return False
            thing = getattr(thing, part)
        return True
    return False
