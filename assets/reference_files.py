"""Reference files: read strictly, row by row judged, and loaded as versions.

Belongs here: what each reference table must look like. Does not: events and payments (`reading`), how a version is
kept (`sql/core/<table>.sql`).
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from assets.attempts import attempt, note_in_vain, refuse_killers, with_attempts, worth_an_attempt
from assets.ingestion import RAW_TEXT_LIMIT, new_files
from assets.landing import DeliveredFile, Deliveries, NotReadyError, QuarantineError, StagedFile, stage
from assets.reading import CUT_OFF, UNREADABLE, csv_header, cut, parquet_schema
from assets.settings import DataRoot, Settings, first_line
from assets.warehouse import Warehouse

STATUSES = ("DRAFT", "SCHEDULED", "RUNNING", "PAUSED", "BUDGET_REACHED", "COMPLETED")

log = logging.getLogger("spendgate.reference")


@dataclass(frozen=True)
class Column:
    """A column of a reference file.

    Attributes:
        holds: whether a text that is there may stay, as an expression over the text.
        wanted: the same in words, for the person who has to mend the file.
        required: an empty value is refused.
    """

    holds: Callable[[pl.Expr], pl.Expr]
    wanted: str
    required: bool = False


@dataclass(frozen=True)
class ReferenceTable:
    """A reference table as delivered: its columns in order, its key, and the table its parent column points to."""

    columns: dict[str, Column]
    key: str
    parent: str | None = None
    parent_key: str | None = None


def _matches(pattern: str) -> Callable[[pl.Expr], pl.Expr]:
    return lambda text: text.str.contains(f"^(?:{pattern})$")


def _one_of(values: tuple[str, ...]) -> Callable[[pl.Expr], pl.Expr]:
    return lambda text: text.is_in(values)


def _fits_64_bits(text: pl.Expr) -> pl.Expr:
    return text.str.contains(r"^-?[0-9]{1,19}$") & text.cast(pl.Int64, strict=False).is_not_null()


def _is_instant(text: pl.Expr) -> pl.Expr:
    form = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})$"
    return text.str.contains(form) & _instant(text).is_not_null()


def _instant(text: pl.Expr) -> pl.Expr:
    zoned = text.str.replace("Z$", "+00:00").str.replace(" ", "T")
    return zoned.str.to_datetime(time_unit="us", time_zone="UTC", strict=False)


ID = Column(_fits_64_bits, "a whole number that fits 64 bits", required=True)
TEXT = Column(lambda text: text.str.len_bytes() <= 1_000_000, "text of at most 1,000,000 bytes")
FLAG = Column(_matches("(?i)true|false|1|0"), "true or false", required=True)
BUDGET = Column(
    _matches(r"[0-9]{1,29}(\.[0-9]{1,9}0*)?"), "a decimal number with at most 9 decimals, not negative, or empty"
)
COST = Column(
    _matches(r"[0-9]{1,9}(\.[0-9]{1,9}0*)?"),
    "a decimal number below one billion with at most 9 decimals, not negative, or empty",
)
COST_PER_MILLE = Column(
    _matches(r"[0-9]{1,12}(\.[0-9]{1,6}0*)?"), "a decimal number with at most 6 decimals, not negative, or empty"
)
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.0+)?)?"
COSTS = {
    "cost_per_click": COST,
    "cost_per_mille": COST_PER_MILLE,
    "cost_per_view": COST,
    "cost_per_acquisition": COST,
}
TIMEZONE = Column(lambda text: text.is_not_null(), "an IANA time zone such as Europe/Paris", required=True)

TABLES = {
    "brands": ReferenceTable(
        {
            "brand_id": ID,
            "name": TEXT,
            "daily_budget": BUDGET,
            "monthly_budget": BUDGET,
            "timezone": TIMEZONE,
            "owner": TEXT,
            "is_active": FLAG,
        },
        key="brand_id",
    ),
    "campaigns": ReferenceTable(
        {
            "campaign_id": ID,
            "brand_id": ID,
            "name": TEXT,
            "status": Column(_one_of(STATUSES), f"one of {', '.join(STATUSES)}", required=True),
            "allowed_start": Column(_matches(CLOCK), "a UTC time of day such as 09:00, or empty"),
            "allowed_end": Column(
                _matches(rf"{CLOCK}|24:00(:00)?"), "a UTC time of day such as 17:00 or 24:00, or empty"
            ),
        },
        key="campaign_id",
        parent="brands",
        parent_key="brand_id",
    ),
    "ad_sets": ReferenceTable(
        {"ad_set_id": ID, "campaign_id": ID, "name": TEXT, "is_active": FLAG},
        key="ad_set_id",
        parent="campaigns",
        parent_key="campaign_id",
    ),
    "ads": ReferenceTable(
        {
            "ad_id": ID,
            "ad_set_id": ID,
            "name": TEXT,
            "is_active": FLAG,
            "media_file": TEXT,
            "content": TEXT,
            **COSTS,
        },
        key="ad_id",
        parent="ad_sets",
        parent_key="ad_set_id",
    ),
    "global_ad_pricing": ReferenceTable(
        {
            "effective_from": Column(_is_instant, "a time such as 2025-06-10T12:00:00Z", required=True),
            **COSTS,
        },
        key="effective_from",
    ),
}


def load_reference(warehouse: Warehouse, deliveries: Deliveries, name: str) -> None:
    """Load the newest delivered file of a reference table, if there is something new in it for us.

    A changed row becomes a new version from `warehouse.now` on; a row that is gone keeps its last version and is
    noted as missing. A file whose rows waited for their parents is tried again when parents have come.
    """
    files = [file for file in deliveries.seen if file.kind == name]
    retry = deliveries.retry
    known = warehouse.row(
        "ops/newest_reference_file",
        kind=name, parent=TABLES[name].parent,
        retried_reason=retry and retry.reason, retried_name=retry and retry.name,
    )  # fmt: skip
    newest = _Newest(*known) if known else _Newest()
    choose = with_attempts if newest.deserves_another_try else new_files
    wanted = choose(warehouse.connection, files)
    for file in filter(worth_an_attempt, deliveries.settled(wanted)):
        with attempt(warehouse, [file]):
            wait = _take(warehouse, file, deliveries.settings, newest)
        note_in_vain(warehouse, [(file, wait)] if wait else [])


@dataclass(frozen=True)
class _Newest:
    """What the ledger knows of the newest file of a reference table.

    Attributes:
        sha256: its bytes.
        loaded_file_id: the newest one that was loaded.
        deserves_another_try: rows of it that were refused may load now.
    """

    sha256: str | None = None
    loaded_file_id: int | None = None
    deserves_another_try: bool = False


def read_alone(root: DataRoot, file: DeliveredFile, settings: Settings) -> None:
    """Read a file, to see whether the process lives through it."""
    with suppress(OSError, NotReadyError, QuarantineError):
        _read(stage(file, root, settings), TABLES[file.kind], settings)


def _take(warehouse: Warehouse, file: DeliveredFile, settings: Settings, newest: _Newest) -> NotReadyError | None:
    """Load a file, or record what else became of it; returns why it has to wait, if it has to."""
    sha256 = None
    try:
        refuse_killers(file, read_alone, warehouse.root, file, settings)
        staged = stage(file, warehouse.root, settings)
        sha256 = staged.sha256
        again = sha256 == newest.sha256
        if again and not newest.deserves_another_try:
            _record(warehouse, file, sha256, "DUPLICATE", "same bytes as the file before it")
            return None
        rows = _read(staged, TABLES[file.kind], settings)
    except NotReadyError as wait:
        return wait
    except QuarantineError as refusal:
        _record(warehouse, file, sha256 or refusal.sha256, "QUARANTINED", str(refusal))
        return None
    _load(warehouse, file, rows, sha256, file_id=newest.loaded_file_id if again else None)
    return None


def _load(warehouse: Warehouse, file: DeliveredFile, rows: pl.DataFrame, sha256: str, *, file_id: int | None) -> None:
    """Load the rows of a file, in one transaction.

    Args:
        warehouse: where to.
        file: the file.
        rows: what is in it, as text.
        sha256: its bytes.
        file_id: the ledger row it takes over when it is tried again.
    """
    name, table = file.kind, TABLES[file.kind]
    judged = _judge(rows, table, _ids(warehouse, table.parent), _timezones(warehouse))
    sound = judged.filter(pl.col("reason").is_null()).select(*table.columns)
    refused = _refused(judged, table)
    connection = warehouse.connection
    warehouse.run(f"ingest/delivered_{name}")
    connection.register("sound_rows", sound.to_arrow())
    connection.register("refused_rows", refused.to_arrow())
    connection.register("file_ids", _file_ids(rows, table).to_arrow())
    warehouse.run("ingest/add_delivered")
    with warehouse.transaction() as recorded_at:
        batch_id = warehouse.batch_id(recorded_at)
        before = len(connection.table(f"core.{name}"))
        warehouse.run(
            f"core/{name}", now=warehouse.now, clock=warehouse.clock(), batch_id=batch_id, recorded_at=recorded_at
        )
        opened = len(connection.table(f"core.{name}")) - before
        warehouse.run(f"core/{name}_superseded")
        if file_id is not None:
            warehouse.run("ops/forget_reference_file", file_id=file_id)
            warehouse.run("raw/forget_rejected_rows", file_id=file_id)
        counts = (opened, len(sound) - opened, len(refused))
        file_id = _write_file(
            warehouse, file, recorded_at, sha256=sha256, outcome="LOADED", counts=counts, file_id=file_id
        )
        warehouse.run("raw/rejected_reference_rows", file_id=file_id, recorded_at=recorded_at)
        warehouse.run("ops/forget_missing_rows", table_name=name)
        warehouse.run("ops/missing_rows", table_name=name, file_id=file_id, recorded_at=recorded_at)
    log.info(
        "%s: %d rows = %d new or changed + %d as before + %d refused",
        file.name, len(rows), opened, len(sound) - opened, len(refused),
    )  # fmt: skip


def _record(warehouse: Warehouse, file: DeliveredFile, sha256: str | None, outcome: str, reason: str) -> None:
    """Note a file none of whose rows were looked at."""
    with warehouse.transaction() as recorded_at:
        _write_file(warehouse, file, recorded_at, sha256=sha256, outcome=outcome, reason=reason)
    log.warning("%s: %s (%s)", file.name, outcome, reason)


def _write_file(
    warehouse: Warehouse,
    file: DeliveredFile,
    recorded_at: datetime,
    *,
    sha256: str | None,
    outcome: str,
    reason: str | None = None,
    counts: tuple[int, int, int] = (0, 0, 0),
    file_id: int | None = None,
) -> int:
    """Write the file's ledger row; returns its number, the next one unless it has one already."""
    warehouse.run("ops/forget_attempts", names=[file.name])
    if file_id is None:
        file_id = int(warehouse.value("raw/newest_file")) + 1
    loaded, duplicate, rejected = counts
    warehouse.run(
        "ops/reference_files",
        file_id=file_id,
        kind=file.kind,
        name=file.name,
        sha256=sha256,
        bytes=file.bytes,
        changed_ns=file.changed_ns,
        outcome=outcome,
        reason=reason,
        rows_loaded=loaded,
        rows_duplicate=duplicate,
        rows_rejected=rejected,
        batch_id=warehouse.batch_id(recorded_at),
        recorded_at=recorded_at,
    )
    return file_id


