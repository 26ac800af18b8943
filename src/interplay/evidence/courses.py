"""Courses within bounds: does one stay there, fall back from what it had reached, turn in time, come before another?

Each function answers for one run with a `Sight`, as those in `trajectories` do.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, nan

import numpy as np
from numpy.typing import NDArray

from interplay.evidence.statistics import Values
from interplay.evidence.trajectories import FEWEST_POINTS, Series, Sight, finite, noise_deviation, noise_range

FEWEST_WITHIN = 3  # points that say whether a course stays somewhere
NEARLY_ALWAYS = 0.9
HALF = 0.5


def see_stays(courses: Mapping[str, Values], low: float, high: float) -> Sight:
    """All courses stay within bounds if all of them do so at nine points in ten or more.

    If one of them does at half of the points or fewer, that they stay is absent; anything between is unclear, and so
    are fewer than three points. Points at which a course is not finite are left out.
    """
    series = finite(*courses.values())
    if len(series[0]) < FEWEST_WITHIN:
        return Sight("unclear", {"points": len(series[0])})
    shares = shares_within(courses, low, high)
    together = float(np.all([(low <= values) & (values <= high) for values in series], axis=0).mean())
    numbers = {"share of points": together, "least": min(map(min, series)), "most": max(map(max, series))}
    if len(courses) == 1:
        numbers["middle"] = float(np.median(series[0]))
    if together >= NEARLY_ALWAYS:
        return Sight("shown", numbers)
    return Sight("absent" if min(shares.values()) <= HALF else "unclear", numbers)


def shares_within(courses: Mapping[str, Values], low: float, high: float) -> dict[str, float]:
    """For each course, the share of the points at which it is within bounds; of those at which all are finite."""
    series = finite(*courses.values())
    return {
        name: float(((low <= values) & (values <= high)).mean()) if len(values) else nan
        for name, values in zip(courses, series, strict=True)
    }


def see_no_fall(courses: Mapping[str, Values], within: float) -> Sight:
    """No course ends more than `within` below the highest that it had reached, as `falls` has it.

    A larger fall shows the contrary, unless noise alone could make it: then it is unclear.
    """
    series = finite(*courses.values())
    if len(series[0]) < FEWEST_POINTS:
        return Sight("unclear", {"points": len(series[0])})
    noise = dict(zip(courses, map(noise_range, series), strict=True))
    found = falls(courses)
    worst = max(found, key=lambda name: found[name])
    numbers = {"largest fall": found[worst], "noise": noise[worst]}
    if found[worst] <= within:
        return Sight("shown", numbers)
    sure = any(fall > max(within, noise[name]) for name, fall in found.items())
    return Sight("absent" if sure else "unclear", numbers)


def falls(courses: Mapping[str, Values]) -> dict[str, float]:
    """For each course, how far it ends below the highest that it had reached.

    To keep single points from deciding, both are read off running medians of three points. NaN below three points.
    """
    return {name: _fall(values) for name, values in zip(courses, finite(*courses.values()), strict=True)}


def _fall(values: Series) -> float:
    if len(values) < FEWEST_WITHIN:
        return nan
    smooth = np.median([values[:-2], values[1:-1], values[2:]], axis=0)
    return float(smooth.max() - smooth[-1])


def see_turn(steps: Values, values: Values, earliest: float, latest: float) -> Sight:
    """A course is lowest between two steps.

    That is shown if all points within two standard deviations of the noise from the lowest lie between the two, absent
    if none does, and unclear otherwise. A course that is lowest at its end has not turned: unclear where it ends before
    `latest`, absent after.
    """
    times, series = finite(steps, values)
    if len(series) < FEWEST_POINTS:
        return Sight("unclear", {"points": len(series)})
    lowest = int(np.argmin(series))
    numbers = {"lowest at": float(times[lowest]), "lowest": float(series[lowest]), "end": float(series[-1])}
    if lowest == len(series) - 1:
        return Sight("unclear" if times[-1] <= latest else "absent", numbers)
    near = times[series <= series[lowest] + 2 * noise_deviation(series)]
    inside = (earliest <= near) & (near <= latest)
    return Sight("shown" if inside.all() else "unclear" if inside.any() else "absent", numbers)


def see_sooner(
    steps: Values, first: NDArray[np.bool_], second: NDArray[np.bool_], kept: NDArray[np.bool_], factor: float
) -> Sight:
    """`first` and `second` say at which points either condition holds; only those `kept` count.

    Each comes about between the last point before and the first point at which it holds, or after the end of training.
    That the second takes `factor` times as many steps is shown if the smallest possible ratio says so, absent if the
    largest does not, and unclear otherwise.
    """
    times = np.asarray(steps, dtype=np.float64)
    start, times = float(times[0]), times[kept]
    if not len(times):
        return Sight("unclear", {"points": 0.0})
    one, other = (_comes(times - start, condition[kept]) for condition in (first, second))
    names = (("first at", one), ("second at", other))
    numbers = {name: span[1] for name, span in names if span[1] < inf}
    smallest = other[0] / one[1] if one[1] else inf
    largest = other[1] / one[0] if one[0] else inf
    if smallest >= factor:
        return Sight("shown", numbers)
    return Sight("absent" if largest < factor else "unclear", numbers)


def _comes(times: Series, holds: NDArray[np.bool_]) -> tuple[float, float]:
    """Steps after the start between which a condition first holds; the upper one is infinite where it never does."""
    reached = np.flatnonzero(holds)
    if not len(reached):
        return float(times[-1]), inf
    at = int(reached[0])
    return (float(times[at - 1]) if at else 0.0), float(times[at])
