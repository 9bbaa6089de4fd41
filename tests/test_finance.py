"""Statements add up to the ledger, closed ones stay, over-delivery is given back once, the audit trail has hashes."""

import csv
import hashlib
import json
import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.finance.closing import Closing, close_month
from assets.engine.finance.credits import Asked, credited_causes, credits_due, deliver_credits
from assets.engine.settings import Settings, read_settings
from assets.engine.warehouse.publication import publish
from tests.test_cli import spendgate
from tests.world import NOON, World, event, jsonl, payment, spent

JUNE, JULY, AUGUST = (date(2025, month, 1) for month in (6, 7, 8))
LINES = (
    "select line, of_month, campaign_id, cost_type, amount, rounded from mart.statement"
    " where brand_id = $brand and local_month = $month order by place"
)
EXACT = (
    "select local_month, line, amount, rounded from mart.statement where brand_id = $brand order by local_month, place"
)


def close(world: World, month: date, now: datetime, brand_id: int = 1) -> list[date]:
    with world.open(now) as warehouse:
        closed = close_month(warehouse, Closing(brand_id, month, "ann", "month end"))
        publish(warehouse)
    return closed


def add_up(world: World, brand_id: int) -> None:
    """A statement foots, exactly and as it is printed, and the next one begins where it ended."""
    months = defaultdict(list)
    for month, line, amount, rounded in world.rows(EXACT, brand=brand_id):
        months[month].append((line, amount, rounded))
    last = None
    for lines in months.values():
        for place in (1, 2):
            sums: defaultdict[str, Decimal] = defaultdict(Decimal)
            for line in lines:
                sums[line[0]] += line[place]
            added = sums["OPENING_BALANCE"] + sums["PAYMENT"] + sums["ROUNDING"]
            added -= sums["COST"] + sums["CORRECTION"] + sums["CREDIT"]
            assert added == sums["CLOSING_BALANCE"]
        assert last in (None, lines[0][1:])
        [last] = [line[1:] for line in lines if line[0] == "CLOSING_BALANCE"]


def test_a_statement_has_costs_by_campaign_and_type_what_was_taken_back_and_paid(world: World) -> None:
    spent(world, 2)
    world.deliver("v.jsonl", jsonl(*(event(f"v{n}", 102, "impression", "2025-06-10T11:00:00Z") for n in range(3))))
    world.deliver("p.jsonl", jsonl(payment("p", 1, "20", "2025-06-02T00:00:00Z")), kind="payments")
    world.run()
    event_id = "2025-06-10T11:00:00Z-0"
    credit = {"correction_id": "c", "event_id": event_id, "amount": "0.2", "reason": "invalid traffic"}
    world.deliver("c.jsonl", jsonl(credit), kind="corrections")
    world.run()
    assert world.rows(LINES, brand=1, month=JUNE) == [
        ("OPENING_BALANCE", JUNE, None, None, 0, 0),
        ("COST", JUNE, 11, "CLICK", 1, 1),
        ("COST", JUNE, 12, "IMPRESSION", Decimal("0.0045"), 0),
        ("CORRECTION", JUNE, 11, "CLICK", Decimal("-0.2"), Decimal("-0.2")),
        ("PAYMENT", JUNE, None, None, 20, 20),
        ("ROUNDING", JUNE, None, None, 0, 0),
        ("CLOSING_BALANCE", JUNE, None, None, Decimal("19.1955"), Decimal("19.20")),
    ]


def test_what_the_rounded_lines_miss_is_a_line_of_its_own(world: World) -> None:
    for ad_id in (101, 102):  # 0.0045 and 0.0045: each 0.00, together 0.01
        rows = (event(f"{ad_id}-{n}", ad_id, "impression", "2025-06-10T11:00:00Z") for n in range(3))
        world.deliver(f"{ad_id}.jsonl", jsonl(*rows))
    world.run()
    rounded = [(row[0], row[5]) for row in world.rows(LINES, brand=1, month=JUNE)]
    assert rounded == [
        ("OPENING_BALANCE", 0),
        ("COST", 0),
        ("COST", 0),
        ("ROUNDING", Decimal("-0.01")),
        ("CLOSING_BALANCE", Decimal("-0.01")),
    ]


