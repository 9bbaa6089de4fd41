"""Corrections take costs back, whole or in part, by rows of their own beside the costs."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from assets.engine.data_root import DataRoot
from assets.engine.rebuild.rebuild import rebuild
from assets.engine.sealing.seal import seal
from assets.engine.settings import Settings
from assets.engine.warehouse.publication import publish
from tests.corpus.tried import tries
from tests.world import NOON, World, event, jsonl, spent

CORRECTED = """
select amount from core.transactions where transaction_type = 'CORRECTION' order by transaction_id
"""
WAITING = "select reason from core.unpriced where correction_id is not null order by correction_id"
AT = "2025-06-10T11:00:00Z"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(DataRoot(tmp_path))


def correction(correction_id: str, amount: str, **names: str | int) -> dict[str, str | int]:
    return {"correction_id": correction_id, **names, "amount": amount, "reason": "invalid traffic"}


def correct(world: World, *rows: dict[str, str | int], name: str = "c.jsonl") -> None:
    world.deliver(name, jsonl(*rows), kind="corrections")


def test_a_cost_is_taken_back_in_part_and_whole_by_event_and_by_transaction(world: World) -> None:
    spent(world, 3)  # 0.50 each
    world.run()
    first = world.value("select min(transaction_id) from core.transactions")
    correct(
        world,
        correction("c1", "0.20", transaction_id=first),
        correction("c2", "WHOLE", transaction_id=first),
        correction("c3", "whole", event_id=f"{AT}-1"),
        correction("c4", "whole", event_id=f"{AT}-1"),
    )
    world.run(NOON + timedelta(hours=1))
    assert world.rows(CORRECTED) == [(Decimal("-0.2"),), (Decimal("-0.3"),), (Decimal("-0.5"),)]
    assert world.rows("select correction_id, amount from core.corrections where amount = 0") == [("c4", 0)]
    assert world.rows("select spend, transactions from mart.daily_spend") == [(Decimal("0.5"), 3)]
    assert world.rows("select sum(spend), sum(transactions) from mart.hourly_spend") == [(Decimal("0.5"), 3)]
    assert world.rows("select spend, transactions from mart.monthly_spend") == [(Decimal("0.5"), 3)]


def test_a_correction_waits_for_its_event_and_the_event_for_its_ad(world: World) -> None:
    correct(world, correction("c1", "0.2", event_id="e"))
    world.run()
    assert world.rows(WAITING) == [("unknown event_id 'e'",)]
    world.deliver("e.jsonl", jsonl(event("e", 401, "click", AT)))
    world.run()
    assert world.rows(WAITING) == [("event_id 'e' waits itself",)]
    world.deliver_reference("ads", world.reference["ads"] + "401,110,e,true,,,0.50,,,\n")
    world.run()
    assert world.rows(WAITING) == []
    assert world.rows(CORRECTED) == [(Decimal("-0.2"),)]


@tries(81)
def test_more_than_is_left_waits_and_says_how_much_there_was(world: World) -> None:
    spent(world, 1)
    correct(world, *(correction(f"c{n}", "0.3", event_id=f"{AT}-0") for n in range(2)))
    world.run()
    world.run()
    assert world.rows(CORRECTED) == [(Decimal("-0.3"),)]
    [[reason]] = world.rows(WAITING)
    assert "0.5 was charged, 0.3 is taken back" in reason


@tries(81)
def test_a_payment_and_a_correction_cannot_be_corrected(world: World) -> None:
    paid = {"payment_id": "p", "brand_id": 1, "amount": "5", "paid_at": AT}
    world.deliver("p.jsonl", jsonl(paid), kind="payments")
    world.run()
    [[payment]] = world.rows("select transaction_id from core.transactions")
    correct(world, correction("c1", "1", transaction_id=payment))
    world.run()
    [[waiting]] = world.rows("select transaction_id from core.unpriced")
    correct(world, correction("c2", "1", transaction_id=waiting), name="d.jsonl")
    world.run()
    assert [reason.split(": ")[0].split(" is ")[1] for (reason,) in world.rows(WAITING)] == [
        "a payment",
        "a correction",
    ]


def test_a_correction_delivered_again_is_a_duplicate_and_a_contradicting_one_is_refused(world: World) -> None:
    spent(world, 1)
    one = correction("c1", "0.2", event_id=f"{AT}-0")
    correct(world, one)
    world.run()
    correct(world, one, {**one, "amount": "0.3"}, {**one, "reason": "other"}, name="d.jsonl")
    world.run()
    assert world.file("d.jsonl")["rows_duplicate"] == 1
    assert [reason.partition(" of file")[0] for reason in world.reasons()] == [
        "correction_id 'c1' conflicts with line 1"
    ] * 2
    assert world.rows(CORRECTED) == [(Decimal("-0.2"),)]


@tries(80)
def test_a_csv_file_needs_one_of_the_two_names_and_bad_rows_say_why(world: World) -> None:
    world.deliver("none.csv", "correction_id,amount,reason\nc,1,x\n", kind="corrections")
    rows = ["a,,1,x", "b,e,-1,x", "c,e,0,x", "d,e,NaN,x", "e,e,1,"]
    text = "".join(f"{row}\n" for row in ["correction_id,event_id,amount,reason", *rows])
    world.deliver("rows.csv", text, kind="corrections")
    world.run()
    assert world.file("none.csv")["reason"].startswith("column transaction_id is missing")
    assert [reason.partition(":")[0] for reason in world.reasons()] == [
        "neither transaction_id nor event_id is given",
        "amount -1 is not positive",
        "amount 0 is not positive",
        "amount 'NaN' is neither a decimal number below one billion with at most 9 decimals nor the word whole",
        "reason is missing",
    ]


def test_a_sealed_day_is_corrected_and_restated(world: World) -> None:
    spent(world, 2)
    world.run()
    later = NOON + timedelta(days=40)
    world.run(later)
    with world.open(later) as warehouse:
        seal(warehouse)
        publish(warehouse)
    correct(world, correction("c1", "whole", event_id=f"{AT}-0"))
    world.run(later)
    assert world.rows("select spend, transactions from mart.daily_spend") == [(Decimal("0.5"), 2)]
    assert world.rows("select spend_before, spend_after from mart.restatements") == [(1, Decimal("0.5"))]
    with world.open(later) as warehouse:
        differing = [one for one in rebuild(warehouse, Settings()) if one.only_live or one.only_rebuilt]
    assert differing == []


def test_a_correction_frees_the_budget_of_today(world: World) -> None:
    world.run(NOON - timedelta(hours=2))
    spent(world, 20)  # 10.00 of 10.00
    world.run()
    assert world.status(11) == "BUDGET_REACHED"
    correct(world, correction("c1", "whole", event_id=f"{AT}-0"))
    world.run(NOON + timedelta(minutes=5))
    assert world.status(11) == "RUNNING"


def test_the_account_of_a_month_opens_with_the_balance_of_the_month_before(world: World) -> None:
    spent(world, 3)
    paid = {"payment_id": "p", "brand_id": 1, "amount": "5", "paid_at": "2025-04-10T11:00:00Z"}
    world.deliver("p.jsonl", jsonl(paid), kind="payments")
    correct(world, correction("c1", "0.2", event_id=f"{AT}-0"))
    world.run()
    months = world.rows("select * exclude (brand_id, name, currency) from mart.account order by local_month")
    assert months == [
        (date(2025, 4, 1), 0, 0, 0, 5, 5),
        (date(2025, 5, 1), 5, 0, 0, 0, 5),
        (date(2025, 6, 1), 5, Decimal("1.5"), Decimal("-0.2"), 0, Decimal("3.7")),
    ]
