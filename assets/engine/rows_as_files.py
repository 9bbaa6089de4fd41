"""Rows as a file that somebody takes away: Parquet, or CSV that a spreadsheet may open.

Belongs here: writing one file in each format. Does not: which rows, and putting the file in its place.
"""

from pathlib import Path

import duckdb

from assets.engine.rows_as_text import write_csv


def _write_parquet(rows: duckdb.DuckDBPyRelation, file: Path) -> int:
    rows.to_parquet(str(file), compression="zstd")
    return len(duckdb.read_parquet(str(file)))


def _write_csv(rows: duckdb.DuckDBPyRelation, file: Path) -> int:
    with file.open("w", encoding="utf-8", newline="") as out:
        return write_csv(rows, out)


FILE_WRITERS = {".parquet": _write_parquet, ".csv": _write_csv}
"""How rows are written to a file, by its ending; each returns how many rows there are."""
