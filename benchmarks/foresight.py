"""Traffic to foresee: steady, by the hour of the day, and spiky, in twelve zones over a clock change.

Belongs here: the world, and replaying it by cadence and policy. Does not: the replay (`assets.engine.backtest`), how
far forecasts were off (`forecasts.sql`).

`python -m benchmarks.foresight DATA` makes the world in the data root DATA, unless it is there, and prints the rows of
two tables in Markdown: how far forecasts of when a budget is used up were off, by kind of traffic and how far ahead,
and what replays came to, by cadence, policy, how long the budget lasted, and kind of traffic.
"""

import argparse
import math
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from assets.engine.backtest.replay import Plan, backtest
from assets.engine.data_root import DataRoot
from assets.engine.warehouse.publication import open_published, publish
from assets.engine.warehouse.warehouse import open_warehouse

ZONES = (
    "UTC", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "Europe/London", "Europe/Paris",
    "Africa/Cairo", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
TRAFFIC = {"steady": 1.0, "diurnal": 1.8, "spiky": 10.0}  # and its highest rate, of its usual one
USED_UP_AT = (0.75, 4.0, 9.0, 14.0)  # hours of the local day, at the usual rate of each kind
SPEND_A_DAY = 20
SINCE = datetime(2026, 10, 22, tzinfo=UTC)  # clocks change on 25 October in Europe, on 1 November in America
RAISED = datetime(2026, 10, 26, 15, tzinfo=UTC)  # when every sixth brand gets half as much again for a day

EVERY = (60.0, 15.0, 5.0, 1.0)
FORECASTS = Path(__file__).with_name("forecasts.sql")

BY_TRAFFIC = """
select
    lasted,
    brands.name as traffic,
    count(*) as budgets,
    format(
        '{:.2f} / {:.2f} / {:.2f}',
        median(overspend_percent), quantile_cont(overspend_percent, 0.95), max(overspend_percent)
    ) as overspend,
    format('{:.2f} / {:.2f}', quantile_cont(bound_percent, 0.95), max(bound_percent)) as bound,
    format(
        '{:.2f} / {:.2f}',
        100 * sum(greatest(least(demand, budget) - spend, 0))::double / sum(least(demand, budget))::double,
        quantile_cont(underspend_percent, 0.95)
    ) as underspend
from replayed_outcomes
inner join core.brands on replayed_outcomes.brand_id = brands.brand_id and brands.valid_to is null
where period = 'DAY' and lasted <> 'not used up'
group by lasted, traffic
order by
    list_position(['over 6 h', '1 to 6 h', 'under 1 h'], lasted),
    list_position(['steady', 'diurnal', 'spiky'], traffic)
"""


def share_by(traffic: str, hours: float) -> float:
    """How much of a day's events have happened by an hour of it."""
    wave = 0.8 * 24 / math.tau * (math.cos(math.tau * -9 / 24) - math.cos(math.tau * (hours - 9) / 24))
    return (hours + (wave if traffic == "diurnal" else 0)) / 24


def brands() -> pl.DataFrame:
    """One row per brand: its zone, traffic and budget."""
    rows = [
        (traffic, zone, round(SPEND_A_DAY * share_by(traffic, hours), 2))
        for zone in ZONES
        for traffic in TRAFFIC
        for hours in USED_UP_AT
    ]
    return pl.DataFrame(rows, ["name", "timezone", "daily_budget"], orient="row").with_row_index("brand_id", 1)


def events(brand_id: int, traffic: str, zone: str, days: int, events_a_day: int) -> pl.DataFrame:
    """The events of one brand: candidates at its highest rate, of which each is kept by the rate of its moment."""
    highest = TRAFFIC[traffic]
    candidates = pl.DataFrame({"number": pl.int_range(int(events_a_day * days * highest), eager=True)}).with_columns(
        at=(pl.lit(SINCE) + pl.duration(microseconds=_random("number", 2 * brand_id) * days * 86_400e6)),
    )
    local = pl.col("at").dt.convert_time_zone(zone)
    hours = local.dt.hour() + local.dt.minute() / 60
    burst = pl.col("at").dt.truncate("5m").hash(brand_id) % 48 == 0  # five minutes, six times a day
    rates = {
        "steady": pl.lit(1.0),
        "diurnal": 1 + 0.8 * ((hours - 9) * math.tau / 24).sin(),
        "spiky": pl.when(burst).then(10.0).otherwise(1.0),
    }
    kept = candidates.filter(_random("number", 2 * brand_id + 1) < rates[traffic] / highest)
    return kept.select(
        event_id=pl.format("{}-{}", pl.lit(brand_id), "number"),
        ad_id=pl.lit(brand_id),
        event_type=pl.lit("view"),
        occurred_at="at",
    )


def _random(column: str, seed: int) -> pl.Expr:
    """Between 0 and 1, the same for every run."""
    return pl.col(column).hash(seed) / 2.0**64


def make(root: DataRoot, days: int, events_a_day: int) -> None:
    """Deliver the world and run it; what is known when is as if runs had followed each other within minutes."""
    root.create()
    made = brands()
    for table, rows in {
        "brands": made.with_columns(monthly_budget=pl.lit(None, pl.Float64), owner=pl.lit("o"), is_active=pl.lit(1)),
        "campaigns": made.select(
            "brand_id", campaign_id="brand_id", name="name", status=pl.lit("SCHEDULED"),
            allowed_start=pl.lit(""), allowed_end=pl.lit(""),
        ),
        "ad_sets": made.select(ad_set_id="brand_id", campaign_id="brand_id", name="name", is_active=pl.lit(1)),
        "ads": made.select(
            ad_id="brand_id", ad_set_id="brand_id", name="name", is_active=pl.lit(1), media_file=pl.lit(""),
            content=pl.lit(""), cost_per_click=pl.lit(""), cost_per_mille=pl.lit(""),
            cost_per_view=pl.lit(str(SPEND_A_DAY / events_a_day)), cost_per_acquisition=pl.lit(""),
        ),
    }.items():  # fmt: skip
        rows.write_csv(root.reference / f"{table}.csv")
    prices = "effective_from,cost_per_click,cost_per_mille,cost_per_view,cost_per_acquisition\n"
    (root.reference / "global_ad_pricing.csv").write_text(prices)
    _run(root, SINCE)
    raised = made.filter(pl.col("brand_id") % 6 == 0).select(
        scope=pl.lit("BRAND"), id="brand_id", period=pl.lit("DAY"), amount=(pl.col("daily_budget") * 1.5).round(2),
        effective_from=pl.lit(RAISED.date()), effective_to=pl.lit(RAISED.date() + timedelta(days=1)),
    )  # fmt: skip
    raised.write_csv(root.reference / "budgets.csv")
    _run(root, RAISED)
    for row in made.iter_rows(named=True):
        file = root.landing("events") / f"{row['brand_id']}.parquet"
        events(row["brand_id"], row["name"], row["timezone"], days, events_a_day).write_parquet(file)
    _run(root, SINCE + timedelta(days=days))
    with open_warehouse(root, now=SINCE + timedelta(days=days), run_id="benchmark") as warehouse:
        with warehouse.transaction():
            # a minute or two, one in a hundred up to six hours
            warehouse.connection.execute(
                "update internal.transactions set recorded_at = occurred_at + to_seconds("
                "case when hash(transaction_id) % 100 = 0 then hash(transaction_id, 1) % 21600"
                " else 30 + hash(transaction_id, 1) % 90 end::double)"
            )
        publish(warehouse)


def _run(root: DataRoot, now: datetime) -> None:
    command = [str(Path(sys.executable).with_name("spendgate")), "run", "--data", str(root.path), "--now"]
    subprocess.run([*command, now.isoformat()], check=True, stdout=subprocess.DEVNULL)


def replay(root: DataRoot, days: float, minutes: float, stop_early: str) -> str:
    """Rows of a Markdown table: what a replay of so many days came to."""
    since = SINCE + timedelta(days=1)
    plan = Plan(since, since + timedelta(days=days), timedelta(minutes=minutes), stop_early)
    with open_published(root) as published:
        backtest(published, plan)
        return _rows((f"{minutes:g} min", stop_early, *row) for row in published.sql(BY_TRAFFIC).fetchall())


def forecasts(root: DataRoot, days: int) -> str:
    """Rows of a Markdown table: how far forecasts of when a budget is used up were off, by profiles as of each day."""
    with open_warehouse(root, now=SINCE + timedelta(days=days), run_id="benchmark") as warehouse:
        connection = warehouse.connection
        connection.execute("create temp table profiles_by_day as from internal.spend_profiles limit 0")
        for day in range(1, days):
            warehouse.run("internal.spend_profiles", "learn", now=SINCE + timedelta(days=day))
            connection.execute("insert into profiles_by_day by name from learned_profiles")
        return _rows(connection.execute(FORECASTS.read_text(encoding="utf-8")).fetchall())


def _rows(rows: Iterable[Sequence[object]]) -> str:
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)


def main() -> None:
    """Make the world, forecast, replay it, print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--events-a-day", type=int, default=2_000, help="Of a brand; fewer cost more each.")
    parser.add_argument("--replay-days", type=float, help="All but the first, if not given.")
    parser.add_argument("--every", type=float, action="append", help="Minutes; several times for several cadences.")
    given = parser.parse_args()
    root = DataRoot(given.data)
    if not root.published_file.exists():
        make(root, given.days, given.events_a_day)
    sys.stdout.write(forecasts(root, given.days))
    plans = [(minutes, stop_early) for minutes in given.every or EVERY for stop_early in ("off", "learned")]
    with ProcessPoolExecutor(2) as pool:  # a replay keeps one core busy
        done = [pool.submit(replay, root, given.replay_days or given.days - 1, *plan) for plan in plans]
        for each in done:
            sys.stdout.write(each.result())
            sys.stdout.flush()


if __name__ == "__main__":
    main()
