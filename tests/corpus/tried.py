"""Which inputs of the list some test tries."""

from collections.abc import Callable
from typing import TypeVar

from tests.corpus.cases import CASES
from tests.corpus.reference_rows import REFERENCE_ROWS

ELSEWHERE = {
    **dict.fromkeys((41, 46, 47), "tests/test_faults.py"),
    **dict.fromkeys((61, 62, 63, 64, 65, 66, 67, 68, 73, 74, 75), "tests/test_writers.py"),
    **dict.fromkeys((69, 70, 71, 72), "tests/test_delivery.py"),
    **dict.fromkeys((76, 77, 78, 79), "tests/test_limit_files.py"),
    **dict.fromkeys((80, 81), "tests/test_corrections.py"),
}
"""Rows of the list that take more than a file of the corpus: a reader that dies, missing rights, settings, folders."""

TRIED = {case.row for case in CASES} | {row.row for row in REFERENCE_ROWS} | set(ELSEWHERE)

Test = TypeVar("Test", bound=Callable[..., None])


def tries(*rows: int) -> Callable[[Test], Test]:
    """Say which rows of the list a test tries, beside those of the corpus."""
    TRIED.update(rows)
    return lambda test: test
