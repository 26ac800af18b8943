"""Where a claim wants what is drawn: shaded, so that a reader sees by how much it is met or missed."""

from __future__ import annotations

from math import inf
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from interplay.figures import style

COLOUR = style.PURPLE
EDGE: dict[str, Any] = {"color": COLOUR, "linewidth": 0.9, "linestyle": (0, (2, 1))}


def claimed(
    axes: Axes, low: float = -inf, high: float = inf, *, start: float = -inf, end: float = inf, words: str = ""
) -> None:
    """Shade what lies between `low` and `high` on the y axis and between `start` and `end` on the x axis.

    Finite limits get a line. Call it when the limits of the axes are set: what is not finite reaches to them.
    """
    (left, right), (bottom, top) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    x0, x1, y0, y1 = max(start, left), min(end, right), max(low, bottom), min(high, top)
    axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, facecolor=COLOUR, alpha=0.16, linewidth=0, zorder=0.5))
    for y in (low, high):
        if bottom <= y <= top:
            axes.plot([x0, x1], [y, y], zorder=1.5, **EDGE)
    for x in (start, end):
        if left < x < right:
            axes.plot([x, x], [y0, y1], zorder=1.5, **EDGE)
    if words:
        place = y0 if low > -inf else y1
        axes.annotate(
            words,
            (x1, place),
            xytext=(-2, -2 if low > -inf else 2),
            textcoords="offset points",
            ha="right",
            va="top" if low > -inf else "bottom",
            fontsize=5.5,
            color="#8a4a72",
        )


def claimed_handle(words: str = "where claims want it") -> Patch:
    """The entry of a legend for `claimed`."""
    return Patch(facecolor=COLOUR, alpha=0.35, edgecolor=COLOUR, label=words)


def published_handle(words: str = "published") -> Line2D:
    return Line2D([], [], label=words)
