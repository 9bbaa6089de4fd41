"""What another price list would have charged for the events of the ledger.

Belongs here: reading the list as strictly as one that is delivered, and asking. Does not: the sums
(`sql/steps/reprice.sql`). Nothing is ever written to the ledger.
"""

import tempfile
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.engine.data_root import DataRoot
from assets.engine.delivery.files import QuarantineError, finished_file
from assets.engine.delivery.staging import stage
from assets.engine.errors import SpendgateError
from assets.engine.reading.reference_rows import read_reference
from assets.engine.settings import Settings
from assets.engine.time_zones import load_utc_offsets
from assets.engine.warehouse.clock import utc_now
from assets.engine.warehouse.statements import sql
from assets.engine.warehouse.warehouse import open_warehouse

KIND = "global_ad_pricing"


def read_price_list(file: Path, settings: Settings) -> pa.Table:
    """The rows of a price list, by the rules for one that is delivered; in a warehouse of its own, which goes again.

    Raises:
        SpendgateError: it cannot be read, or a row of it would be refused.
    """
    with tempfile.TemporaryDirectory(prefix="spendgate-") as folder:
        root = DataRoot(Path(folder).resolve())
        with open_warehouse(root, now=utc_now(), run_id="reprice") as warehouse:
            load_utc_offsets(warehouse)
            try:
                staged = stage(finished_file(file, KIND, file.name), root, settings)
                read_reference(warehouse, KIND, staged, settings)
            except (QuarantineError, OSError) as error:
                raise SpendgateError(f"{file}: {error}") from error
            refused = warehouse.run("steps.reprice", "refused").fetchall()
            for line_number, reason in refused[:1]:
                more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
                raise SpendgateError(f"{file}, row {line_number}: {reason}{more}")
            return warehouse.run("steps.reprice", "price_list").to_arrow_table()


def reprice(
    published: duckdb.DuckDBPyConnection, prices: pa.Table, days: tuple[date | None, date | None]
) -> duckdb.DuckDBPyConnection:
    """One row per brand and local month: what was charged, and what the other list would have charged.

    Args:
        published: the ledger, which is only read.
        prices: the other list, as `read_price_list` gives it.
        days: the first and the last local day; None: without end.
    """
    published.register("new_prices", prices)
    return published.execute(sql("steps.reprice", "by_month"), {"first_day": days[0], "last_day": days[1]})
