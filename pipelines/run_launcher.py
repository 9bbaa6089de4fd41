"""How Dagster learns that a run's process has died, when nothing of Dagster's was there to see it.

Belongs here: whether a run lives. Does not: what follows (`run_monitoring` in `dagster.yaml` marks it as failed, which
frees the pool). Without this a run of the command line that is killed, or of a machine that lost its power, would keep
everybody waiting for `max_runtime_seconds`.
"""

import time
from pathlib import Path

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus  # exported nowhere else

from assets.engine.data_root import DataRoot
from assets.engine.warehouse.lock import is_held
from assets.table_spec import POOL

GRACE_SECONDS = 30
"""A run that has just started has yet to open the warehouse."""


class SpendgateRunLauncher(dg.DefaultRunLauncher):
    """Dagster's default, which also looks whether a run that writes still holds the warehouse."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: the kernel frees the lock of whoever dies."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Call it dead when it should hold the warehouse or wait for it, and nobody does, twice in a row."""
        root = DataRoot(Path(self._instance.root_directory).parent)
        if not self._writes_by_now(run) or is_held(root):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        time.sleep(1)  # one that waits for its turn tries many times a second
        if is_held(root):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "nobody holds the warehouse: its process has died")

    def _writes_by_now(self, run: dg.DagsterRun) -> bool:
        pools = (run.run_op_concurrency and run.run_op_concurrency.all_pools) or set()
        record = self._instance.get_run_record_by_id(run.run_id)
        started_at = record.start_time if record else None
        return POOL in pools and started_at is not None and time.time() - started_at > GRACE_SECONDS
