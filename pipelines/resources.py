"""Resources of a run, as the launchpad shows them: the warehouse it holds, the deliveries it may take.

Belongs here: their fields, and opening them for a run. Does not: what they are (`engine`).
"""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import ClassVar, TypeVar

import dagster as dg
from pydantic import Field

from assets.engine.data_root import DataRoot
from assets.engine.delivery.inbox import Inbox, Retry
from assets.engine.errors import SpendgateError
from assets.engine.sealing.files import verify_changed_files
from assets.engine.warehouse.clock import Clock
from assets.engine.warehouse.warehouse import Warehouse, open_warehouse


class HeldWarehouse(dg.ConfigurableResource[Warehouse]):
    """The warehouse file, locked for this run."""

    root: ClassVar[DataRoot]
    now: str = Field(default="", description="instant to decide for, ISO 8601 (a replay); empty: when the run starts")
    clock_is_right: bool = Field(
        default=False, description="the clock is right, though it is behind or far ahead of the newest record"
    )

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Warehouse]:
        """Open it, and let go of it when the run is over."""
        with open_warehouse(
            self.root,
            now=instant_of(self.now, "now"),
            run_id=context.run.run_id if context.run else "no run",
            wait_seconds=self.root.settings().lock_wait_seconds,
            clock=Clock(is_right=self.clock_is_right),
        ) as warehouse:
            verify_changed_files(warehouse)
            yield warehouse


class RefusedRows(dg.Config):
    """Which refused rows of earlier files are tried again."""

    reason: str = Field(default="", description="those of files with a reason like this")
    file: str = Field(default="", description="those of files with a name like this")


class Deliveries(dg.ConfigurableResource[Inbox]):
    """The delivered files this run may take."""

    root: ClassVar[DataRoot]
    trusted: bool = Field(
        default=False, description="take what lies in the folders as finished, without a second listing"
    )
    retry: RefusedRows | None = Field(default=None, description="try the refused rows of earlier files again")

    def create_resource(self, context: dg.InitResourceContext) -> Inbox:  # noqa: ARG002 Dagster's own
        """Look at what lies there."""
        retry = Retry(self.retry.reason, self.retry.file) if self.retry else None
        return Inbox(self.root, skip_stability_check=self.trusted, retry=retry)


class HistoryEngine(dg.ConfigurableResource[str]):
    """The distributed engine that makes history again."""

    root: ClassVar[DataRoot]
    url: str = Field(default="sail:2", description="sc://HOST:PORT, or sail:N for a Sail with N workers of its own")

    def create_resource(self, context: dg.InitResourceContext) -> str:  # noqa: ARG002 Dagster's own
        """Its address: it is connected to when it is needed."""
        return self.url


class Ledger(dg.ConfigurableResource["Callable[[], AbstractContextManager[Warehouse]]"]):
    """The warehouse, for runs that hold it for a part of their time only."""

    root: ClassVar[DataRoot]

    def create_resource(self, context: dg.InitResourceContext) -> "Callable[[], AbstractContextManager[Warehouse]]":
        """Holds it for as long as a block lasts."""
        run_id = context.run.run_id if context.run else "no run"
        wait = self.root.settings().lock_wait_seconds
        return lambda: open_warehouse(self.root, run_id=run_id, wait_seconds=wait)


Resource = TypeVar("Resource", HeldWarehouse, Deliveries, HistoryEngine, Ledger)


def of_root(resource: type[Resource], root: DataRoot) -> Resource:
    """A resource of a data root, which is nothing that a run's configuration could change."""
    namespace = {"__doc__": resource.__doc__, "__module__": __name__, "root": root}
    made: Resource = type(resource.__name__, (resource,), namespace)()
    return made


def instant_of(text: str, name: str) -> datetime | None:
    """An instant that a person wrote into a run's configuration; None for an empty text.

    Raises:
        SpendgateError: it is no instant, or names no time zone.
    """
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise SpendgateError(f"{name} '{text}' is not an instant with a time zone, such as 2025-06-10T12:00:00Z")
    return instant.astimezone(UTC)
