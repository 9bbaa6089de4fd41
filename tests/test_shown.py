"""What was delivered is shown as text: the same hostile texts in every place that shows them."""

import unicodedata
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from assets.ingestion import new_files
from assets.landing import delivered_files
from assets.shown import in_html, in_markdown, printable
from assets.warehouse import open_published
from tests.world import World, event, jsonl

HOSTILE = {
    "a colour": "\x1b[31mred\x1b[0m",
    "a screen that is cleared": "\x1b[2J\x1b[H",
    "a link of a terminal": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "a title of a terminal": "\x1b]0;owned\x07",
    "an escape alone": "\x1b",
    "C1 controls": "\x9b31mred\x9d0;owned\x9c\x85next",
    "a backspace and a DEL": "good\x08\x08\x08\x08evil\x7f",
    "a carriage return": "refused\rloaded ",
    "a line": "a\n12:00:00 INFO     all is well",
    "lines": "a\r\n\r\nb\n",
    "a tab": "a\tb",
    "other breaks of a line": "a\x0bb\x0cc\x1cd\u2028e\u2029f",
    "text that is turned": "\u202egnp.exe\u202c \u202a\u202b\u202d\u2066\u2067\u2068\u2069 \u200e\u200f\u061c",
    "text that is not seen": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u180eh\U000e0041i",
    "a picture": "![x](http://evil.example/x.png)",
    "a picture of HTML": '<img src=x onerror="alert(1)">',
    "a script": "</td></script><script>alert('x')</script><!--",
    "a link": "[a](javascript:alert(1))",
    "a link by reference": "[a][1]\n\n[1]: http://evil.example",
    "links without brackets": "<http://evil.example> http://evil.example www.evil.example me@evil.example",
    "backticks": "`a` ``b`` ```\ncode\n```",
    "backticks at its ends": "`",
    "pipes": "a | b || c|",
    "a table": "| a | b |\n|---|---|\n| c | d |",
    "a link in a cell": "x`|![x](http://evil.example)|`y",
    "a heading": "# a\n=====",
    "a list and a quotation": "- a\n> b\n1. c",
    "emphasis": "*a* __b__ ~~c~~ \\*d\\*",
    "entities": "&lt;b&gt; &#60; &amp;",
    "emoji by name": ":skull: [red]a[/red]",
    "blanks at its ends": "  a  ",
    "a formula": "=cmd|' /C calc'!A0",
}
"""Texts that do something where they are not shown as text; each can be stored."""

NEVER_STORED = {"a NUL": "a\x00b", "bytes that are no UTF-8": "a\udcff\udc80b", "half a character": "a\ud83db"}
"""Those that can only be in a file's name, or in an error."""

ALL = {**HOSTILE, **NEVER_STORED}

ORDINARY = [
    "Acme always",
    "Müller & Söhne: „Größe“ 50 %",
    "Кофе «Аврора»",
    "夏\u3000セール",
    "1\u202f000,00\u00a0€",
    "مجموعة ١٢",
    "می\u200cخواهم",  # noqa: RUF001 a non-joiner, in Persian
    "क्\u200dष র\u200d্য",  # joiners, in Hindi and Bengali
    "שלום",
    "👩🏽\u200d💻 ❤\ufe0f\u200d🔥 🇺🇦",
    "葛\U000e0100城",
    "e\u0301",
    r"C:\new\x1b",
]


def is_text(shown: str) -> bool:
    """Whether nothing in it is obeyed or unseen."""
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in shown)


@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
def test_a_terminal_obeys_nothing_that_was_delivered(text: str) -> None:
    shown = printable(text)
    assert is_text(shown)
    assert printable(shown) == shown


def test_what_is_escaped_can_be_read() -> None:
    text = "\x1b[31m\n\t\x7f\x9b\u202e\u2028\U000e0041\udcff\ud83d"
    assert printable(text) == r"\x1b[31m\x0a\x09\x7f\u009b\u202e\u2028\U000e0041\xff\ud83d"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays_as_it_is_in_any_language(text: str) -> None:
    assert printable(text) == text


