"""Series within bounds, and series that do not fall from what they had reached: numbers of one run."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, log, nan, sqrt

import numpy as np

from interplay.evidence.statistics import Series, Values, finite

FEWEST_POINTS = 3  # points that say whether a series stays somewhere
NEARLY_ALWAYS = 0.9  # ours, for "always" and "consistently": one logged point in ten may lie outside
HALF = 0.5  # ours: what is outside at half of the points does not stay inside by any reading


def distances_within(columns: Mapping[str, Values], low: float, high: float) -> tuple[float, float]:
    """How far inside their bounds series are: at nine points in ten all of them, and at half of the points the worst.

    Negative: outside by so much. NaN for fewer than three points at which all are finite.
    """
    series = finite(*columns.values())
    if len(series[0]) < FEWEST_POINTS:
        return nan, nan
    each = [_inside(values, low, high) for values in series]
    together = np.min(each, axis=0)
    nearly = float(np.quantile(together, 1 - NEARLY_ALWAYS, method="higher"))
    return nearly, min(float(np.quantile(one, HALF, method="higher")) for one in each)


def _inside(values: Series, low: float, high: float) -> Series:
    above = values - low if low > -inf else np.full(len(values), inf)
    below = high - values if high < inf else np.full(len(values), inf)
    return np.minimum(above, below)


def shares_within(columns: Mapping[str, Values], low: float, high: float) -> dict[str, float]:
    """For each series, the share of the points at which it is within bounds; of those at which all are finite."""
    series = finite(*columns.values())
    return {
        name: float(((low <= values) & (values <= high)).mean()) if len(values) else nan
        for name, values in zip(columns, series, strict=True)
    }


def falls(columns: Mapping[str, Values]) -> dict[str, float]:
    """For each series, how far it ends below the highest that it had reached.

    To keep single points from deciding, both are read off running medians of three points. NaN below three points.
    """
    return {name: _fall(values) for name, values in zip(columns, finite(*columns.values()), strict=True)}


def noise_ranges(columns: Mapping[str, Values]) -> dict[str, float]:
    """For each series, the range that noise alone would span."""
    return {name: noise_range(values) for name, values in zip(columns, finite(*columns.values()), strict=True)}


def noise_range(values: Series) -> float:
    """The range that noise alone would span: 2 sqrt(2 ln n) standard deviations of the noise, for n points.

    The factor is the expected range of n independent normal values (the universal threshold of wavelet denoising), the
    deviation that of the median absolute second difference, which a smooth series hardly changes.
    """
    if len(values) < FEWEST_POINTS:
        return nan
    deviation = 1.4826 * float(np.median(np.abs(np.diff(values, n=2)))) / sqrt(6)
    return 2 * sqrt(2 * log(len(values))) * deviation


def _fall(values: Series) -> float:
    if len(values) < FEWEST_POINTS:
        return nan
    smooth = np.median([values[:-2], values[1:-1], values[2:]], axis=0)
    return float(smooth.max() - smooth[-1])
