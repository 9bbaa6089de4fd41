"""Commands that hand data on: export, feed, serve.

Belongs here: their arguments. Does not: what is written (`engine`).
"""

from contextlib import suppress
from datetime import date
from pathlib import Path

import click

from assets.engine.data_root import DataRoot
from pipelines.cli.ending import StoppedError
from pipelines.cli.options import BRANDS, DATA, REPLACE, days_option
from pipelines.cli.printing import print_json, say
from pipelines.cli.ui import require_free


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
@days_option("First day, local where a table has local days, else UTC.", "Last day.")
@click.option("--brands", type=BRANDS, help="Only these, such as 1,2: nothing of any other is in it.")
@REPLACE
def export(
    data: DataRoot, out: Path, brands: list[int] | None, *, replace: bool, days: tuple[date | None, date | None]
) -> None:
    """Write the tables for readers to OUT: a database x.duckdb, or a folder x.parquet or x.csv with a file for each."""
    from assets.engine.export import Wanted
    from assets.engine.export import export as write
    from assets.engine.out_place import refuse_existing

    refuse_existing([out], replace=replace)
    wanted = Wanted(*days, None if brands is None else tuple(brands))
    write(data, out.absolute(), wanted, lambda table, rows: say(f"{table}: {rows:,} rows", err=True))
    say(f"{out}: written")


@click.command(
    short_help="Print the feed for ad servers, or what changed in it.",
    epilog="""\b
Examples:
  spendgate feed
  spendgate feed --since 41
""",
)
@DATA
@click.option("--since", type=click.IntRange(min=0), help="Only what changed after this version.")
def feed(data: DataRoot, since: int | None) -> None:
    """Print the feed as JSON: docs/feed.md says what is in it, and what its reader must do."""
    from assets.engine.feed.files import feed_since

    print_json(feed_since(data, since))


@click.command(
    short_help="Serve the feed over HTTP, read-only.",
    epilog="""\b
Examples:
  spendgate serve
  curl http://127.0.0.1:8080/feed?since=41
""",
)
@DATA
@click.option("--host", default="127.0.0.1", show_default=True, help="There is no login: another one shows it to all.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
def serve(data: DataRoot, host: str, port: int) -> None:
    """Serve /feed, /feed?since=N&wait=S, /feed.parquet, /events and /health from the feed's files. Ctrl+C ends it."""
    import uvicorn

    from assets.engine.feed.server import application
    from pipelines.cli.running import show_log

    show_log()
    require_free(host, port)
    say(f"the feed on http://{host}:{port}/feed (Ctrl+C ends it)")
    with suppress(StoppedError):
        uvicorn.run(
            application(data),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=3,  # for those who wait for a change
        )


COMMANDS = (export, feed, serve)
