"""The audit trail of some time as one file, with a manifest of hashes beside it.

Belongs here: writing both. Does not: what is in the trail (`sql/ops/audit_trail.sql`).
"""

import json
from datetime import date, datetime
from pathlib import Path

import duckdb

from assets.engine.errors import SpendgateError
from assets.engine.hashing import sha256_of
from assets.engine.known_brands import require_brands
from assets.engine.rows_as_files import FILE_WRITERS
from assets.engine.warehouse.disk import write_whole
from assets.engine.warehouse.statements import sql


def write_audit(
    published: duckdb.DuckDBPyConnection,
    file: Path,
    days: tuple[date | None, date | None],
    brands: list[int] | None,
    now: datetime,
) -> int:
    """Write the trail to `file`, a .parquet or .csv, and `<file>.manifest.json` beside it; returns how many rows.

    Args:
        published: what is read.
        file: where to; what is there is replaced in one step, the manifest after it.
        days: the first and the last day, in UTC, on which something was recorded; None: without end.
        brands: only theirs; None: all.
        now: when it is written.

    Raises:
        SpendgateError: `file` says no format, or a brand is none.
    """
    write = FILE_WRITERS.get(file.suffix)
    if write is None:
        raise SpendgateError(f"{file} says no format: let it end in {' or '.join(FILE_WRITERS)}")
    require_brands(published, brands)
    wanted = {"first_day": days[0], "last_day": days[1], "brands": brands}
    rows = published.sql(sql("reports.statement", "audit"), params=wanted)
    part = file.with_name(f".{file.name}.tmp")
    try:
        count = write(rows, part)
        manifest = {
            "file": file.name,
            "sha256": sha256_of(part),
            "bytes": part.stat().st_size,
            "rows": count,
            "first_day": days[0] and days[0].isoformat(),
            "last_day": days[1] and days[1].isoformat(),
            "brands": brands,
            "published_at": published.execute(sql("ops.revision", "state")).fetchall()[0][1].isoformat(),
            "written_at": now.isoformat(),
        }
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    write_whole(manifest_of(file), json.dumps(manifest, indent=1) + "\n")
    return count


def manifest_of(file: Path) -> Path:
    """What stands beside a file of the trail."""
    return file.with_name(f"{file.name}.manifest.json")
