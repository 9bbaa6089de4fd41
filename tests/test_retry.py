"""Refused rows are not the end: listed, and tried again once their cause is mended."""

import json
import re
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.delivery.inbox import Inbox, Retry
from assets.engine.ingestion.ingest import ingest
from assets.engine.ingestion.retry import retry_refused
from assets.engine.warehouse.clock import utc_now
from tests.test_cli import spendgate
from tests.world import ADS, BRANDS, World, event, jsonl, payment, refresh


def soon(minutes: int) -> str:
    return (utc_now() + timedelta(minutes=minutes)).isoformat()


def retry(world: World, reason: str = "", name: str = "", *, minutes_later: int = 0) -> None:
    """A refresh that tries refused rows again, by a clock that may be ahead."""
    with world.open(utc_now() + timedelta(hours=1)) as warehouse:
        warehouse.clock = lambda: utc_now() + timedelta(minutes=minutes_later)
        retry_refused(warehouse, Retry(reason, name), world.root.settings())
        refresh(warehouse)


def counts(world: World, name: str) -> tuple[int, ...]:
    file = world.file(name)
    return tuple(file[f"rows_{what}"] for what in ("read", "loaded", "duplicate", "rejected"))


def test_a_row_that_came_too_early_loads_once_when_its_time_has_come(world: World) -> None:
    early = event("early", 101, "click", soon(11))
    world.deliver(
        "a.jsonl", jsonl(event("good", 101, "click", "2025-06-10T10:00:00Z"), early, event("no", 1, "no", "no"))
    )
    world.deliver("p.jsonl", jsonl(payment("early", 1, "5", soon(11))), kind="payments")
    world.run()
    assert (counts(world, "a.jsonl"), counts(world, "p.jsonl")) == ((3, 1, 0, 2), (1, 0, 0, 1))
    retry(world)
    assert world.value("select count(*) from raw.ad_events") == 1  # its time has not come
    for _ in range(2):
        retry(world, reason="more than 10 minutes", minutes_later=2)
        assert (counts(world, "a.jsonl"), counts(world, "p.jsonl")) == ((3, 2, 0, 1), (1, 1, 0, 0))
        charged = "select amount from core.transactions order by amount"
        assert [float(amount) for (amount,) in world.rows(charged)] == [0.5, 0.5, 5]
        assert len(world.reasons()) == 1
    assert world.value("select sum(spend) from mart.daily_spend") == 1


def test_a_row_over_a_limit_loads_when_the_limit_is_raised(world: World) -> None:
    settings = world.root.path / "spendgate.toml"
    settings.write_text("max_line_bytes = 200\nmax_json_depth = 2\n")
    long = {**event("long", 101, "click", "2025-06-10T10:00:00Z"), "note": "x" * 300}
    deep = {**event("deep", 101, "click", "2025-06-10T10:00:00Z"), "note": [[[]]]}
    world.deliver("a.jsonl", jsonl(long, deep))
    world.load()
    assert counts(world, "a.jsonl") == (2, 0, 0, 2)
    settings.unlink()
    retry(world, name="other")
    assert counts(world, "a.jsonl") == (2, 0, 0, 2)
    retry(world, name="a.jsonl")
    assert counts(world, "a.jsonl") == (2, 2, 0, 0)


def test_a_retried_row_is_a_duplicate_when_it_has_come_another_way(world: World) -> None:
    settings = world.root.path / "spendgate.toml"
    settings.write_text("max_line_bytes = 200\n")
    good = event("e", 101, "click", "2025-06-10T10:00:00Z")
    world.deliver("a.jsonl", jsonl({**good, "note": "x" * 300}))
    world.run()
    settings.unlink()
    world.deliver("b.jsonl", jsonl(good))
    world.run()
    retry(world)
    assert counts(world, "a.jsonl") == (1, 0, 1, 0)
    assert world.value("select count(*) from core.transactions") == 1


def test_a_row_still_refused_stays_listed_with_its_text(world: World) -> None:
    rows = [event("e", 101, "clik", "2025-06-10T10:00:00Z"), event("f", 101, "click", "2025-06-10T10:00:00Z")]
    pl.DataFrame(rows).write_parquet(world.root.landing("events") / "a.parquet")
    world.load()
    listed = world.rows("select file_id, line_number, raw, reason from raw.rejected_rows")
    retry(world)
    assert world.rows("select file_id, line_number, raw, reason from raw.rejected_rows") == listed
    assert counts(world, "a.parquet") == (2, 1, 0, 1)


