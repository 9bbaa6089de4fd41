"""Every file of the corpus."""

from tests.corpus.containers import archives, gzipped, misnamed
from tests.corpus.names import formulas_and_long_texts, names, sorts
from tests.corpus.readiness import cut_off, empty, known, waiting
from tests.corpus.shapes import csv_shapes, long_and_deep, parquet_shapes
from tests.corpus.texts import json_shapes, texts
from tests.corpus.values import known_rows, values

CASES = [
    case
    for make in (
        waiting, cut_off, empty, known, gzipped, misnamed, archives, texts, json_shapes, values, known_rows,
        long_and_deep, csv_shapes, parquet_shapes, names, sorts, formulas_and_long_texts,
    )
    for case in make()
]  # fmt: skip
"""Every delivered file, in the order of delivery."""
