"""Delivered files until they are staged: looked at, settled, copied under the hash of their bytes.

Belongs here: what a folder holds and whether it can be taken. Does not: what is in a file (that is `reading`).
Delivered files are never changed, moved or deleted; their names are data, never paths or SQL.
"""

import gzip
import hashlib
import os
import re
import stat
import threading
import time
import zlib
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from assets.hashing import sha256_of
from assets.settings import EVENTS, PAYMENTS, REFERENCE_TABLES, UNKNOWN, DataRoot, Settings, first_line
from assets.shown import printable

CHUNK = 1 << 20
GZIP, ZSTANDARD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
FORMATS = {"jsonl": "jsonl", "ndjson": "jsonl", "json": "jsonl", "csv": "csv", "parquet": "parquet"}
"""Endings of names, and what they say; other names say nothing, and the content tells."""

COMPRESSED = (".gz", ".gzip", ".zst", ".zstd")
OWN_OF_WRITERS = ("_", ".")
"""Beginnings of names that are no deliveries, such as `_SUCCESS`, `_temporary/` and `_delta_log/`."""

UNFINISHED = (".part", ".tmp", ".done")
"""Endings of files that are not deliveries: two that say "still being written", and the flag that says "finished"."""

Look = tuple[str, int, int]
"""Name, bytes and time of the last change: what tells one state of a file from another without reading it.

The time is the inode's (ctime), which, other than the modification time, nobody can set back.
"""

COMPRESSIONS = {GZIP: ".gz", ZSTANDARD: ".zst"}
"""First bytes of compressed files, and what a staged copy of one ends in."""

IN_NO_FOLDER = "it lies in no folder that is read: move it to landing/events or landing/payments"

DELIVERED_TWICE = "the table is delivered "
"""How a refusal begins that is not the file's own fault: it ends when the other file is gone."""

ARCHIVES = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"PK\x05\x06": "a zip archive or a spreadsheet",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a rar archive",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
"""First bytes of what is sometimes delivered under a name of ours."""


class QuarantineError(Exception):
    """The whole file is refused; the text is the reason recorded for it.

    Attributes:
        sha256: its bytes, if they have been read.
    """

    sha256: str | None = None


class NotReadyError(Exception):
    """The file cannot be taken now and will be looked at again; the text says why."""


@dataclass(frozen=True)
class DeliveredFile:
    """A file as seen in a delivery folder, not yet opened.

    Attributes:
        kind: events, payments, or the reference table it carries.
        name: path below the data root, printable, and no other file's (see `_name`).
        refusal: why it cannot be a delivery (a link, a device, two files for one table), or None.
        modified_ns: when the deliverer says it was written; the order in which files are taken.
        changed_ns: when its bytes or its inode last changed.
        flagged: the deliverer says with a `.done` beside it that it is finished.
        attempts: how often it was begun in this state and never ended (see `attempts`).
        looks: how often it was found in this state and could not be taken.
        unlisted: it is a folder that cannot be listed, and why; it stands for whatever lies below it, and waits.
    """

    path: Path
    kind: str
    name: str
    bytes: int
    modified_ns: int
    changed_ns: int
    refusal: str | None
    flagged: bool
    attempts: int = 0
    looks: int = 0
    unlisted: str | None = None

    @property
    def look(self) -> Look:
        """Its present state."""
        return self.name, self.bytes, self.changed_ns


@dataclass(frozen=True)
class StagedFile:
    """A delivered file's own copy, with what was learned while copying it.

    Attributes:
        path: the bytes as delivered, `<sha256>.<ext>`.
        text: for text formats, the expanded text to read (the same file unless it was compressed).
        format: jsonl, csv or parquet.
        lines: number of line ends in a CSV text; of others nobody asks.
        clean: a bulk reader may have it: the text is UTF-8 without NUL, without an over-long line and, if it is CSV,
            without blanks beside quotes.
        terminated: the text ends with a line end.
    """

    path: Path
    sha256: str
    text: Path
    format: str
    lines: int = 0
    clean: bool = True
    terminated: bool = True


def delivered_files(root: DataRoot) -> list[DeliveredFile]:
    """Everything that lies in the delivery folders and is not marked as unfinished, oldest first.

    So do folders that cannot be listed: what lies below them is not gone.
    """
    return sorted([*_landed(root), *_reference_files(root)], key=lambda file: (file.modified_ns, file.name))


