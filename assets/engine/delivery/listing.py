"""What lies in the delivery folders.

Belongs here: walking them without following a link, names as text, what is no delivery. Does not: opening a file.
Delivered files are never changed, moved or deleted; their names are data, never paths or SQL.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from assets.engine.data_root import DataRoot
from assets.engine.delivery.file_types import format_said, uncompressed_name
from assets.engine.delivery.files import DeliveredFile
from assets.engine.kinds import EVENTS, LANDED, REFERENCE_TABLES, UNKNOWN
from assets.engine.shown import printable

OWN_OF_WRITERS = ("_", ".")
"""Beginnings of names that are no deliveries, such as `_SUCCESS`, `_temporary/` and `_delta_log/`."""

UNFINISHED = (".part", ".tmp", ".done")
"""Endings of files that are not deliveries: two that say "still being written", and the flag that says "finished"."""

IN_NO_FOLDER = "it lies in no folder that is read: move it to landing/events, payments or corrections"

DELIVERED_TWICE = "the table is delivered "
"""How a refusal begins that is not the file's own fault: it ends when the other file is gone."""


def delivered_files(root: DataRoot) -> list[DeliveredFile]:
    """Everything that lies in the delivery folders and is not marked as unfinished, oldest first.

    So do folders that cannot be listed: what lies below them is not gone.
    """
    return sorted([*_landed(root), *_reference_files(root)], key=lambda file: (file.modified_ns, file.name))


def files_outside(folder: Path) -> list[DeliveredFile]:
    """Files of events below a folder that is not among the delivery folders; their names are whole paths."""
    found = _walk(Path("/"), folder.resolve(), EVENTS)
    return sorted((replace(file, name=f"/{file.name}") for file in found), key=lambda file: file.name)


def _landed(root: DataRoot) -> Iterator[DeliveredFile]:
    """Files by the folder they landed in; those beside the folders are refused, since nobody knows what they are."""
    for kind in LANDED:
        yield from _walk(root.path, root.landing(kind), kind)
    try:
        beside = _listed(root.landing_folder)
    except OSError as error:
        yield _unlisted(root.path, root.landing_folder, UNKNOWN, error)
        return
    for entry in beside:
        if entry.name in LANDED or entry.name.startswith(OWN_OF_WRITERS):
            continue
        is_folder = entry.is_dir(follow_symlinks=False)
        base = root.path
        files = _walk(base, Path(entry.path), UNKNOWN) if is_folder else [_seen(base, entry, UNKNOWN, flagged=False)]
        for file in files:
            if file is not None and not file.path.name.endswith(UNFINISHED):
                yield file if file.unlisted else replace(file, refusal=file.refusal or IN_NO_FOLDER)


def _reference_files(root: DataRoot) -> list[DeliveredFile]:
    """The reference files; where a table is delivered twice, both are refused, since neither can be preferred."""
    found = []
    for file in _walk(root.path, root.reference, UNKNOWN):
        if file.unlisted:
            found.append(file)
            continue
        table = _reference_table(file.path.relative_to(root.reference))
        if table:
            found.append(replace(file, kind=table))
        else:
            known = ", ".join(REFERENCE_TABLES)
            refusal = f"not a reference file: those are {known}, each .csv or .parquet"
            found.append(replace(file, refusal=file.refusal or refusal))
    return [replace(file, refusal=file.refusal or _delivered_twice(file, found)) for file in found]


def _walk(base: Path, folder: Path, kind: str) -> Iterator[DeliveredFile]:
    """Files below a folder, named from another one; links are not followed, and sub-folders' names mean nothing.

    What begins with `_` or `.` is a writer's own: markers, logs, parts that were never committed.
    """
    folders = [folder]
    while folders:
        folder = folders.pop()
        try:
            listed = _listed(folder)
        except OSError as error:
            yield _unlisted(base, folder, kind, error)
            continue
        names = {entry.name for entry in listed}
        for entry in listed:
            if entry.name.startswith(OWN_OF_WRITERS) or entry.name.endswith(UNFINISHED):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
                continue
            seen = _seen(base, entry, kind, flagged=f"{entry.name}.done" in names)
            if seen is not None:
                yield seen


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []  # deleted since it was listed


def _unlisted(base: Path, folder: Path, kind: str, error: OSError) -> DeliveredFile:
    """A folder in the place of what lies below it and cannot be seen."""
    name, why = _name(folder.relative_to(base)), error.strerror or str(error)
    return DeliveredFile(folder, kind, name, 0, 0, 0, None, flagged=True, unlisted=why)


def _reference_table(path: Path) -> str | None:
    """The table that a reference file carries, by its name or that of a folder of parts, in letters of any case."""
    stem = uncompressed_name(path.name)
    names = [stem] if format_said(stem) in ("csv", "parquet") else []
    for name in (*names, *(folder.name.lower() for folder in path.parents)):
        table, _, ending = name.partition(".")
        if table in REFERENCE_TABLES and (ending in ("csv", "parquet") or (not ending and name is not stem)):
            return table
    return None


def _delivered_twice(file: DeliveredFile, files: list[DeliveredFile]) -> str | None:
    """Why a reference file beside others of its table is refused."""
    names = [uncompressed_name(other.path.name) for other in files if other.kind == file.kind != UNKNOWN]
    if len(names) < 2:
        return None
    if {format_said(name) for name in names} == {"csv", "parquet"} and len(names) == 2:
        return f"{DELIVERED_TWICE}both as .csv and as .parquet: keep one of them"
    return f"{DELIVERED_TWICE}by {len(names)} files: keep one of them"


def _seen(base: Path, entry: os.DirEntry[str], kind: str, *, flagged: bool) -> DeliveredFile | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None  # deleted since it was listed
    refusal = None
    if not stat.S_ISREG(status.st_mode):
        refusal = f"{_file_type_name(status.st_mode)}, not a file: only regular files are taken"
    path = Path(entry.path)
    name = _name(path.relative_to(base))
    return DeliveredFile(path, kind, name, status.st_size, status.st_mtime_ns, status.st_ctime_ns, refusal, flagged)


def _name(path: Path) -> str:
    """A path as text, and each path another text: so backslashes are doubled.

    Of two files with one name each would seem to be new as long as the other one lies there.
    """
    return printable(os.fsencode(path).decode("utf-8", "surrogateescape").replace("\\", "\\\\"))


def _file_type_name(mode: int) -> str:
    sorts = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    return sorts.get(stat.S_IFMT(mode), "a device")
