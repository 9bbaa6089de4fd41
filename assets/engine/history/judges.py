"""Which delivered files count, by what the workers say of them.

Belongs here: the two ways to judge: files that were loaded before, files that are new. Does not: reading them.
"""

from collections.abc import Callable
from typing import Any

from assets.engine.delivery.file_types import format_said
from assets.engine.delivery.files import DeliveredFile
from assets.engine.errors import SpendgateError
from assets.engine.history.attempt import Begun
from assets.engine.warehouse.warehouse import Warehouse

Facts = list[dict[str, Any]]
"""What the workers say of the files: `file_id`, `outcome`, `reason`, `sha256`, `rows_read`, ..."""


Judge = Callable[[Facts], list[int]]
"""Tells the numbers of the files that count."""


def judge_rebuilt(files: list[dict[str, Any]]) -> Judge:
    """Files that were loaded before have to be read as they were then."""
    wanted = {file["file_id"]: file for file in files}

    def judge(facts: Facts) -> list[int]:
        for fact in facts:
            file = wanted[fact["file_id"]]
            if fact["outcome"] != "LOADED":
                raise SpendgateError(f"{file['name']} (file {file['file_id']}) cannot be read again: {fact['reason']}")
            if fact["rows_read"] != file["rows_read"]:
                raise SpendgateError(
                    f"{file['name']} (file {file['file_id']}) has {fact['rows_read']:,} rows now, and had"
                    f" {file['rows_read']:,}: another version of the reader may be installed on the workers"
                )
        return [fact["file_id"] for fact in facts]

    return judge


def judge_new(warehouse: Warehouse, files: list[DeliveredFile], begun: Begun) -> Judge:
    """Of files with the same bytes and format the first one counts, of those that the ledger has, none."""
    known = {(sha256, format_said(name)) for sha256, name in warehouse.run("raw.event_files", "loaded").fetchall()}

    def judge(facts: Facts) -> list[int]:
        seen = set(known)
        taken = []
        for fact in facts:
            file = files[fact["file_id"] - begun.first_file_id]
            if fact["outcome"] == "NOT_READY":
                raise SpendgateError(f"{file.name} cannot be read: {fact['reason']}")
            identity = (fact["sha256"], format_said(file.name))
            if fact["outcome"] == "LOADED" and identity not in seen:
                seen.add(identity)
                taken.append(fact["file_id"])
        return taken

    return judge
