"""What an event costs: the ad's own price, else the global one, as in force when it happened; or it waits."""

from datetime import timedelta
from decimal import Decimal

from tests.test_reference import BEGINNING, LATER, charged
from tests.world import ADS, BRANDS, PRICES, World, event, jsonl


def test_an_event_costs_the_ads_own_price_else_the_global_one(world: World) -> None:
    world.deliver("a.jsonl", jsonl(
        event("1", 101, "click", "2025-06-10T10:00:00Z"),
        event("2", 102, "click", "2025-06-10T10:00:00Z"),
        event("3", 201, "impression", "2025-06-10T10:00:00Z"),
        event("4", 101, "impression", "2025-06-10T10:00:00Z"),
        event("5", 301, "view", "2025-06-10T10:00:00Z"),
    ))  # fmt: skip
    world.run()
    assert charged(world) == [
        ("1", Decimal("0.50"), "AD", BEGINNING),
        ("2", Decimal("0.20"), "GLOBAL", BEGINNING),
        ("3", Decimal("0.00004"), "AD", BEGINNING),  # exact: never rounded to nothing
        ("4", Decimal("0.0015"), "GLOBAL", BEGINNING),
        ("5", Decimal("0.01"), "GLOBAL", BEGINNING),
    ]
    assert world.value("select brand_id from core.transactions where campaign_id = 31") == 3  # PAUSED, and charged


def test_a_new_price_holds_from_its_load_and_charged_events_keep_theirs(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("1", 101, "click", "2025-06-10T10:00:00Z")))
    world.run()
    world.deliver_reference("ads", ADS.replace("0.50", "0.75"))
    world.run(LATER)
    world.deliver("b.jsonl", jsonl(
        event("2", 101, "click", "2025-06-10T12:59:59Z"), event("3", 101, "click", "2025-06-10T13:00:00Z")
    ))  # fmt: skip
    world.run(LATER + timedelta(hours=1))
    assert charged(world) == [
        ("1", Decimal("0.50"), "AD", BEGINNING),
        ("2", Decimal("0.50"), "AD", BEGINNING),
        ("3", Decimal("0.75"), "AD", LATER),
    ]


def test_a_global_price_is_in_force_from_its_own_date(world: World) -> None:
    world.deliver_reference("global_ad_pricing", PRICES + "2025-06-10T10:00:00Z,0.30,,,\n")
    world.deliver("a.jsonl", jsonl(
        event("1", 102, "click", "2025-06-10T09:59:59.999Z"), event("2", 102, "click", "2025-06-10T10:00:00Z")
    ))  # fmt: skip
    world.run()
    assert [(amount, source) for _, amount, source, _ in charged(world)] == [
        (Decimal("0.20"), "GLOBAL"),
        (Decimal("0.30"), "GLOBAL"),
    ]


def test_an_event_for_an_unknown_ad_waits_and_is_charged_when_the_ad_appears(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("1", 401, "click", "2025-06-10T10:00:00Z")))
    world.run()
    assert charged(world) == []
    assert world.rows("select ad_id, reason from core.unpriced") == [(401, "unknown ad_id 401")]
    world.run(LATER)
    assert world.value("select count(*) from core.unpriced") == 1
    world.deliver_reference("ads", ADS + "401,110,late,true,,,0.60,,,\n")
    world.run(LATER)
    assert charged(world) == [("1", Decimal("0.60"), "AD", BEGINNING)]
    assert world.value("select count(*) from core.unpriced") == 0
    assert world.value("select sum(spend) from mart.daily_spend") == Decimal("0.60")


def test_an_event_without_any_price_waits_and_is_never_free(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("1", 101, "acquisition", "2025-06-10T10:00:00Z")))
    world.run()
    assert world.rows("select reason from core.unpriced") == [
        ("no price for acquisition of ad 101: neither its own nor a global one",)
    ]
    world.deliver_reference("global_ad_pricing", PRICES.replace("0.01,\n", "0.01,5\n"))
    world.run(LATER)
    assert [amount for _, amount, _, _ in charged(world)] == [5]


def test_a_payment_for_an_unknown_brand_waits_for_it(world: World) -> None:
    world.deliver(
        "p.jsonl",
        '{"payment_id":"p","brand_id":4,"amount":"5","paid_at":"2025-06-10T10:00:00Z"}\n',
        kind="payments",
    )
    world.run()
    assert world.rows("select brand_id, reason from core.unpriced") == [(4, "unknown brand_id 4")]
    world.deliver_reference("brands", BRANDS + "4,Delta,,,UTC,,true\n")
    world.run(LATER)
    assert world.rows("select brand_id, amount, transaction_type from core.transactions") == [(4, 5, "PAYMENT")]
