"""What a metric does over the values of a setting: does it rise, and do its means differ at all?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations, product
from math import factorial, nan, prod, sqrt

import numpy as np
import scipy
from numpy.typing import NDArray

from interplay.evidence.bootstrap import draw_weights, resampled_interval, weighted_kendall
from interplay.evidence.statistics import LEVEL, Interval, Values

MOST_ARRANGEMENTS = 20_000


@dataclass(frozen=True)
class Response:
    """Kendall's tau-b of a metric with a setting, its bootstrap interval over blocks, and one-sided p-values.

    `smallest_p` is the least that so few runs could give, however clear the response. `by_block` holds the tau of each
    block that has several values of the setting.
    """

    tau: Interval
    p_rising: float
    p_falling: float
    smallest_p: float
    arrangements: int
    by_block: tuple[float, ...] = ()


def response_to_setting(setting: Values, values: Values, blocks: Sequence[Hashable], seed: int = 0) -> Response:
    """Does a metric rise (or fall) with a setting? Tau-b over runs, tested by permuting the setting within blocks.

    Runs of one block share what is not the setting (data set, seed), so that under the hypothesis of no response every
    arrangement of the setting among them is equally likely. The test is exact: all arrangements up to 20,000, above
    that as many drawn at random, the observed one among them. Whole blocks are drawn for the interval: it is seeds that
    another study would have others of.
    """
    given, metric = np.asarray(setting, dtype=np.float64), np.asarray(values, dtype=np.float64)
    members = [np.flatnonzero([block == key for block in blocks]) for key in dict.fromkeys(blocks)]
    arranged = _arrangements(given, members, seed)
    sums = np.zeros(len(arranged))
    for first, second in combinations(range(len(metric)), 2):
        sums += np.sign(metric[second] - metric[first]) * np.sign(arranged[:, second] - arranged[:, first])
    tau = resampled_interval(lambda drawn: weighted_kendall(given, metric, drawn), draw_weights(len(metric), blocks))
    extreme = max(float((sums == sums.max()).mean()), 1 / len(arranged))
    return Response(
        tau,
        float((sums >= sums[0]).mean()),
        float((sums <= sums[0]).mean()),
        min(extreme, 1.0),
        len(arranged),
        tuple(tau_b(given[block], metric[block]) for block in members if len(set(given[block])) > 1),
    )


def tau_b(first: Values, second: Values) -> float:
    """Kendall's tau-b; 0 where a column is constant."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(scipy.stats.kendalltau(first, second).statistic)


def p_as_strong(strengths: Sequence[float], clear: float, null_deviation: float) -> float:
    """p of a mean strength over blocks as low or lower if it were `clear`: a one-sided t-test; NaN for one block.

    Ranks of few values take few values: three seeds may well agree by chance and show no spread. So theirs counts as at
    least `null_deviation`, which strengths have that mean nothing.
    """
    sample = np.asarray(strengths, dtype=np.float64)
    if len(sample) < 2:
        return nan
    error = max(float(sample.std(ddof=1)), null_deviation) / sqrt(len(sample))
    return float(scipy.stats.t.cdf((float(sample.mean()) - clear) / error, len(sample) - 1))


def deviation_of_tau(values: int) -> float:
    """Standard deviation of Kendall's tau of so many pairs that have nothing to do with each other."""
    return sqrt(2 * (2 * values + 5) / (9 * values * (values - 1)))


def _arrangements(given: NDArray[np.float64], blocks: Sequence[NDArray[np.intp]], seed: int) -> NDArray[np.float64]:
    """Ways to arrange what is given within the blocks, one row each, the observed one first."""
    if prod(factorial(len(block)) for block in blocks) <= MOST_ARRANGEMENTS:
        rows = []
        for orders in product(*(permutations(block) for block in blocks)):
            row = given.copy()
            for block, order in zip(blocks, orders, strict=True):
                row[block] = given[list(order)]
            rows.append(row)
        return np.array(rows)
    rng = np.random.default_rng(seed)
    drawn = np.tile(given, (MOST_ARRANGEMENTS, 1))
    for block in blocks:
        drawn[1:, block] = rng.permuted(drawn[1:, block], axis=1)
    return drawn


@dataclass(frozen=True)
class Difference:
    """Mean at the `second` value of a setting minus that at the `first`: its 95 % interval, and one for all pairs.

    `error` and `freedom` are those of the t distribution behind both.
    """

    first: float
    second: float
    interval: Interval
    simultaneous: Interval
    error: float
    freedom: int

    def p_below(self, limit: float) -> float:
        """p of a difference as low or lower if it were `limit`."""
        distance = self.interval.centre - limit
        if self.error == 0:
            return float(distance >= 0)
        return float(scipy.stats.t.cdf(distance / self.error, self.freedom))


def differences_over_setting(groups: Mapping[float, Sequence[float]]) -> list[Difference] | None:
    """Differences of means between any two values of a setting; None where none has two runs: no spread is known.

    One spread is assumed for all, pooled over them: with two or three seeds none has a spread of its own worth its
    name. Runs that share a seed are treated as independent, which only widens the intervals. `simultaneous` intervals
    are Bonferroni's over all pairs.
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
        one, all_pairs = (
            Interval(difference, difference - t * error, difference + t * error) for t in (single, several)
        )
        found.append(Difference(first, second, one, all_pairs, error, freedom))
    return found
