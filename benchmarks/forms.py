"""The same events as others write them: lines of many keys in another order, CSV with other columns, compressed.

Belongs here: what a file of events looks like. Does not: which events there are (`spendgate generate`).
"""

import shutil
from pathlib import Path

import duckdb

from benchmarks.peers import statements

FORMS = {
    "parquet": "as generated",
    "jsonl": "lines of the four keys, in our order",
    "many.jsonl": "lines of thirteen keys in another order, nested ones too, 400 bytes each",
    "csv": "nine columns, four of which are ours",
    "many.jsonl.gz": "the lines of thirteen keys, compressed",
    "many.jsonl.zst": "the same with zstandard",
}
"""What files of events end in, and what is in them."""


def write_form(generated: Path, target: Path, form: str) -> None:
    """Write a generated world of Parquet files with its events in another form.

    Args:
        generated: a data root with deliveries.
        target: another one, which is made.
        form: one of FORMS.
    """
    shutil.copytree(generated / "reference", target / "reference")
    folder = target / "landing" / "events"
    folder.mkdir(parents=True)
    events = dict(zip(("jsonl", "many", "csv"), statements("forms"), strict=True))
    query = events[form.partition(".")[0]]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for file in sorted((generated / "landing" / "events").glob("*.parquet")):
            connection.read_parquet(str(file)).create_view("generated", replace=True)
            written = folder / f"{file.stem}.{form}"
            connection.execute(f"copy ({query}) to '{written}' ({_options(form)})")


def _options(form: str) -> str:
    compression = {"gz": ", compression gzip", "zst": ", compression zstd"}.get(form.rpartition(".")[2], "")
    return ("format csv, header" if form == "csv" else "format json") + compression