def test_a_row_whose_staged_copy_is_gone_or_damaged_stays_listed(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.deliver("a.jsonl", jsonl(event("no", 1, "no", "no")))
    world.load()
    (world.root.landing("events") / "a.jsonl").unlink()  # it would be staged again from there
    [staged] = world.root.staged.glob("*.jsonl")
    for harm, said in ((lambda: staged.write_text("{}\n"), "is damaged"), (staged.unlink, "its staged copy is gone")):
        harm()
        retry(world)
        assert said in caplog.text
        assert counts(world, "a.jsonl") == (1, 0, 0, 1)
        assert len(world.reasons()) == 1


def test_a_killed_retry_leaves_the_row_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = world.root.path / "spendgate.toml"
    settings.write_text("max_line_bytes = 200\n")
    world.deliver("a.jsonl", jsonl({**event("e", 101, "click", "2025-06-10T10:00:00Z"), "note": "x" * 300}))
    world.run()
    settings.unlink()
    with world.open() as warehouse:
        run = warehouse.run

        def fail_at_the_last_step(file: str, statement: str = "", /, **values: Any) -> Any:
            if (file, statement) == ("raw.event_files", "count_retried"):
                raise RuntimeError("power cut")
            return run(file, statement, **values)

        monkeypatch.setattr(warehouse, "run", fail_at_the_last_step)
        with pytest.raises(RuntimeError, match="power cut"):
            ingest(warehouse, Inbox(world.root, skip_stability_check=True, retry=Retry()))
    retry(world)
    assert counts(world, "a.jsonl") == (1, 1, 0, 0)
    assert world.value("select count(*) from core.transactions") == 1


def test_a_reference_row_is_tried_again_by_the_same_command(world: World) -> None:
    world.deliver_reference("brands", BRANDS + "4,Dot,,,Mars/Olympus,dan,true\n")
    world.load()
    with world.open() as warehouse:
        warehouse.connection.execute(
            "insert into core.utc_offsets select 'Mars/Olympus', core.beginning(), 'infinity', 0, max(tzdata_version)"
            " from core.utc_offsets"
        )
    world.load()
    assert world.value("select count(*) from core.brands") == 3  # nobody has asked
    assert spendgate(world.root, "rejects", "retry", "--reason", "Mars").exit_code == 0
    assert world.value("select count(*) from core.brands") == 4
    assert world.reasons() == []


def test_refused_rows_are_listed_for_people_and_machines(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("x", 101, "clik", "2025-06-10T10:00:00Z"), event("y", 1, "view", "never")))
    world.deliver_reference("ads", ADS + "101,1,a,true,,,,,,\n")
    world.load()
    shown = spendgate(world.root, "rejects", "list")
    assert "Refused rows: 3" in shown.output
    assert "unknown event_type 'clik'" in shown.output
    found = json.loads(spendgate(world.root, "rejects", "list", "--reason", "clik", "--format", "json").output)
    assert [(row["file"], row["line_number"]) for row in found] == [("landing/events/a.jsonl", 1)]
    as_csv = spendgate(world.root, "rejects", "list", "--file", "reference/", "--format", "csv").output.splitlines()
    assert len(as_csv) == 2
    none = spendgate(world.root, "rejects", "retry", "--reason", "no such thing")
    assert "no refused row is like that" in str(none.exception)


def test_the_command_to_retry_says_what_became_of_the_rows(root: DataRoot) -> None:
    world = World(root)
    settings = root.path / "spendgate.toml"
    settings.write_text("max_line_bytes = 200\n")
    world.deliver("a.jsonl", jsonl({**event("e", 101, "click", "2025-06-10T10:00:00Z"), "note": "x" * 300}))
    world.run()
    settings.unlink()
    told = spendgate(root, "rejects", "retry")
    assert told.exit_code == 0, told.exception
    assert re.search(r"refused rows tried again: loaded / duplicate / refused +1 / 0 / 0\n", told.output)
    assert world.value("select sum(spend) from mart.daily_spend") == pytest.approx(0.5)