def settled(files: Iterable[DeliveredFile], other_look: Iterable[Look]) -> list[DeliveredFile]:
    """Those that are finished: flagged so, or the same on another look."""
    same = set(other_look)
    return [file for file in files if file.flagged or file.refusal or file.look in same]


@dataclass(frozen=True)
class Retry:
    """Which refused rows are to be tried again: those of files with ...

    Attributes:
        reason: ... a row refused for a reason that contains this.
        name: ... a name that contains this.
    """

    reason: str = ""
    name: str = ""


class Deliveries:
    """The delivered files as one run sees them, and which of them it may take.

    Args:
        root: where the delivery folders are.
        trusted: take what lies there as finished, without a second look (a replay).
        retry: refused rows of earlier files that are to be tried again.

    Attributes:
        seen: what lay there at the first look, when the run began; oldest first.
    """

    def __init__(self, root: DataRoot, *, trusted: bool = False, retry: Retry | None = None) -> None:
        self.root = root
        self.retry = retry
        self.settings = root.settings()
        self.seen = delivered_files(root)
        self._seen_at = time.monotonic()
        self._trusted = trusted
        self._second_look: list[Look] | None = None

    def settled(self, files: list[DeliveredFile]) -> list[DeliveredFile]:
        """Of some files of the first look, those that are finished.

        Looks a second time, at least `settings.settle_seconds` after the first, if it needs to and has not yet.
        """
        if self._trusted or all(file.flagged or file.refusal for file in files):
            return files
        if self._second_look is None:
            time.sleep(max(0.0, self.settings.settle_seconds - (time.monotonic() - self._seen_at)))
            self._second_look = [file.look for file in delivered_files(self.root)]
        return settled(files, self._second_look)


def stage(file: DeliveredFile, root: DataRoot, settings: Settings) -> StagedFile:
    """Copy a delivered file under its hash, and check what can only be checked on the whole of it.

    Raises:
        NotReadyError: it is gone, unreadable, changed while it was copied, or a folder that cannot be listed.
        QuarantineError: it is no regular file, too large, damaged, or of no known format.
    """
    if file.unlisted:
        raise NotReadyError(f"cannot be listed: {file.unlisted}")
    if file.refusal:
        raise QuarantineError(file.refusal)
    copy = _copy(file, root.scratch / f"staging-{threading.get_ident()}.part", settings)
    try:
        return _staged(copy, file.path.name, root, settings)
    except QuarantineError as refusal:
        refusal.sha256 = copy.sha256
        raise


def _staged(copy: "_Copy", name: str, root: DataRoot, settings: Settings) -> StagedFile:
    """Move a copy under its hash, and expand it if it is compressed."""
    sha256, facts = copy.sha256, copy.facts
    compression = next((word for start, word in COMPRESSIONS.items() if copy.magic.startswith(start)), "")
    source, text, head = copy.path, copy.path, copy.magic
    if compression:
        source = copy.path.replace(copy.path.with_suffix(compression))
        text = root.scratch / f"{sha256}.text"
        head = _expand(source, text, facts, settings)
    kind = _format(name, head, compression)
    target = root.staged / f"{sha256}.{kind}{compression}"
    source.replace(target)
    if kind == "parquet":
        return StagedFile(target, sha256, target, kind)
    return StagedFile(target, sha256, text if compression else target, kind, facts.lines, facts.clean, facts.terminated)


def staged_copy(root: DataRoot, sha256: str, name: str) -> Path | None:
    """The staged copy of a file, if it is still there; the same bytes may have come as two formats."""
    return next(root.staged.glob(f"{sha256}.{format_said(name) or ''}*"), None)


def staged_again(root: DataRoot, sha256: str, name: str, settings: Settings) -> StagedFile:
    """The staged copy of a file that was taken before, read and checked again; made from the delivered file if need be.

    Raises:
        NotReadyError: both are gone, or their bytes are not what they were.
        QuarantineError: it is over a limit that has been lowered since.
    """
    sources = [path for path in (staged_copy(root, sha256, name), root.path / name) if path and path.is_file()]
    for path in sources:
        status = path.stat()
        copy = DeliveredFile(
            path, UNKNOWN, name, status.st_size, status.st_mtime_ns, status.st_ctime_ns, None, flagged=True
        )
        staged = stage(copy, root, settings)
        if staged.sha256 == sha256:
            return staged
    if sources:
        raise NotReadyError(f"its staged copy {sources[0]} is damaged, and the delivered file is gone or another one")
    raise NotReadyError("its staged copy is gone (see keep_staged_days), and so is the delivered file")


