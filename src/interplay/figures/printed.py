"""Values that documents print, marked in figures that show the same quantity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from interplay.evidence.conditions import why_apart
from interplay.figures import style
from interplay.figures.beside import Beside
from interplay.figures.spread import NEUTRAL
from interplay.records import Record

TABLE, ROW = "metrics24/table3", "Fully supervised"
COLUMNS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}
METRIC = "best_test_accuracy"
PLACE = 1.04  # of the mark, in widths of the panel: beside what we measured, not among it
WITHHELD = "printed, of other data or protocol: not compared"


def mark_accuracy(axes: Axes, runs: Sequence[Record], beside: Beside) -> None:
    """Mark the printed test accuracy of supervised training at the right margin, where there is one.

    It is the best along a run. The mark is filled, and has the margin of the claim on it, where runs followed the
    published protocol on the published data; hollow, to be compared with nothing, where they did not.
    """
    column = COLUMNS.get(runs[0].dataset or "")
    if beside.published is None or column is None:
        return
    value = beside.published.cell(TABLE, ROW, column).value
    if value is None:
        return
    place: Any = {"transform": axes.get_yaxis_transform(), "clip_on": False, "zorder": 5}
    apart = why_apart(runs[0])
    margins = [one.within for one in beside.limits(METRIC, runs) if one.within is not None]
    if margins and not apart:
        ends = [(value - max(margins)) / 100, (value + max(margins)) / 100]
        axes.plot([PLACE, PLACE], ends, color=style.BLACK, linewidth=1.0, **place)
    look: style.Line = {"markerfacecolor": "white", "color": NEUTRAL} if apart else {"color": style.BLACK}
    label = WITHHELD if apart else f"printed, best accuracy{', with the margin of the claim' if margins else ''}"
    axes.plot([PLACE], [value / 100], marker="D", markersize=3.2, linestyle="", label=label, **look, **place)
