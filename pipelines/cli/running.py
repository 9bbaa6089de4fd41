"""How the command line makes a run through Dagster, and tells what came of it.

Belongs here: Dagster's home, the run's configuration, its checks and its log in a terminal. Does not: which command
makes which run (`run`, `keep`).
"""

import fcntl
import logging
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.feed.writing import rewrite_feed
from assets.engine.report.rewriting import rewrite_report
from assets.engine.shown import log_as_text
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import sql
from pipelines.cli.ending import told_when_dagster_fails
from pipelines.cli.printing import console, print_rows, say

if TYPE_CHECKING:
    from assets.engine.warehouse.warehouse import Warehouse

OPEN_FILES_SHOWN = 5
"""Refused files named at the end of a run; a count tells of the rest."""


@dataclass(frozen=True)
class RunRequest:
    """What a run is asked to do otherwise than by itself.

    Attributes:
        now: the instant it stands for; None: when it begins.
        trusted: take what lies in the delivery folders as finished.
        retry: which refused rows are to be tried again.
        clock_is_right: a person says that the clock is right.
    """

    now: datetime | None = None
    trusted: bool = True
    retry: dict[str, str] | None = None
    clock_is_right: bool = False


def run_job(data: DataRoot, job_name: str, request: RunRequest) -> None:
    """Run a job in this process, through Dagster, and tell what happened; once more while it leaves files to the next.

    Between two runs others have their turn: a decision, or a person who changes a status.

    Raises:
        SpendgateError: a run failed, or an invariant does not hold.
    """
    data.settings()  # a mistake in it is told before Dagster is loaded
    dagster_home(data)
    show_log()
    try:
        _run(data, job_name, request)
    except SpendgateError:
        _tell_alerts(data)
        raise
    _tell_alerts(data)


def _tell_alerts(data: DataRoot) -> None:
    """For those who have no daemon; what goes wrong with it is said, no more."""
    from pipelines.alerting import tell_at_end

    told = tell_at_end(data, os.environ.get("SPENDGATE_ALERT_URLS", ""))
    if told:
        logging.getLogger("spendgate.alerts").info(told)


def _run(data: DataRoot, job_name: str, request: RunRequest) -> None:
    broken = False
    while True:
        result = _run_once(data, job_name, request)
        broken = _tell_checks(result.get_asset_check_evaluations())
        if job_name not in ("housekeeping", "seal"):
            _tell_run(data, result.run_id)
        if not _files_left(result):
            break
        request = replace(request, retry=None)
    if job_name == "refresh":
        _tell_open_files(data)
    if broken:
        raise SpendgateError("an invariant does not hold: see the failed checks above")


