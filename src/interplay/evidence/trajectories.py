"""Shapes of a trajectory: does it rise, dip, peak, move with another, lag behind another?

Each function answers for one run with a `Sight`: `shown`, `absent`, or `unclear` where the trajectory is too short, too
noisy or too coarse to tell. How many runs must show it is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf, log, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interplay.evidence.statistics import Values, rank_correlation, trend

Series = NDArray[np.float64]
State = Literal["shown", "unclear", "absent"]

FEWEST_POINTS = 5  # below this no rank correlation reaches p < 0.05
SIGNIFICANT = 0.05
CLEAR_TREND = 0.3  # Kendall's tau
CLEAR_CORRELATION = 0.5  # Spearman's rho
WEAK_CORRELATION = 0.3


@dataclass(frozen=True)
class Sight:
    """What one run shows, and the numbers that say so."""

    state: State
    numbers: dict[str, float] = field(default_factory=dict)


def finite(*columns: Values) -> tuple[Series, ...]:
    """The columns without the points at which one of them is not finite."""
    arrays = [np.asarray(column, dtype=np.float64) for column in columns]
    keep = np.all([np.isfinite(array) for array in arrays], axis=0)
    return tuple(array[keep] for array in arrays)


def noise_deviation(values: Series) -> float:
    """Standard deviation of noise, from the median absolute second difference, which a smooth course hardly changes."""
    return 1.4826 * float(np.median(np.abs(np.diff(values, n=2)))) / sqrt(6)


def noise_range(values: Series) -> float:
    """The range that noise alone would span: 2 sqrt(2 ln n) standard deviations of the noise, for n points.

    The factor is the expected range of n independent normal values (the universal threshold of wavelet denoising).
    """
    return 2 * sqrt(2 * log(len(values))) * noise_deviation(values)


def see_trend(values: Values, direction: Literal["rising", "falling"]) -> Sight:
    """A trend is shown if Kendall's tau is at least 0.3 with p < 0.05 and the net change is half of the range or more.

    The net change goes from the median of the first tenth of the points to that of the last. A tau or a net change of
    the wrong sign (or zero) means that the trend is absent; anything between is unclear.
    """
    (series,) = finite(values)
    if len(series) < FEWEST_POINTS:
        return Sight("unclear", {"points": len(series)})
    sign = 1 if direction == "rising" else -1
    tau, p = trend(series)
    tenth = max(1, len(series) // 10)
    start, end = float(np.median(series[:tenth])), float(np.median(series[-tenth:]))
    numbers = {"tau": tau, "start": start, "end": end}
    if sign * tau <= 0 or sign * (end - start) <= 0:
        return Sight("absent", numbers)
    clear = sign * tau >= CLEAR_TREND and p < SIGNIFICANT and sign * (end - start) >= 0.5 * np.ptp(series)
    return Sight("shown" if clear else "unclear", numbers)


def see_dip(values: Sequence[float], depth: float) -> Sight:
    """A dip is shown if the series falls below its start by `depth` of its range and then rises by as much.

    Before the fall it must not have risen by that much. A dip that noise alone could make is unclear.
    """
    (series,) = finite(values)
    if len(series) < FEWEST_POINTS:
        return Sight("unclear", {"points": len(series)})
    fall = series[0] - series
    rise = np.maximum.accumulate(series[::-1])[::-1] - series
    risen_before = np.maximum.accumulate(series) - series[0] >= depth * np.ptp(series)
    return _see_extent(series, np.where(risen_before, 0.0, np.minimum(fall, rise)), depth)


def see_peak(values: Sequence[float], shape: Literal["peak", "valley"], depth: float) -> Sight:
    """A peak is shown if the series rises by `depth` of its range and later falls by as much; a valley, the other way.

    A peak that noise alone could make is unclear.
    """
    (series,) = finite(values)
    if len(series) < FEWEST_POINTS:
        return Sight("unclear", {"points": len(series)})
    upright = series if shape == "peak" else -series
    rise = upright - np.minimum.accumulate(upright)
    fall = upright - np.minimum.accumulate(upright[::-1])[::-1]
    return _see_extent(series, np.minimum(rise, fall), depth)


def _see_extent(series: Series, extent: Series, depth: float) -> Sight:
    """Judge the largest `extent` (absolute, by point) against `depth` of the range and against the noise."""
    where = int(np.argmax(extent))
    span = float(np.ptp(series))
    largest = float(extent[where])
    numbers = {"depth": largest / span if span else 0.0, "turn": float(series[where]), "noise": noise_range(series)}
    if span == 0 or largest < depth * span:
        return Sight("absent", numbers)
    return Sight("shown" if largest > numbers["noise"] else "unclear", numbers)


def see_correlation(first: Values, second: Values, sign: Literal["positive", "negative", "mild"]) -> Sight:
    """Two columns move together if Spearman's rho is at least 0.5 in the claimed direction, with p < 0.05.

    Below 0.3 (or with the wrong sign) the correlation is absent. They correlate mildly, if at all, where |rho| is below
    0.5; that is absent at 0.5 and above with p < 0.05. The correlation of their steps from point to point is given
    besides: it tells whether they also wiggle together or only share a trend.
    """
    one, other = finite(first, second)
    if len(one) < FEWEST_POINTS:
        return Sight("unclear", {"points": len(one)})
    rho, p = rank_correlation(one, other)
    numbers = {"rho": rho, "rho_of_steps": rank_correlation(np.diff(one), np.diff(other))[0]}
    if sign == "mild":
        numbers = {"size_of_rho": abs(rho)} | numbers
        if abs(rho) < CLEAR_CORRELATION:
            return Sight("shown", numbers)
        return Sight("absent" if p < SIGNIFICANT else "unclear", numbers)
    strength = rho if sign == "positive" else -rho
    if strength < WEAK_CORRELATION:
        return Sight("absent", numbers)
    return Sight("shown" if strength >= CLEAR_CORRELATION and p < SIGNIFICANT else "unclear", numbers)


def see_delay(
    steps: Sequence[float], first: Sequence[float], second: Sequence[float], threshold: float, factor: float
) -> Sight:
    """`second` lags if it reaches `threshold` only after `factor` times as many steps as `first` needed.

    A crossing lies somewhere between two logged points. The delay is shown if even the smallest ratio is at least
    `factor`, absent if even the largest is below it, and unclear otherwise: so too where a column never gets there.
    """
    one, other = _crossing(steps, first, threshold), _crossing(steps, second, threshold)
    if one is None or other is None:
        names = (("first", one), ("second", other))
        return Sight("unclear", {f"{name}_reached": crossing[1] for name, crossing in names if crossing is not None})
    smallest = other[0] / one[1] if one[1] else 0.0
    largest = other[1] / one[0] if one[0] else inf
    numbers = {"first_reached": one[1], "second_reached": other[1], "ratio": other[1] / one[1] if one[1] else inf}
    if smallest >= factor:
        return Sight("shown", numbers)
    return Sight("absent" if largest < factor else "unclear", numbers)


def _crossing(steps: Sequence[float], values: Sequence[float], threshold: float) -> tuple[float, float] | None:
    """Steps after the start between which the column first reaches `threshold`, or None."""
    times, series = finite(steps, values)
    reached = np.flatnonzero(series >= threshold)
    if not len(reached):
        return None
    start, at = float(np.asarray(steps, dtype=np.float64)[0]), int(reached[0])
    return (float(times[at - 1]) - start if at else 0.0), float(times[at]) - start
