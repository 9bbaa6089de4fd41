"""JSON lines: an object per line, read in bulk by DuckDB but for the lines it leaves in doubt.

Belongs here: what is an object, which of its keys count twice, and what is said of a line that is none. Does not: the
rules for values. The reader in Python is the authority; the bulk reader takes a line only when nothing is in doubt.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from assets.engine.delivery.files import QuarantineError
from assets.engine.reading.json_objects import leading_objects, objects_of
from assets.engine.reading.text import (
    CHUNK,
    HEADER_BYTES,
    JOINED,
    IgnoredNames,
    Row,
    decoded,
    ends_lines_in_cr,
    escaped,
    numbered_lines,
    only_in_folder,
)
from assets.engine.settings import Settings

SAMPLES, SAMPLE_LINES = 16, 64
"""Places of a file, and lines of each, that are read to learn which keys its lines usually have."""

USUAL = 8
"""Sets of keys that are taken for usual; lines with other keys are examined one by one, which takes longer."""


class SeveralObjectsError(Exception):
    """A line holds several objects, one behind the other: the text has to be split before it is read."""


class _Literal(str):
    """A number as it was written."""

    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of a JSON object, in order, with those that are there twice."""


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Pairs,
    parse_int=_Literal,
    parse_float=_Literal,
    parse_constant=_Literal,
)


@dataclass(frozen=True)
class JsonLines:
    """A file of JSON lines: which of its keys are asked for, within which limits.

    Attributes:
        file: the text.
        columns: keys that are asked for.
        ignored: where the others are noted.
        settings: limits for lines and nesting.
        folders: keys that only a folder of the file names, and that folder.
        is_split: lines that held several objects have been split.
    """

    file: Path
    columns: tuple[str, ...]
    ignored: IgnoredNames
    settings: Settings
    folders: dict[str, str]
    is_split: bool = False

    def rows(self) -> Iterator[Row]:
        """Each line as a row.

        Raises:
            SeveralObjectsError: a line holds several of them.
        """
        with self.file.open("rb") as text:
            for number, line in numbered_lines(text, self.settings.max_line_bytes + 1):
                if line.strip():
                    yield self.row(number, line)

    def row(self, number: int, line: bytes) -> Row:
        """One line as a row; the fault says what keeps it from being one."""
        try:
            found = self._object(line, number)
            values = tuple(_text(name, found) for name in self.columns)
        except ValueError as error:
            return Row(number, (), escaped(str(error)))
        for key in found:
            if key not in self.columns and key not in self.ignored:
                self.ignored.add(key)
        return Row(number, values, self._only_in_folder(values))

    def _ask_for_a_split(self) -> None:
        if not self.is_split:
            raise SeveralObjectsError

    def _only_in_folder(self, values: tuple[str | None, ...]) -> str | None:
        for name, value in zip(self.columns, values, strict=True):
            if value is None and name in self.folders:
                return only_in_folder(name, self.folders[name])
        return None

    def _object(self, line: bytes, number: int) -> dict[str, Any]:
        limit = self.settings.max_line_bytes
        if len(line.rstrip(b"\r\n")) > limit and len(leading_objects(line.decode("utf-8", "replace"))) > 1:
            self._ask_for_a_split()
        text = decoded(line, limit).rstrip("\r\n")
        depth = self.settings.max_json_depth
        if text.count("{") + text.count("[") > depth and nesting_depth(text) > depth:
            raise ValueError(f"JSON nested deeper than {depth}")
        if number > 1 and text.startswith("\ufeff"):
            raise ValueError(JOINED)
        try:
            value = _DECODER.decode(text)
        except json.JSONDecodeError as error:
            if error.msg == "Extra data" and len(objects_of(text)) > 1:
                self._ask_for_a_split()
            what = error.msg.removesuffix(" at")
            raise ValueError(f"not JSON: {what} at character {error.pos + 1} (was the line cut off?)") from None
        if not isinstance(value, _Pairs):
            raise ValueError("not a JSON object: expected one object per line")
        found = dict(value)
        if len(found) < len(value):
            raise ValueError(f"key '{Counter(key for key, _ in value).most_common(1)[0][0]}' is there twice")
        return found


