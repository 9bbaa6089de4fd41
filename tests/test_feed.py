"""The feed for ad servers keeps what `docs/feed.md` promises, and its example client fails safe."""

import asyncio
import json
import logging
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
from feed_client import Feed

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.feed.files import CHANGES_KEPT, JSON, PARQUET, SCHEMA, changes_file, feed_since, read_header
from assets.engine.feed.server import Feed as ServedFeed
from assets.engine.feed.server import _changes
from assets.engine.feed.writing import STATES_KEPT, write_feed
from assets.engine.freshness import note_look
from assets.engine.manual_status import ManualChange, set_status
from assets.engine.warehouse.publication import publish
from tests.test_cli import spendgate
from tests.world import CAMPAIGNS, NOON, World, spent

MINUTES = timedelta(minutes=5)


def whole(root: DataRoot) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((root.feed / JSON).read_text(encoding="utf-8"))
    return document


def decided(world: World, now: datetime = NOON) -> dict[str, Any]:
    """The feed after a run."""
    world.run(now)
    write_feed(world.root, now)
    return whole(world.root)


def pause(world: World, campaign_id: int, status: str = "PAUSED", now: datetime = NOON) -> None:
    with world.open(now) as warehouse:
        set_status(warehouse, ManualChange(campaign_id, status, "ann", "why"))
        publish(warehouse)
    write_feed(world.root, now)


def of(document: dict[str, Any], campaign_id: int) -> dict[str, Any]:
    campaigns: list[dict[str, Any]] = document["campaigns"]
    return next(each for each in campaigns if each["campaign_id"] == campaign_id)


def test_the_feed_says_of_each_campaign_what_it_may_do_and_why(world: World) -> None:
    spent(world, 4)
    document = decided(world)
    assert (document["version"], document["decided_at"]) == (1, "2025-06-10T12:00:00.000000Z")
    running, waiting = of(document, 11), of(document, 12)
    assert running["may_run"]
    assert running["blocked_by"] == []
    assert running["budget_share"] == 0.2
    assert (waiting["may_run"], waiting["blocked_by"]) == (False, ["WINDOW_CLOSED"])
    assert (waiting["window_start"], waiting["window_end"]) == (
        "2025-06-10T22:00:00.000000Z",
        "2025-06-11T04:00:00.000000Z",
    )
    assert [each["delivery_status"] for each in document["campaigns"]] == [
        "delivering",
        "not_delivering",
        "delivering",
        "not_delivering",
    ]


def test_what_a_budget_holds_while_it_waits_for_its_window_is_not_delivering(world: World) -> None:
    spent(world, 21)  # 10.50 of the brand's 10.00, before anything ran
    waiting = of(decided(world), 12)
    assert (waiting["status"], waiting["delivery_status"]) == ("SCHEDULED", "not_delivering")
    assert waiting["blocked_by"] == ["DAILY_BUDGET_REACHED", "WINDOW_CLOSED"]
    assert waiting["budget_share"] == 1.05
    in_its_window = of(decided(world, NOON + timedelta(hours=11)), 12)
    assert (in_its_window["window_open"], in_its_window["status"]) == (True, "SCHEDULED")
    assert (in_its_window["delivery_status"], in_its_window["blocked_by"]) == (
        "not_delivering",
        ["DAILY_BUDGET_REACHED"],
    )


def test_a_flight_that_is_open_at_one_end_is_null_there_in_json_and_infinite_in_parquet(world: World) -> None:
    header, *rows = CAMPAIGNS.splitlines()
    dates = (",2025-06-01,", ",,2025-06-30", ",,", ",,")
    flown = [f"{row}{flight}" for row, flight in zip(rows, dates, strict=True)]
    world.deliver_reference("campaigns", "\n".join([f"{header},start_date,end_date", *flown]) + "\n")
    document = decided(world)
    ends = [
        (of(document, number)["flight_starts_at"], of(document, number)["flight_ends_at"]) for number in (11, 12, 21)
    ]
    assert ends == [("2025-06-01T04:00:00.000000Z", None), (None, "2025-07-01T04:00:00.000000Z"), (None, None)]
    query = "select flight_starts_at::varchar, flight_ends_at::varchar from {} order by campaign_id limit 3"
    infinite = [("2025-06-01 04:00:00+00", "infinity"), ("-infinity", "2025-07-01 04:00:00+00"), (None, None)]
    assert world.rows(query.format(f"read_parquet('{world.root.feed / PARQUET}')")) == infinite
    assert world.rows(query.format("ops.campaign_status")) == infinite