def _ids(warehouse: Warehouse, table: str | None) -> pl.Series | None:
    if table is None:
        return None
    of_the_table = duckdb.ColumnExpression("table_name") == duckdb.ConstantExpression(table)
    return warehouse.relation("core/ids_in_force").filter(of_the_table).pl()["id"]


def _timezones(warehouse: Warehouse) -> pl.Series:
    return warehouse.relation("core/timezones").pl()["timezone"]


# --- reading


def _read(staged: StagedFile, table: ReferenceTable, settings: Settings) -> pl.DataFrame:
    """All rows of a file as text, with `line_number` and, for rows that are none, a `fault`.

    Raises:
        QuarantineError: the file is damaged, or has other columns than the table.
    """
    if staged.format == "jsonl":
        raise QuarantineError("reference files are delivered as .csv or .parquet")
    try:
        if staged.format == "parquet":
            parquet_schema(staged, settings)
        rows = _read_parquet(staged, table) if staged.format == "parquet" else _read_csv(staged, table)
    except (*UNREADABLE, pl.exceptions.PolarsError) as error:
        raise QuarantineError(f"cannot be read: {first_line(error)[:200]}") from error
    blank = pl.when(pl.col(pl.String) == "").then(None).otherwise(pl.col(pl.String)).name.keep()
    return rows.with_columns(blank)


