"""What a metric does over the levels of a setting: does it rise, and do the levels differ at all?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations, product
from math import factorial, prod, sqrt

import numpy as np
import scipy
from numpy.typing import NDArray

from interplay.evidence.bootstrap import draw_weights, resampled_interval, weighted_kendall
from interplay.evidence.statistics import LEVEL, Interval, Values

MOST_ARRANGEMENTS = 20_000


@dataclass(frozen=True)
class Response:
    """Kendall's tau-b of a metric with a setting, its bootstrap interval over runs, and one-sided p-values.

    `smallest_p` is the least that so few runs could give, however clear the response.
    """

    tau: Interval
    p_rising: float
    p_falling: float
    smallest_p: float
    arrangements: int


def response_to_levels(levels: Values, values: Values, blocks: Sequence[Hashable], seed: int = 0) -> Response:
    """Does a metric rise (or fall) with a setting? Tau-b over runs, tested by permuting the levels within blocks.

    Runs of one block share what is not the setting (data set, seed), so that under the hypothesis of no response every
    arrangement of the levels among them is equally likely. The test is exact: all arrangements up to 20,000, above that
    as many drawn at random, the observed one among them.
    """
    setting, metric = np.asarray(levels, dtype=np.float64), np.asarray(values, dtype=np.float64)
    members = [np.flatnonzero([block == key for block in blocks]) for key in dict.fromkeys(blocks)]
    arranged = _arrangements(setting, members, seed)
    sums = np.zeros(len(arranged))
    for first, second in combinations(range(len(metric)), 2):
        sums += np.sign(metric[second] - metric[first]) * np.sign(arranged[:, second] - arranged[:, first])
    tau = resampled_interval(lambda drawn: weighted_kendall(setting, metric, drawn), draw_weights(len(metric)))
    extreme = max(float((sums == sums.max()).mean()), 1 / len(arranged))
    return Response(
        tau, float((sums >= sums[0]).mean()), float((sums <= sums[0]).mean()), min(extreme, 1.0), len(arranged)
    )


def _arrangements(levels: NDArray[np.float64], blocks: Sequence[NDArray[np.intp]], seed: int) -> NDArray[np.float64]:
    """Ways to arrange the levels within the blocks, one row each, the observed one first."""
    if prod(factorial(len(block)) for block in blocks) <= MOST_ARRANGEMENTS:
        rows = []
        for orders in product(*(permutations(block) for block in blocks)):
            row = levels.copy()
            for block, order in zip(blocks, orders, strict=True):
                row[block] = levels[list(order)]
            rows.append(row)
        return np.array(rows)
    rng = np.random.default_rng(seed)
    drawn = np.tile(levels, (MOST_ARRANGEMENTS, 1))
    for block in blocks:
        drawn[1:, block] = rng.permuted(drawn[1:, block], axis=1)
    return drawn


@dataclass(frozen=True)
class Difference:
    """Mean at the `second` level minus that at the `first`: its 95 % interval, and one that holds for all pairs."""

    first: float
    second: float
    interval: Interval
    simultaneous: Interval


def level_differences(groups: Mapping[float, Sequence[float]]) -> list[Difference] | None:
    """Differences of means between any two levels; None where no level has two runs, so that no spread is known.

    One spread is assumed for all levels, pooled over them: with two or three seeds a level none has a spread of its own
    worth its name. Runs that share a seed are treated as independent, which only widens the intervals. `simultaneous`
    intervals are Bonferroni's over all pairs.
    """
    runs = sum(len(values) for values in groups.values())
    freedom = runs - len(groups)
    if freedom < 1:
        return None
    squares = sum(float(np.sum((np.asarray(values) - np.mean(values)) ** 2)) for values in groups.values())
    spread = sqrt(squares / freedom)
    pairs = list(combinations(sorted(groups), 2))
    single, several = (
        float(scipy.stats.t.ppf(1 - (1 - LEVEL) / (2 * tests), freedom)) for tests in (1, max(1, len(pairs)))
    )
    found = []
    for first, second in pairs:
        difference = float(np.mean(groups[second]) - np.mean(groups[first]))
        error = spread * sqrt(1 / len(groups[first]) + 1 / len(groups[second]))
        intervals = (Interval(difference, difference - t * error, difference + t * error) for t in (single, several))
        found.append(Difference(first, second, *intervals))
    return found
