"""The commands that documents, the task runner, hooks and the integration run are the same ones."""

import re
from pathlib import Path

PROJECT = Path(__file__).parent.parent
JUSTFILE = (PROJECT / "justfile").read_text(encoding="utf-8")
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CI = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
HOOKS = (PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8")


def recipes() -> dict[str, list[str]]:
    """The lines of each recipe of the justfile."""
    found = re.findall(r"^([a-z][a-z-]*)[^:\n]*:\n((?: {4}.+\n)+)", JUSTFILE, re.MULTILINE)
    return {name: [line.strip() for line in body.splitlines()] for name, body in found}


def test_the_integration_runs_every_check_and_ends_on_the_tests_as_the_readme_has_them() -> None:
    *_, check, tests = [line for line in CI.splitlines() if line and not line.startswith("#")]
    assert check == "uv run just check"
    assert tests == "pip install uv && uv run pytest"
    assert f"\n{tests} " in (PROJECT / "README.md").read_text(encoding="utf-8")


def test_check_holds_format_lint_sql_types_imports_and_the_lock_file() -> None:
    assert "\n[parallel]\ncheck: check-sql check-python\n" in JUSTFILE
    commands = ["lock --check", "run ruff format --check .", "run ruff check .", "run mypy", "run lint-imports"]
    assert recipes()["check-python"] == [f"uv {command}" for command in (*commands, "run dg check defs")]
    assert recipes()["check-sql"] == ["uv run sqlfluff lint sql"]


def test_a_hook_is_a_check_of_the_task_runner() -> None:
    lines = recipes()["check-python"] + recipes()["check-sql"]
    checks = {line.replace(" --check", "").removesuffix(" .").removesuffix(" sql") for line in lines}
    hooks = set(re.findall(r"entry: (.+)$", HOOKS, re.MULTILINE))
    assert hooks == checks - {"uv lock", "uv run dg check defs"}  # that one loads Dagster each time


def test_the_page_for_contributors_names_the_recipes_that_are_there() -> None:
    named = set(re.findall(r"\bjust ([a-z][a-z-]*)", CONTRIBUTING))
    assert named == {"check", *recipes()}