def _check_columns(found: list[str], table: ReferenceTable) -> None:
    for name in found:
        if name not in table.columns:
            raise QuarantineError(f"unknown column {name} (known: {', '.join(table.columns)})")
    for name in table.columns:
        if found.count(name) != 1:
            raise QuarantineError(f"column {name} is {'missing' if name not in found else 'there twice'}")


def _read_parquet(staged: StagedFile, table: ReferenceTable) -> pl.DataFrame:
    delivered = pq.read_table(staged.path)
    _check_columns(delivered.column_names, table)
    for field in delivered.schema:
        if pa.types.is_floating(field.type) or pa.types.is_nested(field.type):
            raise QuarantineError(
                f"column {field.name} is {field.type}: deliver text, whole numbers or DECIMAL (a float is not exact)"
            )
    texts = pa.table({name: delivered[name].cast(pa.string()) for name in table.columns})
    return _frame(texts).with_row_index("line_number", offset=1).with_columns(fault=pl.lit(None, pl.String))


def _read_csv(staged: StagedFile, table: ReferenceTable) -> pl.DataFrame:
    header = csv_header(staged.text, ())
    _check_columns(header, table)
    broken: list[dict[str, Any]] = []

    def note(row: Any) -> str:
        fault = f"{row.actual_columns} fields, expected {row.expected_columns}"
        broken.append({"line_number": row.number, "content": row.text, "fault": fault})
        return "skip"

    texts = pa_csv.read_csv(
        staged.text,
        read_options=pa_csv.ReadOptions(use_threads=False),  # line numbers of broken rows need one thread
        parse_options=pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )
    taken = {row["line_number"] for row in broken}
    numbers = [n for n in range(2, texts.num_rows + len(broken) + 2) if n not in taken]
    rows = _frame(texts).with_columns(
        pl.Series("line_number", numbers, pl.Int64), pl.lit(None, pl.String).alias("fault")
    )
    if not staged.terminated and numbers:
        last = pl.col("line_number") == numbers[-1]
        rows = rows.with_columns(fault=pl.when(last).then(pl.lit(CUT_OFF)).otherwise("fault"))
    schema = {"line_number": pl.Int64, "content": pl.String, "fault": pl.String}
    return pl.concat([rows, pl.DataFrame(broken, schema=schema)], how="diagonal")


