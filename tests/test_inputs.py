"""Bad input: for every row of the list in `corpus`, exactly the outcome that is promised."""

import csv
import io
import os
import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import tests.test_inputs_over_time  # noqa: F401 says which inputs it tries
from assets.engine.reading import reader
from assets.engine.shown import printable
from assets.engine.warehouse.publication import open_published
from assets.engine.warehouse.statements import sql
from pipelines.cli.printing import print_csv
from tests.corpus.case import Case, Row
from tests.corpus.cases import CASES
from tests.corpus.inputs import INPUTS
from tests.corpus.reference_rows import REFERENCE_ROWS, ReferenceRow
from tests.corpus.tried import TRIED
from tests.corpus.world import Corpus, Found, run_corpus
from tests.test_mutants import GOOD
from tests.world import REFERENCE


def test_every_input_of_the_list_is_tried() -> None:
    assert sorted(INPUTS) == list(range(1, 82))
    assert set(INPUTS) == TRIED


def test_the_list_is_the_one_that_people_read() -> None:
    text = (Path(__file__).parents[1] / "docs" / "inputs.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| ([0-9]+) \| .* \| .* \|$", text, re.MULTILINE)
    assert list(map(int, listed)) == sorted(INPUTS)


def test_every_case_has_a_name_of_its_own() -> None:
    for names in ([case.id for case in CASES], [(case.kind, case.name) for case in CASES]):
        assert len(set(names)) == len(names)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return run_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def corpus_in_bulk(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "BULK_BYTES", 0)
        return run_corpus(tmp_path_factory.mktemp("bulk"))


def ledger_name(case: Case) -> str:
    """A file's name as the ledger has it."""
    name = os.fsdecode(case.name).replace("\\", "\\\\")
    return f"landing/{case.kind}/{printable(name)}"


def as_wanted(said: str | None, wanted: str | None) -> str | None:
    """What was said, shown as what is wanted if it is that; an ellipsis stands for anything."""
    if said and wanted and "…" in wanted:
        begins, _, ends = wanted.partition("…")
        return wanted if said.startswith(begins) and said.endswith(ends) else said
    return said


def typed(row: Row) -> tuple[Any, ...]:
    """A delivered row as it is stored."""
    id_, number, third, at, *_ = row.values()
    value = Decimal(str(third)) if "amount" in row else str(third).lower()
    return str(id_), int(number), value, datetime.fromisoformat(at)


def check(case: Case, found: Found | None) -> None:
    """Hold what became of a file against what must."""
    if case.outcome == "WAIT":
        assert found is None
        return
    assert found is not None
    rejected: dict[int, tuple[str | None, ...]] = {
        line: (raw, reason.replace("<this>", str(found.file_id))) for line, (raw, reason) in case.rejected.items()
    }
    parts = len(case.loaded), case.duplicate, len(case.rejected)
    expected = Found(
        found.file_id, case.outcome, case.reason, (sum(parts), *parts), case.drift,
        {line: typed(row) for line, row in case.loaded.items()}, rejected, case.unpriced,
    )  # fmt: skip
    told = {
        line: tuple(map(as_wanted, texts, rejected.get(line, (None, None)))) for line, texts in found.rejected.items()
    }
    assert replace(found, reason=as_wanted(found.reason, case.reason), rejected=told) == expected


def check_in(corpus: Corpus, case: Case) -> None:
    """Hold a file of the corpus against its case."""
    key = case.kind, ledger_name(case)
    if key not in corpus.found and case.what == "a device":
        pytest.skip("only root may make a device")
    assert key not in corpus.stopped, f"it stops the whole run: {corpus.stopped[key]}"
    check(case, corpus.found.get(key))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_file_comes_to_exactly_what_is_promised(corpus: Corpus, case: Case) -> None:
    check_in(corpus, case)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_file_comes_to_the_same_when_read_in_bulk(corpus_in_bulk: Corpus, case: Case) -> None:
    check_in(corpus_in_bulk, case)


