"""What people see in Dagster: numbers, words and events on assets, and failures in one sentence."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.settings import Settings
from assets.engine.warehouse.schema import empty_warehouse
from assets.engine.warehouse.statements import SQL, sql
from pipelines.definitions import build_defs
from pipelines.housekeeping import nightly_housekeeping
from pipelines.run_history import CODE_LOCATION, cause_of, purge_runs
from tests.test_cli import spendgate_process
from tests.test_graph import execute
from tests.world import NOON, World, event, jsonl, spent

HELD = "day 10.50 of 10.00 USD spent, free again at 00:00 New York, 04:00 UTC"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def metadata(result: dg.ExecuteInProcessResult, name: str) -> dict[str, Any]:
    """What the newest materialization of a table in a run tells."""
    found = [
        event_.step_materialization_data.materialization
        for event_ in result.all_events
        if event_.is_step_materialization and event_.asset_key == dg.AssetKey(name.split("."))
    ]
    return {key: value.value for key, value in found[-1].metadata.items()}


def test_assets_tell_numbers_that_move(world: World, instance: dg.DagsterInstance) -> None:
    spent(world, clicks=21)
    world.deliver("bad.jsonl", "{}\n")
    result = execute(world, instance)
    statuses = metadata(result, "ops.campaign_status")
    assert {name: statuses[name] for name in ("RUNNING", "SCHEDULED", "PAUSED", "DRAFT", "changes")} == {
        "RUNNING": 1, "SCHEDULED": 2, "PAUSED": 1, "DRAFT": 0, "changes": 5,
    }  # fmt: skip
    changed = [record.data for record in statuses["what changed"].records]
    assert {
        "campaign": "11",
        "name": "Acme always",
        "from": None,
        "to": "SCHEDULED",
        "reason": "INITIAL",
        "holds it now": HELD,
    } in changed
    assert metadata(result, "mart.brand_budget")["spend of the day, USD"] == 10.5
    assert metadata(result, "mart.budgets")["limits reached"] == 1
    assert metadata(result, "raw.ad_events")["clicks"] == 21
    files = metadata(result, "raw.event_files")
    assert (files["files"], files["rows"], files["refused, percent"]) == (2, 22, 4.545)
    assert files["newest event, minutes ago"] > 0
    [run] = instance.get_runs()
    assert {name: run.tags[f"spendgate/{name}"] for name in ("files", "rows", "changes", "brands")} == {
        "files": "2", "rows": "22", "changes": "5", "brands": "3",
    }  # fmt: skip


def test_a_mistake_in_a_run_is_one_sentence_and_is_not_tried_again(world: World, instance: dg.DagsterInstance) -> None:
    execute(world, instance)
    job = build_defs(world.root).resolve_job_def("set_campaign_status")
    assert job.run_config, "the launchpad begins with something that can be started"
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    [failure] = [event_ for event_ in result.all_events if event_.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert told.description == ("campaign 0 has no status: it is not in the campaigns file, or no run has seen it yet")
    assert cause_of(failure) == told.description
    assert not [event_ for event_ in result.all_events if event_.is_step_up_for_retry]
    assert failure.step_failure_data.error is None or "spendgate" not in str(failure.step_failure_data.error.stack)


def test_a_failed_run_of_the_command_line_says_the_same_sentence(world: World) -> None:
    world.run()
    (world.root.path / "spendgate.toml").write_text("lock_wait_seconds = 0\n")
    with world.open():
        run = spendgate_process(world.root, "decide")
    assert "the warehouse is in use by" in run.stderr.splitlines()[-1]


def test_a_persons_change_stands_on_the_assets_it_changes(world: World, instance: dg.DagsterInstance) -> None:
    execute(world, instance)
    config = {"campaign_id": 11, "status": "PAUSED", "reason": "<b>x</b>\x1b[31m", "changed_by": "ann"}
    result = execute(world, instance, "set_campaign_status", {"ops": {"change_status": {"config": config}}})
    for name in ("ops.campaign_status", "ops.campaign_status_changes", "published.spend"):
        assert metadata(result, name) == {
            "campaign": 11, "from": "RUNNING", "to": "PAUSED", "who": "ann", "why": r"<b>x</b>\x1b[31m",
        }  # fmt: skip


def test_every_column_that_people_read_is_described() -> None:
    with empty_warehouse() as warehouse:
        rows = warehouse.execute(sql("database", "columns")).fetchall()
    ours = [row for row in rows if row[0].partition(".")[0] in ("raw", "core", "mart", "ops", "internal", "sealed")]
    assert len(ours) > 400
    assert [row[:2] for row in ours if not row[3]] == []


def test_every_meaning_of_a_name_is_of_a_column() -> None:
    with empty_warehouse() as warehouse:
        unused = warehouse.execute(
            "select column_name from internal.column_meanings anti join duckdb_columns() using (column_name)"
        ).fetchall()
    assert unused == []


def test_assets_have_a_stage_a_code_version_and_a_link_to_their_sql(root: DataRoot) -> None:
    root.create()
    (root.path / "spendgate.toml").write_text('owner = "team:ads"\ntags = "tier=1, domain=spend"\n')
    specs = list(build_defs(root).resolve_all_asset_specs())
    assert {spec.group_name for spec in specs} == {"delivered", "ledger", "spend", "decided", "history"}
    assert all(
        spec.owners == ["team:ads"] and spec.tags.items() >= {"tier": "1", "domain": "spend"}.items() for spec in specs
    )
    tables = [spec for spec in specs if "dagster/table_name" in spec.metadata]
    for spec in tables:
        assert spec.code_version
        [link] = spec.metadata["dagster/code_references"].code_references
        assert link.file_path == str(SQL / f"{'/'.join(spec.key.path)}.sql")
    [events] = [spec for spec in specs if spec.key.path == ["landing", "events"]]
    assert events.freshness_policy is not None
    [published] = [spec for spec in specs if spec.key.path == ["published", "spend"]]
    assert len(list(published.deps)) == 4


def test_housekeeping_leaves_another_storage_of_dagsters_alone(world: World, instance: dg.DagsterInstance) -> None:
    """One in memory stands for Postgres: nothing of it lies in the data root."""
    execute(world, instance)
    assert not (world.root.dagster_home / "history").exists()
    settings = Settings(keep_runs=1)
    execute(world, instance, "decide")
    assert purge_runs(instance, world.root, settings, NOON) == 1
    assert len(instance.get_runs()) == 1


def test_names_say_what_they_are() -> None:
    assert nightly_housekeeping.name == "nightly_housekeeping"
    workspace = (SQL.parent / "workspace.yaml").read_text()
    assert f"location_name: {CODE_LOCATION}\n" in workspace


def test_events_of_a_hostile_name_are_told_as_text(world: World, instance: dg.DagsterInstance) -> None:
    campaigns = world.reference["campaigns"].replace("Acme always", "![x](http://x)\x1b[31m")
    world.deliver_reference("campaigns", campaigns)
    world.deliver("a.jsonl", jsonl(event("1", 101, "click", "2025-06-10T10:00:00Z")))
    [table] = [metadata(execute(world, instance), "ops.campaign_status")["what changed"]]
    assert r"![x](http://x)\x1b[31m" in [record.data["name"] for record in table.records]
