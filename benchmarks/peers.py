"""The same work by other means: the same files, and spend by brand, campaign, cost type and local date.

`python -m benchmarks.peers NAME DATA FORMAT ANSWER` runs one in a process of its own. All keep a ledger, the
priced events with their ids, and sum it. What spendgate does beside (repeated events, refused rows, evidence, checks, a
copy for readers) counts against it; only the floor and the loop look for repeated events.
"""

import csv
import json
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from assets.engine.time_zones import utc_offsets
from assets.engine.warehouse.statements import whole

HERE = Path(__file__).parent
LOOP = "python loop"
MONEY = pa.decimal128(38, 9)
ANSWER = pa.schema(
    [
        ("brand_id", pa.int64()),
        ("campaign_id", pa.int64()),
        ("cost_type", pa.string()),
        ("local_date", pa.date32()),
        ("spend", MONEY),
        ("transactions", pa.int64()),
    ]
)


def statements(name: str) -> list[str]:
    """Statements of one of the SQL files here."""
    return (HERE / f"{name}.sql").read_text(encoding="utf-8").rstrip().removesuffix(";").split(";\n")


def events_of(data: Path, format_: str) -> list[str]:
    """The delivered files of events."""
    return [str(path) for path in sorted((data / "landing" / "events").glob(f"*.{format_}"))]


def _connected(data: Path, format_: str, file: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """DuckDB with the reference files as tables, and `delivered`, the rows of the event files."""
    connection = duckdb.connect(file, config={"storage_compatibility_version": "v1.5.0"})
    connection.execute("set TimeZone = 'UTC'")
    for table in ("brands", "campaigns", "ad_sets", "ads", "global_ad_pricing"):
        rows = connection.read_csv(str(data / "reference" / f"{table}.csv"), dtype=_types(table))
        rows.create(table)
    connection.execute(statements("lineages")[0])
    files = events_of(data, format_)
    if format_ == "parquet":
        delivered = connection.read_parquet(files, file_row_number=True)
    elif format_ == "csv":
        types = {"ad_id": "bigint", "occurred_at": "timestamptz"}
        delivered = connection.read_csv(files, dtype=types)  # type: ignore[arg-type]
        delivered = delivered.project("*, row_number() over () as file_row_number")
    else:
        columns = {"event_id": "varchar", "ad_id": "bigint", "event_type": "varchar", "occurred_at": "timestamptz"}
        delivered = connection.read_json(files, format="newline_delimited", columns=columns)  # type: ignore[arg-type]
        delivered = delivered.project("*, row_number() over () as file_row_number")
    delivered.create_view("delivered")
    return connection


def _types(table: str) -> dict[str, str]:
    prices = {"cost_per_click", "cost_per_view", "cost_per_acquisition"}
    types = dict.fromkeys(prices, "decimal(18, 9)") | {"cost_per_mille": "decimal(18, 6)"}
    return types if table in ("ads", "global_ad_pricing") else {}


def floor(data: Path, format_: str, answer: Path) -> None:
    """Plain SQL for the same durable result: events once, transactions, sums, a copy of the file on the disk."""
    file = answer.with_suffix(".duckdb")
    file.unlink(missing_ok=True)
    connection = _connected(data, format_, str(file))
    connection.register("zones", utc_offsets())
    for statement in (*statements("floor"), whole("portable.spend_by_date")):
        connection.execute(statement)
    connection.execute("insert into daily_spend from spend_by_date; checkpoint")
    connection.sql("from daily_spend").write_parquet(str(answer))
    connection.close()
    shutil.copyfile(file, file.with_suffix(".copy"))


def _fsync_all(answer: Path) -> None:
    """Wait until everything that was written beside the answer is on the disk, as spendgate does."""
    for written in answer.parent.glob(f"{answer.stem}*"):
        for file in written.rglob("*.parquet") if written.is_dir() else [written]:
            with file.open("rb") as written_file:
                os.fsync(written_file.fileno())


def at_time_zone(data: Path, format_: str, answer: Path) -> None:
    """DuckDB as people write it: the local date of each row by AT TIME ZONE."""
    file = answer.with_suffix(".duckdb")
    file.unlink(missing_ok=True)
    connection = _connected(data, format_, str(file))
    ledger, sums = statements("at_time_zone")
    connection.execute(ledger)
    connection.sql(sums).write_parquet(str(answer))
    connection.close()


def polars(data: Path, format_: str, answer: Path, *, keeps_ledger: bool = True) -> None:
    """Polars' streaming engine at its best: quarter-hours are summed first, each (zone, quarter-hour) looked up."""
    import polars as pl

    lineages = pl.from_arrow(_connected(data, format_).table("lineages").to_arrow_table())
    assert isinstance(lineages, pl.DataFrame)
    if format_ == "parquet":
        events = pl.scan_parquet(events_of(data, format_))
    else:
        schema = {"event_id": pl.String, "ad_id": pl.Int64, "event_type": pl.String, "occurred_at": pl.String}
        files = events_of(data, format_)
        csv_ = format_ == "csv"
        text = pl.scan_csv(files, schema_overrides=schema) if csv_ else pl.scan_ndjson(files, schema=schema)
        events = text.select(*schema).with_columns(
            pl.col("occurred_at").str.to_datetime(time_unit="us", time_zone="UTC")
        )
    priced = events.join(lineages.lazy(), on=["ad_id", "event_type"])
    if keeps_ledger:
        ledger = answer.with_suffix(".ledger.parquet")
        priced.sink_parquet(ledger, engine="streaming")
        priced = pl.scan_parquet(ledger)
    quarters = (
        priced.with_columns(pl.col("occurred_at").dt.truncate("15m").alias("quarter"))
        .group_by("brand_id", "campaign_id", "event_type", "timezone", "quarter")
        .agg(pl.col("amount").sum().alias("spend"), pl.len().alias("transactions"))
    )
    summed = quarters.collect(engine="streaming")
    dates = [
        part.with_columns(pl.col("quarter").dt.convert_time_zone(str(zone)).dt.date().alias("local_date"))
        for (zone,), part in summed.group_by("timezone")
    ]
    (
        pl.concat([part.lazy() for part in dates])
        .group_by("brand_id", "campaign_id", pl.col("event_type").str.to_uppercase().alias("cost_type"), "local_date")
        .agg(pl.col("spend").sum(), pl.col("transactions").sum().cast(pl.Int64))
        .sink_parquet(answer, engine="streaming")
    )


def polars_sums(data: Path, format_: str, answer: Path) -> None:
    """The sums alone: nothing is kept of what was charged. How fast it can be told, not how fast it can be known."""
    polars(data, format_, answer, keeps_ledger=False)


def chdb(data: Path, format_: str, answer: Path) -> None:
    """ClickHouse in the process, the local date of each row by toDate."""
    from chdb import session

    lineages = answer.with_suffix(".lineages.parquet")
    _connected(data, format_).table("lineages").write_parquet(str(lineages))
    pattern = data / "landing" / "events" / f"*.{format_}"
    form = {"parquet": "Parquet", "csv": "CSVWithNames"}.get(format_, "JSONEachRow")
    ledger = answer.with_suffix(".ledger.parquet")
    files = {"events": pattern, "form": form, "lineages": lineages, "ledger": ledger, "answer": answer}
    for written in (ledger, answer):
        written.unlink(missing_ok=True)
    clickhouse = session.Session()
    for query in statements("chdb"):
        clickhouse.query(query.format(**files))


def loop(data: Path, format_: str, answer: Path) -> None:
    """What an application does: one event after the other, a price looked up, a sum in a dictionary."""
    table = _connected(data, format_).table("lineages").to_arrow_table().to_pylist()
    lineages = {(row["ad_id"], row["event_type"]): row for row in table}
    zones = {row["timezone"]: ZoneInfo(row["timezone"]) for row in table}
    spend: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    seen: set[str] = set()
    with answer.with_suffix(".ledger.csv").open("w", newline="", encoding="utf-8") as file:
        ledger = csv.writer(file)
        for event_id, ad_id, event_type, occurred_at in _rows(data, format_):
            if event_id in seen:
                continue
            seen.add(event_id)
            row = lineages[ad_id, event_type]
            day = occurred_at.astimezone(zones[row["timezone"]]).date()
            key = (row["brand_id"], row["campaign_id"], event_type.upper(), day)
            ledger.writerow((event_id, ad_id, *key, row["amount"], occurred_at))
            spend[key] += row["amount"]
            counts[key] += 1
    rows = [(*key, amount, counts[key]) for key, amount in spend.items()]
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), ANSWER, strict=True)]
    pq.write_table(pa.Table.from_arrays(columns, schema=ANSWER), answer)


