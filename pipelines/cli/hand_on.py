"""Commands that hand data on: export.

Belongs here: their arguments. Does not: what is written (`engine`).
"""

from datetime import datetime
from pathlib import Path

import click

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from pipelines.cli.options import BRANDS, DATA, DAY
from pipelines.cli.printing import say


@click.command(
    short_help="Write the tables to a file that needs nothing else.",
    epilog="""\b
Examples:
  spendgate export spend.duckdb
  spendgate export october.parquet --from 2026-10-01 --to 2026-10-31
  spendgate export acme.csv --brands 7
""",
)
@DATA
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--from", "first", type=DAY, help="First day, local where a table has local days, else UTC.")
@click.option("--to", "last", type=DAY, help="Last day.")
@click.option("--brands", type=BRANDS, help="Only these, such as 1,2: nothing of any other is in it.")
@click.option("--replace", is_flag=True, help="Take the place of what is there.")
def export(data: DataRoot, out: Path, brands: list[int] | None, *, replace: bool, **days: datetime | None) -> None:
    """Write the tables for readers to OUT: a database x.duckdb, or a folder x.parquet or x.csv with a file for each."""
    from assets.engine.export import Wanted
    from assets.engine.export import export as write

    first, last = (day and day.date() for day in (days["first"], days["last"]))
    if first and last and last < first:
        raise SpendgateError(f"--to {last} is before --from {first}")
    if out.exists() and not replace:
        raise SpendgateError(f"{out} is there already: name another, or say --replace")
    wanted = Wanted(first, last, None if brands is None else tuple(brands))
    write(data, out.absolute(), wanted, lambda table, rows: say(f"{table}: {rows:,} rows", err=True))
    say(f"{out}: written")


COMMANDS = (export,)
