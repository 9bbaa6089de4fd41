"""`spendgate health`: each thing that may be wrong, with what to do."""

import json
from datetime import datetime, timedelta

import pytest

from assets.engine.data_root import DataRoot
from assets.engine.feed.writing import write_feed
from assets.engine.health import BAD, OK, WARN, Finding, look
from assets.engine.warehouse.publication import publish
from tests.test_cli import spendgate
from tests.world import NOON, World, event, jsonl


def found(root: DataRoot, what: str, now: datetime = NOON) -> Finding:
    [finding] = [each for each in look(root, now) if each.what == what]
    return finding


def test_all_is_well_after_a_run(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("e", 101, "click", "2025-06-10T11:00:00Z")))
    world.run()
    assert found(world.root, "feed").level == WARN, "there is none"
    write_feed(world.root, NOON)
    assert [each for each in look(world.root, NOON) if each.level] == []
    assert found(world.root, "feed").told == "version 1, valid until 2025-06-10 12:07:00 UTC"
    late = found(world.root, "feed", NOON + timedelta(minutes=8))
    assert (late.level, late.value) == (BAD, -60)
    assert found(world.root, "newest event").told == "of 2025-06-10 11:00:00 UTC, 1 hour ago"
    assert found(world.root, "statuses").value == 0


def test_what_is_not_well_is_told_with_what_to_do(world: World) -> None:
    assert found(world.root, "published copy").level == BAD
    world.run()
    assert found(world.root, "newest event").told == "none has been loaded: deliver files to landing/events"
    world.deliver("a.jsonl", jsonl(event("e", 101, "click", "2025-06-10T11:00:00Z")))
    world.deliver("bad.jsonl", "[\n]\n")
    world.run()
    day_later = NOON + timedelta(days=2)
    statuses = found(world.root, "statuses", day_later)
    assert statuses.level == BAD
    assert statuses.told.endswith("(2 days old); start `spendgate ui`, or `spendgate run`")
    assert found(world.root, "newest event", day_later).level == WARN
    files = found(world.root, "delivered files")
    assert (files.level, files.value) == (WARN, 1)
    assert "`spendgate acknowledge` lists them" in files.told
    with world.open() as warehouse:
        assert "held by run" in found(world.root, "warehouse").told
        warehouse.connection.execute("update core.utc_offsets set tzdata_version = '2020a'")
        with warehouse.transaction():
            pass
        publish(warehouse)
    assert found(world.root, "time zones").level == WARN
    (world.root.path / "spendgate.toml").write_text("spare_bytes = 900000000000000\n")
    assert found(world.root, "disk").level == BAD
    assert "spare_bytes = 900000000000000, from" in found(world.root, "settings").told


def test_a_sealed_file_that_cannot_be_read_is_broken(world: World) -> None:
    world.run()
    with world.open() as warehouse, warehouse.transaction():
        warehouse.connection.execute(
            "insert into ops.sealed_files values ('ad_events', '2025-06-01', 'x', 1, null, null, now(), 'a', 1);"
            " insert into internal.sealed_file_states values ('x', 'MISSING', 1, 1, now())"
        )
    with world.open() as warehouse:
        publish(warehouse)
    sealed = found(world.root, "sealed files")
    assert (sealed.level, sealed.value) == (BAD, 1)


@pytest.mark.parametrize("format_", ["json", "prometheus", "table"])
def test_the_exit_code_is_that_of_the_worst(world: World, format_: str) -> None:
    world.run()
    result = spendgate(world.root, "health", "--format", format_)
    assert result.exit_code == BAD  # statuses of 2025
    if format_ == "json":
        told = json.loads(result.stdout)
        assert told["level"] == BAD
        assert {each["what"] for each in told["findings"]} >= {"statuses", "daemon", "disk", "versions"}
    elif format_ == "prometheus":
        assert 'spendgate_level{what="statuses"} 2' in result.stdout.splitlines()
        assert all(line.startswith(("#", "spendgate_")) for line in result.stdout.splitlines())
    else:
        assert "BAD  statuses" in result.stdout


def test_failed_checks_of_the_last_run_and_a_daemon_that_is_gone_are_seen(world: World) -> None:
    world.deliver("bad.jsonl", "[\n]\n")
    assert spendgate(world.root, "run", "--now", "2025-06-10T12:00:00Z").exit_code == 0
    told = spendgate(world.root, "health", "--json").stdout
    findings = {each["what"]: each for each in json.loads(told)["findings"]}
    assert findings["checks"]["level"] == WARN
    assert "delivered_files_are_accepted" in findings["checks"]["told"]
    assert findings["daemon"]["told"] == "has never run here: `spendgate ui` starts it"
    assert findings["versions"]["level"] == OK
