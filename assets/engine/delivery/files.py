"""A delivered file, and its staged copy, as they are known to the steps that follow.

Belongs here: what is known of a file, and why it may be refused or has to wait. Does not: finding it (`listing`),
copying it (`staging`), admitting it (`inbox`).
"""

from dataclasses import dataclass
from pathlib import Path

from assets.engine.settings import Settings

FileState = tuple[str, int, int]
"""Name, bytes and time of the last change: what tells one state of a file from another without reading it.

The time is the inode's (ctime), which, other than the modification time, nobody can set back.
"""


class QuarantineError(Exception):
    """The whole file is refused; the text is the reason recorded for it.

    Attributes:
        sha256: its bytes, if they have been read.
    """

    sha256: str | None = None


class NotReadyError(Exception):
    """The file cannot be taken now and will be read again; the text says why."""


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
        failed_reads: how often it could not be taken in this state.
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
    failed_reads: int = 0
    unlisted: str | None = None

    @property
    def state(self) -> FileState:
        """Its present state."""
        return self.name, self.bytes, self.changed_ns


def finished_file(path: Path, kind: str, name: str) -> DeliveredFile:
    """A file that lies there as finished, wherever that is.

    Raises:
        OSError: it does not.
    """
    status = path.stat(follow_symlinks=False)
    return DeliveredFile(path, kind, name, status.st_size, status.st_mtime_ns, status.st_ctime_ns, None, flagged=True)


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


def too_large(settings: Settings) -> str:
    """Why a file over the cap is refused, and what helps."""
    limit = f"{settings.max_file_bytes:,} bytes expanded"
    return f"larger than {limit}: split it, or raise max_file_bytes in spendgate.toml and touch it"
