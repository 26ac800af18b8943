"""When something comes about in a run: between which two logged steps, since nothing is seen in between."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from interplay.evidence.statistics import Series, Values, finite

FEWEST_POINTS = 5


@dataclass(frozen=True)
class Span:
    """Steps between which something comes about; `last` is infinite where it did not happen before the end."""

    first: float
    last: float


def lowest_between(steps: Values, values: Values) -> Span | None:
    """The logged steps around the one at which a series is lowest; None for fewer than five points.

    To keep single points from deciding, it is read off running medians of three points. A series that is lowest at its
    end may be lower yet: the span is open then.
    """
    times, series = finite(steps, values)
    if len(series) < FEWEST_POINTS:
        return None
    middle = np.median([series[:-2], series[1:-1], series[2:]], axis=0)
    smooth = np.concatenate([series[:1], middle, series[-1:]])
    lowest = int(np.argmin(np.where(smooth == smooth.min(), series, inf)))
    last = inf if lowest == len(smooth) - 1 else float(times[lowest + 1])
    return Span(float(times[max(0, lowest - 1)]), last)


def first_time(steps: Values, holds: NDArray[np.bool_], kept: NDArray[np.bool_] | None = None) -> Span | None:
    """Steps after the start between which a condition first holds; of the points `kept`, all by default.

    None where no point is kept.
    """
    times: Series = np.asarray(steps, dtype=np.float64)
    after = times - times[0]
    if kept is not None:
        after, holds = after[kept], holds[kept]
    if not len(after):
        return None
    reached = np.flatnonzero(holds)
    if not len(reached):
        return Span(float(after[-1]), inf)
    at = int(reached[0])
    return Span(float(after[at - 1]) if at else 0.0, float(after[at]))


def ratio_of(first: Span, second: Span) -> Span:
    """The smallest and the largest ratio of the second time to the first that the two spans allow.

    Anything from nothing to infinity where the first was there from the start: a time of zero has no multiples.
    """
    if first.last == 0:
        return Span(0.0, inf)
    smallest = 0.0 if first.last == inf else second.first / first.last
    return Span(smallest, second.last / first.first if first.first else inf)
