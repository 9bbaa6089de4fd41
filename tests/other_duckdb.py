"""Reads a published file, as it lies and attached, and an exported one, with another release of DuckDB.

uv run python -m tests.other_duckdb 2.0

Not among the tests, which need no network: that release is installed for it, in an environment of its own.
"""

import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from assets.engine.data_root import DataRoot
from assets.engine.export import Wanted, export
from assets.engine.sealing.seal import seal
from assets.engine.warehouse.publication import publish
from assets.engine.warehouse.statements import sql
from tests.world import NOON, World, spent

READ = """
import duckdb, sys
published, exported, tables = sys.argv[1:]
print("duckdb", duckdb.__version__)
read = 0
for file, attached in ((published, False), (published, True), (exported, False), (exported, True)):
    connection = duckdb.connect() if attached else duckdb.connect(file, read_only=True)
    if attached:
        connection.execute(f"attach '{file}' as x (read_only)")
        connection.execute("use x")
    for name, comment in connection.execute(tables).fetchall():
        connection.execute(f"from {name}").fetchall()
        read += 1
    [[spend]] = connection.execute("select sum(spend) from mart.daily_spend").fetchall()
    assert str(spend) == "2.000000000", spend
    if not attached:
        rows = connection.sql("select spend from mart.daily_spend")
        assert str(rows.pl()["spend"].dtype).startswith("Decimal"), rows.pl()
        assert str(rows.arrow().read_all().schema.field("spend").type).startswith("decimal128")
        assert str(rows.df()["spend"].dtype) == "float64", "pandas has no decimal: it is rounded"
    connection.close()
print(read, "tables read; Polars and pyarrow exact, pandas rounded")
"""


def main(release: str) -> None:
    """Make the files with this DuckDB, read them with that one."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(DataRoot(Path(folder) / "data"))
        spent(world, 4, "2025-06-07T11:00:00Z")
        world.run(NOON + timedelta(days=30))
        with world.open(NOON + timedelta(days=30)) as warehouse:
            seal(warehouse)
            publish(warehouse)
        exported = Path(folder) / "exported.duckdb"
        export(world.root, exported, Wanted(), lambda *_: None)
        other = ["uv", "run", "--quiet", "--isolated", "--no-project", "--with", f"duckdb=={release}.*"]
        other += [*(part for name in ("pandas", "polars", "pyarrow") for part in ("--with", name)), "python"]
        files = [str(world.root.published_file), str(exported)]
        subprocess.run([*other, "-c", READ, *files, sql("reports.readers", "tables")], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
