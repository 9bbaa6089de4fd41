"""Any order of deliveries, price changes, runs, crashes and decisions ends where plain Python says it should."""

import os
import tempfile
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from assets.engine.data_root import DataRoot
from assets.engine.decision import decide
from assets.engine.warehouse.publication import publish
from tests import oracle
from tests.oracle import Brand, Campaign, Cost
from tests.world import ADS, BRANDS, NOON, World, event, jsonl, refresh

GLOBAL = {"click": Decimal("0.20"), "impression": Decimal("0.0015"), "view": Decimal("0.01")}
BRAND_OF = {101: 1, 102: 1, 201: 2, 301: 3, 777: 2}
LATE_AD = 777
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

IDS = st.integers(0, 25).map("e{}".format)
EVENTS = st.lists(
    st.tuples(IDS, st.sampled_from(sorted(BRAND_OF)), st.sampled_from(sorted(GLOBAL)), st.integers(-3_000, 30)),
    min_size=1,
    max_size=12,
)
Row = tuple[str, int, str, datetime]


class PowerCutError(BaseException):
    """The end of a run between two of its statements."""


class Machine(RuleBasedStateMachine):
    """The warehouse on one side, what it must come to on the other."""

    @initialize()
    def begin(self) -> None:
        """An empty warehouse, and the model of it."""
        self.folder = tempfile.TemporaryDirectory(prefix="spendgate-machine-")
        self.world = World(DataRoot(Path(self.folder.name)))
        self.now = NOON
        self.delivered = 0
        self.files: dict[str, list[Row]] = {}
        self.waiting: dict[str, list[Row]] = {}
        """By name, in the order of delivery: what the next run is to take."""
        self.loaded: set[str] = set()
        self.accepted: dict[str, Row] = {}
        self.counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        self.costs: dict[str, Cost] = {}
        self.click_prices = [(BEGINNING, Decimal("0.50"))]
        self.new_click_price: Decimal | None = None
        self.late_ad_is_known = self.late_ad_is_delivered = False
        self.brands = {
            1: Brand(1, "America/New_York", Decimal(10), None, is_active=True),
            2: Brand(2, "Asia/Kolkata", None, Decimal(1000), is_active=True),
            3: Brand(3, "UTC", None, None, is_active=True),
        }
        self.new_budget: Decimal | None = None
        self.campaigns = {
            11: Campaign(11, 1, "SCHEDULED", None, None),
            12: Campaign(12, 1, "SCHEDULED", 22 * 3600, 4 * 3600),
            21: Campaign(21, 2, "SCHEDULED", None, None),
            31: Campaign(31, 3, "PAUSED", None, None),
        }
        self.has_run = self.is_read = False

    def teardown(self) -> None:
        """Remove the warehouse."""
        if hasattr(self, "folder"):
            self.folder.cleanup()

    # --- what happens outside

    @rule(drawn=EVENTS)
    def deliver(self, drawn: list[tuple[str, int, str, int]]) -> None:
        self._put(f"{self.delivered}.jsonl", self._rows(drawn))

    @precondition(lambda self: self.files)
    @rule(data=st.data())
    def deliver_the_same_bytes_again(self, data: st.DataObject) -> None:
        rows = self.files[data.draw(st.sampled_from(sorted(self.files)))]
        self._put(f"{self.delivered}.jsonl", rows)

    @precondition(lambda self: self.files)
    @rule(data=st.data(), drawn=EVENTS)
    def rewrite(self, data: st.DataObject, drawn: list[tuple[str, int, str, int]]) -> None:
        self._put(data.draw(st.sampled_from(sorted(self.files))), self._rows(drawn))

    @precondition(lambda self: self.files)
    @rule(data=st.data(), drawn=EVENTS)
    def append(self, data: st.DataObject, drawn: list[tuple[str, int, str, int]]) -> None:
        name = data.draw(st.sampled_from(sorted(self.files)))
        self._put(name, self.files[name] + self._rows(drawn))

    @rule(price=st.sampled_from(["0.25", "0.50", "3.00"]).map(Decimal))
    def change_a_price(self, price: Decimal) -> None:
        self.new_click_price = price

    @rule(budget=st.sampled_from(["0.00", "1.00", "10.00", "50.00"]).map(Decimal))
    def change_a_budget(self, budget: Decimal) -> None:
        self.new_budget = budget

    @precondition(lambda self: not self.late_ad_is_delivered)
    @rule()
    def deliver_the_ad_that_was_waited_for(self) -> None:
        self.late_ad_is_delivered = True

    @rule(hours=st.sampled_from([0.1, 1, 7, 24]))
    def wait(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    def _rows(self, drawn: list[tuple[str, int, str, int]]) -> list[Row]:
        return [(id_, ad, kind, self.now + timedelta(minutes=minutes)) for id_, ad, kind, minutes in drawn]

    def _put(self, name: str, rows: list[Row]) -> None:
        self.delivered += 1
        self.files[name] = rows
        self.waiting.pop(name, None)
        self.waiting[name] = rows
        path = self.world.deliver(name, self._text(rows))
        os.utime(path, (self.delivered, self.delivered))

    @staticmethod
    def _text(rows: list[Row]) -> str:
        return jsonl(*(event(id_, ad, kind, at.isoformat()) for id_, ad, kind, at in rows))

    # --- what the system does

    @rule(crash_at=st.none() | st.integers(1, 200), times=st.integers(1, 2))
    def run(self, crash_at: int | None, times: int) -> None:
        """A refresh, after others that ended somewhere in the middle."""
        self._deliver_reference()
        if crash_at is not None:
            for _ in range(times):
                self._crash(crash_at)
        self.world.run(self.now)
        self._model_run()

    @precondition(lambda self: self.has_run)
    @rule()
    def decide_alone(self) -> None:
        with self.world.open(self.now) as warehouse:
            decide(warehouse)
            publish(warehouse)
        self._model_decision()

    def _deliver_reference(self) -> None:
        price = self.new_click_price or self.click_prices[-1][1]
        ads = ADS.replace("0.50", str(price))
        late = f"{LATE_AD},210,late,true,,,,,,\n" if self.late_ad_is_delivered else ""
        self.world.deliver_reference("ads", ads + late)
        budget = self.new_budget if self.new_budget is not None else self.brands[1].daily_budget
        self.world.deliver_reference("brands", BRANDS.replace("10.00", f"{budget:.2f}"))

    def _crash(self, at: int) -> None:
        with self.world.open(self.now) as warehouse:
            statement = warehouse.run
            left = at

            def run_or_crash(file: str, name: str = "", /, **values: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    raise PowerCutError
                return statement(file, name, **values)

            vars(warehouse)["run"] = run_or_crash
            with suppress(PowerCutError):
                refresh(warehouse)

    # --- what it must come to

    def _model_run(self) -> None:
        if self.new_click_price not in (None, self.click_prices[-1][1]):
            assert self.new_click_price
            self.click_prices.append((self.now if self.has_run else BEGINNING, self.new_click_price))
        if self.new_budget is not None:
            self.brands[1] = replace(self.brands[1], daily_budget=self.new_budget)
        self.late_ad_is_known = self.late_ad_is_delivered
        for name, rows in self.waiting.items():
            text = self._text(rows)
            self.counts[name] = [0, 0, 0]
            if text not in self.loaded:
                self.loaded.add(text)
                for row in rows:
                    self._model_row(name, row)
        self.waiting.clear()
        for event_id, row in self.accepted.items():
            if event_id not in self.costs and (row[1] != LATE_AD or self.late_ad_is_known):
                self.costs[event_id] = Cost(BRAND_OF[row[1]], row[3], self._price(row))
        self._model_decision()

    def _model_row(self, name: str, row: Row) -> None:
        is_new = row[0] not in self.accepted
        first = self.accepted.setdefault(row[0], row)
        self.counts[name][0 if is_new else 1 if first == row else 2] += 1

    def _price(self, row: Row) -> Decimal:
        _, ad, kind, at = row
        if (ad, kind) == (101, "click"):
            return next(price for since, price in reversed(self.click_prices) if since <= at)
        return Decimal("0.00004") if (ad, kind) == (201, "impression") else GLOBAL[kind]

    def _model_decision(self) -> None:
        ledger = oracle.Ledger(tuple(self.costs.values()))
        for campaign in self.campaigns.values():
            status, _ = oracle.decide(self.brands[campaign.brand_id], campaign, ledger, self.now)
            self.campaigns[campaign.campaign_id] = replace(campaign, status=status)
        self.has_run, self.is_read = True, False

    @precondition(lambda self: self.has_run and not self.is_read)
    @invariant()
    def readers_see_what_the_model_says(self) -> None:
        self.is_read = True
        rows = self.world.rows
        ids = rows("select event_id, ad_id, event_type, occurred_at from raw.ad_events")
        assert set(ids) == {*self.accepted.values()}
        assert len(ids) == len(self.accepted)
        charged = rows("select brand_id, occurred_at, amount from core.transactions order by all")
        assert charged == sorted((cost.brand_id, cost.at, cost.amount) for cost in self.costs.values())
        assert rows("select count(*) from core.unpriced") == [(len(self.accepted) - len(self.costs),)]
        days: dict[tuple[int, Any], Decimal] = defaultdict(Decimal)
        for cost in self.costs.values():
            days[cost.brand_id, oracle.local_date(self.brands[cost.brand_id], cost.at)] += cost.amount
        spend = rows("select brand_id, local_date, sum(spend) from mart.daily_spend group by all")
        assert {(brand, day): amount for brand, day, amount in spend} == days
        statuses = dict(rows("select campaign_id, status from ops.campaign_status"))
        assert statuses == {number: campaign.status for number, campaign in self.campaigns.items()}
        self._compare_counts()

    def _compare_counts(self) -> None:
        for name, counts in self.counts.items():
            file = self.world.file(name)
            assert [file["rows_loaded"], file["rows_duplicate"], file["rows_rejected"]] == counts, name


def test_any_order_of_events_ends_where_the_model_says() -> None:
    run_machine(examples=3, steps=24, derandomize=True)


@pytest.mark.long
def test_any_long_order_of_events_ends_where_the_model_says() -> None:
    run_machine(examples=150, steps=40, derandomize=False)


def run_machine(*, examples: int, steps: int, derandomize: bool) -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, derandomize=derandomize, deadline=None,
            suppress_health_check=[*HealthCheck],
        ),
    )  # fmt: skip
