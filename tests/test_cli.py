"""The command line as a user meets it."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assets.engine.data_root import DataRoot
from assets.engine.freshness import note_look
from assets.engine.warehouse.publication import publish
from pipelines.cli import printing
from pipelines.cli.main import cli
from pipelines.cli.printing import print_table, progress
from tests.world import BRANDS, CAMPAIGNS, NOON, World, event, jsonl


def spendgate(root: DataRoot, *arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(cli, [*arguments, "--data", str(root.path)])


def spendgate_process(root: DataRoot, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a process of its own, as a user does."""
    code = "from pipelines.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments, "--data", str(root.path)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent,
    )  # fmt: skip


def test_the_demo_makes_a_world_runs_it_and_prints_the_result(root: DataRoot) -> None:
    demo = spendgate_process(root, "demo")
    assert demo.returncode == 0, demo.stderr
    for word in ("Aurora Coffee", "Asia/Kolkata", "RUNNING", "WINDOW_OPEN", "PAUSED"):
        assert word in demo.stdout
    assert "Traceback" not in demo.stderr
    [summary] = json.loads(spendgate_process(root, "sql", SUMMARY, "--format", "json").stdout)
    assert summary == {"loaded": 6028, "rejected": 4, "waiting": summary["waiting"], "reached": summary["reached"]}
    assert summary["waiting"] > 0
    assert summary["reached"] >= 1


SUMMARY = """
select
    (select count(*) from raw.ad_events) + (select count(*) from raw.payments) as loaded,
    (select count(*) from raw.rejected_rows) as rejected,
    (select count(*) from core.unpriced) as waiting,
    (select count(*) from mart.brand_budget where daily_spend >= daily_budget) as reached
"""


def test_the_demo_does_not_touch_a_folder_with_other_deliveries(world: World) -> None:
    result = spendgate(world.root, "demo")
    assert result.exit_code == 1
    assert "already holds deliveries" in str(result.exception)
    assert (world.root.reference / "brands.csv").read_text() == BRANDS


def test_generated_data_loads_whole_and_the_same_in_every_format(root: DataRoot) -> None:
    size = ["--events", "2000", "--brands", "20", "--campaigns", "40", "--ads", "200", "--seed", "3"]
    ledgers = []
    for format_ in ("jsonl", "csv", "parquet"):
        world = World(DataRoot(root.path / format_), {})
        made = spendgate(world.root, "generate", *size, "--format", format_, "--now", "2025-06-10T12:00:00Z")
        assert made.exit_code == 0, made.exception
        world.run()
        assert world.rows("select outcome, rows_loaded from raw.event_files where kind = 'events'") == [
            ("LOADED", 2000)
        ]
        assert world.value("select count(*) from raw.rejected_rows") == 0
        ledgers.append(world.rows("select ad_id, amount, cost_type, occurred_at from core.transactions order by all"))
    assert len(ledgers[0]) == 2000
    assert ledgers[0] == ledgers[1] == ledgers[2]


def test_a_run_says_what_happened_and_is_seen_by_dagster(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("e", 101, "click", "2025-06-10T10:00:00Z")))
    run = spendgate_process(world.root, "run", "--now", "2025-06-10T12:00:00Z")
    assert run.returncode == 0, run.stderr
    assert "transactions written" in run.stdout
    assert world.status(11) == "RUNNING"
    assert (world.root.dagster_home / "history" / "runs.db").exists()
    decide = spendgate(world.root, "decide", "--now", "2025-06-10T22:00:00Z")
    assert decide.exit_code == 0, decide.exception
    assert world.status(12) == "RUNNING"


def test_a_run_looks_twice_and_leaves_growing_files_for_later(world: World) -> None:
    path = world.deliver("a.jsonl", jsonl(event("e", 101, "click", "2025-06-10T10:00:00Z")))
    code = f"import time\nfor n in range(100):\n    open({str(path)!r}, 'a').write('\\n'); time.sleep(0.1)\n"
    with subprocess.Popen([sys.executable, "-c", code]) as writer:
        assert spendgate(world.root, "run").exit_code == 0
        writer.kill()
    assert world.value("select count(*) from raw.event_files where kind = 'events'") == 0
    assert world.value("select count(*) from core.brands") == 3


