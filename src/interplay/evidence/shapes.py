"""Shapes of a series over training: does it rise, dip, peak?

Each function answers for one run with a `Sight`. Its p-value is that of a walk without drift: the steps of the series
are kept and their signs drawn anew. It holds for independent values and for autoregressive ones too, whose steps cancel
each other more than those of a walk. How many runs must show a shape is decided in `outcomes.over_runs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interplay.evidence.statistics import Series, Values, finite, trend

Rows = NDArray[np.float64]

POINTS = 20
"""Points of a series that are looked at, evenly chosen among those logged: logging more often changes nothing.

Decided before any result was judged by it: enough for a turn within a tenth of training, and as few as the coarsest
tier logs."""

FEWEST_POINTS = 5  # four steps: below that the signs of the steps have fewer than 16 arrangements
MOST_ARRANGEMENTS = 2048  # all of them up to eleven steps; above that as many drawn at random
CLEAR_TREND = 0.3
"""Kendall's tau with time: 65 of 100 pairs of points in the stated order. Ours, decided before results were judged by
it, so that a trend too faint to be seen in a figure does not count however small its p."""
HALF_OF_RANGE = 0.5  # ours: a series that has lost more than half of its rise again is not described by "rises"


@dataclass(frozen=True)
class Sight:
    """What one run shows.

    Attributes:
        shown: whether the shape is as clear as asked; None where the series is too short to tell.
        strength: its size (tau, depth, rho), counted in the stated direction.
        p: of a shape as clear by chance alone; 1 where it is not shown.
    """

    shown: bool | None
    strength: float = float("nan")
    p: float = 1.0
    numbers: dict[str, float] = field(default_factory=dict)


def too_short(series: Series) -> Sight:
    """Of a series that is too short to tell anything."""
    return Sight(None, numbers={"points": float(len(series))})


def thinned(series: Series) -> Series:
    """At most 20 points of a series, evenly chosen by number, the first and the last among them."""
    if len(series) <= POINTS:
        return series
    return series[np.linspace(0, len(series) - 1, POINTS).round().astype(np.intp)]


def at_log_steps(steps: Values, values: Values) -> Series:
    """The first point of a series, and at most 19 more at the logged steps nearest to even ones on a log scale."""
    times, series = finite(steps, values)
    later = np.flatnonzero(times > 0)
    if len(later) < 2:
        return series
    wanted = np.geomspace(times[later[0]], times[-1], POINTS - 1)
    chosen = {int(np.abs(times - step).argmin()) for step in wanted}
    return series[sorted(chosen | {0})]


def see_trend(values: Values, direction: Literal["rising", "falling"]) -> Sight:
    """A trend is clear if Kendall's tau is at least .3 and the net change at least half of the range.

    Both are taken on 20 points. p is that of a net change as large after as many steps of a walk without drift.
    """
    (series,) = finite(values)
    if len(series) < FEWEST_POINTS:
        return too_short(series)
    sign = 1.0 if direction == "rising" else -1.0
    chosen = sign * thinned(series)
    tau, change = trend(chosen)[0], float(chosen[-1] - chosen[0])
    clear = tau >= CLEAR_TREND and change >= HALF_OF_RANGE * float(np.ptp(chosen)) and change > 0
    p = chance_of(chosen, lambda rows: rows[:, -1] - rows[:, 0]) if clear else 1.0
    return Sight(clear, tau, p, {"tau": sign * tau, "start": float(series[0]), "end": float(series[-1])})


def see_dip(values: Values, depth: float) -> Sight:
    """A dip is clear if the series falls below its start by `depth` of its range and then rises by as much.

    Before the fall it must not have risen by that much.
    """

    def sides(rows: Rows) -> tuple[Rows, Rows]:
        risen = np.maximum.accumulate(rows, axis=1) - rows[:, :1] >= depth * np.ptp(rows, axis=1, keepdims=True)
        fall = np.where(risen, 0.0, rows[:, :1] - rows)
        return fall, np.maximum.accumulate(rows[:, ::-1], axis=1)[:, ::-1] - rows

    return _see_turn(values, sides, depth, quick=True)


def see_peak(values: Values, shape: Literal["peak", "valley"], depth: float) -> Sight:
    """A peak is clear if the series rises by `depth` of its range and later falls by as much; a valley, mirrored."""
    sign = 1.0 if shape == "peak" else -1.0

    def sides(rows: Rows) -> tuple[Rows, Rows]:
        upright = sign * rows
        rise = upright - np.minimum.accumulate(upright, axis=1)
        return rise, upright - np.minimum.accumulate(upright[:, ::-1], axis=1)[:, ::-1]

    return _see_turn(values, sides, depth)


def _see_turn(values: Values, sides: Callable[[Rows], tuple[Rows, Rows]], depth: float, quick: bool = False) -> Sight:
    """Judge what a series does before and after a turning point, wherever the lesser of the two is largest.

    Its size is held against `depth` of the range. Its p is twice the lesser of two: of that size, and of the size with
    each side divided by the root of the sum of its squared steps, what a walk would do there. The first sees a fall
    within a step or two, the second a late turn of a curve that starts with steps which dwarf all later ones; where the
    fall comes at once (`quick`) the first is enough.
    """
    (series,) = finite(values)
    if len(series) < FEWEST_POINTS:
        return too_short(series)
    chosen = thinned(series)
    extent, span = np.minimum(*sides(chosen[None]))[0], float(np.ptp(chosen))
    where = int(np.argmax(extent))
    share = float(extent[where]) / span if span else 0.0
    clear = span > 0 and share >= depth
    squares = np.concatenate([[0.0], np.cumsum(np.diff(chosen) ** 2)])
    before, after = np.sqrt(squares), np.sqrt(np.maximum(0.0, squares[-1] - squares))

    def size(rows: Rows) -> Rows:
        found: Rows = np.minimum(*sides(rows)).max(axis=1)
        return found

    def scaled(rows: Rows) -> Rows:
        both = zip(sides(rows), (before, after), strict=True)
        parts = [np.divide(side, root, out=np.zeros_like(side), where=root > 1e-9 * span) for side, root in both]
        found: Rows = np.minimum(*parts).max(axis=1)
        return found

    if not clear:
        p = 1.0
    else:
        p = chance_of(chosen, size) if quick else min(1.0, 2 * min(chance_of(chosen, size), chance_of(chosen, scaled)))
    return Sight(clear, share, p, {"depth": share, "turn": float(chosen[where])})


def chance_of(series: Series, statistic: Callable[[Rows], Rows]) -> float:
    """Share of walks with the steps of the series, their signs drawn anew, whose statistic is as large as its own.

    Exact for a walk without drift whose steps are symmetric: every arrangement of signs is equally likely then.
    """
    steps = np.diff(series)
    walks = np.cumsum(all_signs(len(steps)) * steps, axis=1)
    found = statistic(np.concatenate([np.zeros((len(walks), 1)), walks], axis=1))
    own = found[0]
    return float((found >= own - 1e-9 * (abs(own) + float(np.ptp(found)))).mean())


@cache
def all_signs(steps: int) -> Rows:
    """Rows of signs, the first all positive: the series itself."""
    if 2**steps <= MOST_ARRANGEMENTS:
        return np.array(list(product((1.0, -1.0), repeat=steps)))
    drawn = np.random.default_rng(0).choice((1.0, -1.0), size=(MOST_ARRANGEMENTS, steps))
    drawn[0] = 1.0
    return drawn