def test_every_document_is_as_its_schema_says(world: World) -> None:
    decided(world)
    pause(world, 11)
    schema = json.loads((world.root.feed / SCHEMA).read_text(encoding="utf-8"))
    check = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for document in (whole(world.root), feed_since(world.root, 1), feed_since(world.root, 0)):
        check.validate(document)
    assert not check.is_valid({**whole(world.root), "version": 0})


def test_parquet_and_json_tell_the_same(world: World) -> None:
    document = decided(world)
    rows = duckdb.read_parquet(str(world.root.feed / PARQUET)).project("campaign_id, may_run, why, changed_in_version")
    told = [
        (each["campaign_id"], each["may_run"], each["why"], each["changed_in_version"])
        for each in document["campaigns"]
    ]
    assert rows.fetchall() == told
    headers = duckdb.read_parquet(str(world.root.feed / PARQUET)).aggregate("feed_id, version, valid_until").fetchall()
    assert headers == [(document["feed_id"], document["version"], datetime.fromisoformat(document["valid_until"]))]


def test_a_version_comes_with_each_change_and_no_other_time(world: World) -> None:
    first = decided(world)
    renewed = decided(world, NOON + MINUTES)
    assert (renewed["feed_id"], renewed["version"]) == (first["feed_id"], 1)
    assert renewed["valid_until"] > first["valid_until"]
    assert renewed["campaigns"] == first["campaigns"]
    pause(world, 11, now=NOON + MINUTES)
    assert whole(world.root)["version"] == 2
    assert {each["campaign_id"]: each["changed_in_version"] for each in whole(world.root)["campaigns"]} == {
        11: 2, 12: 1, 21: 1, 31: 1,
    }  # fmt: skip


def test_changes_upon_the_whole_before_are_the_whole(world: World) -> None:
    wholes = {1: decided(world)}
    for number, (campaign_id, status) in enumerate(
        [(11, "PAUSED"), (21, "PAUSED"), (11, "SCHEDULED"), (31, "COMPLETED")], 2
    ):
        pause(world, campaign_id, status)
        wholes[number] = whole(world.root)
    for since, before in wholes.items():
        client = Feed()
        assert client.take(before)
        assert client.take(feed_since(world.root, since))
        assert list(client.campaigns.values()) == wholes[5]["campaigns"]
    assert [each["campaign_id"] for each in feed_since(world.root, 3)["campaigns"]] == [11, 31]
    assert "since" not in feed_since(world.root, 6), "a version that is to come: the whole"


def test_a_campaign_that_is_gone_is_said_to_be(world: World) -> None:
    decided(world)
    with world.open() as warehouse:
        warehouse.connection.execute("delete from internal.campaign_status where campaign_id = 31")
        with warehouse.transaction():
            pass
        publish(warehouse)
    write_feed(world.root, NOON)
    changes = feed_since(world.root, 1)
    assert (changes["version"], changes["removed"], changes["campaigns"]) == (2, [31], [])
    client = Feed()
    client.take(feed_since(world.root, 0))
    assert 31 not in client.campaigns


def test_it_is_never_believed_beyond_the_next_known_change_or_the_next_promised_decision(world: World) -> None:
    assert decided(world)["valid_until"] == "2025-06-10T12:07:00.000000Z"
    near = datetime.fromisoformat("2025-06-10T21:58:00+00:00")
    assert decided(world, near)["valid_until"] == "2025-06-10T22:00:00.000000Z", "campaign 12 begins"
    (world.root.path / "spendgate.toml").write_text("decide_every_seconds = 60\nfeed_grace_seconds = 1\n")
    assert decided(world, NOON + timedelta(days=1))["valid_until"] == "2025-06-11T12:01:01.000000Z"


def test_a_decision_for_the_future_makes_it_no_more_believed(world: World) -> None:
    world.run(NOON + timedelta(days=1))
    assert write_feed(world.root, NOON).valid_until == "2025-06-10T12:07:00.000000Z"


