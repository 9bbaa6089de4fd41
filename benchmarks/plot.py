"""Draws `curve.png` from stored results: what a run costs against its events, and a tick against the history.

Belongs here: the picture. Does not: measuring.
"""

import json
from pathlib import Path
from typing import Any


def draw(results: Path) -> None:
    """Draw the largest stored cost curve and ticks, if both are there, into `curve.png` beside `results`."""
    curve, ticks = _largest(results, "curve"), _largest(results, "ticks")
    if not curve or not ticks:
        return
    from matplotlib import pyplot

    figure, ((seconds, memory), (tick_seconds, tick_written)) = pyplot.subplots(2, 2, figsize=(10, 7))
    for axes, rows, by, column, title in (
        (seconds, curve, "events", "seconds", "a run: seconds"),
        (memory, curve, "events", "peak MB", "a run: MB resident at the peak"),
        (tick_seconds, ticks, "history", "seconds", "100,000 new events: seconds"),
        (tick_written, ticks, "history", "written MB", "100,000 new events: MB written"),
    ):
        axes.plot([row[by] / 1e6 for row in rows], [row[column] for row in rows], marker="o")
        axes.set(title=title, xlabel=f"{'events' if by == 'events' else 'events before'}, millions", xlim=0)
        axes.set_ylim(0, 1.2 * max(row[column] for row in rows))
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(results.parent / "curve.png", dpi=110)


def _largest(results: Path, suite: str) -> list[dict[str, Any]]:
    stored = [json.loads(file.read_text(encoding="utf-8")) for file in results.glob(f"{suite}-*-parquet.json")]
    return max(stored, key=lambda each: each["events"], default={"rows": []})["rows"]