def test_of_all_characters_those_are_escaped_that_are_obeyed_or_not_seen() -> None:
    seen_though_format = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
    seen_though_format |= set(map(chr, range(0x13430, 0x13440)))  # of hieroglyphs
    for character in map(chr, range(0x110000)):
        category = unicodedata.category(character)
        if category == "Cn":
            continue  # means nothing yet
        wanted = category in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in seen_though_format
        assert (printable(character) != character) == wanted, hex(ord(character))


class Parsed(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.titles: list[str | None] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.titles += [value for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.tags.append(f"comment {data}")


@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
@pytest.mark.parametrize("quote", ["'", '"'])
def test_html_has_no_more_tags_for_what_was_delivered(text: str, quote: str) -> None:
    parsed = Parsed(f"<p title={quote}{in_html(text)}{quote}>{in_html(text)}</p>")
    assert parsed.tags == ["p"]
    assert parsed.titles == ["".join(parsed.texts)] == [printable(text)]


MARKDOWN = {
    "a line": "DELIVERED",
    "words": "the file DELIVERED was refused",
    "a list": "- DELIVERED",
    "a table": "| a | b |\n|---|---|\n| DELIVERED | end |",
}


@pytest.mark.parametrize("text", ALL.values(), ids=ALL)
@pytest.mark.parametrize("where", MARKDOWN.values(), ids=MARKDOWN)
def test_markdown_shows_what_was_delivered_as_code(text: str, where: str) -> None:
    def parts(markdown: str) -> list[tuple[str, str]]:
        tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
        assert {inner.type for token in tokens for inner in token.children or []} <= {"text", "code_inline"}
        return [(token.type, "".join(inner.content for inner in token.children or [])) for token in tokens]

    expected = [(block, shown.replace("DELIVERED", printable(text))) for block, shown in parts(where)]
    assert parts(where.replace("DELIVERED", in_markdown(text))) == expected


# --- names of files

NAMES = [text.replace("/", "-") + ".jsonl" for text in HOSTILE.values()]
ALIKE = [
    "x\udcff.jsonl",
    r"x\xff.jsonl",
    "x\xff.jsonl",
    "x\n.jsonl",
    r"x\x0a.jsonl",
    r"x\n.jsonl",
    "x\x9b.jsonl",
    "x\udc9b.jsonl",
]
"""Names that are written alike where a backslash is not escaped, or a byte as a character."""


def test_the_name_of_a_file_is_text_and_its_own(world: World) -> None:
    for number, name in enumerate((*NAMES, *ALIKE, "day \n 1/x.jsonl")):
        world.deliver(name, jsonl(event(f"e{number}", 101, "view", "2025-06-10T10:00:00Z")))
    world.run()
    names = [name for (name,) in world.rows("select name from raw.event_files where outcome = 'LOADED'")]
    assert len(set(names)) == len(NAMES) + len(ALIKE) + 1
    assert [name for name in names if not is_text(name)] == []
    assert {r"landing/events/x\xff.jsonl", r"landing/events/x\\xff.jsonl", r"landing/events/day \x0a 1/x.jsonl"} <= set(
        names
    )
    with open_published(world.root) as published:
        assert new_files(published, delivered_files(world.root)) == []


def test_a_file_that_is_known_by_another_spelling_of_its_name_is_not_loaded_twice(world: World) -> None:
    world.deliver("a\nb.jsonl", jsonl(event("e", 101, "view", "2025-06-10T10:00:00Z")))
    world.run()
    with world.open() as warehouse, warehouse.transaction():
        warehouse.connection.execute("update raw.event_files set name = $name", {"name": "landing/events/a\nb.jsonl"})
    for _ in range(2):
        world.run()
        assert world.rows("select outcome, rows_loaded from raw.event_files order by file_id") == [
            ("LOADED", 1), ("DUPLICATE", 0),
        ]  # fmt: skip
