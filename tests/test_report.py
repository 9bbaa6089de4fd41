"""The report page: what it tells is what SQL tells, as text, in one file, and of nobody who may not be seen."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import dagster as dg
import pytest

from assets.engine.data_root import DataRoot
from assets.engine.errors import SpendgateError
from assets.engine.report import page as report_page
from assets.engine.report.page import write_report
from assets.engine.report.rewriting import rewrite_report
from tests.test_cli import spendgate
from tests.test_graph import execute
from tests.world import AD_SETS, BRANDS, CAMPAIGNS, NOON, World, spent

HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\u202etxt\x1b[31m", "{{ 7 * 7 }}")


class Reader(HTMLParser):
    """What a browser would see of a page: its text, its tags with their attributes, its tables' cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def page(world: World, brands: list[int] | None = None) -> Reader:
    file = world.root.path / "page.html"
    write_report(world.root, file, NOON, brands)
    return Reader(file.read_text(encoding="utf-8"))


def test_the_page_tells_what_sql_tells_to_the_last_digit(world: World) -> None:
    spent(world, 21)
    spent(world, 3, "2025-06-10T11:30:00Z")
    world.run()
    text = page(world).text
    [(spend, why, status)] = world.rows(
        "select core.amount_for_people(daily_spend), why, status from ops.campaign_status"
        " inner join mart.brand_budget using (brand_id) where campaign_id = 11"
    )
    assert f" {spend} USD " in text
    assert why in text
    assert status in text
    assert "decided as of 2025-06-10 12:00:00 UTC" in text
    assert "120 % of 10.00 USD, today" in text
    for part in ("Campaigns by status", "Spend beside budgets", "Today by local hour", "What changed in the last day"):
        assert part in text
    hours = re.findall(r"(\d\d):00 ([0-9.]+) ", text)
    assert ("07", spend) in hours or {hour for hour, _ in hours} >= {"06", "07"}


def test_how_old_the_page_is_goes_by_the_clock_of_whoever_reads_it(world: World) -> None:
    world.run()
    found = page(world)
    assert "decided as of 2025-06-10 12:00:00 UTC; published " in found.text
    assert " old" not in found.text.partition("(() =>")[0]  # before the script
    [age] = [attributes for tag, attributes in found.tags if attributes.get("id") == "age"]
    assert age["data-held"] == "2025-06-10T12:00:00+00:00"
    assert age["data-stale"] == str(world.root.settings().stale_after_minutes)
    assert "does not renew itself" in found.text


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(world: World, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    world.deliver_reference("brands", BRANDS.replace("Acme", quoted))
    world.deliver_reference("campaigns", CAMPAIGNS.replace("Acme always", quoted))
    world.run()
    found = page(world)
    shown = name.replace("\u202e", r"\u202e").replace("\x1b", r"\x1b")
    assert found.text.count(shown) >= 3
    assert not [tag for tag, _ in found.tags if tag == "img"]
    assert sum(tag == "script" for tag, _ in found.tags) == 1


def test_the_page_needs_no_network_and_can_be_used_without_a_mouse(world: World) -> None:
    spent(world, 3)
    world.run()
    found = page(world)
    for tag, attributes in found.tags:
        for name in ("src", "href", "xlink:href", "action"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
    raw = (world.root.path / "page.html").read_text(encoding="utf-8")
    assert "@import" not in raw
    assert not re.findall(r"url\(", raw)
    assert ("html", {"lang": "en"}) in found.tags
    assert all(attributes.get("aria-label") for tag, attributes in found.tags if attributes.get("role") == "img")
    assert [attributes for tag, attributes in found.tags if tag == "button"]
    assert all("scope" in attributes for tag, attributes in found.tags if tag == "th")


def test_a_page_for_some_brands_holds_nothing_of_any_other(world: World) -> None:
    spent(world, 21)
    world.deliver("refused-of-everybody.jsonl", "{}\n")
    world.run()
    page(world, [2])
    text = (world.root.path / "page.html").read_text(encoding="utf-8")
    shown = re.sub(r"<pre>.*?</pre>", "", text, flags=re.DOTALL)  # SQL is of the program
    for foreign in ("Acme", "Cirrus", "10.50", "New_York", "Deliveries", "refused-of", "missing"):
        assert foreign not in shown, foreign
    assert "Borealis" in shown
    assert "1 brands, 1 campaigns" in shown
    with pytest.raises(SpendgateError, match="there is no brand 99999"):
        page(world, [2, 99999])


def test_a_page_of_many_shows_those_that_matter_and_says_how_many_there_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_page, "BRANDS_SHOWN", 1)
    monkeypatch.setattr(report_page, "CAMPAIGNS_SHOWN", 1)
    spent(world, 21)
    world.run()
    text = page(world).text
    assert "1 of 3 are shown; spendgate report --brands ID shows any." in text
    assert "1 of 4 are shown" in text
    assert "105 % of 10.00 USD, today" in text


def test_campaigns_that_a_budget_stopped_and_those_changed_last_are_shown_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_page, "CAMPAIGNS_SHOWN", 1)
    world.deliver_reference("campaigns", CAMPAIGNS.replace("11,1,", "19,1,").replace("\n12,1,", "\n11,1,"))
    world.deliver_reference("ad_sets", AD_SETS.replace("110,11,", "110,19,").replace("120,12,", "120,11,"))
    world.run(NOON - timedelta(hours=1))
    spent(world, 21)
    world.run()
    assert world.rows("select campaign_id from ops.campaign_status where status = 'BUDGET_REACHED'") == [(19,)]
    raw = (page(world), (world.root.path / "page.html").read_text(encoding="utf-8"))[1]
    [listed] = re.findall(r'<table id="list">.*?</table>', raw, re.DOTALL)
    assert re.findall(r'<td class="n">(\d+)</td>', listed) == ["19"]