def can_be_staged_again(root: DataRoot, sha256: str, name: str) -> bool:
    """Whether the bytes of a file that was taken before are still there: its staged copy, or the file as delivered."""
    if staged_copy(root, sha256, name):
        return True
    delivered = root.path / name
    if not delivered.is_file() or delivered.is_symlink():
        return False
    return sha256_of(delivered) == sha256


def _walk(root: DataRoot, folder: Path, kind: str) -> Iterator[DeliveredFile]:
    """Files below a folder; links are not followed, and sub-folders' names mean nothing.

    What begins with `_` or `.` is a writer's own: markers, logs, parts that were never committed.
    """
    folders = [folder]
    while folders:
        folder = folders.pop()
        try:
            listed = _listed(folder)
        except OSError as error:
            yield _unlisted(root, folder, kind, error)
            continue
        names = {entry.name for entry in listed}
        for entry in listed:
            if entry.name.startswith(OWN_OF_WRITERS) or entry.name.endswith(UNFINISHED):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
                continue
            seen = _seen(root, entry, kind, flagged=f"{entry.name}.done" in names)
            if seen is not None:
                yield seen


def _landed(root: DataRoot) -> Iterator[DeliveredFile]:
    """Files of events and payments; those beside their folders are refused, since nobody knows what they are."""
    for kind in (EVENTS, PAYMENTS):
        yield from _walk(root, root.landing(kind), kind)
    try:
        beside = _listed(root.landing_folder)
    except OSError as error:
        yield _unlisted(root, root.landing_folder, UNKNOWN, error)
        return
    for entry in beside:
        if entry.name in (EVENTS, PAYMENTS) or entry.name.startswith(OWN_OF_WRITERS):
            continue
        is_folder = entry.is_dir(follow_symlinks=False)
        files = _walk(root, Path(entry.path), UNKNOWN) if is_folder else [_seen(root, entry, UNKNOWN, flagged=False)]
        for file in files:
            if file is not None and not file.path.name.endswith(UNFINISHED):
                yield file if file.unlisted else replace(file, refusal=file.refusal or IN_NO_FOLDER)


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []  # deleted since it was listed


def _unlisted(root: DataRoot, folder: Path, kind: str, error: OSError) -> DeliveredFile:
    """A folder in the place of what lies below it and cannot be seen."""
    name, why = _name(folder.relative_to(root.path)), error.strerror or str(error)
    return DeliveredFile(folder, kind, name, 0, 0, 0, None, flagged=True, unlisted=why)


def _reference_files(root: DataRoot) -> list[DeliveredFile]:
    """The reference files; where a table is delivered twice, both are refused, since neither can be preferred."""
    found = []
    for file in _walk(root, root.reference, UNKNOWN):
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


def _reference_table(path: Path) -> str | None:
    """The table that a reference file carries, by its name or that of a folder of parts, in letters of any case."""
    stem = _uncompressed(path.name)
    names = [stem] if format_said(stem) in ("csv", "parquet") else []
    for name in (*names, *(folder.name.lower() for folder in path.parents)):
        table, _, ending = name.partition(".")
        if table in REFERENCE_TABLES and (ending in ("csv", "parquet") or (not ending and name is not stem)):
            return table
    return None


def _delivered_twice(file: DeliveredFile, files: list[DeliveredFile]) -> str | None:
    """Why a reference file beside others of its table is refused."""
    names = [_uncompressed(other.path.name) for other in files if other.kind == file.kind != UNKNOWN]
    if len(names) < 2:
        return None
    if {format_said(name) for name in names} == {"csv", "parquet"} and len(names) == 2:
        return f"{DELIVERED_TWICE}both as .csv and as .parquet: keep one of them"
    return f"{DELIVERED_TWICE}by {len(names)} files: keep one of them"


