"""Pictures as SVG, in the colours of whatever page shows them.

Belongs here: their form. Does not: what is in them (`page`), nor the colours (the page's style sheet).
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from decimal import Decimal
from xml.etree import ElementTree

import pygal
from pygal.style import Style

from assets.engine.shown import printable

PLAIN = Style(
    background="white", plot_background="white", foreground="#222", foreground_strong="#222", foreground_subtle="#666",
    colors=("#2f6fab", "#d9dee4"), font_family="sans-serif", label_font_size=11, major_label_font_size=11,
)  # fmt: skip
"""For a picture that stands alone."""


def day_curve(spend_by_hour: Mapping[int, Decimal], told: str) -> str:
    """Spend of a day by local hour; without colours or scripts of its own, to stand in a page."""
    chart = pygal.Bar(
        width=300, height=110, show_legend=False, js=[], disable_xml_declaration=True, no_prefix=True, margin=2,
        show_y_guides=False, show_minor_x_labels=False, x_labels_major_every=6, spacing=4,
        y_labels_major_count=3, show_minor_y_labels=False, truncate_label=-1,
    )  # fmt: skip
    chart.x_labels = [f"{hour}:00" for hour in range(24)]
    chart.add("spend", [float(spend_by_hour.get(hour, 0)) for hour in range(24)])
    tree = ElementTree.fromstring(chart.render())  # noqa: S314 what pygal has just written
    for definitions in tree.findall("{*}defs"):
        tree.remove(definitions)
    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    tree.set("role", "img")
    tree.set("aria-label", printable(told))
    text: str = ElementTree.tostring(tree, encoding="unicode")
    return text


def budget_bars(brands: Sequence[tuple[str, float]]) -> str:
    """Percent of the nearest limit of some brands, as an address that holds the picture, for Markdown."""
    chart = pygal.HorizontalBar(
        style=PLAIN, width=560, height=60 + 26 * len(brands), show_legend=False, js=[], disable_xml_declaration=True,
        print_values=True, formatter=lambda value: f"{value:.0f} %", value_formatter=lambda value: f"{value:.0f} %",
        margin=6,
    )  # fmt: skip
    chart.x_labels = [printable(name) for name, _ in reversed(brands)]
    chart.add("spent of the nearest limit", [100 * share for _, share in reversed(brands)])
    return f"data:image/svg+xml;base64,{b64encode(chart.render().encode()).decode()}"
