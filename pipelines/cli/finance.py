"""Commands for finance: statement, close-month, credit, reprice, audit.

Belongs here: their arguments. Does not: what they do (`engine.finance`).
"""

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from assets.engine.data_root import DataRoot
from assets.engine.settings import CREDITED_CAUSES
from assets.engine.warehouse.publication import open_published, publish
from pipelines.cli.options import BRANDS, CLOCK, DATA, FORMAT, ID, MONTH, REPLACE, WIDE, days_option, format_option
from pipelines.cli.printing import FORMATS, for_people, print_rows, print_table, say
from pipelines.cli.running import RunRequest, held_warehouse, run_job

BRAND = click.option("--brand", "brand_id", type=ID, required=True, help="Whose.")
OF_MONTH = click.option("--month", type=MONTH, required=True, help="Which, such as 2026-10, on the brand's clock.")


@click.command(
    short_help="Show a brand's statement of a month.",
    epilog="""\b
Examples:
  spendgate statement --brand 7 --month 2026-10
  spendgate statement --brand 7 --month 2026-10 --format html > statement.html
""",
)
@DATA
@BRAND
@OF_MONTH
@format_option("table", "csv", "json", "html", told="A page of HTML needs no network.")
@WIDE
def statement(data: DataRoot, brand_id: int, month: date, format_: str, *, wide: bool) -> None:
    """Show what a brand was charged, was given back and paid in a month, and its balance before and after."""
    from assets.engine.finance.statement import statement_of, statement_page

    with open_published(data) as published:
        head, lines = statement_of(published, brand_id, month)
        if format_ == "html":
            sys.stdout.write(statement_page(head, month, lines))
            return
        if format_ != "table":
            FORMATS[format_](lines)
            return
        closed = "closed" if head.is_closed else "open: it may change"
        print_rows(lines, f"{head.brand}, {month:%Y-%m}, in {head.currency}; {closed}", wide=wide)


@click.command("close-month", short_help="Let a brand's statement stay as it is.")
@DATA
@CLOCK
@BRAND
@OF_MONTH
@click.option("--reason", "note", required=True, help="Why, for whoever reads the history.")
@click.option("--by", "closed_by", default=lambda: os.environ.get("USER", "unknown"), help="Who (default: $USER).")
def close_month(data: DataRoot, *, clock_is_right: bool, **wanted: Any) -> None:
    """Close a month of a brand, and the open ones before it: what comes later is a line of the first open month."""
    from assets.engine.finance.closing import Closing
    from assets.engine.finance.closing import close_month as close

    closing = Closing(**wanted)
    with held_warehouse(data, "close-month", clock_is_right=clock_is_right) as warehouse:
        closed = close(warehouse, closing)
        publish(warehouse)
    say(f"brand {closing.brand_id}: closed {', '.join(f'{month:%Y-%m}' for month in closed)}")


@click.command(
    short_help="Give over-delivery back to a brand, as corrections.",
    epilog="""\b
Examples:
  spendgate credit --brand 7 --month 2026-10 --dry-run
  spendgate credit --brand 7 --month 2026-10 --causes after_stop
""",
)
@DATA
@CLOCK
@BRAND
@OF_MONTH
@click.option(
    "--period",
    type=click.Choice(["DAY", "WEEK", "MONTH"], case_sensitive=False),
    default="DAY",
    show_default=True,
    help="Of which of the brand's budgets.",
)
@click.option(
    "--causes",
    type=click.Choice(CREDITED_CAUSES),
    multiple=True,
    help="Which causes, each with the option again (default: credited_causes of spendgate.toml).",
)
@click.option("--dry-run", is_flag=True, help="Show what would be given back, and book nothing.")
def credit(data: DataRoot, causes: tuple[str, ...], *, dry_run: bool, clock_is_right: bool, **wanted: Any) -> None:
    """Give what a brand's costs went beyond its budget back to it, for the causes that it is credited for."""
    from assets.engine.finance.credits import Asked, credited_causes, credits_due, deliver_credits

    asked = Asked(**wanted)
    credited = list(causes) or credited_causes(data.settings(), asked.brand_id)
    with held_warehouse(data, "credit", clock_is_right=clock_is_right) as warehouse:
        due = credits_due(warehouse, asked, credited)
    if not credited:
        say(f"brand {asked.brand_id} is credited for no cause: see credited_causes in spendgate.toml, or say --causes")
        return
    if not due:
        say(f"brand {asked.brand_id} has nothing to be given back for {', '.join(credited)} in {asked.month:%Y-%m}")
        return
    days: dict[tuple[date, str], list[Any]] = {}
    for one in due:
        days.setdefault((one.starts_on, one.cause), []).append(one.amount)
    rows = [(starts_on, cause, len(amounts), sum(amounts)) for (starts_on, cause), amounts in days.items()]
    total = for_people(sum(row[3] for row in rows))
    print_table(
        ["starts on", "cause", "costs", "given back"], rows, f"Brand {asked.brand_id}: {total} to be given back"
    )
    if dry_run:
        say("Nothing was booked.")
        return
    say(f"delivered as {deliver_credits(data, asked, due)}")
    run_job(data, "refresh", RunRequest(trusted=False, clock_is_right=clock_is_right))


@click.command(
    short_help="Write every change, correction and restatement to a file with a manifest.",
    epilog="""\b
Examples:
  spendgate audit october.parquet --from 2026-10-01 --to 2026-10-31
  spendgate audit acme.csv --brands 7
""",
)
@DATA
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@days_option("First day, in UTC, on which something was recorded.", "Last day.")
@click.option("--brands", type=BRANDS, help="Only theirs, such as 1,2.")
@REPLACE
def audit(
    data: DataRoot, out: Path, brands: list[int] | None, *, replace: bool, days: tuple[date | None, date | None]
) -> None:
    """Write every change of a status with its evidence, every correction, restatement and closed month to OUT.

    OUT ends in .parquet or .csv; OUT.manifest.json beside it has its hash, its rows and what was asked.
    """
    from assets.engine.finance.audit import manifest_of, write_audit
    from assets.engine.out_place import refuse_existing, require_place

    refuse_existing([out, manifest_of(out)], replace=replace)
    require_place(data, out.absolute())
    with open_published(data) as published:
        rows = write_audit(published, out.absolute(), days, brands, datetime.now(UTC))
    say(f"{out}: {rows:,} rows; its hash is in {manifest_of(out).name}")


@click.command(
    short_help="Tell what another price list would have charged.",
    epilog="""\b
Examples:
  spendgate reprice --dry-run --prices new.csv --from 2026-10-01 --to 2026-10-31
""",
)
@DATA
@click.option(
    "--dry-run", is_flag=True, required=True, expose_value=False, help="It is never anything else: the ledger stays."
)
@click.option(
    "--prices",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="A file like reference/global_ad_pricing.",
)
@days_option("First local day.", "Last local day.")
@FORMAT
@WIDE
def reprice(
    data: DataRoot,
    prices: Path,
    format_: str,
    *,
    wide: bool,
    days: tuple[date | None, date | None],
) -> None:
    """Tell, per brand and month, what another price list would have charged for the events of the ledger.

    An ad's own price stays. Events that the other list has no price for would not be charged, and are counted.
    """
    from assets.engine.reprice import read_price_list
    from assets.engine.reprice import reprice as ask

    price_list = read_price_list(prices, data.settings())
    with open_published(data) as published:
        rows = ask(published, price_list, days)
        if format_ == "table":
            print_rows(rows, "What it would have been; nothing was changed.", wide=wide)
        else:
            FORMATS[format_](rows)


COMMANDS = (statement, close_month, credit, reprice, audit)