def _frame(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a table became something else")
    return frame.with_columns(pl.lit(None, pl.String).alias("content"))


# --- judging


def _judge(rows: pl.DataFrame, table: ReferenceTable, parents: pl.Series | None, timezones: pl.Series) -> pl.DataFrame:
    """Add to each row what is wrong with it (`reason`, null when nothing is)."""
    reasons = [pl.col("fault")]
    for name, column in table.columns.items():
        text = pl.col(name)
        if column.required:
            reasons.append(pl.when(text.is_null()).then(pl.lit(f"{name} is missing")))
        bad = text.is_not_null() & ~column.holds(text)
        reasons.append(pl.when(bad).then(pl.format(f"{name} '{{}}' is not {column.wanted}", text.str.slice(0, 100))))
    if table.parent is not None and table.parent_key is not None and parents is not None:
        parent = pl.col(table.parent_key)
        unknown = ~_canonical(parent).is_in(parents.implode())
        reasons.append(
            pl.when(unknown).then(pl.format(f"unknown {table.parent_key} {{}}: no such row in {table.parent}", parent))
        )
    if "timezone" in table.columns:
        unknown = ~pl.col("timezone").is_in(timezones.implode())
        reasons.append(pl.when(unknown).then(pl.format("timezone '{}' is not in the IANA list", pl.col("timezone"))))
    if "allowed_start" in table.columns:
        reasons += _window_reasons()
    judged = rows.with_columns(reason=pl.coalesce(reasons))
    # the first sound row of an id stays; another one contradicts or repeats it
    sound = pl.col("reason").is_null()
    repeated = sound & ~_key(table).is_first_distinct().over(sound)
    twice = pl.when(repeated).then(pl.format(f"{table.key} {{}} is there twice", pl.col(table.key)))
    return judged.with_columns(reason=pl.coalesce("reason", twice))


def _refused(judged: pl.DataFrame, table: ReferenceTable) -> pl.DataFrame:
    """The refused rows as they are listed: line, reason and text, as delivered or as JSON."""
    refused = judged.filter(pl.col("reason").is_not_null())
    texts = refused.select(pl.coalesce("content", pl.struct(*table.columns).struct.json_encode())).to_series()
    raw = pl.Series("raw", [cut(text, RAW_TEXT_LIMIT) for text in texts], pl.String)
    return refused.select("line_number", "reason", raw)


def _window_reasons() -> list[pl.Expr]:
    start, end = pl.col("allowed_start"), pl.col("allowed_end")
    single = start.is_null() != end.is_null()
    equal = _shortest(start) == _shortest(end)
    return [
        pl.when(single).then(pl.lit("allowed_start and allowed_end belong together: give both or neither")),
        pl.when(equal).then(
            pl.format("allowed_start and allowed_end are both {}: leave both empty for all day", start)
        ),
    ]


def _shortest(clock: pl.Expr) -> pl.Expr:
    """A time of day without fractions and seconds of nothing."""
    return clock.str.replace(r"\.0+$", "").str.replace(r"^(.{5}):00$", "$1")


def _canonical(number: pl.Expr) -> pl.Expr:
    """Text of a whole number without leading zeros, null when it is none."""
    return number.cast(pl.Int64, strict=False).cast(pl.String)


def _key(table: ReferenceTable) -> pl.Expr:
    """The key as `core.reference_rows` writes it: one text for one number or instant, however it was spelled."""
    key = pl.col(table.key)
    return _canonical(key) if table.columns[table.key] is ID else _instant(key).dt.timestamp("us").cast(pl.String)


def _file_ids(rows: pl.DataFrame, table: ReferenceTable) -> pl.DataFrame:
    """Ids the file holds, sound or refused."""
    return rows.select(id=_key(table)).drop_nulls()