def test_campaigns_with_other_columns_are_begun_anew(world: World) -> None:
    first = decided(world)
    file = world.root.feed / PARQUET
    older = duckdb.read_parquet(str(file)).project("* exclude (budget_share)").to_arrow_table()
    duckdb.from_arrow(older).to_parquet(str(file))
    second = decided(world, NOON + MINUTES)
    assert second["version"] == 1
    assert second["feed_id"] != first["feed_id"]


def test_a_look_at_which_nothing_is_due_renews_it(world: World) -> None:
    decided(world)
    note_look(world.root, NOON + MINUTES)
    header = write_feed(world.root, NOON + MINUTES)
    assert (header.version, header.held_at) == (1, "2025-06-10T12:05:00.000000Z")
    assert header.valid_until == "2025-06-10T12:12:00.000000Z"


def test_what_is_open_stays_and_old_states_and_changes_are_removed(world: World) -> None:
    decided(world)
    before = world.root.feed.resolve()
    pause(world, 11)
    assert json.loads((before / JSON).read_text())["version"] == 1
    for number in range(STATES_KEPT):
        note_look(world.root, NOON + MINUTES * number)
        write_feed(world.root, NOON + MINUTES * number)
    assert not before.exists()
    assert len([state for state in world.root.feed_states.iterdir() if state.is_dir()]) == STATES_KEPT
    assert changes_file(world.root.feed, 2).exists()
    assert CHANGES_KEPT >= 10


def test_a_feed_that_was_lost_or_torn_is_begun_anew_under_another_name(world: World) -> None:
    first = decided(world)
    (world.root.feed / JSON).write_text('{"feed_id": "x"')
    second = decided(world, NOON + MINUTES)
    assert second["version"] == 1
    assert second["feed_id"] != first["feed_id"]
    client = Feed()
    client.take({**first, "version": 40})
    assert client.take(second), "another series: its version counts, however small"
    assert client.version == 1


def test_campaigns_that_cannot_be_read_are_begun_anew(world: World) -> None:
    decided(world)
    (world.root.feed / PARQUET).write_bytes(b"PAR1 torn")
    assert decided(world, NOON + MINUTES)["version"] == 1
    assert len(duckdb.read_parquet(str(world.root.feed / PARQUET))) == 4


def test_a_renewal_tells_the_same_campaigns_in_both_files(world: World) -> None:
    decided(world)
    pause(world, 11)
    before = whole(world.root)
    note_look(world.root, NOON + MINUTES)
    write_feed(world.root, NOON + MINUTES)
    after = whole(world.root)
    assert after["campaigns"] == before["campaigns"]
    assert after["valid_until"] > before["valid_until"]
    rows = duckdb.read_parquet(str(world.root.feed / PARQUET)).aggregate(
        "count(*), max(changed_in_version), min(valid_until)"
    )
    assert rows.fetchall() == [(4, 2, datetime.fromisoformat(after["valid_until"]))]
    assert [each["campaign_id"] for each in feed_since(world.root, 1)["campaigns"]] == [11]


def test_a_data_root_that_was_copied_with_what_its_links_lead_to_goes_on(world: World, tmp_path: Path) -> None:
    first = decided(world)
    copy = World(DataRoot(shutil.copytree(world.root.path, tmp_path / "copy")), {})
    assert not copy.root.feed.is_symlink()
    second = decided(copy, NOON + MINUTES)
    assert (second["feed_id"], second["version"]) == (first["feed_id"], 1)
    assert copy.root.feed.is_symlink()


def test_changes_that_are_torn_or_gone_are_told_as_the_whole(world: World) -> None:
    decided(world)
    pause(world, 11)
    changes_file(world.root.feed, 2).write_text("{")
    assert feed_since(world.root, 1) == whole(world.root)
    changes_file(world.root.feed, 2).unlink()
    assert feed_since(world.root, 1) == whole(world.root)


@pytest.mark.parametrize(
    "header", ["[", "\xff", '{"version": 1, "campaigns":', '{"version": "1", "feed_id": "x", "campaigns":']
)
def test_a_header_that_is_none_is_begun_anew(world: World, header: str) -> None:
    decided(world)
    file = world.root.feed / JSON
    file.write_text(header + "\n", encoding="latin-1")
    assert read_header(world.root.feed) is None
    assert decided(world)["version"] == 1