def test_overspend_is_told_by_kind_of_budget_and_never_across_currencies(world: World) -> None:
    world.deliver_reference("brands", BRANDS.replace("10.00,,", "10.00,10.25,"))
    spent(world, 21)
    world.run()
    text = page(world).text
    said = "select core.amount_for_people(overspend) from mart.overspend where scope = 'BRAND' and period = $period"
    for period, words in (("DAY", "brands, day"), ("MONTH", "brands, month")):
        assert f"USD {words} 1 {world.value(said, period=period)} " in text


def test_the_sql_of_a_part_is_all_that_makes_it(world: World) -> None:
    world.run()
    text = page(world).text
    assert text.count("create or replace temp table shown_brands") == 1
    assert text.count("create or replace temp table shown_campaigns") == 1


def test_a_persons_reason_stands_beside_the_change(world: World) -> None:
    world.run()
    spendgate(
        world.root, "set-status", "11", "PAUSED", "--reason", "too dear", "--by", "ann", "--now", "2025-06-10T12:01:00Z"
    )
    assert "PAUSED MANUAL: too dear ann" in page(world).text


def test_a_run_that_changes_something_writes_the_page_again_and_any_other_leaves_it(
    world: World, instance: dg.DagsterInstance
) -> None:
    execute(world, instance)
    first = world.root.report_file.read_text(encoding="utf-8")
    spent(world, 21)
    execute(world, instance)
    second = world.root.report_file.read_text(encoding="utf-8")
    assert "105 % of 10.00 USD" in second
    assert "105 % of 10.00 USD" not in first
    before = world.root.report_file.stat()
    rewrite_report(world.root, NOON)
    after = world.root.report_file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    spendgate(world.root, "set-status", "11", "PAUSED", "--reason", "x", "--by", "ann", "--now", "2025-06-10T12:01:00Z")
    assert "paused by ann: x" in world.root.report_file.read_text(encoding="utf-8")


def test_every_command_that_publishes_writes_the_page_again(world: World) -> None:
    world.deliver("bad.jsonl", b"PAR1 not really")
    world.run()
    assert spendgate(world.root, "report").exit_code == 0
    before = world.root.report_file.stat().st_ino
    done = spendgate(world.root, "acknowledge", "file", "bad.jsonl", "--reason", "known", "--by", "ann")
    assert done.exit_code == 0, done.exception
    assert world.root.report_file.stat().st_ino != before


def test_a_page_of_an_older_copy_is_written_again_though_nothing_is_published(world: World) -> None:
    world.run()
    rewrite_report(world.root, NOON)
    spent(world, 21)
    world.run()  # publishes as a process does that is killed before it comes to the page
    assert "105 % of 10.00 USD" not in world.root.report_file.read_text(encoding="utf-8")
    assert rewrite_report(world.root, NOON) is None
    assert "105 % of 10.00 USD" in world.root.report_file.read_text(encoding="utf-8")
    client = ["report", "--brands", "2", "--out", str(world.root.report_file)]
    assert spendgate(world.root, *client).exit_code == 0
    rewrite_report(world.root, NOON)  # a page for a client is not the one for everybody, wherever it lies
    assert "105 % of 10.00 USD" in world.root.report_file.read_text(encoding="utf-8")


def test_nothing_is_rewritten_where_nothing_is_published(root: DataRoot) -> None:
    root.create()
    assert rewrite_report(root, NOON) is None
    assert not root.report_file.exists()


def test_a_page_that_cannot_be_written_fails_no_run(
    world: World, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("assets.engine.report.page.write_report", fail)
    result = execute(world, instance)
    assert result.success
    assert world.root.published_file.exists()
    [told] = [
        event_.step_materialization_data.materialization.metadata["report"].value
        for event_ in result.all_events
        if event_.is_step_materialization and event_.asset_key == dg.AssetKey(["published", "spend"])
    ]
    assert told == "the report page is not written: [Errno 28] No space left on device"


def test_the_command_writes_a_page_where_it_is_told_to(world: World, tmp_path: Path) -> None:
    world.run()
    out = tmp_path / "acme.html"
    result = spendgate(world.root, "report", "--brands", "1", "--out", str(out))
    assert result.exit_code == 0, result.exception
    assert str(out) in result.output
    assert "Acme nights" in Reader(out.read_text(encoding="utf-8")).text
    assert spendgate(world.root, "report").exit_code == 0
    assert world.root.report_file.exists()
    assert spendgate(world.root, "report", "--brands", "all").exit_code == 2


def test_nothing_is_shown_of_what_is_not_published(root: DataRoot) -> None:
    with pytest.raises(SpendgateError, match="nothing is published yet"):
        write_report(root, root.path / "page.html", datetime.now(UTC))
