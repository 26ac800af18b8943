"""What several runs say together: their mean, how far they spread, and how a figure says which of the two it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from interplay.evidence.statistics import Interval, bootstrap_interval

# Of up to three values, the 95 % percentile bootstrap interval of the mean is their range: one resample in 27 or more
# holds nothing but the least. Saying "range" is plainer then, and says the same.
MOST_FOR_RANGE = 3
RESAMPLES = 999  # many points a figure, and none needs more than the width of a line
FAINT = 0.18
NEUTRAL = "#777777"


def spread(values: Sequence[float] | NDArray[np.float64]) -> Interval:
    """Mean of the runs with its 95 % bootstrap interval, or with their range where they are three or fewer.

    A value that is not finite leaves no mean to draw: all three numbers are NaN.
    """
    sample = np.asarray(values, dtype=np.float64)
    if not np.isfinite(sample).all():
        return Interval(float("nan"), float("nan"), float("nan"))
    if len(sample) <= MOST_FOR_RANGE:
        return Interval(float(sample.mean()), float(sample.min()), float(sample.max()))
    return bootstrap_interval(sample.tolist(), resamples=RESAMPLES)


def spread_name(runs: int) -> str:
    """What bands and bars over so many runs are, in words."""
    return f"range over {runs} seeds" if runs <= MOST_FOR_RANGE else f"95 % bootstrap interval over {runs} seeds"


def band(
    axes: Axes, x: Sequence[float], values: NDArray[np.float64], label: str | None, style: Mapping[str, Any]
) -> None:
    """A curve of the mean of `values` `[runs, points]`, within a band of their spread where there are several runs."""
    intervals = [spread(column) for column in values.T]
    axes.plot(x, [interval.centre for interval in intervals], label=label, **style)
    if len(values) > 1:
        low, high = [interval.low for interval in intervals], [interval.high for interval in intervals]
        axes.fill_between(x, low, high, color=style["color"], alpha=FAINT, linewidth=0)


def bars(
    axes: Axes, x: Sequence[float], values: Sequence[Sequence[float]], label: str | None, style: Mapping[str, Any]
) -> None:
    """Points of the mean of each of `values` (the runs at one `x`), joined by lines, and error bars of their spread."""
    intervals = [spread(runs) for runs in values]
    centre = np.array([interval.centre for interval in intervals])
    below = centre - [interval.low for interval in intervals]
    above = np.array([interval.high for interval in intervals]) - centre
    several = any(len(runs) > 1 for runs in values)
    look: dict[str, Any] = {"markersize": 3.5, "capsize": 2.2, "elinewidth": 0.8, "capthick": 0.8} | dict(style)
    axes.errorbar(x, centre, yerr=np.vstack([below, above]).clip(min=0) if several else None, label=label, **look)


def name_bars(axes: Axes, seeds: int) -> None:
    """An entry of the legend that says what the error bars are; none where there is one seed and hence no bar."""
    if seeds > 1:
        axes.errorbar([], [], yerr=[], fmt="none", ecolor=NEUTRAL, elinewidth=0.8, label=f"bars: {spread_name(seeds)}")


def name_bands(axes: Axes, seeds: int) -> None:
    """An entry of the legend that says what the bands are; none where there is one seed and hence no band."""
    if seeds > 1:
        axes.fill_between([], [], color=NEUTRAL, alpha=2 * FAINT, linewidth=0, label=f"bands: {spread_name(seeds)}")