def test_a_closed_month_stays_and_what_comes_later_is_a_line_of_the_next(world: World) -> None:
    spent(world, 4, "2025-06-10T11:00:00Z")
    world.run()
    spent(world, 2, "2025-07-02T11:00:00Z")
    world.run(NOON + timedelta(days=22))
    assert close(world, JUNE, NOON + timedelta(days=22)) == [JUNE]
    stated = world.rows(LINES, brand=1, month=JUNE)
    spent(world, 6, "2025-06-30T11:00:00Z")  # late
    event_id = "2025-06-10T11:00:00Z-0"
    taken_back = {"correction_id": "c", "event_id": event_id, "amount": "0.5", "reason": "fraud"}
    world.deliver("c.jsonl", jsonl(taken_back), kind="corrections")
    world.run(NOON + timedelta(days=23))
    assert world.rows(LINES, brand=1, month=JUNE) == stated
    assert world.rows(LINES, brand=1, month=JULY) == [
        ("OPENING_BALANCE", JULY, None, None, -2, -2),
        ("COST", JULY, 11, "CLICK", 1, 1),
        ("COST", JUNE, 11, "CLICK", 3, 3),
        ("CORRECTION", JUNE, 11, "CLICK", Decimal("-0.5"), Decimal("-0.5")),
        ("ROUNDING", JULY, None, None, 0, 0),
        ("CLOSING_BALANCE", JULY, None, None, Decimal("-5.5"), Decimal("-5.5")),
    ]
    add_up(world, 1)
    restated = world.rows("select local_date, spend_after - spend_before from mart.restatements order by all")
    assert restated == [(date(2025, 6, 10), Decimal("-0.5")), (date(2025, 6, 30), 3)]
    assert world.value(
        "select closing_balance from mart.account where brand_id = 1 order by local_month desc limit 1"
    ) == (Decimal("-5.5"))


def test_a_closed_statement_keeps_its_names(world: World) -> None:
    names = "select distinct brand_name, campaign_name from mart.statement where local_month = $month order by all"
    spent(world, 1, "2025-06-10T11:00:00Z")
    world.run(NOON + timedelta(days=22))
    stated = world.rows(names, month=JUNE)
    close(world, JUNE, NOON + timedelta(days=22))
    world.deliver_reference("brands", world.reference["brands"].replace("Acme", "Zed"))
    world.deliver_reference("campaigns", world.reference["campaigns"].replace("Acme always", "Other"))
    spent(world, 1, "2025-07-02T11:00:00Z")
    world.run(NOON + timedelta(days=23))
    assert world.rows(names, month=JUNE) == stated == [("Acme", "Acme always"), ("Acme", None)]
    assert world.rows(names, month=JULY) == [("Zed", "Other"), ("Zed", None)]


def test_months_are_closed_in_order_and_once_and_when_they_are_over(world: World) -> None:
    spent(world, 1, "2025-06-10T11:00:00Z")
    world.run()
    with pytest.raises(SpendgateError, match="2025-06 is not over on the clock of brand 1"):
        close(world, JUNE, datetime(2025, 7, 1, 3, tzinfo=UTC))  # 23:00 in New York
    with pytest.raises(SpendgateError, match="there is no brand 99"):
        close(world, JUNE, datetime(2025, 7, 1, 5, tzinfo=UTC), brand_id=99)
    with pytest.raises(SpendgateError, match="brand 1 has statements from 2025-06 on: there is no 2025-05 to close"):
        close(world, date(2025, 5, 1), datetime(2025, 7, 1, 5, tzinfo=UTC))
    spent(world, 1, "2025-08-01T11:00:00Z")
    world.run(datetime(2025, 9, 2, tzinfo=UTC))
    assert close(world, AUGUST, datetime(2025, 9, 2, tzinfo=UTC)) == [JUNE, JULY, AUGUST]
    with pytest.raises(SpendgateError, match="2025-07 of brand 1 is closed already"):
        close(world, JULY, datetime(2025, 9, 2, tzinfo=UTC))
    with pytest.raises(SpendgateError, match="needs a reason"), world.open() as warehouse:
        close_month(warehouse, Closing(1, AUGUST, "ann", " "))
    add_up(world, 1)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 40))])
