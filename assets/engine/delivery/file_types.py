"""What a file is: by what its name says, held against its first bytes.

Belongs here: names, magic bytes, and what is refused for them. Does not: reading a file.
"""

import re

from assets.engine.delivery.files import QuarantineError

GZIP, ZSTANDARD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"

FORMATS = {"jsonl": "jsonl", "ndjson": "jsonl", "json": "jsonl", "csv": "csv", "parquet": "parquet"}
"""Endings of names, and what they say; other names say nothing, and the content tells."""

COMPRESSED = (".gz", ".gzip", ".zst", ".zstd")

COMPRESSIONS = {GZIP: ".gz", ZSTANDARD: ".zst"}
"""First bytes of compressed files, and what a staged copy of one ends in."""

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


def format_of(name: str, head: bytes, compression: str) -> str:
    """Format by name, held against the first bytes; by those alone where the name says nothing."""
    said = format_said(name)
    refuse_archive(head, said or "JSON lines, CSV or Parquet")
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
    return FORMATS.get(uncompressed_name(name).rpartition(".")[2])


def is_plain_text(name: str) -> bool:
    """Whether a file's name says that it is text, and not compressed."""
    return format_said(name) in ("jsonl", "csv") and not name.lower().endswith(COMPRESSED)


def uncompressed_name(name: str) -> str:
    """A name in small letters, without what says how it is compressed."""
    name = name.lower()
    return next((name.removesuffix(ending) for ending in COMPRESSED if name.endswith(ending)), name)


def _text_format(head: bytes) -> str | None:
    """What a text seems to be by its beginning: objects, or a line of names with commas between them."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text or text[:1] in b"{[":
        return "jsonl"
    return "csv" if re.match(rb'"?[A-Za-z_][\w ]*"?(,"?[\w ]*"?)+(\r?\n|$)', text) else None


def refuse_archive(head: bytes, wanted: str) -> None:
    """Refuse what is sometimes delivered under a name of ours, by its first bytes."""
    sort = next((sort for start, sort in ARCHIVES.items() if head.startswith(start)), None)
    if head[257:262] == b"ustar":
        sort = "a tar archive"
    if sort:
        raise QuarantineError(f"it is {sort}, not {wanted}: deliver UTF-8 text or Parquet")
