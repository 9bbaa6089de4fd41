"""The Dagster graph: runs whole on sample files, tells what it made, and its checks find what is broken."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from assets.checks import CHECKS, FILES, breaking_rows
from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.kinds import REFERENCE_TABLES
from assets.engine.warehouse.statements import SQL, whole
from assets.engine.warehouse.warehouse import open_warehouse
from pipelines.definitions import build_defs
from pipelines.jobs import ManualStatus, StatusChange
from pipelines.resources import instant_of
from tests.world import ADS, BRANDS, NOON, World, event, jsonl


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def execute(
    world: World, instance: dg.DagsterInstance, job: str = "refresh", config: dict[str, Any] | None = None
) -> dg.ExecuteInProcessResult:
    resources: dict[str, Any] = {"warehouse": {"config": {"now": NOON.isoformat()}}}
    if job == "refresh":
        resources["deliveries"] = {"config": {"trusted": True}}
    return (
        build_defs(world.root)
        .resolve_job_def(job)
        .execute_in_process({"resources": resources, **(config or {})}, instance=instance)
    )


def tables(root: DataRoot) -> set[str]:
    with open_warehouse(root, now=NOON, run_id="test") as warehouse:
        rows = warehouse.connection.execute(
            "select schema_name, table_name from duckdb_tables() where not temporary and schema_name <> 'internal'"
            " union select parent.schema_name, parent.view_name from duckdb_views() as parent"
            " semi join duckdb_tables() as stored"
            " on stored.schema_name = 'internal' and stored.table_name = parent.view_name"
        )
        return {f"{schema}.{table}" for schema, table in rows.fetchall()}


def test_the_whole_graph_runs_on_sample_files(world: World, instance: dg.DagsterInstance) -> None:
    world.deliver("a.jsonl", jsonl(*(event(f"e{n}", 101, "click", "2025-06-10T10:00:00Z") for n in range(20))))
    result = execute(world, instance)
    assert world.status(11) == "SCHEDULED"
    assert world.value("select sum(spend) from mart.daily_spend") == 10
    assert world.rows("select distinct run_id from ops.campaign_status_changes") == [(result.run_id,)]
    failed = [check.check_name for check in result.get_asset_check_evaluations() if not check.passed]
    assert failed == []
    assert len(result.get_asset_check_evaluations()) == len(CHECKS)


def test_every_table_of_the_design_is_an_asset_with_its_sql_file(root: DataRoot) -> None:
    assets = {".".join(spec.key.path): spec for spec in build_defs(root).resolve_all_asset_specs()}
    bookkeeping = {
        "internal.acknowledgements",
        "ops.closed_months",  # by command, for finance
        "internal.attempts",
        "internal.backfills",
        "internal.batches",
        "internal.retries",
        "internal.watermarks",
        "internal.missing_rows",
        "internal.reference_files",
        "ops.revision",
        "internal.overspend_due",
        "internal.evidence_checks",
        "internal.definitions",
        "internal.files_let_go",
        "internal.mendings",
        "ops.migrations",
        "internal.reading_limits",
        "internal.decision_intervals",
        "internal.spend_profiles",  # what mart.pace is held against
        "internal.refused_files_gone",
        "internal.sealed_file_states",
        "internal.brand_zone_versions",
    } | {table.versions for table in REFERENCE_TABLES.values()}
    assert {"core.transactions", "mart.daily_spend"} <= tables(root)
    assert tables(root) - bookkeeping <= assets.keys()
    for name, spec in assets.items():
        if name.split(".")[0] in ("raw", "core", "mart", "ops"):
            assert f" {name} " in whole(name)
            assert spec.metadata["grain"].startswith("One row per")
            assert spec.group_name in ("ledger", "spend", "decided")
            assert spec.kinds == {"duckdb", "sql"}


def test_lineage_runs_from_delivered_files_to_the_published_copy_without_a_gap(root: DataRoot) -> None:
    specs = {spec.key: spec for spec in build_defs(root).resolve_all_asset_specs()}

    def sources(key: dg.AssetKey) -> set[str]:
        upstream = [dep.asset_key for dep in specs[key].deps]
        return {key.path[0]} if not upstream else set().union(*map(sources, upstream))

    published = dg.AssetKey(["published", "spend"])
    assert sources(published) == {"landing", "reference", "pypi"}
    before = {published, dg.AssetKey(["published", "feed"])}
    while more := {dep.asset_key for key in before for dep in specs[key].deps} - before:
        before |= more
    # a table that nothing is made of is made by a step that comes before the copy all the same
    steps = [step.keys for step in build_defs(root).assets or () if isinstance(step, dg.AssetsDefinition)]
    of_an_engine = {key for key in specs if key.path[0] == "history"}  # held against the ledger, not part of it
    for key in specs.keys() - before - of_an_engine:
        [step] = [keys for keys in steps if key in keys]
        assert step & before, key


def test_a_materialization_tells_rows_and_columns(world: World, instance: dg.DagsterInstance) -> None:
    world.deliver("a.jsonl", jsonl(event("e", 101, "click", "2025-06-10T10:00:00Z")))
    result = execute(world, instance)
    [made] = [
        m for m in result.get_asset_materialization_events() if m.asset_key == dg.AssetKey(["core", "transactions"])
    ]
    metadata: Any = made.materialization.metadata
    assert metadata["dagster/row_count"].value == 1
    specs = {spec.key: spec for spec in build_defs(world.root).resolve_all_asset_specs()}
    columns = {
        column.name: column
        for column in specs[dg.AssetKey(["core", "transactions"])].metadata["dagster/column_schema"].columns
    }
    assert columns["amount"].type == "decimal(18,9)"
    assert columns["amount"].description == (
        "cost, payment or, negative, what is taken back of a cost; exact; spend is the sum of COST and CORRECTION"
    )


def test_the_decision_can_run_alone(world: World, instance: dg.DagsterInstance) -> None:
    execute(world, instance)
    result = execute(world, instance, "decide")
    assert {node.name for node in result.job_def.nodes_in_topological_order} == {
        "decision", "overspend", "alerts", "published__spend", "published__feed", "checks",
    }  # fmt: skip


def test_a_person_changes_a_status_by_a_job(world: World, instance: dg.DagsterInstance) -> None:
    execute(world, instance)
    change = StatusChange(campaign_id=11, status=ManualStatus.PAUSED, reason="wrong creative", changed_by="ann")
    execute(
        world, instance, "set_campaign_status", {"ops": {"change_status": {"config": change.model_dump(mode="json")}}}
    )
    assert world.transitions(11)[-1] == ("RUNNING", "PAUSED", "MANUAL")
    until = NOON + timedelta(hours=1)
    for more in ({"until": until.isoformat()}, {"status": "COMPLETED"}, {"reopen": True}):
        again = {**change.model_dump(mode="json"), **more}
        execute(world, instance, "set_campaign_status", {"ops": {"change_status": {"config": again}}})
    changes = "select to_status, paused_until from ops.campaign_status_changes order by change_id desc limit 3"
    assert world.rows(changes) == [("PAUSED", None), ("COMPLETED", None), ("PAUSED", until)]


def test_an_end_of_a_pause_that_is_no_instant_is_refused() -> None:
    for text in ("tomorrow", "2025-06-10T12:00:00", "12:00"):
        with pytest.raises(SpendgateError, match=f"until '{text}' is not an instant with a time zone"):
            instant_of(text, "until")


def test_a_step_that_is_done_again_changes_nothing(world: World, instance: dg.DagsterInstance) -> None:
    world.deliver("a.jsonl", jsonl(event("e", 101, "click", "2025-06-10T10:00:00Z")))
    execute(world, instance)
    before = world.rows("from mart.daily_spend"), world.rows("from core.transactions")
    execute(world, instance)
    assert (world.rows("from mart.daily_spend"), world.rows("from core.transactions")) == before


@pytest.mark.parametrize(
    ("check", "harm"),
    [
        (
            "files_account_for_every_row",
            "update raw.event_files set rows_loaded = rows_loaded + 1 where kind = 'events'",
        ),
        ("event_ids_are_unique", "insert into internal.ad_events from internal.ad_events"),
        ("events_are_charged_or_wait", "delete from internal.transactions"),
        ("no_event_is_charged_twice", "insert into internal.transactions from internal.transactions"),
        ("marts_add_up_to_the_ledger", "update internal.monthly_spend set spend = spend + 0.000000001"),
        (
            "changes_follow_from_the_ledger",
            "update ops.campaign_status_changes set monthly_spend = 0 where campaign_id = 11",
        ),
        ("overspend_adds_up", "update mart.overspend set late = late + 0.000000001"),
        (
            "statuses_are_the_last_changes",
            "update internal.campaign_status set status = 'DRAFT' where campaign_id = 11",
        ),
        ("published_copy_is_current", "update ops.revision set revision = revision + 1"),
        (
            "delivered_files_can_be_taken",
            "insert into internal.attempts values ('landing/events/x.jsonl', 1, 1, 0, 3, 'permission')",
        ),
        ("few_rows_are_rejected", "update raw.event_files set rows_rejected = 1, rows_read = 2 where kind = 'events'"),
        (
            "nothing_waits_for_long",
            (
                "insert into core.unpriced by name select 1 as transaction_id, 1 as ad_id, 'click' as event_type,"
                " now() as occurred_at, 'unknown' as reason, now() - interval 2 day as waiting_since"
            ),
        ),
        ("every_event_type_has_a_price", None),
        ("delivered_files_are_accepted", None),
        ("reference_rows_are_accepted", None),
        ("reference_rows_stay", None),
    ],
)
def test_each_check_finds_what_it_is_there_for(world: World, check: str, harm: str | None) -> None:
    """A pass on a sound world is in the first test; here the harm is done by hand or by a delivery."""
    world.deliver("a.jsonl", jsonl(event("e", 101, "click", "2025-06-10T10:00:00Z")))
    if check == "overspend_adds_up":
        world.deliver_reference("brands", BRANDS.replace("10.00", "0.10"))
    if check == "every_event_type_has_a_price":
        world.deliver("b.jsonl", jsonl(event("f", 101, "acquisition", "2025-06-10T10:00:00Z")))
    world.run()
    if check == "delivered_files_are_accepted":
        world.deliver_reference("ads", "nonsense\n")
    if check == "reference_rows_are_accepted":
        world.deliver_reference("ads", ADS + "999,999,a,true,,,,,,\n")
    if check == "reference_rows_stay":
        world.deliver_reference("ads", ADS.replace("301,310,d,true,,,,,,\n", ""))
    world.run()
    with world.open() as warehouse:
        assert len(breaking_rows(warehouse, f"checks.{check}")) == (0 if harm else 1)
        if harm:
            warehouse.connection.execute(harm)
            warehouse.connection.execute("delete from internal.evidence_checks")
            warehouse.run("internal.watermarks", "remove_checks")
            assert len(breaking_rows(warehouse, f"checks.{check}")) >= 1


def test_a_check_that_found_a_batch_wrong_finds_it_until_it_is_mended(world: World) -> None:
    def find() -> int:
        return len(breaking_rows(warehouse, "checks.no_event_is_charged_twice"))

    for name in ("a", "b", "c"):
        world.deliver(f"{name}.jsonl", jsonl(event(name, 101, "click", "2025-06-10T10:00:00Z")))
        world.run()
        with world.open() as warehouse:
            if name == "b":
                warehouse.connection.execute(
                    "insert into internal.transactions from internal.transactions limit 1 offset 1"
                )
            assert find() == (name != "a")
    with world.open() as warehouse:
        warehouse.connection.execute("delete from internal.transactions where rowid = 2")
        assert find() == 0
        watermark = "select batch_id from internal.watermarks where table_name = 'checks/no_event_is_charged_twice'"
        newest = warehouse.value("internal.batches", "newest")
        assert warehouse.connection.execute(watermark).fetchall() == [(newest,)]


def test_every_check_file_is_a_check() -> None:
    assert {file.stem for file in (SQL / "checks").glob("*.sql")} == FILES.keys()


def test_every_test_that_the_threat_table_names_is_there() -> None:
    project = SQL.parent
    tests = "".join(file.read_text() for file in (project / "tests").glob("*.py"))
    named = re.findall(r"`(test_\w+|tests/\w+\.py)`", (project / "SECURITY.md").read_text())
    assert len(named) > 12
    for name in named:
        assert (project / name).exists() if "/" in name else f"def {name}(" in tests, name
