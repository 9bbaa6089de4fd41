"""Events read, put in order, priced and summed on an engine, in a folder of one attempt.

Belongs here: which views follow on which. Does not: the rules (`sql/portable`, `sql/history`), what the engine is given
(`given`), believing what it says (`adoption`, `comparison`).
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from assets.engine.errors import SpendgateError
from assets.engine.history.attempt import PARTS, TABLES, Attempt, Statement, Total, parquet_files, rows_in
from assets.engine.history.engine import Engine, is_gone, told_by
from assets.engine.history.given import Given
from assets.engine.history.made import made
from assets.engine.history.reading import ROWS_AS_SQL, read_on_worker

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ROWS_AT_ONCE = 50_000_000
"""So many events are priced and summed by one job, unless a day has more: a job that fails is done again day by day."""

ORDER = {"ad_events": ("occurred_at", "event_id"), "transactions": ("brand_id", "occurred_at", "transaction_id")}
"""How the rows of a day lie in its file."""

WAITING = "transaction_id bigint, ad_id bigint, event_type string, occurred_at timestamp"

log = logging.getLogger("spendgate.history")

Track = Callable[[list["DaysAtOnce"]], Iterable["DaysAtOnce"]]
"""Shows progress over days."""


@dataclass(frozen=True)
class DaysAtOnce:
    """UTC days that one job is about."""

    files: dict[date, list[Path]]
    """Their events."""

    @property
    def days(self) -> list[date]:
        """The days, in order."""
        return list(self.files)

    @property
    def starts_at(self) -> datetime:
        """The first instant of them."""
        return datetime.combine(self.days[0], time(), UTC)

    @property
    def ends_at(self) -> datetime:
        """The first instant after them."""
        return datetime.combine(self.days[-1] + timedelta(days=1), time(), UTC)

    def __str__(self) -> str:
        return f"{self.days[0]} to {self.days[-1]}" if len(self.days) > 1 else str(self.days[0])


def compute(engine: Engine, given: Given, track: Track = iter) -> Statement:
    """Make an attempt, from the delivered files to the sums, and say what is in it.

    Raises:
        SpendgateError: a delivered file cannot be read, or the engine failed, at days that are named.
    """
    attempt = given.attempt
    read_files(engine, given)
    _order_events(engine, given)
    for days in track(list(_days_at_once(attempt))):
        _price_or_name(engine, given, days)
        log.info("%s: priced and summed", days)
    files = [file for part in PARTS for file in attempt.listed(part)]
    totals = [total for table in TABLES for total in _totals(engine, attempt, table)]
    statement = Statement(engine.name, given.newest_batch, len(given.states), files, totals)
    attempt.state(statement)
    return statement


def read_files(engine: Engine, given: Given) -> None:
    """Read the delivered files on the workers, and hold that each was read once, whole."""
    attempt = given.attempt
    files = engine.files(given.file("files")).repartition(engine.tasks, "file_id")
    engine.write(files.mapInArrow(read_on_worker, ROWS_AS_SQL), attempt.part("arrived"))
    with duckdb.connect() as connection:
        rows = made(connection, "arrived", parquet_files(attempt.part("arrived")))
        facts = rows.filter("facts is not null").project("file_id, facts").order("file_id").fetchall()
    given.take_facts([{"file_id": file_id, **json.loads(text)} for file_id, text in facts])
    log.info("%d files read", len(facts))


def _order_events(engine: Engine, given: Given) -> None:
    """Find the first event of each event_id, and what repeats it."""
    attempt = given.attempt
    engine.show("arrived_rows", _rows_or_none(engine, attempt.part("arrived"), ROWS_AS_SQL))
    for view in ("readings", "known_conflicts", "known_files", "charging_of_batches"):
        engine.show(view, engine.files(given.file(view)))
    engine.show("ledger_rows", _ledger_rows(engine, given))
    for view in ("history.read_events", "history.ledger_events", "history.all_events"):
        engine.define(view)
    engine.show("event_candidates", engine.session.table("all_events"))
    engine.define("portable.ranked_events")
    bounds = {"starts_at": given.wanted.starts_at, "ends_at": given.wanted.ends_at}
    engine.define("history.first_events", first_batch=given.wanted.first_batch, **bounds)
    engine.write_days("first_events", attempt.part("ad_events"), ORDER["ad_events"])
    engine.define("history.event_candidates")
    engine.define("portable.ranked_events")
    engine.define("history.repeated_events", first_batch=given.wanted.first_batch)
    engine.write(engine.session.table("repeated_events"), attempt.part("repeated"))


def _ledger_rows(engine: Engine, given: Given) -> "DataFrame":
    """Events of the ledger: those that are not sealed, and the sealed files themselves."""
    rows = engine.files(given.file("hot_events"))
    return rows.unionByName(engine.files(*given.sealed).select(*rows.columns)) if given.sealed else rows


def _days_at_once(attempt: Attempt) -> Iterator[DaysAtOnce]:
    at_once: dict[date, list[Path]] = {}
    rows = 0
    for day, paths in sorted(attempt.days("ad_events").items()):
        count = sum(rows_in(path) for path in paths)
        if at_once and rows + count > ROWS_AT_ONCE:
            yield DaysAtOnce(at_once)
            at_once, rows = {}, 0
        at_once[day] = paths
        rows += count
    if at_once:
        yield DaysAtOnce(at_once)


def _price_or_name(engine: Engine, given: Given, days: DaysAtOnce) -> None:
    """Price and sum some days; should that fail, each by itself, so that the day it fails at has a name."""
    from pyspark.errors import PySparkException

    try:
        _price(engine, given, days, days.days[0].isoformat())
    except PySparkException as error:
        if len(days.days) == 1 or is_gone(error):
            raise SpendgateError(_failed(engine, days, error)) from error
        log.warning("%s: %s %s: each day is tried by itself", days, engine.name, told_by(error))
        for day in days.days:
            alone = DaysAtOnce({day: days.files[day]})
            try:
                _price(engine, given, alone, f"{day}-alone")
            except PySparkException as of_day:
                raise SpendgateError(_failed(engine, alone, of_day)) from of_day
        for table in ("transactions", "spend", "waiting"):
            _set_aside(given.attempt, table, days.days[0].isoformat())


def _failed(engine: Engine, days: DaysAtOnce, error: Exception) -> str:
    return (
        f"{engine.name} {told_by(error)}, at {days}; with --from {days.days[0]} --to {days.days[-1]} that is done alone"
    )


def _set_aside(attempt: Attempt, table: str, job: str) -> None:
    """Let what a failed job has written not count."""
    folder, aside = attempt.part(table) / job, attempt.part("failed") / table / job
    if folder.exists():
        aside.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(aside)


def _price(engine: Engine, given: Given, days: DaysAtOnce, job: str) -> None:
    """Price and sum the events of some days, by one state of the reference data after the other."""
    attempt = given.attempt
    engine.show("accepted_events", engine.files(*(path for paths in days.files.values() for path in paths)))
    for view in ("charging_of_files", "ads_first_known", "charges"):
        engine.show(view, engine.files(given.file(view)))
    engine.define("history.charging_of_lines")
    engine.show("waiting_events", engine.session.createDataFrame([], WAITING))
    for state, known_since in given.states:
        for table in ("ads", "ad_sets", "campaigns", "global_ad_pricing"):
            engine.show(f"core_{table}", engine.files(given.file(f"{table}-{state}")))
        engine.define("history.events_to_price", state=state)
        engine.define("portable.priced_events")
        engine.define("history.charged_events", known_since=known_since)
        made = attempt.part("transactions") / job / f"state-{state}"
        engine.write_days("charged_events", made, ORDER["transactions"])
        engine.define("history.unpriced_events")
        waiting = attempt.part("waiting") / job / f"state-{state}"
        engine.write(engine.session.table("unpriced_events"), waiting)
        engine.show("waiting_events", _rows_or_none(engine, waiting, WAITING))
    _sum(engine, given, days, job)


def _sum(engine: Engine, given: Given, days: DaysAtOnce, job: str) -> None:
    """Sum what was charged for some days, and the corrections of it, by local date."""
    columns = "brand_id bigint, campaign_id bigint, cost_type string, amount decimal(18, 9), occurred_at timestamp"
    attempt = given.attempt
    engine.show("charged_costs", _rows_or_none(engine, attempt.part("transactions") / job, columns))
    corrections = engine.files(given.file("corrections"))
    engine.show("booked_corrections", corrections.where(corrections.day.isin([str(day) for day in days.days])))
    engine.show("all_brand_offsets", engine.files(given.file("brand_offsets")))
    engine.define("history.brand_offsets", starts_at=days.starts_at, ends_at=days.ends_at)
    engine.define("history.costs_to_sum")
    engine.define("portable.spend_by_date")
    engine.write(engine.session.table("spend_by_date"), attempt.part("spend") / job)


def _rows_or_none(engine: Engine, folder: Path, columns: str) -> "DataFrame":
    """Rows that were written to a folder; an engine that had none may have written no file."""
    paths = [Path(path) for path in parquet_files(folder) if rows_in(Path(path))]
    return engine.files(*paths) if paths else engine.session.createDataFrame([], columns)


def _totals(engine: Engine, attempt: Attempt, table: str) -> Iterator[Total]:
    """What the engine says of what it has written."""
    paths = [path for of_day in attempt.days(table).values() for path in of_day]
    if not paths:
        return
    amount = "amount" if table == "transactions" else "cast(null as decimal(18, 9)) as amount"
    engine.show("written_rows", engine.files(*paths).selectExpr(amount, "occurred_at"))
    engine.define("history.totals")
    for row in sorted(engine.session.table("totals").toArrow().to_pylist(), key=lambda row: row["day"]):
        yield Total(table, row["day"], row["row_count"], row["amount"], _utc(row["first_at"]), _utc(row["last_at"]))


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)
