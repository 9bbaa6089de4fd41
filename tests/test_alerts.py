"""Alerts: one per state and receiver, with real receivers; nothing of a URL is told to anybody."""

import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import Result

from assets.engine.alerts import delivery
from assets.engine.alerts.ledger import FROM_EVER, Line, State, open_ledger
from assets.engine.alerts.receivers import Receiver, receivers_of
from assets.engine.alerts.states import note_in_run
from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.warehouse.publication import publish
from pipelines.alerting import alert_sensor, tell_at_end, tick
from pipelines.cli.running import dagster_home
from pipelines.definitions import build_defs
from tests.test_cli import spendgate
from tests.world import NOON, World, event, jsonl, spent

TOKEN = "t0p-5ecret"  # noqa: S105 of a receiver that is not there for long
MINUTE = timedelta(minutes=1)


@dataclass
class Inbox:
    """What came to a receiver, and how it answers."""

    port: int = 0
    status: int = 200
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"json://user:{TOKEN}@127.0.0.1:{self.port}/{TOKEN}?+key={TOKEN}"

    @property
    def text(self) -> str:
        return "\n".join(message["message"] for message in self.messages)


@contextmanager
def listening(port: int = 0) -> Iterator[Inbox]:
    """A receiver that listens."""
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if inbox.status == 200:
                inbox.messages.append(json.loads(body))
            self.send_response(inbox.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    inbox.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield inbox
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with listening() as inbox:
        yield inbox


@pytest.fixture
def dead() -> Inbox:
    """A receiver that has gone."""
    with listening() as inbox:
        pass
    return inbox


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture(autouse=True)
def _no_receivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPENDGATE_ALERT_URLS", raising=False)


Tick = Callable[..., str]


@pytest.fixture
def ticked(world: World, instance: dg.DagsterInstance) -> Tick:
    """One tick of a new sensor, as after a restart: what it says."""

    def tick_now(*receivers: Inbox, now: datetime = NOON) -> str:
        sensor = alert_sensor(world.root, " ".join(each.url for each in receivers), lambda: now)
        with dg.build_sensor_context(instance=instance) as context:
            return sensor.evaluate_tick(context).skip_message or ""

    return tick_now


def rows(world: World, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of the ledger, the oldest first."""
    with open_ledger(world.root) as ledger:
        found = ledger.listed(since=FROM_EVER).select(columns).to_pylist()
    return [tuple(row[column] for column in columns) for row in reversed(found)]


def switched_on(world: World, ticked: Tick, *receivers: Inbox) -> None:
    """A world that has run and in which there is nothing to tell."""
    world.run()
    assert ticked(*receivers) == "nothing to tell"


def test_alerts_are_off_until_there_is_a_receiver(world: World, ticked: Tick) -> None:
    spent(world, 20)
    world.run()
    assert ticked() == "off: no receivers are configured"
    assert not world.root.alerts_file.exists()
    with world.open() as warehouse:
        note_in_run(warehouse)
    assert not world.root.alerts_file.exists()


def test_a_state_is_told_once_over_many_ticks_runs_and_restarts(world: World, ticked: Tick, inbox: Inbox) -> None:
    switched_on(world, ticked, inbox)
    spent(world, 17)
    world.run()
    for minute in range(5):
        ticked(inbox, now=NOON + minute * MINUTE)
        world.run(NOON + minute * MINUTE)
    assert rows(world, "kind", "subject", "threshold", "period_start", "closed_at") == [
        ("LIMIT", "BRAND:1/DAY", "50 %", "2025-06-10T04:00:00Z", None),
        ("LIMIT", "BRAND:1/DAY", "80 %", "2025-06-10T04:00:00Z", None),
    ]
    assert [message["title"] for message in inbox.messages] == ["spendgate: 1 alert"]  # both say the same
    assert inbox.text.splitlines() == [
        "LIMIT: brand 1 Acme: day 8.50 of 10.00 USD, 85 %",
        "  if it is to go on, raise its budget in reference/brands or budgets; spendgate status --brand 1",
        f"All: spendgate alerts list --data {world.root.path}",
    ]


def test_a_higher_threshold_is_told_anew_and_so_is_the_next_day(world: World, ticked: Tick, inbox: Inbox) -> None:
    switched_on(world, ticked, inbox)
    for clicks, at in ((10, "2025-06-10T11:00:00Z"), (6, "2025-06-10T11:10:00Z"), (4, "2025-06-10T11:20:00Z")):
        spent(world, clicks, at)
        world.run()
        ticked(inbox)
    assert [line.partition("day ")[2] for line in inbox.text.splitlines() if "LIMIT" in line] == [
        "5.00 of 10.00 USD, 50 %", "8.00 of 10.00 USD, 80 %", "10.00 of 10.00 USD, 100 %"
    ]  # fmt: skip
    tomorrow = NOON + timedelta(days=1)
    spent(world, 10, "2025-06-11T11:00:00Z")
    world.run(tomorrow)
    ticked(inbox, now=tomorrow)
    ticked(inbox, now=tomorrow + MINUTE)
    assert len(inbox.messages) == 4
    found = rows(world, "threshold", "period_start", "closed_at")
    assert [closed_at for _, _, closed_at in found] == ["2025-06-11T12:00:00Z"] * 3 + [None]
    assert found[3][:2] == ("50 %", "2025-06-11T04:00:00Z")


def test_a_state_that_comes_and_goes_within_its_period_has_one_row_and_one_message(
    world: World, ticked: Tick, inbox: Inbox
) -> None:
    switched_on(world, ticked, inbox)
    spent(world, 16)
    world.run()
    ticked(inbox)
    brands = world.reference["brands"]
    for flap in range(3):
        world.deliver_reference("brands", brands.replace("10.00", f"50.0{flap}"))
        world.run(NOON + (2 * flap + 1) * MINUTE)
        ticked(inbox, now=NOON + (2 * flap + 1) * MINUTE)
        assert None not in [closed_at for (closed_at,) in rows(world, "closed_at")]
        world.deliver_reference("brands", brands.replace("10.00", f"9.9{flap}"))
        world.run(NOON + (2 * flap + 2) * MINUTE)
        ticked(inbox, now=NOON + (2 * flap + 2) * MINUTE)
    assert rows(world, "threshold", "closed_at") == [("50 %", None), ("80 %", None)]
    assert len(inbox.messages) == 1


def test_what_holds_when_alerts_are_switched_on_is_one_message(world: World, ticked: Tick, inbox: Inbox) -> None:
    spent(world, 24)
    world.deliver("bad.jsonl", "[\n]\n")
    world.run()
    ticked(inbox)
    [message] = inbox.messages
    assert message["title"] == "spendgate: 3 alerts"
    for words in (
        "LIMIT: brand 1 Acme: day 12.00 of 10.00 USD, 120 %",
        "OVERSPEND: brand 1 Acme: overspent by 2.00 USD: day of 2025-06-10 12.00 of 10.00 USD, 120 %",
        "FILE_QUARANTINED: landing/events/bad.jsonl: ",
        "spendgate acknowledge file landing/events/bad.jsonl",
    ):
        assert words in message["message"]


def test_a_dead_receiver_loses_nothing_and_holds_up_nobody(
    world: World, ticked: Tick, inbox: Inbox, dead: Inbox
) -> None:
    switched_on(world, ticked, dead, inbox)
    spent(world, 10)
    world.run()
    assert ticked(dead, inbox) == "1 receivers told, 1 to be tried again"
    assert ticked(dead, inbox, now=NOON + 30 * timedelta(seconds=1)) == "nothing to tell"  # it is not its turn yet
    spent(world, 6, "2025-06-10T11:30:00Z")
    world.run()
    for minute in range(1, 10):
        ticked(dead, inbox, now=NOON + minute * MINUTE)
    assert len(inbox.messages) == 2
    with listening(dead.port) as alive:
        for minute in range(10, 40):
            ticked(dead, inbox, now=NOON + minute * MINUTE)
    assert len(inbox.messages) == 2
    [message] = alive.messages
    assert message["title"] == "spendgate: 2 alerts"
    assert "50 %" in message["message"]
    assert "80 %" in message["message"]
    assert {each for (each,) in rows(world, "receivers")} == {"1 json sent, 2 json sent"}


def test_a_receiver_that_refuses_is_tried_again_and_what_it_said_is_noted(
    world: World, ticked: Tick, inbox: Inbox
) -> None:
    switched_on(world, ticked, inbox)
    spent(world, 10)
    world.run()
    inbox.status = 503
    ticked(inbox)
    assert rows(world, "attempts", "last_error", "sent_at") == [(1, "it answered with HTTP status 503", None)]
    inbox.status = 200
    ticked(inbox, now=NOON + MINUTE)
    assert rows(world, "attempts", "last_error", "sent_at") == [(2, None, "2025-06-10T12:01:00Z")]
    assert len(inbox.messages) == 1


def test_what_a_process_was_sending_when_it_died_is_sent_again_and_says_so(
    world: World, ticked: Tick, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched_on(world, ticked, inbox)
    spent(world, 10)
    world.run()
    with monkeypatch.context() as dies, pytest.raises(KeyboardInterrupt):
        dies.setattr("assets.engine.alerts.ledger.Ledger.sent", _die)
        ticked(inbox)
    ticked(inbox, now=NOON + MINUTE)
    ticked(inbox, now=NOON + 2 * MINUTE)
    first, second = inbox.messages
    assert "again" not in first["message"]
    assert "(again: it is not known whether this had got through)" in second["message"]


def _die(*_: Any) -> None:
    raise KeyboardInterrupt


def test_only_one_process_sends(world: World, ticked: Tick, inbox: Inbox) -> None:
    switched_on(world, ticked, inbox)
    spent(world, 10)
    world.run()
    with delivery._alone(world.root) as alone:
        assert alone
        assert ticked(inbox) == "another process is sending"
    assert not inbox.messages
    ticked(inbox)
    assert len(inbox.messages) == 1


def test_a_new_receiver_is_told_what_holds_and_one_that_is_taken_away_nothing(
    world: World, ticked: Tick, inbox: Inbox, dead: Inbox
) -> None:
    switched_on(world, ticked, dead)
    spent(world, 10)
    world.run()
    ticked(dead)
    ticked(inbox)
    assert len(inbox.messages) == 1
    assert rows(world, "receivers") == [("1 json sent",)]
    assert ticked() == "nothing to tell"
    spent(world, 6, "2025-06-10T11:30:00Z")
    world.run()
    assert ticked() == "off: no receivers are configured"
    assert len(rows(world, "kind")) == 1


def test_many_alerts_are_one_message_with_the_first_of_them(world: World, ticked: Tick, inbox: Inbox) -> None:
    switched_on(world, ticked, inbox)
    with open_ledger(world.root) as ledger:
        ledger.note([State("RUN_FAILED", f"job {n}", "", "", f"it failed, {n}", "x") for n in range(401)], [], NOON)
    ticked(inbox)
    [message] = inbox.messages
    assert message["title"] == "spendgate: 401 alerts"
    assert message["message"].count("RUN_FAILED") == 20
    assert "and 381 more\n" in message["message"]
    assert ticked(inbox) == "nothing to tell"


def test_a_message_fits_into_what_the_receiver_takes(root: DataRoot) -> None:
    lines = [Line("LIMIT", f"{n} {'x' * 200}", "fix", 0, None, 30) for n in range(20)]
    _, body = delivery.message(root, lines, 1000)
    assert len(body) <= 1000
    assert f"and {30 - body.count('LIMIT')} more\n" in body


def test_what_was_delivered_is_text_in_a_message(root: DataRoot) -> None:
    _, body = delivery.message(root, [Line("LIMIT", "a\nb\x1b[31m", "fix", 0, None, 1)], 1000)
    assert "a\\x0ab\\x1b[31m" in body


def test_the_report_is_named_where_there_is_one(root: DataRoot) -> None:
    root.create()
    lines = [Line("LIMIT", "a", "fix", 0, "2025-06-10T12:00:00Z", 1)]
    assert "Report" not in delivery.message(root, lines, 1000)[1]
    root.report_file.touch()
    assert f"Report: {root.report_file}" in delivery.message(root, lines, 1000)[1]


def test_readers_find_the_alerts_in_the_published_copy(world: World, ticked: Tick, inbox: Inbox) -> None:
    switched_on(world, ticked, inbox)
    spent(world, 10)
    world.run()
    query = "select kind, subject, threshold, sent_at is not null, attempts, closed_at is null from ops.alerts"
    for sent in (False, True):
        with world.open(clock=lambda: NOON) as warehouse:
            note_in_run(warehouse)
            publish(warehouse)
        ticked(inbox)
        assert world.rows(query) == [("LIMIT", "BRAND:1/DAY", "50 %", sent, int(sent), True)]
    world.deliver_reference("brands", world.reference["brands"].replace("10.00", "50.00"))
    world.run()
    with world.open(clock=lambda: NOON) as warehouse:
        note_in_run(warehouse)
        publish(warehouse)
    assert world.rows(query) == [("LIMIT", "BRAND:1/DAY", "50 %", True, 1, False)]


def test_a_broken_ledger_stops_no_run(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.root.alerts_file.write_bytes(b"not a database" * 100)
    with world.open() as warehouse:
        note_in_run(warehouse)
    assert "alerts are noted later: file is not a database" in caplog.text


def test_a_tick_never_raises(world: World, ticked: Tick, inbox: Inbox) -> None:
    world.root.alerts_file.write_bytes(b"not a database" * 100)
    assert ticked(inbox) == "alerts wait for the next tick: file is not a database"
    world.root.alerts_file.unlink()
    world.root.warehouse_file.unlink()
    assert ticked(inbox) == "nothing to tell"  # nothing has run, nothing is wrong yet


def test_an_unreadable_published_copy_is_told(world: World, ticked: Tick, inbox: Inbox) -> None:
    switched_on(world, ticked, inbox)
    world.root.published_file.chmod(0o644)
    world.root.published_file.write_bytes(b"not a database")
    ticked(inbox)
    assert "PUBLISHED_STALE: readers do not see the newest state: " in inbox.text
    world.root.published_file.unlink()
    world.run()
    ticked(inbox)
    assert [closed_at for (closed_at,) in rows(world, "closed_at")] == ["2025-06-10T12:00:00Z"]


def failed_run(world: World, instance: dg.DagsterInstance, job: str = "refresh") -> None:
    run = instance.create_run_for_job(build_defs(world.root).resolve_job_def(job), status=dg.DagsterRunStatus.STARTED)
    instance.report_run_failed(run)


def test_a_job_that_fails_again_and_again_is_told_once_until_it_succeeds(
    world: World, ticked: Tick, inbox: Inbox, instance: dg.DagsterInstance
) -> None:
    switched_on(world, ticked, inbox)
    for _ in range(3):
        failed_run(world, instance)
        ticked(inbox)
    assert len(inbox.messages) == 1
    assert "RUN_FAILED: refresh failed, run " in inbox.text
    assert "spendgate run does it again" in inbox.text
    refresh(world, instance)
    ticked(inbox)
    assert [closed_at for (closed_at,) in rows(world, "closed_at")] == ["2025-06-10T12:00:00Z"]
    failed_run(world, instance)
    ticked(inbox)
    assert len(inbox.messages) == 2


def refresh(world: World, instance: dg.DagsterInstance, *, succeeds: bool = True) -> None:
    job = build_defs(world.root).resolve_job_def("refresh")
    config = {"warehouse": {"config": {"now": NOON.isoformat(), "clock_is_right": True}}}
    config["deliveries"] = {"config": {"trusted": True}}
    result = job.execute_in_process({"resources": config}, instance=instance, raise_on_error=False)
    assert result.success == succeeds


def test_the_cause_of_a_failed_run_is_told(
    world: World, ticked: Tick, inbox: Inbox, instance: dg.DagsterInstance
) -> None:
    switched_on(world, ticked, inbox)
    (world.root.path / "spendgate.toml").write_text("spare_bytes = 1000000000000000")
    refresh(world, instance, succeeds=False)
    (world.root.path / "spendgate.toml").unlink()
    ticked(inbox)
    assert "nothing was begun; make room, and run again" in inbox.text


def test_a_broken_invariant_is_told_once(
    world: World, ticked: Tick, inbox: Inbox, instance: dg.DagsterInstance
) -> None:
    switched_on(world, ticked, inbox)
    spent(world, 1)
    refresh(world, instance)
    with world.open() as warehouse, warehouse.transaction():
        warehouse.connection.execute("update internal.campaign_status set status = 'DRAFT' where campaign_id = 21")
    for _ in range(2):
        refresh(world, instance)
        ticked(inbox)
    assert inbox.text.count("CHECK_FAILED: the check statuses_are_the_last_changes of ops.campaign_status") == 1
    assert len(inbox.messages) == 1


def test_a_status_that_is_due_and_not_decided_is_told(world: World, ticked: Tick, inbox: Inbox) -> None:
    switched_on(world, ticked, inbox)
    due = datetime.fromisoformat("2025-06-10T22:00:00Z")
    assert ticked(inbox, now=due + 14 * MINUTE) == "nothing to tell"
    ticked(inbox, now=due + 15 * MINUTE)
    ticked(inbox, now=due + 16 * MINUTE)
    assert inbox.text.count("NOTHING_DECIDED: a status was due at 2025-06-10 22:00 UTC") == 1


def test_silence_is_told_where_somebody_asks_for_it(world: World, ticked: Tick, inbox: Inbox) -> None:
    spent(world, 1)
    switched_on(world, ticked, inbox)
    recorded_at: datetime = world.value("select max(recorded_at) from raw.event_files")
    assert ticked(inbox, now=recorded_at + timedelta(hours=7)).count("told") <= 1
    inbox.messages.clear()
    (world.root.path / "spendgate.toml").write_text("alert_silence_hours = 6")
    for minute in range(3):
        ticked(inbox, now=recorded_at + timedelta(hours=7) + minute * MINUTE)
    assert inbox.text.count("NO_DELIVERIES: no events were delivered since ") == 1


def test_amounts_and_other_percents_may_be_set(world: World, ticked: Tick, inbox: Inbox) -> None:
    (world.root.path / "spendgate.toml").write_text('alert_percents = "75"\nalert_amounts = "4.5 USD, 1 INR"')
    switched_on(world, ticked, inbox)
    spent(world, 10)
    world.run()
    ticked(inbox)
    assert rows(world, "subject", "threshold") == [("BRAND:1/DAY", "4.50 USD")]


@pytest.mark.parametrize("line", ['alert_percents = "50;80"', 'alert_percents = "0"', 'alert_amounts = "100"'])
def test_a_mistake_in_the_settings_is_named(root: DataRoot, line: str) -> None:
    root.create()
    (root.path / "spendgate.toml").write_text(line)
    with pytest.raises(SpendgateError, match=f"{line.split()[0]} = .* must be empty, or "):
        root.settings()


def test_rows_that_are_mostly_refused_are_told(world: World, ticked: Tick, inbox: Inbox) -> None:
    switched_on(world, ticked, inbox)
    world.deliver("half.jsonl", jsonl(event("a", 101, "click", "2025-06-10T11:00:00Z"), event("b", 101, "x", "y")))
    world.run()
    ticked(inbox)
    assert "REJECTED_SHARE: landing/events/half.jsonl: 1 of 2 rows are refused" in inbox.text
    assert rows(world, "threshold") == [("5 %",)]


# --- who receives them


def test_urls_come_from_the_environment_and_from_a_file_that_only_its_owner_reads(root: DataRoot) -> None:
    root.create()
    root.alert_urls_file.write_text("# ours\njson://b/x\n\nmailto://u:p@c?to=a@b.c,d@e.f\n")
    root.alert_urls_file.chmod(0o640)
    with pytest.raises(SpendgateError, match="chmod 600"):
        receivers_of(root, "")
    root.alert_urls_file.chmod(0o600)
    found = receivers_of(root, "json://a/y,slack://z json://b/x")
    assert [(each.name, each.url) for each in found] == [
        ("1 json", "json://a/y"),
        ("2 slack", "slack://z"),
        ("3 json", "json://b/x"),
        ("4 mailto", "mailto://u:p@c?to=a@b.c,d@e.f"),
    ]
    with pytest.raises(SpendgateError, match="receiver 1 of alerts is no URL") as told:
        receivers_of(root, TOKEN)
    assert TOKEN not in str(told.value)


def every_byte_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.name != "alerts.urls")


def test_no_part_of_a_url_is_stored_logged_or_told(
    world: World, inbox: Inbox, dead: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    unknown = f"nosuch://{TOKEN}@{TOKEN}/{TOKEN}"
    root = world.root
    root.alert_urls_file.write_text(f"{inbox.url}\n{dead.url}\n{unknown}\n")
    root.alert_urls_file.chmod(0o600)
    spent(world, 20)
    shown: list[Result] = [
        spendgate(root, "run", "--now", NOON.isoformat()),
        spendgate(root, "alerts", "send"),
        spendgate(root, "alerts", "test"),
        *(spendgate(root, "alerts", "list", "--all", "--format", form) for form in ("table", "csv", "json")),
    ]
    told = caplog.text + "".join(f"{each.output}{each.exception}{each.exc_info}" for each in shown)
    assert inbox.messages
    assert "2 json" in told
    assert TOKEN not in told
    assert TOKEN not in repr(receivers_of(root, ""))
    assert TOKEN.encode() not in every_byte_of(root.path)


# --- commands


def test_each_receiver_can_be_tried(world: World, inbox: Inbox, dead: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    told = spendgate(world.root, "alerts", "test")
    assert told.exit_code == 1
    assert "SPENDGATE_ALERT_URLS" in str(told.exception)
    monkeypatch.setenv("SPENDGATE_ALERT_URLS", inbox.url)
    told = spendgate(world.root, "alerts", "test")
    assert (told.exit_code, told.output) == (0, "receiver 1 json: sent\n")
    monkeypatch.setenv("SPENDGATE_ALERT_URLS", f"{inbox.url},{dead.url}")
    told = spendgate(world.root, "alerts", "test")
    assert "receiver 2 json: it could not be reached" in told.output
    assert "1 of 2 receivers did not take the message" in str(told.exception)


def test_a_run_of_the_command_line_tells_alerts_at_its_end_also_where_it_fails(
    world: World, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPENDGATE_ALERT_URLS", inbox.url)
    spent(world, 10)
    assert spendgate(world.root, "run", "--now", NOON.isoformat()).exit_code == 0
    assert "LIMIT: brand 1 Acme" in inbox.text
    listed = json.loads(spendgate(world.root, "alerts", "list", "--all", "--format", "json").output)
    assert {row["receivers"] for row in listed} == {"1 json sent"}
    (world.root.path / "spendgate.toml").write_text("spare_bytes = 1000000000000000")
    assert spendgate(world.root, "run").exit_code == 1
    assert "RUN_FAILED: refresh failed" in inbox.text


def test_what_goes_wrong_at_the_end_of_a_command_is_told_and_no_more(world: World, inbox: Inbox) -> None:
    dagster_home(world.root)
    world.root.alerts_file.write_bytes(b"not a database" * 100)
    assert tell_at_end(world.root, inbox.url) == "alerts wait for the next time: file is not a database"


def test_without_a_ledger_there_is_nothing_to_list_and_it_says_how(root: DataRoot) -> None:
    assert "alerts are off" in str(spendgate(root, "alerts", "list").exception)


def test_without_the_library_it_says_what_to_install(
    world: World, inbox: Inbox, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    spent(world, 10)
    world.run()
    with pytest.raises(SpendgateError, match="uv sync --extra alerts"):
        tick(world.root, inbox.url, instance, NOON)


def test_alerts_that_were_over_long_ago_are_forgotten(world: World, ticked: Tick, inbox: Inbox) -> None:
    switched_on(world, ticked, inbox)
    spent(world, 10)
    world.run()
    ticked(inbox)
    world.run(NOON + timedelta(days=1))
    ticked(inbox, now=NOON + timedelta(days=1))
    later = NOON + timedelta(days=402)
    world.run(later)
    ticked(inbox, now=later)
    assert rows(world, "kind") == []


def test_the_ledger_is_for_its_owner_and_holds_no_two_rows_of_a_state(world: World, ticked: Tick, inbox: Inbox) -> None:
    switched_on(world, ticked, inbox)
    assert world.root.alerts_file.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(world.root.alerts_file) as ledger, pytest.raises(sqlite3.IntegrityError):
        for _ in range(2):
            ledger.execute("insert into alerts values (null, 'a', 'b', '', 'c', 'd', 'e', 'f', null, 'f')")


def test_a_receiver_is_called_by_its_number_and_scheme() -> None:
    assert repr(Receiver(1, "json", f"json://{TOKEN}")) == "Receiver(number=1, scheme='json')"
