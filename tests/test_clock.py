"""A wrong clock changes nothing that lasts, or what it changed is named and can be mended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from assets.checks import breaking_rows
from assets.engine.errors import SpendgateError
from assets.engine.rebuild.rebuild import rebuild
from assets.engine.reference.mending import mend_versions
from assets.engine.settings import Settings
from assets.engine.warehouse.clock import Clock, utc_now
from assets.engine.warehouse.warehouse import Warehouse, open_warehouse
from tests.world import ADS, BRANDS, World, refresh, spent


def shifted(days: float) -> Callable[[], datetime]:
    return lambda: utc_now() + timedelta(days=days)


@contextmanager
def opened(world: World, clock: Callable[[], datetime], *, clock_is_right: bool = False) -> Iterator[Warehouse]:
    """The warehouse as a run of the present holds it."""
    with open_warehouse(world.root, run_id=str(clock()), clock=Clock(clock, is_right=clock_is_right)) as warehouse:
        yield warehouse


def run(world: World, days: float = 0, *, clock_is_right: bool = False) -> None:
    with opened(world, shifted(days), clock_is_right=clock_is_right) as warehouse:
        refresh(warehouse)


@pytest.mark.parametrize(("days", "how"), [(-1, "before"), (-0.01, "before"), (8, "after"), (730, "after")])
def test_a_clock_behind_or_far_ahead_of_the_newest_record_changes_nothing(world: World, days: float, how: str) -> None:
    world.run()
    before = world.root.warehouse_file.read_bytes(), world.root.published_file.read_bytes()
    spent(world, 3)
    with pytest.raises(SpendgateError, match=rf"the clock says .* {how} the newest record .*--clock-is-right"):
        run(world, days)
    assert (world.root.warehouse_file.read_bytes(), world.root.published_file.read_bytes()) == before
    run(world)
    assert world.value("select count(*) from core.transactions") == 3


def test_small_corrections_and_a_long_weekend_are_no_matter(world: World) -> None:
    world.run()
    for days in (-0.0005, 4):
        run(world, days)


def test_a_clock_that_is_right_after_all_is_believed_from_then_on(world: World) -> None:
    world.run()
    run(world, 400, clock_is_right=True)
    run(world, 401)
    with pytest.raises(SpendgateError, match="before the newest record"):
        run(world)
    run(world, clock_is_right=True)
    run(world)
    recorded = world.rows("select recorded_at from ops.decisions order by decision_id")
    assert recorded == sorted(set(recorded)), "recorded times only grow"


@pytest.fixture
def ahead(world: World) -> World:
    """A budget and a price delivered while the clock was a day ahead; then the clock was set right."""
    run(world)
    world.deliver_reference("brands", BRANDS.replace("10.00", "5.00"))
    world.deliver_reference("ads", ADS.replace("0.50", "0.70"))
    run(world, 1)
    run(world, clock_is_right=True)
    return world


def future(world: World) -> list[str]:
    with opened(world, utc_now) as warehouse:
        return [
            row["table_name"] for row in breaking_rows(warehouse, "checks.no_version_is_from_the_future").to_dicts()
        ]


def budget(world: World) -> str:
    return str(world.value("select daily_budget from mart.brand_budget where brand_id = 1"))


def derives(world: World) -> bool:
    with opened(world, utc_now, clock_is_right=True) as warehouse:
        warehouse.connection.execute("delete from internal.evidence_checks")
        return breaking_rows(warehouse, "checks.changes_follow_from_the_ledger").is_empty()


def test_versions_from_the_future_are_named(ahead: World) -> None:
    assert future(ahead) == ["ads", "brands"]
    assert budget(ahead) == "10.000000000"


def test_a_version_delivered_later_is_in_force_from_its_own_run(ahead: World) -> None:
    ahead.deliver_reference("brands", BRANDS.replace("10.00", "6.00"))
    run(ahead)
    assert budget(ahead) == "6.000000000"
    assert future(ahead) == ["ads"]
    assert (
        ahead.value("select count(*) from core.brands_in_force(now() + interval 3 days, 'infinity'::timestamptz)") == 3
    )
    run(ahead, 2)
    assert budget(ahead) == "6.000000000", "not the one from the future when its time has come"
    assert derives(ahead)


def test_what_is_from_the_future_is_mended_with_a_reason(ahead: World) -> None:
    with opened(ahead, utc_now) as warehouse:
        with pytest.raises(SpendgateError, match="needs a reason"):
            mend_versions(warehouse, mended_by="ann", reason=" ")
        assert mend_versions(warehouse, mended_by="ann", reason="clock of host b") == {
            "brands": 1, "campaigns": 0, "ad_sets": 0, "ads": 1, "global_ad_pricing": 0, "budgets": 0,
            "policies": 0, "dayparting": 0,
        }  # fmt: skip
        with pytest.raises(SpendgateError, match="nothing to mend"):
            mend_versions(warehouse, mended_by="ann", reason="again")
    spent(ahead, 2, f"{utc_now() - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}")
    run(ahead)
    assert budget(ahead) == "5.000000000"
    assert future(ahead) == []
    assert ahead.rows("select mended_by, reason, table_name, rows from internal.mendings order by all") == [
        ("ann", "clock of host b", "core.ads", 1),
        ("ann", "clock of host b", "core.brands", 1),
    ]
    assert derives(ahead)
    with opened(ahead, utc_now) as warehouse:
        compared = rebuild(warehouse, Settings())
    assert [row.table for row in compared if row.only_live or row.only_rebuilt] == []


def test_no_event_is_charged_by_two_prices_after_a_wrong_clock(ahead: World) -> None:
    ahead.deliver_reference("ads", ADS.replace("0.50", "0.90"))
    run(ahead)
    spent(ahead, 4, f"{utc_now():%Y-%m-%dT%H:%M:%SZ}")
    run(ahead)
    run(ahead, 2)
    assert ahead.value("select count(*) from core.transactions") == 4


def test_new_definitions_are_not_recorded_by_a_wrong_clock_either(world: World) -> None:
    """Else the guard would find the wrong clock itself as the newest record, and believe it."""
    world.run()
    with world.open() as warehouse:
        warehouse.connection.execute("delete from internal.definitions")
    before = world.root.warehouse_file.read_bytes()
    for _ in range(2):
        with pytest.raises(SpendgateError, match="nothing was changed"):
            run(world, 730)
    assert world.root.warehouse_file.read_bytes() == before
