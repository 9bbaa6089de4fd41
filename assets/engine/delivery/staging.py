"""A delivered file's own copy, under the hash of its bytes, expanded and checked.

Belongs here: copying, hashing, expanding. Does not: what is in a file (`reading`), nor who may take it (`inbox`).
"""

import gzip
import hashlib
import os
import stat
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from assets.engine.data_root import DataRoot
from assets.engine.delivery.file_types import COMPRESSIONS, GZIP, PARQUET, ZSTANDARD, format_of, format_said
from assets.engine.delivery.files import (
    DeliveredFile,
    NotReadyError,
    QuarantineError,
    StagedFile,
    finished_file,
    too_large,
)
from assets.engine.delivery.text_profile import TextProfile
from assets.engine.errors import first_line
from assets.engine.hashing import sha256_of
from assets.engine.kinds import UNKNOWN
from assets.engine.settings import Settings

CHUNK = 1 << 20


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


def staged_again(root: DataRoot, sha256: str, name: str, settings: Settings) -> StagedFile:
    """The staged copy of a file that was taken before, read and checked again; made from the delivered file if need be.

    Raises:
        NotReadyError: both are gone, or their bytes are not what they were.
        QuarantineError: it is over a limit that has been lowered since.
    """
    sources = [path for path in (staged_copy(root, sha256, name), root.path / name) if path and path.is_file()]
    for path in sources:
        staged = stage(finished_file(path, UNKNOWN, name), root, settings)
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


def staged_copy(root: DataRoot, sha256: str, name: str) -> Path | None:
    """The staged copy of a file, if it is still there; the same bytes may have come as two formats."""
    return next(root.staged.glob(f"{sha256}.{format_said(name) or ''}*"), None)


def opened(copy: Path) -> BinaryIO:
    """The text of a staged copy, expanded as its name says."""
    if copy.suffix == ".gz":
        return cast(BinaryIO, gzip.open(copy))
    return pa.input_stream(str(copy), compression="zstd") if copy.suffix == ".zst" else copy.open("rb")


def _staged(copy: "_Copy", name: str, root: DataRoot, settings: Settings) -> StagedFile:
    """Move a copy under its hash, and expand it if it is compressed."""
    sha256, facts = copy.sha256, copy.facts
    compression = next((word for start, word in COMPRESSIONS.items() if copy.magic.startswith(start)), "")
    source, text, head = copy.path, copy.path, copy.magic
    if compression:
        source = copy.path.replace(copy.path.with_suffix(compression))
        text = root.scratch / f"{sha256}.text"
        head = _expand(source, text, facts, settings)
    kind = format_of(name, head, compression)
    target = root.staged / f"{sha256}.{kind}{compression}"
    source.replace(target)
    if kind == "parquet":
        return StagedFile(target, sha256, target, kind)
    return StagedFile(target, sha256, text if compression else target, kind, facts.lines, facts.clean, facts.terminated)


@dataclass(frozen=True)
class _Copy:
    """A copy of a delivered file: where it is, its hash, its first bytes, and facts of it where it is text."""

    path: Path
    sha256: str
    magic: bytes
    facts: "TextProfile"


def _copy(file: DeliveredFile, target: Path, settings: Settings) -> _Copy:
    """Copy the bytes, hash them and, where they are text, note facts of it on the way."""
    facts = TextProfile(settings.max_line_bytes, is_csv=format_said(file.path.name) == "csv")
    digest = hashlib.sha256()
    magic = b""
    try:
        # never follow a link put there since the listing, never hang on a pipe
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


def _expand(file: Path, target: Path, facts: "TextProfile", settings: Settings) -> bytes:
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