def _run_once(data: DataRoot, job_name: str, request: RunRequest) -> Any:
    import dagster as dg

    from pipelines.definitions import build_defs
    from pipelines.run_history import show_on_home_page

    job = build_defs(data).resolve_job_def(job_name)
    deliveries = {"trusted": request.trusted, **({"retry": request.retry} if request.retry else {})}
    warehouse = {
        "now": request.now.isoformat() if request.now else "",
        "clock_is_right": request.clock_is_right,
    }
    config = {
        "resources": {
            "warehouse": {"config": warehouse},
            **({"deliveries": {"config": deliveries}} if job_name == "refresh" else {}),
        },
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    with told_when_dagster_fails(data.dagster_home), dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(
            run_config=config, instance=instance, raise_on_error=False, tags={"spendgate/started_by": "command line"}
        )
        show_on_home_page(instance, result.dagster_run)
    if not result.success:
        raise SpendgateError(_cause_of_failure(result))
    return result


def _files_left(result: Any) -> int:
    """How many delivered files a run left to the next one, since its time was up."""
    from assets.events import LEFT

    counts = [
        event.step_materialization_data.materialization.metadata[LEFT].value
        for event in result.all_events
        if event.is_step_materialization and LEFT in event.step_materialization_data.materialization.metadata
    ]
    return sum(counts)


def dagster_home(data: DataRoot) -> None:
    """Give Dagster its home below the data root, with the committed configuration and its databases made.

    Two processes that make the databases of a new home at once would spoil them for good.
    """
    data.create()
    home = data.dagster_home
    os.environ["DAGSTER_HOME"] = str(home)
    with told_when_dagster_fails(home), (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        configuration = (resources.files("pipelines") / "dagster.yaml").read_text(encoding="utf-8")
        if data.dagster_additions.exists():
            configuration += "\n" + data.dagster_additions.read_text(encoding="utf-8")
        (home / "dagster.yaml").write_text(configuration, encoding="utf-8")
        if not (home / "made").exists():
            import dagster as dg

            dg.DagsterInstance.get().dispose()
            (home / "made").touch()


def _cause_of_failure(result: Any) -> str:
    """The innermost error of the first failed step, in one line."""
    from pipelines.run_history import cause_of

    for event in result.all_events:
        cause = cause_of(event)
        if cause is not None:
            return f"run {result.run_id} failed: {cause}"
    return f"run {result.run_id} failed: see it in the UI"


def _tell_checks(evaluations: Iterable[Any]) -> bool:
    """Print the checks that did not pass; True when one of them means that something is broken."""
    failed = [evaluation for evaluation in evaluations if not evaluation.passed]
    for evaluation in failed:
        count = evaluation.metadata["breaking_rows"].value
        row = evaluation.metadata["first_rows"].records[0].data
        first = ", ".join(f"{name} {value}" for name, value in row.items())[:300]
        table = evaluation.asset_key.to_user_string().replace("/", ".")
        say(f"check {evaluation.check_name} ({table}): {count} rows, such as {first}", colour="yellow", err=True)
    return any(evaluation.severity.value == "ERROR" for evaluation in failed)


def _tell_run(data: DataRoot, run_id: str) -> None:
    with open_published(data) as published:
        print_rows(published.execute(sql("reports.run", "summary"), {"run_id": run_id}), f"Run {run_id}")


def _tell_open_files(data: DataRoot) -> None:
    """Name the delivered files that were refused, of whichever run, and what helps: a log is scrolled away."""
    with open_published(data) as published:
        rows = published.execute(sql("reports.open", "files"), {"at_most": OPEN_FILES_SHOWN}).fetchall()
    if not rows:
        return
    files = rows[0][-1]
    say(f"Open files, refused whole or more than one in twenty of their rows: {files:,}", colour="yellow")
    for name, reason, remedy, _ in rows:
        say(f"  {name}: {reason}")
        say(f"    {remedy}")
    if files > len(rows):
        say(f"  and {files - len(rows):,} more: `spendgate acknowledge` lists them")


def show_log(level: int = logging.INFO) -> None:
    """Show what is logged from a level on, beside the results."""
    from rich.logging import RichHandler

    log_as_text()
    terminal = console(stderr=True)
    handler: logging.Handler = logging.StreamHandler()
    if terminal.is_terminal:
        handler = RichHandler(console=terminal, show_path=False, log_time_format="%H:%M:%S")
    else:  # a file: a line each, with the date, not padded
        formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        handler.setFormatter(formatter)
    logger = logging.getLogger("spendgate")
    logger.handlers = [handler]
    logger.setLevel(level)


@contextmanager
def held_warehouse(
    data: DataRoot, what: str, *, now: datetime | None = None, clock_is_right: bool = False
) -> Iterator["Warehouse"]:
    """The warehouse, held by this command."""
    from assets.engine.warehouse.clock import Clock
    from assets.engine.warehouse.warehouse import open_warehouse

    show_log(logging.WARNING)
    with open_warehouse(
        data,
        now=now,
        run_id=f"{what}-{uuid4()}",
        wait_seconds=data.settings().lock_wait_seconds,
        clock=Clock(is_right=clock_is_right),
    ) as warehouse:
        yield warehouse
        rewrite_report(data, warehouse.clock())  # of what the command has published
        rewrite_feed(data, warehouse.clock())