def refuse_json_document(file: Path) -> None:
    """Tell a JSON document from JSON lines by the first two lines that are not blank.

    Raises:
        QuarantineError: it is a document, or its lines cannot be told apart.
    """
    if ends_lines_in_cr(file):
        raise QuarantineError("its lines end in CR alone: deliver LF or CR LF")
    with file.open("rb") as text:
        lines = (line.strip() for _, line in numbered_lines(text, HEADER_BYTES))
        first, second = (next(filter(None, lines), b"") for _ in range(2))
    opened = re.match(rb"\{.*[\[{]$", first) and second.endswith(b",")  # else it is one line that was cut off
    if first in (b"{", b"[") or re.match(rb"\[\s*\{", first) or opened:
        raise QuarantineError("expected one object per line, found a JSON document spread over lines or an array")


def usual_keys(file: Path) -> list[list[str]]:
    """The sets of keys that lines of a file usually have, in their order, the commonest first.

    It is sampled in several places: what stands for the lines of one hour may not for those of another. A set in
    which a key is there twice is not usual.
    """
    found: Counter[tuple[str, ...]] = Counter()
    size = file.stat().st_size
    with file.open("rb") as text:
        for place in range(SAMPLES):
            text.seek(size * place // SAMPLES)
            if place:
                text.readline(CHUNK)  # what is left of the line in which it fell
            for line in islice(iter(lambda: text.readline(CHUNK), b""), SAMPLE_LINES):
                found.update(_keys(line))
    return [list(keys) for keys, _ in found.most_common(USUAL)]


def _keys(line: bytes) -> Iterator[tuple[str, ...]]:
    try:
        value = _DECODER.decode(line.decode().removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return
    keys = tuple(key for key, _ in value) if isinstance(value, _Pairs) else ()
    if keys and len(set(keys)) == len(keys) and escaped("".join(keys)) == "".join(keys):
        yield keys


def _text(name: str, found: dict[str, Any]) -> str | None:
    """The text of a value; numbers as they were written."""
    value = found.get(name)
    if value is None:
        alike = next((key for key in found if key.lower() == name and key != name), None)
        if alike is not None:
            raise ValueError(f"{name} is missing; found '{alike}' (keys are case-sensitive)")
        return None
    if isinstance(value, list):
        raise ValueError(f"{name} is a JSON {'object' if isinstance(value, _Pairs) else 'array'}")
    if isinstance(value, bool):
        if name.endswith("_id") and name not in ("ad_id", "brand_id", "transaction_id"):
            raise ValueError(f"{name} is {str(value).lower()}: expected text")
        return str(value).lower()
    if isinstance(value, _Literal):
        return _plain_number(name, value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} holds half a character (a lone surrogate)") from None
    return str(value)


def _plain_number(name: str, literal: _Literal) -> str:
    """A JSON number's text; an amount such as 1e2 without its exponent, if that is short."""
    if name in ("event_id", "payment_id", "correction_id") and not literal.lstrip("-").isdigit():
        raise ValueError(f"{name} is the number {literal}: expected text or a whole number")
    if name == "amount" and re.fullmatch(r"-?[0-9.]+[eE][+-]?[0-9]{1,2}", literal):
        return format(Decimal(literal), "f")
    return str(literal)


def nesting_depth(text: str) -> int:
    """Deepest nesting of brackets outside strings."""
    depth = deepest = 0
    for bracket in re.findall(r"[{}\[\]]", re.sub(r'"(?:[^"\\]|\\.)*"', "", text)):
        depth += 1 if bracket in "{[" else -1
        deepest = max(deepest, depth)
    return deepest
