"""A mean over runs as one point of a category, with what is shown of their spread."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from matplotlib.axes import Axes

from interplay.figures import style
from interplay.figures.spread import LEAST_FOR_INTERVAL, NEUTRAL, spread_name, t_interval

SIZE = 4.0


def points(
    axes: Axes, at: float, values: Sequence[float], label: str, look: style.Line, *, across: bool = False
) -> None:
    """The mean of `values` at `at`, with the 95 % t interval of three or more, and each of them where they are two.

    With `across` values run along the horizontal axis. What the spread is has an entry in the legend.
    """
    mean = fmean(values)
    marker: dict[str, Any] = {"marker": look["marker"], "color": look["color"], "linestyle": "", "markersize": SIZE}
    open_one: dict[str, Any] = {"markerfacecolor": "white"} if look["marker"] == "D" else {}
    axes.plot(*_pair([at], [mean], across), label=label, zorder=3, **marker, **open_one)
    if len(values) >= LEAST_FOR_INTERVAL:
        low, high = t_interval(values)
        axes.plot(*_pair([at, at], [low, high], across), color=look["color"], linewidth=0.8)
    elif len(values) > 1:
        ends = [min(values), max(values)]
        axes.plot(*_pair([at, at], ends, across), color=look["color"], linestyle="", marker="_|"[across], markersize=4)
    _name_spread(axes, len(values))


def _pair(at: Sequence[float], values: Sequence[float], across: bool) -> tuple[Sequence[float], Sequence[float]]:
    return (values, at) if across else (at, values)


def _name_spread(axes: Axes, runs: int) -> None:
    name = spread_name(runs, "bars").replace("thin: single runs", "dashes: single runs")
    if name not in axes.get_legend_handles_labels()[1]:
        look: dict[str, Any] = {"linestyle": "-", "linewidth": 0.8} if runs >= LEAST_FOR_INTERVAL else {"linestyle": ""}
        axes.plot([], [], color=NEUTRAL, marker="_" if runs == 2 else "", label=name, **look)