def _seen(root: DataRoot, entry: os.DirEntry[str], kind: str, *, flagged: bool) -> DeliveredFile | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None  # deleted since it was listed
    refusal = None
    if not stat.S_ISREG(status.st_mode):
        refusal = f"{_sort(status.st_mode)}, not a file: only regular files are taken"
    path = Path(entry.path)
    name = _name(path.relative_to(root.path))
    return DeliveredFile(path, kind, name, status.st_size, status.st_mtime_ns, status.st_ctime_ns, refusal, flagged)


def _name(path: Path) -> str:
    """A path as text, and each path another text: so backslashes are doubled.

    Of two files with one name each would seem to be new as long as the other one lies there.
    """
    return printable(os.fsencode(path).decode("utf-8", "surrogateescape").replace("\\", "\\\\"))


def _sort(mode: int) -> str:
    sorts = {
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    return sorts.get(stat.S_IFMT(mode), "a device")


@dataclass(frozen=True)
class _Copy:
    """A copy of a delivered file: where it is, its hash, its first bytes, and facts of it where it is text."""

    path: Path
    sha256: str
    magic: bytes
    facts: "_TextFacts"


def _copy(file: DeliveredFile, target: Path, settings: Settings) -> _Copy:
    """Copy the bytes, hash them and, where they are text, note facts of it on the way."""
    facts = _TextFacts(settings.max_line_bytes, is_csv=format_said(file.path.name) == "csv")
    digest = hashlib.sha256()
    magic = b""
    try:
        # never follow a link put there since the look, never hang on a pipe
        descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise NotReadyError(f"cannot be opened: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as source, target.open("wb") as copy:
        if not _unchanged(source, file):
            raise NotReadyError("changed since it was listed")
        if file.bytes > settings.max_file_bytes:
            raise QuarantineError(too_large(settings))
        while chunk := source.read(CHUNK):
            magic = magic or chunk[:512]
            digest.update(chunk)
            copy.write(chunk)
            if not magic.startswith((GZIP, ZSTANDARD, PARQUET)):
                facts.add(chunk)
        if not _unchanged(source, file):
            raise NotReadyError("changed while it was read")
        copy.flush()
        os.fsync(copy.fileno())
    return _Copy(target, digest.hexdigest(), magic, facts)


def _unchanged(source: BinaryIO, file: DeliveredFile) -> bool:
    status = os.fstat(source.fileno())
    return stat.S_ISREG(status.st_mode) and (status.st_size, status.st_ctime_ns) == (file.bytes, file.changed_ns)


def _format(name: str, head: bytes, compression: str) -> str:
    """Format by name, held against the first bytes; by those alone where the name says nothing."""
    said = format_said(name)
    _refuse_archive(head, said or "JSON lines, CSV or Parquet")
    if head and not compression and name.lower().endswith(COMPRESSED) and GZIP.startswith(head):
        raise QuarantineError("damaged gzip file (cut off after its first byte): deliver it again")
    is_parquet = head.startswith(PARQUET) and not compression
    if said and is_parquet != (said == "parquet"):
        raise QuarantineError(f"its name says {said}, its first bytes do not: rename or deliver it again")
    found = said or ("parquet" if is_parquet else _text_format(head))
    if not found:
        raise QuarantineError(
            "unknown kind of file: deliver JSON lines, CSV or Parquet (.jsonl, .csv, .parquet; .gz, .zst)"
        )
    return found


def format_said(name: str) -> str | None:
    """What a file's name says it is, compressed or not."""
    return FORMATS.get(_uncompressed(name).rpartition(".")[2])


def is_plain_text(name: str) -> bool:
    """Whether a file's name says that it is text, and not compressed."""
    return format_said(name) in ("jsonl", "csv") and not name.lower().endswith(COMPRESSED)


def _uncompressed(name: str) -> str:
    """A name in small letters, without what says how it is compressed."""
    name = name.lower()
    return next((name.removesuffix(ending) for ending in COMPRESSED if name.endswith(ending)), name)


def _text_format(head: bytes) -> str | None:
    """What a text seems to be by its beginning: objects, or a line of names with commas between them."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text or text[:1] in b"{[":
        return "jsonl"
    return "csv" if re.match(rb'"?[A-Za-z_][\w ]*"?(,"?[\w ]*"?)+(\r?\n|$)', text) else None


def _refuse_archive(head: bytes, wanted: str) -> None:
    sort = next((sort for start, sort in ARCHIVES.items() if head.startswith(start)), None)
    if head[257:262] == b"ustar":
        sort = "a tar archive"
    if sort:
        raise QuarantineError(f"it is {sort}, not {wanted}: deliver UTF-8 text or Parquet")


def _expand(file: Path, target: Path, facts: "_TextFacts", settings: Settings) -> bytes:
    """Expand a file to its end, so that its check sums have been verified; returns the first bytes of the text."""
    head = b""
    with target.open("wb") as text:
        for chunk in _expanded(file, settings):
            if not head:
                head = chunk[:512]
                if head.startswith(tuple(COMPRESSIONS)):
                    raise QuarantineError("what is compressed in it is compressed again: compress it once")
            facts.add(chunk)
            text.write(chunk)
    return head


def _expanded(file: Path, settings: Settings) -> Iterator[bytes]:
    size = 0
    honest = max(CHUNK, settings.max_expansion * file.stat().st_size)
    try:
        with opened(file) as expanded:
            while chunk := expanded.read(CHUNK):
                size += len(chunk)
                if size > settings.max_file_bytes:
                    raise QuarantineError(too_large(settings))
                if size > honest:
                    raise QuarantineError(
                        f"it grows to more than {settings.max_expansion} times its size, as a gzip bomb does: deliver"
                        " it otherwise, or raise max_expansion in spendgate.toml and touch it"
                    )
                yield chunk
    except (EOFError, gzip.BadGzipFile, zlib.error, pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        kind = {".gz": "gzip", ".zst": "zstandard"}[file.suffix]
        raise QuarantineError(f"damaged {kind} file ({first_line(error)}): deliver it again") from error


def opened(copy: Path) -> BinaryIO:
    """The text of a staged copy, expanded as its name says."""
    if copy.suffix == ".gz":
        return cast(BinaryIO, gzip.open(copy))
    return pa.input_stream(str(copy), compression="zstd") if copy.suffix == ".zst" else copy.open("rb")


def too_large(settings: Settings) -> str:
    """Why a file over the cap is refused, and what helps."""
    limit = f"{settings.max_file_bytes:,} bytes expanded"
    return f"larger than {limit}: split it, or raise max_file_bytes in spendgate.toml and touch it"


def has_blank_beside_quote(text: bytes) -> bool:
    """Whether DuckDB would read a CSV text as nobody else does: it passes over blanks before and behind quotes."""
    return b'"' in text and (b'" ' in text or b' "' in text)


class _TextFacts:
    """What has to be known of a text before a bulk reader may have it, gathered chunk by chunk.

    It is looked at as bytes: each look is one search that runs as fast as memory is read.
    """

    def __init__(self, max_line_bytes: int, *, is_csv: bool) -> None:
        self.lines = 0
        self.clean = True
        self.terminated = True
        self._is_csv = is_csv
        self._last_byte = b""
        self._max_line_bytes = max_line_bytes
        self._line_bytes = 0
        self._is_ascii = True
        self._decoder = getincrementaldecoder("utf-8")()

    def add(self, chunk: bytes) -> None:
        """Take in the next bytes (never none) of the text."""
        if self._is_csv:
            self.lines += chunk.count(b"\n")
            odd = has_blank_beside_quote(chunk) or has_blank_beside_quote(self._last_byte + chunk[:1])
            self.clean = self.clean and not odd
            self._last_byte = chunk[-1:]
        self.terminated = chunk.endswith(b"\n")
        if self.clean:
            self.clean = b"\0" not in chunk and self._decodes(chunk) and self._has_short_lines(chunk)

    def _decodes(self, chunk: bytes) -> bool:
        self._is_ascii = chunk.isascii() and self._is_ascii  # from then on a character may go on in the next chunk
        try:
            if not self._is_ascii:
                self._decoder.decode(chunk)
        except UnicodeDecodeError:
            return False
        return True

    def _has_short_lines(self, chunk: bytes) -> bool:
        start = 0
        while (end := chunk.rfind(b"\n", start, start + self._max_line_bytes - self._line_bytes)) >= 0:
            start, self._line_bytes = end + 1, 0
        self._line_bytes += len(chunk) - start
        return self._line_bytes < self._max_line_bytes
