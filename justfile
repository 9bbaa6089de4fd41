# Each recipe is one line or a few that can be copied into a shell. `just --list` shows them.

# Everything that the other recipes need, from uv.lock.
setup:
    uv sync

# Every check but the tests, SQL and Python side by side; .ci/run runs this.
[parallel]
check: check-sql check-python

# The layout of the SQL, which takes as long as all the rest.
check-sql:
    uv run sqlfluff lint sql

# The lock file, format, lint, types, imports, and what Dagster loads.
check-python:
    uv lock --check
    uv run ruff format --check .
    uv run ruff check .
    uv run mypy
    uv run lint-imports
    uv run dg check defs

# What the tools can put right by themselves.
fix:
    uv run ruff format .
    uv run ruff check --fix .
    uv run sqlfluff fix sql

# All tests but the long ones, on every core.
test *OPTIONS:
    uv run pytest {{ OPTIONS }}

# The tests of one step, such as `just test-step spend -k late`, in this process.
[positional-arguments]
test-step NAME *OPTIONS:
    @shift; uv run pytest -n0 "tests/test_{{ NAME }}.py" "$@"

# The published file and an exported one, read with the next release of DuckDB.
readers:
    uv run python -m tests.other_duckdb 2.0

# The tests that take many minutes.
long:
    uv run pytest -m long

# What it costs, such as `just bench --events 20000000`.
bench *OPTIONS:
    uv run --group bench python -m benchmarks {{ OPTIONS }}

# A small, lively world below data/, and what becomes of it.
demo:
    uv run spendgate demo

# The Dagster UI with its daemon, on http://127.0.0.1:3000.
ui:
    uv run spendgate ui
