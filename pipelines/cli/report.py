"""`spendgate report`: the page for people, for everybody or for some brands.

Belongs here: its arguments. Does not: what is on it (`engine.report`).
"""

from datetime import UTC, datetime
from pathlib import Path

import click

from assets.engine.data_root import DataRoot
from pipelines.cli.options import BRANDS, DATA
from pipelines.cli.printing import say


@click.command(
    short_help="Write the page for people, or one for some brands.",
    epilog="""\b
Examples:
  spendgate report --open
  spendgate report --brands 7 --out acme.html
""",
)
@DATA
@click.option("--brands", type=BRANDS, help="Only these, such as 1,2: nothing of any other is in the page.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to (default: published/report.html)."
)
@click.option("--open", "opened", is_flag=True, help="Open it in the browser.")
def report(data: DataRoot, brands: list[int] | None, out: Path | None, *, opened: bool) -> None:
    """Write the page for people: one file, no network. Every run that publishes writes it for everybody by itself."""
    from assets.engine.report.page import write_report

    default = data.report_file if brands is None else Path(f"report-{'-'.join(map(str, brands))}.html")
    file = (out or default).resolve()
    write_report(data, file, datetime.now(UTC), brands)
    say(f"{file}: {file.stat().st_size / 1000:,.0f} kB")
    if opened:
        click.launch(file.as_uri())


COMMANDS = (report,)
