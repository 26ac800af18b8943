"""Where claims want a curve to be: shaded, so that a reader sees by how much it is met or missed."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from interplay.figures.limits import COLOUR, Limit
from interplay.figures.style import Line

EDGE: Line = {"color": COLOUR, "linewidth": 0.8, "linestyle": (0, (4, 2))}
SHADE = 0.13
STRIP = 0.93  # the fraction of training from which on what is judged at the end is shaded, so that it can be seen


def shade(axes: Axes, found: Iterable[Limit], last: float, *, start: float | None = None, words: str = "") -> bool:
    """Shade where the bounds of claims allow a quantity to be, from where they are judged to the `last` epoch.

    Call it when the limits of the axes are set: a side without a bound reaches to them. `start` is the epoch to begin
    at, if it is not the fraction of `last` that the claims name; `words` are written at the end.

    Returns:
        whether there was a bound.
    """
    wanted = {
        (-inf if one.low is None else one.low, inf if one.high is None else one.high, one.since)
        for one in found
        if one.low is not None or one.high is not None
    }
    for low, high, since in sorted(wanted):
        _region(axes, low, high, min(since, STRIP) * last if start is None else start, last, words)
    return bool(wanted)


def shade_turns(axes: Axes, found: Iterable[Limit]) -> bool:
    """Shade the epochs between which claims want a curve to be lowest; whether there were any."""
    spans = {one.between for one in found if one.between is not None}
    for earliest, latest in sorted(spans):
        axes.axvspan(earliest, latest, color=COLOUR, alpha=SHADE, linewidth=0, zorder=0.5)
    return bool(spans)


def claimed_handle(words: str) -> Patch:
    """The entry of a legend for what is shaded."""
    return Patch(facecolor=COLOUR, alpha=0.35, edgecolor=COLOUR, label=f"claimed: {words}")


def _region(axes: Axes, low: float, high: float, start: float, end: float, words: str) -> None:
    bottom, top = sorted(axes.get_ylim())
    y0, y1 = max(low, bottom), min(high, top)
    axes.add_patch(Rectangle((start, y0), end - start, y1 - y0, facecolor=COLOUR, alpha=SHADE, linewidth=0, zorder=0.5))
    for y in (low, high):
        if bottom <= y <= top:
            axes.plot([start, end], [y, y], zorder=1.5, **EDGE)
    if start > axes.get_xlim()[0]:
        axes.plot([start, start], [y0, y1], zorder=1.5, **EDGE)
    if words:
        look: Line = {"xytext": (-2, -2), "textcoords": "offset points", "fontsize": 5.5, "color": COLOUR}
        axes.annotate(words, (end, y1), ha="right", va="top", **look)