def test_statements_of_any_history_are_the_ledger_whichever_months_were_closed_when(root: DataRoot, seed: int) -> None:
    dice = random.Random(seed)
    world = World(root)
    now, costs = NOON, dict.fromkeys(("click", "impression", "view"), Decimal(0))
    types = {"click": Decimal("0.5"), "impression": Decimal("0.0015"), "view": Decimal("0.01")}
    taken_back, paid, events = Decimal(0), Decimal(0), []
    for step in range(8):
        now += timedelta(days=dice.randrange(5, 25))
        rows = []
        for n in range(dice.randrange(1, 30)):
            kind = dice.choice(list(types))
            at = now - timedelta(days=dice.randrange(1, 50), hours=dice.randrange(24))
            rows.append(event(f"{step}-{n}", 101, kind, at.isoformat()))
            costs[kind] += types[kind]
            events.append((f"{step}-{n}", types[kind]))
        world.deliver(f"{step}.jsonl", jsonl(*rows))
        amount = Decimal(dice.randrange(-100, 900)) / 7
        paid += (amount := round(amount, 5))
        world.deliver(f"p{step}.jsonl", jsonl(payment(f"p{step}", 1, str(amount), now.isoformat())), kind="payments")
        if step % 2:
            event_id, price = events.pop(dice.randrange(len(events)))
            part = round(price / 3, 6)
            taken_back += part
            correction = {"correction_id": f"c{step}", "event_id": event_id, "amount": str(part), "reason": "x"}
            world.deliver(f"c{step}.jsonl", jsonl(correction), kind="corrections")
        world.run(now)
        if dice.random() < 0.6:
            month = (now.replace(day=1) - timedelta(days=1)).date().replace(day=1)
            with_closed = world.value("select max(local_month) from ops.closed_months")
            if with_closed is None or with_closed < month:
                frozen = world.rows(LINES, brand=1, month=month)
                close(world, month, now)
                assert world.rows(LINES, brand=1, month=month) == frozen
        add_up(world, 1)
    balance = "select {} from mart.statement where line = 'CLOSING_BALANCE' order by local_month desc limit 1"
    exact = paid - sum(costs.values()) + taken_back
    assert world.value(balance.format("amount")) == exact
    assert world.value(balance.format("rounded")) == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    totals = dict(world.rows("select cost_type, sum(amount) from mart.statement where line = 'COST' group by all"))
    assert totals == {kind.upper(): amount for kind, amount in costs.items() if amount}


@pytest.fixture
def over(world: World) -> World:
    """Brand 1 may spend 10.00 a day: 12.00 before a decision saw it, 2.00 after the stop, 3.00 late."""
    world.run()
    spent(world, 24, "2025-06-10T12:01:00Z")
    world.run(NOON + timedelta(minutes=5))
    spent(world, 4, "2025-06-10T12:06:00Z")
    world.run(NOON + timedelta(hours=17))
    spent(world, 6, "2025-06-10T12:02:00Z")
    world.run(NOON + timedelta(hours=18))
    return world


def due(world: World, causes: list[str], period: str = "DAY") -> list[tuple[str, float]]:
    with world.open(NOON + timedelta(hours=19)) as warehouse:
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for one in credits_due(warehouse, Asked(1, JUNE, period), causes):
            sums[one.cause] += one.amount
        return sorted((cause, float(amount)) for cause, amount in sums.items())


def test_over_delivery_is_given_back_by_its_cause_and_once(over: World) -> None:
    assert over.rows("select before_decision, after_stop, late, budget_cut from mart.overspend") == [(2, 2, 3, 0)]
    assert due(over, ["before_decision", "after_stop", "late"]) == [
        ("after_stop", 2),
        ("before_decision", 2),
        ("late", 3),
    ]
    assert due(over, ["before_decision"], "MONTH") == []
    for _ in range(2):  # delivered twice before it is booked: the same file
        with over.open(NOON + timedelta(hours=19)) as warehouse:
            credits_ = credits_due(warehouse, Asked(1, JUNE, "DAY"), ["after_stop", "late"])
        deliver_credits(over.root, Asked(1, JUNE, "DAY"), credits_)
    assert len(list(over.root.landing("corrections").iterdir())) == 1
    over.run(NOON + timedelta(hours=20))
    assert over.rows("select line, sum(amount) from mart.statement where amount <> 0 group by all order by all") == [
        ("CLOSING_BALANCE", -12),
        ("COST", 17),
        ("CREDIT", -5),
        ("OVER_DELIVERY", 2),
    ]
    assert over.rows("select before_decision, after_stop, late from mart.overspend") == [(2, 0, 0)]
    assert due(over, ["after_stop", "late"]) == []
    add_up(over, 1)


def test_to_ask_what_is_due_changes_nothing(over: World) -> None:
    assert over.rows("from internal.overspend_due") == []
    with over.open(NOON + timedelta(hours=19)) as warehouse:
        before = warehouse.value("ops.revision", "current")
        assert credits_due(warehouse, Asked(1, JUNE, "DAY"), ["late"])
        assert warehouse.value("ops.revision", "current") == before
        assert warehouse.connection.execute("from internal.overspend_due").fetchall() == []


def test_who_is_credited_for_what_is_a_setting(tmp_path: Path) -> None:
    file = tmp_path / "spendgate.toml"
    file.write_text('credited_causes = "after_stop, 7: before_decision+late, 9: none"\n')
    settings = read_settings(file)
    assert credited_causes(settings, 1) == ["after_stop"]
    assert credited_causes(settings, 7) == ["before_decision", "late"]
    assert credited_causes(settings, 9) == credited_causes(Settings(), 1) == []
    file.write_text('credited_causes = "stop"\n')
    with pytest.raises(SpendgateError, match="must be empty, or causes joined by"):
        read_settings(file)