@pytest.mark.parametrize("row", REFERENCE_ROWS, ids=lambda row: row.id)
def test_each_bad_reference_row_is_refused_and_listed(corpus: Corpus, row: ReferenceRow) -> None:
    rows = [other for other in REFERENCE_ROWS if other.table == row.table]
    good = REFERENCE[row.table].count("\n") - 1
    found = corpus.found[row.table, f"reference/{row.table}.csv"]
    assert (found.outcome, found.counts) == ("LOADED", (good + len(rows), good, 0, len(rows)))
    raw, reason = found.rejected[good + 2 + rows.index(row)]
    assert reason == row.reason
    assert raw == (row.text if len(row.text) <= 4096 else row.text[:4086] + " ... [cut]")


def test_every_file_and_row_is_accounted_for(corpus: Corpus) -> None:
    lying_there = {(case.kind, ledger_name(case)) for case in CASES if case.outcome != "WAIT"}
    lying_there |= {(table, f"reference/{table}.csv") for table in REFERENCE}
    missing = lying_there - corpus.found.keys() - corpus.stopped.keys()
    assert missing <= {("events", "landing/events/45-a-device-x.jsonl")}
    assert corpus.found.keys() <= lying_there
    for found in corpus.found.values():
        assert found.counts[0] == sum(found.counts[1:])
        assert len(found.rejected) == found.counts[3]
    assert corpus.world.value("select count(*) - count(distinct event_id) from raw.ad_events") == 0
    assert corpus.world.value("select count(*) - count(distinct payment_id) from raw.payments") == 0


def test_bad_input_disturbs_no_brand_and_no_charge(corpus: Corpus) -> None:
    world = corpus.world
    assert world.rows("select brand_id, name, daily_budget, timezone from core.brands order by 1") == [
        (1, "Acme", Decimal(10), "America/New_York"),
        (2, "Borealis", None, "Asia/Kolkata"),
        (3, "Cirrus", None, "UTC"),
    ]
    assert world.rows("select table_name, count(*) from internal.reference_rows group by all order by all") == [
        ("ad_sets", 4), ("ads", 4), ("brands", 3), ("campaigns", 4), ("global_ad_pricing", 1),
    ]  # fmt: skip
    assert world.rows("select daily_budget from mart.brand_budget where brand_id = 1") == [(Decimal(10),)]


def test_bad_reference_rows_and_missing_prices_fail_their_checks(corpus: Corpus) -> None:
    refused = corpus.world.rows(sql("checks.reference_rows_are_accepted"))
    assert len(refused) == len(REFERENCE_ROWS)
    [waiting] = [case for case in CASES if case.row == 58]
    file_id = corpus.found["events", ledger_name(waiting)].file_id
    [(transaction_id, *_)] = corpus.world.rows(sql("checks.every_event_type_has_a_price"))
    assert transaction_id == file_id * 10_000_000_000 + 2
    assert corpus.world.value("select count(*) from core.transactions where amount = 0") == 0


def test_text_that_a_spreadsheet_would_run_is_stored_as_is_and_escaped_in_csv(
    corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [ledger_name(case) for case in CASES if case.row == 49]
    stored = [values[0] for name in names for values in corpus.found["events", name].loaded.values()]
    risky = sorted(text for text in stored if text.startswith(("=", "+", "-", "@", "\t")))
    assert len(risky) == 24
    with open_published(corpus.world.root) as published:
        print_csv(published.execute(
            "select event_id from raw.ad_events where list_contains($risky, event_id) order by event_id",
            {"risky": risky},
        ))  # fmt: skip
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [
        ["event_id"], *([f"'{printable(text)}"] for text in risky)
    ]  # fmt: skip


GOOD += [(kind, "parquet") for kind in ("events", "payments")] * 2  # the reader that is not ours
