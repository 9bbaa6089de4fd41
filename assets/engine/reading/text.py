"""Texts as lines: numbered, bounded, cut, and told apart where they cannot be read.

Belongs here: what JSON lines and CSV have in common. Does not: what a line holds (`jsonl_files`, `csv_files`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

RAW_TEXT_LIMIT = 4096
"""Bytes of a refused row that are kept."""

CUT_MARK = " ... [cut]"

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

CHUNK = 1 << 20
"""Bytes of a text that are read at once."""

HEADER_BYTES = 1 << 16
"""As much of a first line is read to tell what a file is."""

NAMES = 100
"""Ignored columns or keys of a file that are named."""

NAME_LIMIT = 256
"""Bytes of such a name that are kept."""

JOINED = "begins with a byte-order mark: was another file appended here?"


@dataclass(frozen=True)
class Row:
    """One row as text: its line (from 1), its values in the kind's column order, and what is wrong with its form."""

    line_number: int
    values: tuple[str | None, ...]
    fault: str | None = None


class IgnoredNames:
    """Columns or keys of one file that nobody asked for: the first hundred, and how often others were met.

    Bounded, since a file may hold another key in every line.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names: set[str] = set()
        self._seen: set[str] = set()
        self.more = 0
        for name in names:
            self.add(name)

    @property
    def names(self) -> list[str]:
        """Those that are named, sorted."""
        return sorted(self._names)

    def __contains__(self, name: str) -> bool:
        """Whether a name is among those that are named, so that it need not be added again."""
        return name in self._seen

    def add(self, name: str, times: int = 1) -> None:
        """Note that a name was met so often."""
        shown = cut(escaped(name), NAME_LIMIT)
        if shown in self._names:
            return
        if len(self._names) < NAMES:
            self._names.add(shown)
            self._seen.add(name)
        else:
            self.more += times


def lines_of(file: Path, numbers: Iterable[int], limit: int) -> Iterator[tuple[int, str]]:
    """Lines of a text, asked for by ascending number.

    Each is cut at `limit` bytes, and marked if it was; bytes that are not UTF-8 become escapes.
    """
    for number, line in lines_at(file, numbers, limit + len(CUT_MARK)):
        yield number, _shown(line, limit)


def lines_at(file: Path, numbers: Iterable[int], limit: int) -> Iterator[tuple[int, bytes]]:
    """Lines of a text as they are, asked for by ascending number; each is cut at `limit` bytes."""
    with file.open("rb") as text:
        lines = numbered_lines(text, limit)
        for wanted in numbers:
            yield wanted, next(line for number, line in lines if number == wanted)


def _shown(line: bytes, limit: int) -> str:
    text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    return cut(text, limit)


def cut(text: str, limit: int) -> str:
    """The text, or its beginning with a mark that says so; `limit` counts its bytes."""
    content = text.encode()
    return text if len(content) <= limit else content[: limit - len(CUT_MARK)].decode(errors="ignore") + CUT_MARK


def numbered_lines(text: BinaryIO, limit: int) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, from 1; of a line longer than `limit` only the first `limit` bytes."""
    number = 0
    while line := text.readline(limit):
        number += 1
        if number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        yield number, line
        while len(line) >= limit and not line.endswith(b"\n") and (line := text.readline(limit)):
            pass


def first_lines(file: Path, count: int) -> list[bytes]:
    """The first lines of a text, each cut at HEADER_BYTES; fewer, or empty ones, where there are no more."""
    with file.open("rb") as text:
        return [text.readline(HEADER_BYTES).removeprefix(BYTE_ORDER_MARK) for _ in range(count)]


def ends_lines_in_cr(file: Path) -> bool:
    """Whether the lines of a text end in CR alone, as spreadsheets write for old Macs: to readers, it is one line."""
    with file.open("rb") as text:
        head = text.read(HEADER_BYTES)
    return b"\n" not in head and b"\r" in head.rstrip(b"\r")


def decoded(line: bytes, limit: int) -> str:
    """A line as text.

    Raises:
        ValueError: it is over the limit, or no text; the error says what is wrong with it.
    """
    if len(line.rstrip(b"\r\n")) > limit:
        raise ValueError(f"line longer than {limit:,} bytes")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start + 1}") from None
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


def fault_of(line: bytes, limit: int) -> str | None:
    """What keeps a line from being a text within the limit."""
    try:
        decoded(line, limit)
    except ValueError as error:
        return str(error)
    return None


def without_unreadable_lines(
    file: Path, target: Path, limit: int, filler: bytes, is_odd: Callable[[bytes], bool]
) -> Iterator[tuple[int, bytes]]:
    """Copy a text for a bulk reader, and yield each line that it could not take: there stands a filler instead.

    Args:
        file: the text.
        target: where the copy goes; it is whole once the iterator has ended.
        limit: bytes that a line may have.
        filler: the line that stands for one that cannot be read.
        is_odd: whether a line that is a text cannot be read in bulk all the same.

    Yields:
        The number of a line, and its bytes, cut a little over the limit.
    """
    with file.open("rb") as text, target.open("wb") as copy:
        for number, line in numbered_lines(text, limit + 2):
            if is_odd(line) or fault_of(line, limit):
                copy.write(filler)
                yield number, line
            else:
                copy.write(line)


def escaped(text: str) -> str:
    """A text that may hold half a character (a lone surrogate), written so that it can be stored."""
    return text.encode("utf-8", "backslashreplace").decode()


def only_in_folder(name: str, folder: str) -> str:
    """Why a row or file is refused whose column only the name of a folder tells."""
    return f"{name} is missing; only its folder {folder} names it: write it into the file"


def no_column(name: str, names: list[str], folder: str | None = None) -> str:
    """Why a file without a column is refused, with what may be meant by it."""
    if folder:
        return f"column {only_in_folder(name, folder)}"
    alike = next((other for other in names if other.strip().lower() == name), None)
    hint = f"found '{alike}'" if alike else f"its first line reads {', '.join(names)[:200]}"
    return f"column {name} is missing; {hint}"
