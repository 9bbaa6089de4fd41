"""Several JSON objects on a line, as stream writers leave them.

Belongs here: telling them apart, and a text with a line for each. Does not: what is in an object (`jsonl_files`).
"""

import json
import re
from codecs import getincrementaldecoder
from pathlib import Path

from assets.engine.reading.text import CHUNK

# --- several objects on a line, as stream writers leave them

_PLAIN = json.JSONDecoder()

_BLANKS = re.compile(r"\s*")


def split_objects(file: Path, target: Path, max_line_bytes: int) -> None:
    """Rewrite a text with a line for each object; a line that is not one object behind the other stays as it is.

    A line number of the new text is the place of an object in the file, by which it is found again.

    Args:
        file: the text.
        target: where the new one goes.
        max_line_bytes: bytes an object may have; about twice as many are held in memory.
    """
    decoder = getincrementaldecoder("utf-8")("surrogateescape")
    waiting = ""
    with file.open("rb") as text, target.open("wb") as lines:

        def write(line: str) -> None:
            lines.write(line.encode("utf-8", "surrogateescape"))

        while chunk := text.read(CHUNK):
            *ended, waiting = (waiting + decoder.decode(chunk)).split("\n")
            for line in ended:
                write("".join(f"{each}\n" for each in objects_of(line)))
            *whole, waiting = leading_objects(waiting)
            write("".join(f"{each}\n" for each in whole))
            if len(waiting) > 2 * max_line_bytes:  # whatever it is, it is refused: no need to hold more of it
                write(waiting)
                waiting = ""
        if waiting:
            write("\n".join(objects_of(waiting)))


def objects_of(line: str) -> list[str]:
    """The objects of a line that holds nothing else; else the line."""
    objects = leading_objects(line)
    return objects if _object_end(objects[-1], 0) == len(objects[-1].rstrip()) else [line]


def leading_objects(line: str) -> list[str]:
    """The objects at the beginning of a line behind which another one begins; and what comes behind them."""
    objects = []
    begins = 0
    while (end := _object_end(line, begins)) is not None:
        next_one = end + len(_BLANKS.match(line, end)[0])  # type: ignore[index]  # it always matches
        if not line.startswith("{", next_one):
            break
        objects.append(line[begins:end])
        begins = next_one
    return [*objects, line[begins:]]


def _object_end(text: str, begins: int) -> int | None:
    """Where the object ends that begins at a place, if one does."""
    if not text.startswith("{", begins):
        return None
    try:
        return _PLAIN.raw_decode(text, begins)[1]
    except (ValueError, RecursionError):
        return None
