"""Compressed and packed files, and names that say something else: inputs 10 to 15."""

import bz2
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from tests.corpus.case import CAP, EVENT_SCHEMA, MIB, Case, click, gz, ordinary, parquet, plain, quarantined
from tests.world import csv_text, jsonl

# --- 10 to 15: containers


def gzipped() -> list[Case]:
    """Gzip files, sound and damaged."""
    rows = ordinary("10")
    texts = {"jsonl": jsonl(*rows), "csv": csv_text(*rows)}
    cases = []
    for form, text in texts.items():
        whole = gz(text)
        size = len(whole)
        cases += [
            quarantined(10, f"gzip cut short to {left} of {size} bytes ({form})", f"a.{form}.gz", whole[:left],
                        "damaged gzip file (…")
            for left in (2, 9, 10, 11, size // 4, size // 2, size * 3 // 4, size - 9, size - 8, size - 4, size - 1)
        ]  # fmt: skip
    whole = gz(texts["jsonl"])
    cases.append(quarantined(10, "gzip cut short to 1 byte", "a.jsonl.gz", whole[:1], "…"))
    two = whole + gz(jsonl(*ordinary("10/two")))
    cases += [
        quarantined(10, f"second member cut short by {less} bytes", "a.jsonl.gz", two[:-less], "damaged gzip file (…")
        for less in (1, 8, 40, len(two) - len(whole) - 1)
    ]
    wrong = {
        "a wrong CRC": flipped(whole, len(whole) - 8),
        "a wrong length": flipped(whole, len(whole) - 4),
        "a wrong CRC in its first member": flipped(whole, len(whole) - 8) + whole,
        "a flipped byte amid its data": flipped(whole, len(whole) // 2),
        "trailing garbage": whole + b"garbage",
        "one trailing byte": whole + b"\n",
        "plain rows after it": whole + jsonl(click("11/after")).encode(),
    }
    cases += [
        quarantined(11, f"gzip with {what} ({form})", f"a.{form}.gz", body, "damaged gzip file (…")
        for what, body in wrong.items()
        for form in ("jsonl", "csv")
    ]
    return cases


def flipped(content: bytes, place: int, bits: int = 0xFF) -> bytes:
    """The content with bits of one byte turned over."""
    return content[:place] + bytes([content[place] ^ bits]) + content[place + 1 :]


def misnamed() -> list[Case]:
    """Gzip and plain text under each other's names, gzip of several members, and what is too large."""
    table = parquet(pa.Table.from_pylist(ordinary("12/p", 2), EVENT_SCHEMA))
    says = "its name says {}, its first bytes do not: rename or deliver it again"
    members = [jsonl(click(f"13/{n}")) for n in range(3)]
    torn = jsonl(click("13/torn/0"), click("13/torn/1"))
    return [
        plain(12, "plain JSON lines called gzip", "12-plain.jsonl.gz", jsonl(click("12/a")).encode(), "12/a"),
        plain(12, "plain CSV called gzip", "12-plain.csv.gz", csv_text(click("12/b")).encode(), "12/b", first=2),
        plain(12, "gzip not called so (jsonl)", "12-gzip.jsonl", gz(jsonl(click("12/c"))), "12/c"),
        plain(12, "gzip not called so (csv)", "12-gzip.csv", gz(csv_text(click("12/d"))), "12/d", first=2),
        plain(12, "plain Parquet called gzip", "12-plain.parquet.gz", table, "12/p/0", "12/p/1"),
        quarantined(12, "gzip called Parquet", "a.parquet", gz(jsonl(click("12/e"))), says.format("parquet")),
        quarantined(12, "gzipped Parquet", "a.parquet.gz", gz(table), says.format("parquet")),
        quarantined(12, "Parquet called JSON lines", "a.jsonl", table, says.format("jsonl")),
        quarantined(12, "Parquet called CSV", "a.csv", table, says.format("csv")),
        quarantined(12, "JSON lines called Parquet", "a.parquet", jsonl(click("12/f")), says.format("parquet")),
        plain(12, "gzip whose name says no form", "12-a.gz", gz(jsonl(click("12/g"))), "12/g"),
        plain(13, "gzip of several members", "13-three.jsonl.gz", b"".join(map(gz, members)), "13/0", "13/1", "13/2"),
        plain(13, "gzip of members that share a line", "13-torn.jsonl.gz", gz(torn[:50]) + gz(torn[50:]),
              "13/torn/0", "13/torn/1"),
        plain(13, "gzip with empty members", "13-empty.csv.gz", gz("") + gz(csv_text(click("13/csv"))) + gz(""),
              "13/csv", first=2),
        quarantined(14, "file over the default cap of 2 GB", "a.jsonl", hollow(CAP + 1),
                    "larger than 2,147,483,648 bytes expanded: split it, or raise max_file_bytes in spendgate.toml …"),
        quarantined(14, "gzip bomb", "a.jsonl.gz", gz(bytes(3 * MIB)),
                    "it grows to more than 200 times its size, as a gzip bomb does: deliver it otherwise, or raise …"),
        quarantined(14, "Parquet file over the default cap of 2 GB", "a.parquet", hollow(CAP + 1),
                    "larger than 2,147,483,648 bytes expanded: …"),
    ]  # fmt: skip


def hollow(size: int) -> Callable[[Path], None]:
    """A file of so many bytes that takes no room."""

    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(size)

    return make


def zipped(*names: str) -> bytes:
    """A zip archive of files with these names."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), jsonl(click("15/zip")))
    return sink.getvalue()


def tarred(format_: int) -> bytes:
    """A tar archive of a file of ours."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=format_) as archive:
        body = jsonl(click("15/tar")).encode()
        info = tarfile.TarInfo("a.jsonl")
        info.size = len(body)
        archive.addfile(info, io.BytesIO(body))
    return sink.getvalue()


def archives() -> list[Case]:
    """Archives and other formats under names of ours."""
    body = jsonl(click("15/other")).encode()
    sheet = zipped("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml")
    kinds = {
        "zip": (zipped("a.jsonl"), "a zip archive or a spreadsheet"),
        "spreadsheet": (sheet, "a zip archive or a spreadsheet"),
        "tar": (tarred(tarfile.USTAR_FORMAT), "a tar archive"),
        "GNU tar": (tarred(tarfile.GNU_FORMAT), "a tar archive"),
        "bzip2": (bz2.compress(body), "a bzip2 file"),
        "xz": (lzma.compress(body), "an xz file"),
    }
    cases = [
        quarantined(15, f"{what} renamed to .{form}", f"a.{form}", content,
                    f"it is {sort}, not {form.removesuffix('.gz')}: deliver UTF-8 text or Parquet")
        for what, (content, sort) in kinds.items()
        for form in ("jsonl", "csv", "parquet", "jsonl.gz")
    ]  # fmt: skip
    tar = gz(tarred(tarfile.PAX_FORMAT))
    cases += [
        quarantined(15, f"gzipped tar renamed to .{form}.gz", f"a.{form}.gz", tar,
                    f"it is a tar archive, not {form}: deliver UTF-8 text or Parquet")
        for form in ("jsonl", "csv")
    ]  # fmt: skip
    cases.append(quarantined(15, "empty zip renamed to .jsonl", "a.jsonl", zipped(),
                             "it is …, not jsonl: deliver UTF-8 text or Parquet"))  # fmt: skip
    cases += [
        quarantined(
            15,
            f"name that ends in {ending}",
            f"a{ending}",
            zipped("a.jsonl"),
            "it is a zip archive or a spreadsheet, not …: deliver UTF-8 text or Parquet",
        )
        for ending in (".zip", ".xlsx", ".tar.gz", ".json", ".txt", "")
    ]
    return cases
