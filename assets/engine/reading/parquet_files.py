"""Parquet: footers held against what is accepted, pages against their check sums.

Belongs here: whether DuckDB may read a file, and what it is called when it may not. Does not: reading the rows
(`sql/steps/read_parquet.sql`).
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from assets.engine.delivery.files import QuarantineError, StagedFile, too_large
from assets.engine.errors import first_line
from assets.engine.reading.columns import LogicalType, ParquetColumn, parquet_columns
from assets.engine.reading.csv_files import check_names
from assets.engine.reading.text import no_column
from assets.engine.settings import Settings

ROW_BYTES = 32
"""Least that a row takes once it is read: packed, a thousand bytes can hold a billion rows."""

ROWS_AT_ONCE = 50_000
"""Rows read together to verify their pages; bounds memory."""

UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError)
"""What Arrow raises for a damaged Parquet file; a name of a column or zone may be no text."""


@dataclass(frozen=True)
class ParquetSchema:
    """What a footer says: the columns by name, their names in order (one may be there twice), the number of rows."""

    columns: dict[str, ParquetColumn]
    names: list[str]
    rows: int


def parquet_schema(staged: StagedFile, settings: Settings) -> ParquetSchema:
    """What the footer of a Parquet file says, none of whose data has been read yet.

    Raises:
        QuarantineError: it has no readable footer, or one that announces more than the cap.
    """
    try:
        with pq.ParquetFile(staged.path) as file:
            found, metadata = parquet_columns(file), file.metadata
            names = file.schema_arrow.names
            sizes = [metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)]
    except UNREADABLE as error:
        raise QuarantineError(f"not a readable Parquet file ({first_line(error)[:200]})") from error
    if max(sum(sizes), metadata.num_rows * ROW_BYTES) > settings.max_file_bytes:
        raise QuarantineError(too_large(settings))
    if _has_check_sums(staged.path, metadata):
        _verify_check_sums(staged.path)
    return ParquetSchema(found, names, metadata.num_rows)


def check_columns(
    schema: ParquetSchema, columns: dict[str, LogicalType], folders: dict[str, str], *, local_times: bool
) -> None:
    """Hold the columns of a Parquet file against what is asked for.

    Args:
        schema: of the file.
        columns: those that must be there, and what each holds.
        folders: columns that only a folder of the file names, and that folder.
        local_times: whether times that do not say in which zone they are may be there.

    Raises:
        QuarantineError: one is not there, there twice, or of another type.
    """
    check_names(schema.names, (*columns, "file_row_number"))
    for name, type_ in columns.items():
        if name not in schema.names:
            raise QuarantineError(no_column(name, schema.names, folders.get(name)))
        column = schema.columns[name]
        if column.is_empty and not schema.rows:
            continue
        if not type_.accepts(column) or (column.is_local_time and not local_times):
            raise QuarantineError(f"column {name} is {column.arrow}: deliver {type_.wanted}{_way_out(column)}")


def _way_out(column: ParquetColumn) -> str:
    if not column.is_local_time:
        return ""
    return ", or say in spendgate.toml in which zone these times are (events_zone, payments_zone, prices_zone)"


def _has_check_sums(path: Path, metadata: pq.FileMetaData) -> bool:
    """Whether the pages carry check sums: their own, as Spark writes them, or those of gzip. DuckDB looks at neither.

    They cost as much to verify as the file to read, so it is done for none of the others, which have nothing to verify.
    """
    if not (metadata.num_row_groups and metadata.num_columns):
        return False
    chunk = metadata.row_group(0).column(0)
    with path.open("rb") as file:
        file.seek(chunk.dictionary_page_offset or chunk.data_page_offset)
        header = file.read(64)
    # Thrift: three numbers (kind of page, two sizes), each after 0x15, then a fourth if there is a check sum
    return chunk.compression == "GZIP" or bool(re.match(rb"(?:\x15[\x80-\xff]*[\x00-\x7f]){4}", header, re.DOTALL))


def _verify_check_sums(path: Path) -> None:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for _ in file.iter_batches(ROWS_AT_ONCE):
                pass
    except UNREADABLE as error:
        raise QuarantineError(f"damaged Parquet file ({first_line(error)[:200]}): deliver it again") from error