def test_a_failed_run_says_why_in_one_line_and_exits_with_1(world: World) -> None:
    (world.root.path / "spendgate.toml").write_text("lock_wait_seconds = 0\n")
    with world.open():
        run = spendgate_process(world.root, "run", "--now", "2025-06-10T12:00:00Z")
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    last = run.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert "the warehouse is in use by" in last


def test_the_data_root_is_named_before_or_after_the_command_or_by_the_environment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run()
    folder = str(world.root.path)
    monkeypatch.setenv("SPENDGATE_DATA", "/nowhere")
    for arguments in (["--data", folder, "status"], ["status", "--data", folder]):
        assert "Acme nights" in CliRunner().invoke(cli, arguments).output
    monkeypatch.setenv("SPENDGATE_DATA", folder)
    assert "Acme nights" in CliRunner().invoke(cli, ["status"]).output


def test_status_as_a_table_and_as_json(world: World) -> None:
    world.run()
    assert "Acme nights" in spendgate(world.root, "status").output
    rows = json.loads(spendgate(world.root, "status", "--brand", "1", "--format", "json").stdout)
    assert [row["campaign_id"] for row in rows] == [11, 12]
    assert rows[1]["window_start"] == "2025-06-10T22:00:00Z"
    assert rows[1]["window_open"] is False
    assert rows[1]["blocked_by"] == ["WINDOW_CLOSED"]
    assert rows[1]["why"] == "its window is closed, it opens at 18:00 New York, 22:00 UTC"
    assert (
        spendgate(world.root, "status", "--json").stdout == spendgate(world.root, "status", "--format", "json").stdout
    )


def test_status_says_as_of_when_and_warns_when_that_is_long_ago(world: World) -> None:
    world.run()
    result = spendgate(world.root, "status")
    assert "decided as of 2025-06-10 12:00:00 UTC (1 year old)" in result.stdout
    assert "is the daemon of `spendgate ui` running?" in result.stderr
    assert result.exit_code == 0
    assert spendgate(world.root, "status", "--max-age", "10m").exit_code == 3
    assert spendgate(world.root, "status", "--max-age", "999999d").exit_code == 0
    assert spendgate(world.root, "status", "--max-age", "soon").exit_code == 2
    note_look(world.root, datetime.now(UTC))
    looked = spendgate(world.root, "status", "--max-age", "10m")
    assert looked.exit_code == 0
    assert "looked at again" in looked.stdout
    assert looked.stderr == ""
    note_look(world.root, datetime.now(UTC) + timedelta(days=1))
    assert spendgate(world.root, "status", "--max-age", "10m").exit_code == 3
    world.root.last_look_file.unlink()
    world.root.last_look_file.mkdir()  # nothing can be written there
    note_look(world.root, datetime.now(UTC))
    assert spendgate(world.root, "status", "--max-age", "10m").exit_code == 3


@pytest.mark.parametrize("note", ["", "{", "[]", '{"looked_at": 7}', '{"looked_at": "2025-06-10T12:00:00"}'])
def test_a_note_of_a_look_that_cannot_be_read_is_none(world: World, note: str) -> None:
    world.run()
    world.root.last_look_file.write_text(note)
    assert "decided as of 2025-06-10 12:00:00 UTC (" in spendgate(world.root, "status").stdout


def test_a_brand_that_is_none_is_told(world: World) -> None:
    world.run()
    result = spendgate(world.root, "status", "--brand", "99999")
    assert result.exit_code == 1
    assert "there is no brand 99999" in str(result.exception)