def _rows(data: Path, format_: str) -> Iterator[tuple[str, int, str, datetime]]:
    names = ["event_id", "ad_id", "event_type", "occurred_at"]
    for path in events_of(data, format_):
        if format_ == "parquet":
            for batch in pq.ParquetFile(path).iter_batches(columns=names):
                yield from zip(*(batch.column(name).to_pylist() for name in names), strict=True)
        else:
            with Path(path).open(encoding="utf-8") as lines:
                for row in map(json.loads, lines):
                    at = datetime.fromisoformat(row["occurred_at"])
                    yield row["event_id"], row["ad_id"], row["event_type"], at


def pyspark(data: Path, format_: str, answer: Path) -> None:
    """Spark on two local cores, the local date of each row by from_utc_timestamp."""
    from pyspark.sql import SparkSession

    lineages = answer.with_suffix(".lineages.parquet")
    _connected(data, format_).table("lineages").write_parquet(str(lineages))
    builder = SparkSession.builder.master("local[2]").config("spark.sql.session.timeZone", "UTC")
    spark = builder.config("spark.ui.enabled", "false").config("spark.driver.memory", "8g").getOrCreate()
    read = spark.read if format_ == "parquet" else spark.read.schema(
        "event_id string, ad_id bigint, event_type string, occurred_at timestamp"
    )  # fmt: skip
    pattern = str(data / "landing" / "events" / f"*.{format_}")
    (read.parquet(pattern) if format_ == "parquet" else read.json(pattern)).createOrReplaceTempView("events")
    spark.read.parquet(str(lineages)).createOrReplaceTempView("lineages")
    folder, ledger = answer.with_suffix(".spark"), answer.with_suffix(".spark-ledger")
    priced, sums = statements("pyspark")
    spark.sql(priced).write.mode("overwrite").parquet(str(ledger))
    spark.read.parquet(str(ledger)).createOrReplaceTempView("transactions")
    spark.sql(sums).write.mode("overwrite").parquet(str(folder))
    spark.stop()
    duckdb.read_parquet(str(folder / "*.parquet")).write_parquet(str(answer))


PEERS: dict[str, Callable[[Path, str, Path], None]] = {
    "floor": floor,
    "duckdb, AT TIME ZONE": at_time_zone,
    "polars, streaming": polars,
    "polars, the sums alone": polars_sums,
    "chdb": chdb,
    "pyspark": pyspark,
    LOOP: loop,
}

EVERY_FORM = ("floor", "polars, streaming", "chdb")
"""Peers that read every form of file; the others read Parquet and lines of the four keys."""

if __name__ == "__main__":
    peer, data_root, form, target = sys.argv[1:]
    PEERS[peer](Path(data_root), form, Path(target))
    _fsync_all(Path(target))
