"""Commands for those who plan: backtest.

Belongs here: their arguments, and how their results are laid out. Does not: what they do (`engine.backtest`).
"""

from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assets.engine.data_root import DataRoot
from assets.engine.warehouse.publication import open_published
from pipelines.cli.options import DATA, WIDE, Duration, Instant, format_option
from pipelines.cli.printing import print_json, print_table, progress, say

if TYPE_CHECKING:
    from assets.engine.backtest.replay import Backtest


class StopEarly(click.ParamType[str]):
    """A policy as in reference/policies, or as-set: each brand its own."""

    name = "policy"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read it strictly."""
        if value not in ("off", "learned", "as-set") and not (value.isdecimal() and 1 <= int(value) <= 1440):
            self.fail(f"'{value}' is not off, learned, as-set or a number of minutes from 1 to 1440", param, ctx)
        return str(value)


@click.command(
    short_help="Take past decisions again, by other intervals and policies.",
    epilog="""\b
Examples:
  spendgate backtest --from 2026-10-01 --to 2026-11-01 --every 5m
  spendgate backtest --from 2026-10-01 --to 2026-10-08 --every 5m --every 15m --stop-early off --stop-early learned
""",
)
@DATA
@click.option("--from", "since", type=Instant(), required=True, help="The first instant decided for.")
@click.option("--to", "until", type=Instant(), required=True, help="The last one.")
@click.option(
    "--every", type=Duration(), multiple=True, default=["5m"], show_default=True,
    help="From one decision to the next; several times to compare.",
)  # fmt: skip
@click.option(
    "--stop-early", type=StopEarly(), multiple=True, default=["as-set"], show_default=True,
    help="off, learned, a number of minutes; several times to compare.",
)  # fmt: skip
@click.option(
    "--budget-scale", type=click.FloatRange(0.001, 1000), default=1.0, show_default=True,
    help="Every budget is so many times as large.",
)  # fmt: skip
@click.option(
    "--delay", type=Duration(), default="2m", show_default=True,
    help="From a decision until it is served: what happens later than that after a stop is taken away.",
)  # fmt: skip
@click.option("--arrival", type=Duration(), help="Costs are known so long after they happened, not as recorded.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw overspend and underspend: an SVG.")
@format_option("table", "json", told="JSON holds everything.")
@WIDE
def backtest(
    data: DataRoot,
    every: tuple[timedelta, ...],
    stop_early: tuple[str, ...],
    format_: str,
    *,
    wide: bool,
    **given: Any,
) -> None:
    """Take the decisions between two instants again over the ledger, with its statements, and write nothing.

    Costs count once they were known. Serving is a model: what happened after a stop and the delay is taken away. The
    ledger holds only what was served, so a campaign that had been stopped then has no traffic to be stopped from now.
    """
    from assets.engine.backtest.replay import Plan
    from assets.engine.backtest.replay import backtest as replay

    since, until, plot = given["since"], given["until"], given["plot"]
    _require_steps(since, until, every)
    done = []
    for interval in every:
        for policy in stop_early:
            plan = Plan(
                since, until, interval, None if policy == "as-set" else policy,
                given["budget_scale"], given["delay"], given["arrival"],
            )  # fmt: skip
            with open_published(data) as published:
                done.append(replay(published, plan, progress(f"every {_words(interval)}, stop early {policy}")))
    if plot:
        plot.write_bytes(_picture(done))
    if format_ == "json":
        print_json([each.as_json() for each in done])
        return
    _print(done, wide=wide)


def _require_steps(since: datetime, until: datetime, every: tuple[timedelta, ...]) -> None:
    if until <= since:
        raise click.BadParameter(f"{until:%Y-%m-%dT%H:%M:%SZ} is not after --from", param_hint="--to")
    if min(every) < timedelta(minutes=1):
        raise click.BadParameter("the shortest is 1m", param_hint="--every")


def _words(interval: timedelta) -> str:
    return f"{interval.total_seconds() / 60:g}m"


def _policy(done: "Backtest") -> str:
    return done.plan.stop_early or "as-set"


def _print(done: "list[Backtest]", *, wide: bool) -> None:
    from assets.engine.backtest.replay import Outcome

    names = ["every", "stop_early", *(field.name for field in fields(Outcome))]
    rows = [
        (_words(each.plan.every), _policy(each), *(_rounded(getattr(outcome, name)) for name in names[2:]))
        for each in done
        for outcome in each.outcomes
    ]
    print_table(names, rows, "Overspend and underspend in percent of the budget", wide=wide)
    for each in done:
        say(
            f"every {_words(each.plan.every)}, stop early {_policy(each)}: {each.decisions:,} decisions over"
            f" {each.costs:,} costs, {each.changes:,} changes, of a campaign at most {each.most_within_an_hour} an hour"
        )
    loaded = done[0].loaded_afterwards
    if loaded and done[0].plan.arrival is None:
        say(
            f"{loaded:,} costs were recorded a day or more after they happened: they count as known as soon as half of"
            " the others were; --arrival says otherwise"
        )


def _rounded(value: Any) -> Any:
    return round(value, 2) if isinstance(value, float) else value


def _picture(done: "list[Backtest]") -> bytes:
    """The p95 of overspend, and what was left of all, for each cadence and policy and how long budgets lasted."""
    import pygal

    from assets.engine.report.pictures import PLAIN

    used_up = [[one for one in each.outcomes if one.period == "DAY" and one.used_up_at_all] for each in done]
    chart = pygal.Bar(style=PLAIN, js=[], width=900, height=420, title="Daily budgets, in percent of the budget")
    chart.x_labels = [
        f"{_words(each.plan.every)} {_policy(each)}, {one.lasted}"
        for each, outcomes in zip(done, used_up, strict=True)
        for one in outcomes
    ]
    chart.add("overspend, p95", [one.overspend_p95 for outcomes in used_up for one in outcomes])
    chart.add("underspend of all", [one.underspend_of_all for outcomes in used_up for one in outcomes])
    chart.x_label_rotation = 30
    picture: bytes = chart.render()
    return picture


COMMANDS = (backtest,)