@pytest.mark.parametrize(
    "command",
    [
        ["export", "out.duckdb", "--brands", "1,99999"],
        ["export", "out.csv", "--brands", "99999"],
        ["audit", "out.parquet", "--brands", "1,99999"],
        ["credit", "--brand", "99999", "--month", "2025-06", "--dry-run"],
        ["credit", "--brand", "99999", "--month", "2025-06", "--causes", "late", "--dry-run"],
        ["statement", "--brand", "99999", "--month", "2025-06"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_no_command_takes_a_brand_that_is_none_for_one_without_rows(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    world.run()
    folder = tmp_path / "taken away"
    folder.mkdir()
    monkeypatch.chdir(folder)
    result = spendgate(world.root, *command)
    assert "there is no brand 99999" in str(result.exception)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("arguments", [["status"], ["sql", "from range(300000)", "--format", "csv"]])
def test_a_pipe_that_nobody_reads_to_its_end_is_no_error(world: World, arguments: list[str]) -> None:
    world.run()
    (world.root.path / "spendgate.toml").write_text("stale_after_minutes = 100000000\n")
    code = "from pipelines.cli.main import main; main()"
    ours, theirs = os.pipe()
    os.close(ours)
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--data", str(world.root.path)],
        stdout=theirs, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent, check=False,
    )  # fmt: skip
    os.close(theirs)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(("columns", "shown", "left_out"), [(80, "why", "since (UTC)"), (300, "since (UTC)", None)])
def test_a_table_has_the_columns_that_a_terminal_holds(
    columns: int, shown: str, left_out: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    names = ["campaign", "status", "why", "name", "next change (UTC)", "nearest limit", "window (UTC)", "since (UTC)"]
    words = "day 4.12 of 0.50 AUD spent, free again at 00:00 Sydney, 13:00 UTC"
    row = (77, "BUDGET_REACHED", words, "Delta Travel always on", NOON, "824 % of 0.50 AUD, today", "any time", NOON)
    print_table(names, [row])
    printed = capsys.readouterr()
    lines = re.sub(r"\x1b\[[0-9;]*m", "", printed.out).splitlines()
    assert max(map(len, lines)) <= columns
    assert shown in lines[0]
    assert "BUDGET_REACHED" in lines[2], "no word is broken"
    assert (f"{left_out}." in printed.err) if left_out else not printed.err
    print_table(names, [row], wide=True)
    assert "since (UTC)" in capsys.readouterr().out


def test_a_log_in_a_file_has_a_line_each_with_the_date(world: World) -> None:
    run = spendgate(world.root, "run", "--now", "2025-06-10T12:00:00Z")
    [line] = [line for line in run.stderr.splitlines() if "decided for" in line]
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}Z INFO decided for .*changed", line)


def test_sql_answers_as_table_csv_and_json_exactly(world: World) -> None:
    world.deliver("a.jsonl", jsonl(event("e", 201, "impression", "2025-06-10T10:00:00Z")))
    world.run()
    query = "select campaign_id, amount, occurred_at, null as nothing from core.transactions"
    assert "0.00004" in spendgate_process(world.root, "sql", query).stdout
    assert spendgate_process(world.root, "sql", query, "--format", "csv").stdout == (
        "campaign_id,amount,occurred_at,nothing\n21,0.000040000,2025-06-10T10:00:00Z,\n"
    )
    assert json.loads(spendgate_process(world.root, "sql", query, "--format", "json").stdout) == [
        {"campaign_id": 21, "amount": "0.000040000", "occurred_at": "2025-06-10T10:00:00Z", "nothing": None}
    ]


def test_a_negative_amount_keeps_its_sign(world: World) -> None:
    world.run()
    query = "select -0.5::decimal(9, 3) as a, -1234.5::decimal(9, 1) as b"
    output = spendgate_process(world.root, "sql", query).stdout
    assert "-0.50" in output
    assert "-1,234.50" in output


def test_text_that_a_spreadsheet_would_run_is_escaped_in_csv(world: World) -> None:
    world.deliver_reference("brands", BRANDS.replace("Acme", "=1+1"))
    world.run()
    assert world.value("select name from core.brands where brand_id = 1") == "=1+1"
    query = "select name, -1 as n from core.brands where brand_id = 1"
    output = spendgate_process(world.root, "sql", query, "--format", "csv").stdout
    assert list(csv.reader(io.StringIO(output)))[1] == ["'=1+1", "-1"]


def test_a_dry_run_prints_what_would_change_and_writes_nothing(world: World) -> None:
    world.run()
    before = world.root.published_file.read_bytes()
    result = spendgate(world.root, "decide", "--dry-run", "--now", "2025-06-10T22:00:00Z")
    assert result.output == (
        "campaign 12: SCHEDULED -> RUNNING (WINDOW_OPEN)\n1 of 4 campaigns would change; nothing was written.\n"
    )
    assert world.root.published_file.read_bytes() == before


def test_a_person_sets_a_status(world: World) -> None:
    world.run()
    result = spendgate(world.root, "set-status", "11", "paused", "--reason", "wrong creative", "--by", "ann")
    assert (result.exit_code, result.output) == (0, "campaign 11: RUNNING -> PAUSED\n")
    assert world.rows("select changed_by, note from ops.campaign_status_changes where reason = 'MANUAL'") == [
        ("ann", "wrong creative")
    ]


def test_a_person_pauses_until_an_instant_and_reopens_what_is_completed(world: World) -> None:
    world.run()
    said = [
        spendgate(world.root, "set-status", *arguments, "--reason", "x", "--by", "ann").output
        for arguments in (
            ["11", "PAUSED", "--until", "2025-06-10T15:00+02:00"],
            ["11", "PAUSED", "--until", "2025-06-10T13:00Z"],
            ["11", "COMPLETED"],
            ["11", "SCHEDULED", "--reopen", "--now", "2025-06-10T12:01Z"],
        )
    ]
    paused = "campaign 11: RUNNING -> PAUSED until 2025-06-10 13:00:00 UTC"
    assert said == [
        f"{paused}\nthat has passed already: the pause ends with the next decision\n",  # the real clock is years ahead
        "campaign 11 is PAUSED until 2025-06-10 13:00:00 UTC already: nothing was recorded\n",
        "campaign 11: PAUSED -> COMPLETED\n",
        "campaign 11: COMPLETED -> SCHEDULED\n",
    ]
    assert world.value("select max(decided_at) from ops.campaign_status_changes where note = 'x'") > NOON
    refused = spendgate(world.root, "set-status", "11", "RUNNING", "--reason", "x")
    assert "campaign 11 is SCHEDULED: it cannot be set to RUNNING; set DRAFT or PAUSED or COMPLETED" in str(
        refused.exception
    )


def test_a_dry_run_for_the_past_answers_from_what_was_known_then(world: World) -> None:
    world.deliver_reference("campaigns", CAMPAIGNS.replace("11,1,Acme always,SCHEDULED", "11,1,Acme always,RUNNING"))
    world.run()
    world.deliver("late.jsonl", jsonl(*(event(f"e{n}", 101, "click", "2025-06-10T10:00:00Z") for n in range(20))))
    world.run(NOON + timedelta(minutes=5))
    asked = ["decide", "--now", "2025-06-10T12:00:00Z"]
    today = spendgate(world.root, *asked, "--dry-run").output
    assert "campaign 11: RUNNING -> BUDGET_REACHED (DAILY_BUDGET_REACHED)" in today
    then = spendgate(world.root, *asked, "--as-known").output
    assert "campaign 11: new -> RUNNING (INITIAL)" in then
    assert "BUDGET_REACHED" not in then
    assert then.endswith("4 of 4 campaigns would change; nothing was written.\n")


def test_a_status_is_explained_in_words_and_as_json(world: World) -> None:
    world.run()
    words = spendgate(world.root, "explain", "11").output
    assert words.startswith("Campaign 11 Acme always: RUNNING since 2025-06-10 12:00:00 UTC\n")
    assert "SCHEDULED -> RUNNING, NO_WINDOW: it was SCHEDULED, its brand was active and no budget reached" in words
    told = json.loads(spendgate(world.root, "explain", "11", "--at", "2025-06-10T12:00:00Z", "--format", "json").output)
    assert [change["reason"] for change in told["changes"]] == ["INITIAL", "NO_WINDOW"]
    assert told["changes"][1]["daily_budget"] == "10.000000000"
    assert told["differences"] == []


def test_an_explanation_says_when_what_is_stored_does_not_follow_from_the_ledger(world: World) -> None:
    world.run()
    with world.open() as warehouse, warehouse.transaction():
        warehouse.connection.execute("update ops.campaign_status_changes set daily_spend = 1 where campaign_id = 11")
    with world.open() as warehouse:
        publish(warehouse)
    result = spendgate(world.root, "explain", "11")
    assert "what is stored does not follow from the ledger: see 'derived again'" in result.stderr
    assert "'daily_spend': 1.000000000" in result.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["status"], 1, "nothing is published yet"),
        (["run", "--now", "12:00"], 2, "'12:00' is not an instant"),
        (["run", "--now", "9999-12-31T23:59:59-10:00"], 2, "is not an instant"),
        (["decide", "--dry-run", "--now", "1990-01-01T00:00:00Z"], 2, "is before the year 2000"),
        (["run", "--now", "yesterday"], 2, "'yesterday' is not an instant such as 2025-06-10T12:00:00Z"),
        (["set-status", "11", "RUNING", "--reason", "x"], 2, "'RUNING' is not one of"),
        (["set-status", "11", "PAUSED", "--reason", "x", "--by", "ann"], 1, "campaign 11 has no status"),
        (["generate"], 2, "Missing option '--events'"),
        (["set-status", "11", "PAUSED", "--reason", "bad\udcff"], 1, "error: an argument is not UTF-8 text"),
        (["explain", "99999999999999999999"], 2, "is not in the range"),
        (["run", "--now", "2025-W10"], 2, "'2025-W10' is not an instant"),
        *(
            ([*command, "--from", "2025-06-02", "--to", "2025-06-01"], 2, "2025-06-01 is before --from 2025-06-02")
            for command in (
                ["export", "x.csv"],
                ["audit", "x.csv"],
                ["reprice", "--dry-run", "--prices", "pyproject.toml"],
                ["rebuild", "--on", "sail:1"],
            )
        ),
    ],
)
def test_a_users_mistake_is_one_line_and_no_traceback(
    root: DataRoot, arguments: list[str], code: int, said: str
) -> None:
    result = spendgate_process(root, *arguments)
    assert result.returncode == code
    assert said in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select nonsense from core.brands", "error: Binder Error: Referenced column"),
        ("selec 1", "error: Parser Error"),
        ("", "error: the query selects nothing"),
        ("select 1 as a, 2 as a", "error: two columns have the same name"),
        ("delete from core.brands", "error: a reader's query is one statement that selects"),
        ("copy (select 1) to '/tmp/x.csv'", "error: a reader's query is one statement that selects"),
        ("from read_text('/etc/passwd')", "error: a reader may not call read_text()"),
        ("from (select 1 as x) select x" + ".a" * 60_000, "error: this ended the process that worked on it (SIG"),
    ],
)
def test_a_mistake_in_a_query_is_told_with_its_place(world: World, query: str, said: str) -> None:
    world.run()
    result = spendgate_process(world.root, "sql", query)
    assert result.returncode == 1
    assert result.stderr.startswith(said)
    assert "Traceback" not in result.stderr
    if query == "select nonsense from core.brands":
        assert result.stderr.endswith("LINE 1: select nonsense from core.brands\n               ^\n")