def test_a_writer_that_is_killed_leaves_the_feed_before(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = decided(world)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("assets.engine.feed.writing._swap", killed)
    with pytest.raises(KeyboardInterrupt):
        pause(world, 11)
    assert whole(world.root) == first
    monkeypatch.undo()
    write_feed(world.root, NOON)
    assert (whole(world.root)["version"], of(whole(world.root), 11)["status"]) == (2, "PAUSED")


def test_readers_never_meet_half_a_feed(world: World) -> None:
    decided(world)
    over, torn = threading.Event(), []

    def read() -> None:
        while not over.is_set():
            folder = world.root.feed.resolve()
            header = read_header(folder)
            rows = duckdb.read_parquet(str(folder / PARQUET)).aggregate("max(changed_in_version)").fetchall()
            if header is None or rows[0][0] != header.version:
                torn.append((header, rows))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(4):
        pause(world, 11, "SCHEDULED" if number % 2 else "PAUSED")
        time.sleep(0.05)
    over.set()
    reader.join()
    assert torn == []


def test_a_hostile_name_is_text(world: World) -> None:
    name = 'x"}],"version":9,"\u202e<script>'
    world.deliver_reference("campaigns", CAMPAIGNS.replace("Acme always", '"' + name.replace('"', '""') + '"'))
    document = decided(world)
    assert of(document, 11)["campaign_name"] == name
    assert document["version"] == 1


def test_a_client_whose_feed_is_late_goes_on_with_what_it_knows_and_stops_what_is_near_its_budget(world: World) -> None:
    spent(world, 18)  # 9.00 of 10.00
    client = Feed()
    assert not client.may_run(11, NOON), "nothing is known"
    client.take(decided(world))
    late, night, morning = (NOON + timedelta(hours=hours) for hours in (1, 11, 17))
    assert client.may_run(11, NOON)
    assert not client.may_run(11, late), "90 % of its brand's budget"
    assert client.may_run(21, late), "no spend, no window"
    client.campaigns[12]["budget_share"] = 0.1
    assert [client.may_run(12, now) for now in (NOON, late, night, morning)] == [False, False, True, False]
    assert not client.may_run(31, late), "a person paused it"
    assert not client.may_run(99, NOON)


def test_a_client_takes_nothing_that_is_older_or_that_it_cannot_follow(world: World) -> None:
    client = Feed()
    first = decided(world)
    pause(world, 11)
    changes = feed_since(world.root, 1)
    assert not client.take(changes), "it has no whole"
    assert client.take(whole(world.root))
    assert not client.take(first), "older"
    assert client.version == 2
    assert not client.take({**changes, "since": 7, "version": 8}), "it missed some"
    assert client.take({**changes, "valid_until": "2025-06-10T13:00:00.000000Z"}), "again, believed for longer"


def test_the_command_prints_what_changed(world: World) -> None:
    told = spendgate(world.root, "feed")
    assert "`spendgate run` writes it" in str(told.exception)
    decided(world)
    pause(world, 11)
    assert json.loads(spendgate(world.root, "feed").output)["version"] == 2
    [changed] = json.loads(spendgate(world.root, "feed", "--since", "1").output)["campaigns"]
    assert changed["campaign_id"] == 11


@contextmanager
def served(root: DataRoot) -> Iterator[str]:
    """`spendgate serve`, and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = "from pipelines.cli.main import main; main()"
    command = [sys.executable, "-c", code, "serve", "--data", str(root.path), "--port", str(port)]
    project = Path(__file__).parent.parent
    with subprocess.Popen(command, cwd=project, stdout=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{url}/health")  # noqa: S310 our own
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        try:
            yield url
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(15) == 0


def answer(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as told:  # noqa: S310
            return told.status, dict(told.headers), told.read()
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers), refused.read()


def test_it_is_served_over_http_with_changes_as_they_come(world: World) -> None:
    decided(world)
    with served(world.root) as url:
        status, headers, body = answer(f"{url}/feed")
        assert (status, json.loads(body)) == (200, whole(world.root))
        assert answer(f"{url}/feed", **{"If-None-Match": headers["etag"]})[0] == 304
        assert answer(f"{url}/health")[0] == 503, "it was decided for 2025"
        for wrong in ("-1", "", "x", "9" * 5000):
            for path in ("feed", "events"):
                status, _, body = answer(f"{url}/{path}?since={wrong}")
                assert (status, json.loads(body)) == (400, {"error": "since is no whole number from 0"}), path
        assert json.loads(answer(f"{url}/feed?since=1")[2])["campaigns"] == []
        assert answer(f"{url}/feed.parquet")[2] == (world.root.feed / PARQUET).read_bytes()
        assert answer(f"{url}/feed.schema.json")[0] == 200
        assert answer(f"{url}/../warehouse/warehouse.duckdb")[0] == 404
        waited: list[Any] = []
        waiting = threading.Thread(target=lambda: waited.append(answer(f"{url}/feed?since=1&wait=20")[2]))
        waiting.start()
        with urllib.request.urlopen(f"{url}/events?since=1", timeout=20) as events:  # noqa: S310
            time.sleep(0.5)
            pause(world, 11)
            event_id = next(line.decode() for line in iter(events.readline, b"") if line.startswith(b"id:"))
        waiting.join()
        assert event_id == f"id: {whole(world.root)['feed_id']}:2\n"
        assert [each["campaign_id"] for each in json.loads(waited[0])["campaigns"]] == [11]
        assert answer(f"{url}/feed", **{"If-None-Match": headers["etag"]})[0] == 200


def test_nothing_to_serve_is_said(root: DataRoot) -> None:
    root.create()
    with served(root) as url:
        assert answer(f"{url}/feed")[0] == 503
        assert answer(f"{url}/health")[0] == 503
        assert answer(f"{url}/feed.parquet")[0] == 503


def lines_of_looks(feed: ServedFeed, caplog: pytest.LogCaptureFixture, times: int = 5) -> list[str]:
    """What is logged while the server looks for another state some times."""
    caplog.clear()
    for _ in range(times):
        asyncio.run(feed.look())
    return [record.getMessage() for record in caplog.records if record.name == "spendgate.feed"]


def test_a_feed_that_goes_is_told_once_and_once_that_it_is_back(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    feed = ServedFeed(world.root)
    assert len(lines_of_looks(feed, caplog)) == 1, "there is none yet"
    decided(world)
    for _ in range(2):
        assert lines_of_looks(feed, caplog) == ["the feed can be read"]
        assert lines_of_looks(feed, caplog) == []
        world.root.feed.rename(world.root.path / "away")
        [gone] = lines_of_looks(feed, caplog)
        assert gone.startswith("the feed is gone or damaged: ")
        assert feed.state, "what was read last is still told, and grows old"
        (world.root.path / "away").rename(world.root.feed)


@pytest.mark.parametrize("damage", ["", "[", "{}\n", '{"version": '])
def test_a_feed_that_is_damaged_is_told_once(world: World, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    decided(world)
    (world.root.feed / JSON).write_text(damage)
    feed = ServedFeed(world.root)
    [told] = lines_of_looks(feed, caplog)
    assert told.startswith("the feed is gone or damaged: ")
    caplog.clear()
    with pytest.raises(SpendgateError, match="cannot be read"):
        feed_since(world.root, None)
    assert not caplog.records


def test_who_waits_for_events_goes_on_waiting_while_the_feed_is_gone(world: World) -> None:
    decided(world)
    feed = ServedFeed(world.root)
    away = world.root.path / "away"

    async def first_event() -> str:
        await feed.look()
        world.root.feed.rename(away)
        waiting = asyncio.ensure_future(anext(_changes(feed, None)))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await feed.look()
        away.rename(world.root.feed)
        await feed.look()
        return await asyncio.wait_for(waiting, 10)

    assert asyncio.run(first_event()).startswith(f"id: {whole(world.root)['feed_id']}:1\nevent: change\n")


def test_a_feed_that_cannot_be_written_holds_nothing_up(world: World) -> None:
    world.run()
    world.root.feed_states.write_text("in the way")
    told = spendgate(world.root, "set-status", "11", "PAUSED", "--reason", "x", "--by", "ann", "--clock-is-right")
    assert told.exit_code == 0, told.exception
    assert world.status(11) == "PAUSED"
    with pytest.raises((SpendgateError, OSError)):
        write_feed(world.root, NOON)