def test_the_commands_of_finance(over: World) -> None:
    told = spendgate(over.root, "credit", "--brand", "1", "--month", "2025-06", "--causes", "late", "--dry-run")
    assert told.exit_code == 0, told.output
    assert "3.00 to be given back" in told.output
    assert "Nothing was booked." in told.output
    told = spendgate(over.root, "credit", "--brand", "1", "--month", "2025-06")
    assert "is credited for no cause: see credited_causes" in told.output
    told = spendgate(over.root, "statement", "--brand", "1", "--month", "2025-06")
    assert "CLOSING_BALANCE" in told.output
    told = spendgate(over.root, "statement", "--brand", "1", "--month", "2025-05")
    assert "its months are 2025-06 to 2025-06" in str(told.exception)
    told = spendgate(
        over.root, "close-month", "--brand", "1", "--month", "2025-06", "--reason", "month end", "--by", "ann"
    )
    assert told.output.strip() == "brand 1: closed 2025-06"
    page = spendgate(over.root, "statement", "--brand", "1", "--month", "2025-06", "--format", "html").output
    assert "Closed: what comes later is in a later statement." in page
    text = spendgate(over.root, "statement", "--brand", "1", "--month", "2025-06", "--format", "csv").output
    assert "0.000000000" in text
    assert "0E-9" not in text + page
    assert '<td class="n">17.000000000</td>' in page


def test_a_hostile_name_is_text_on_every_statement(world: World) -> None:
    name = '=HYPERLINK("http://x")<script>alert(1)</script>'
    rows = world.reference["campaigns"].replace("Acme always", '"' + name.replace('"', '""') + '"')
    world.deliver_reference("campaigns", rows)
    spent(world, 1)
    world.run()
    page = spendgate(world.root, "statement", "--brand", "1", "--month", "2025-06", "--format", "html").output
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    text = spendgate(world.root, "statement", "--brand", "1", "--month", "2025-06", "--format", "csv").output
    assert {row["campaign_name"] for row in csv.DictReader(text.splitlines())} == {"", f"'{name}"}


@pytest.mark.parametrize("name", ["audit.csv", "audit.parquet"])
def test_the_audit_trail_has_every_change_and_a_manifest(over: World, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    told = spendgate(over.root, "audit", str(file), "--brands", "1")
    assert told.exit_code == 0, told.exception
    manifest = json.loads(file.with_name(f"{name}.manifest.json").read_text())
    assert manifest["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    expected = over.rows("select kind, count(*) from ops.audit_trail where brand_id = 1 group by all order by all")
    assert manifest["rows"] == sum(count for _, count in expected)
    assert dict(expected)["STATUS_CHANGE"] == over.value(
        "select count(*) from ops.campaign_status_changes where brand_id = 1"
    )
    told = spendgate(over.root, "audit", str(tmp_path / "audit.txt"))
    assert "let it end in .parquet or .csv" in str(told.exception)


def test_an_audit_replaces_only_when_it_is_told_to_and_nothing_that_others_need(over: World, tmp_path: Path) -> None:
    file = tmp_path / "audit.csv"
    assert spendgate(over.root, "audit", str(file)).exit_code == 0
    before = file.read_bytes()
    for again in (file, tmp_path / "audit.csv.manifest.json"):
        assert "is there already: name another, or say --replace" in str(
            spendgate(over.root, "audit", str(file), "--brands", "1").exception
        )
        assert file.read_bytes() == before
        again.rename(tmp_path / "kept")  # either of the two alone is something that would go
        told = spendgate(over.root, "audit", str(file))
        assert f"{next(tmp_path.glob('audit.*'))} is there already" in str(told.exception)
        (tmp_path / "kept").rename(again)
    assert spendgate(over.root, "audit", str(file), "--brands", "1", "--replace").exit_code == 0
    assert len(file.read_bytes()) < len(before)

    (tmp_path / "link.csv").symlink_to(file)
    (tmp_path / "folder.csv").mkdir()
    for place, said in (
        (over.root.path / "landing" / "events" / "x.csv", "lies in the data root"),
        (tmp_path / "no" / "x.csv", "there is no folder"),
        (tmp_path / "link.csv", "is a link"),
    ):
        assert said in str(spendgate(over.root, "audit", str(place), "--replace").exception), place
    assert spendgate(over.root, "audit", str(tmp_path / "folder.csv"), "--replace").exit_code == 2


def test_the_evidence_in_the_audit_trail_is_the_whole_row(over: World) -> None:
    [evidence] = over.rows(
        "select evidence from ops.audit_trail where kind = 'STATUS_CHANGE' and what like '%REACHED%' limit 1"
    )
    told = json.loads(evidence[0])
    assert (told["to_status"], told["daily_spend"], told["daily_budget"]) == ("BUDGET_REACHED", 12, 10)
    assert told["limits_reached"][0]["period"] == "DAY"