def test_json_and_tables_show_any_value_as_it_is(world: World) -> None:
    world.run()
    query = "select 'nan'::double as n, 'infinity'::timestamptz as t, map {date '2020-01-01': 1.50} as m, '[/x]' as s"
    assert json.loads(spendgate_process(world.root, "sql", query, "--format", "json").stdout) == [
        {"n": "nan", "t": "infinity", "m": {"2020-01-01": "1.50"}, "s": "[/x]"}
    ]
    assert "[/x]" in spendgate_process(world.root, "sql", query).stdout


@pytest.mark.parametrize(("broken", "mended_by_a_run"), [("published/spend.duckdb", True), ("landing", False)])
def test_what_is_damaged_is_told_in_one_line_or_published_over(
    root: DataRoot, broken: str, *, mended_by_a_run: bool
) -> None:
    path = root.path / broken
    path.parent.mkdir(parents=True)
    path.write_text("not what it should be")
    for command, works in (("status", False), ("run", mended_by_a_run)):
        result = spendgate_process(root, command)
        assert result.returncode == (0 if works else 1)
        assert "Traceback" not in result.stderr
        assert works or result.stderr.strip().splitlines()[-1].startswith("error: ")


def test_reading_commands_do_not_load_dagster(world: World) -> None:
    world.run()
    code = (
        "import sys; from pipelines.cli.main import cli\n"
        f"cli(['status', '--data', {str(world.root.path)!r}], standalone_mode=False)\n"
        "assert 'dagster' not in sys.modules and 'polars' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent.parent)


@pytest.mark.parametrize(("seconds", "told"), [(0, ["steps: 0 of 3", "steps: 1 of 3", "steps: 2 of 3"]), (60, [])])
def test_progress_is_told_in_a_file_too_but_seldom(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], seconds: float, told: list[str]
) -> None:
    monkeypatch.setattr(printing, "TELLS_EVERY", seconds)
    assert list(progress("steps")([1, 2, 3])) == [1, 2, 3]
    out, said = capsys.readouterr()
    assert (out, said.splitlines()) == ("", told)
