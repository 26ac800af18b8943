"""Intervals and tests for few runs: small wrappers of scipy that say what they assume and what they do at its edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb, nan, sqrt

import numpy as np
import scipy  # its submodules load on first use, and most callers use none
from numpy.typing import NDArray

Values = Sequence[float] | NDArray[np.float64]

Series = NDArray[np.float64]  # one value per logged point of a run

LEVEL = 0.95
SEVERAL_SEEDS = 3  # "several seeds" of unknown number: the smallest, which gives the widest interval


def finite(*columns: Values) -> tuple[Series, ...]:
    """The columns without the points at which one of them is not finite."""
    arrays = [np.asarray(column, dtype=np.float64) for column in columns]
    keep = np.all([np.isfinite(array) for array in arrays], axis=0)
    return tuple(array[keep] for array in arrays)


@dataclass(frozen=True)
class Interval:
    """A closed interval around `centre`."""

    centre: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of its length."""
        return (self.high - self.low) / 2

    def covers(self, value: float, slack: float = 0.0) -> bool:
        """Whether `value` lies within, or outside by at most `slack`; a NaN never does."""
        return self.low - slack <= value <= self.high + slack


def prediction_interval(mean: float, spread: float, samples: int, level: float = LEVEL) -> Interval:
    """Where one further run falls with probability `level`, given mean and standard deviation of `samples` runs.

    Normal runs are assumed: mean +- t(samples - 1) * spread * sqrt(1 + 1 / samples).
    """
    if samples < 2:
        raise ValueError("a prediction interval needs at least two samples")
    half = scipy.stats.t.ppf((1 + level) / 2, samples - 1) * spread * sqrt(1 + 1 / samples)
    return Interval(mean, mean - half, mean + half)


def welch_interval(
    ours: Sequence[float], mean: float, spread: float, samples: int, level: float = LEVEL
) -> tuple[Interval, float]:
    """Where a published mean is expected, given ours, and the two-sided p-value of Welch's test that the two agree.

    The interval is centred on our mean; degrees of freedom after Welch and Satterthwaite. Two or more runs of ours and
    two or more published `samples` are needed, with a spread in one of them at least.
    """
    own_mean, own_variance = float(np.mean(ours)), float(np.var(ours, ddof=1))
    own_share, other_share = own_variance / len(ours), spread**2 / samples
    total = own_share + other_share
    if total == 0:
        return Interval(own_mean, own_mean, own_mean), float(own_mean == mean)
    freedom = total**2 / (own_share**2 / (len(ours) - 1) + other_share**2 / (samples - 1))
    half = scipy.stats.t.ppf((1 + level) / 2, freedom) * sqrt(total)
    p = 2 * scipy.stats.t.sf(abs(own_mean - mean) / sqrt(total), freedom)
    return Interval(own_mean, own_mean - half, own_mean + half), float(p)


def bootstrap_interval(
    values: Sequence[float],
    statistic: Callable[..., float] = np.mean,
    level: float = LEVEL,
    resamples: int = 9999,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of `statistic` (a function of a sample and `axis`); always the same for one seed.

    A single value, or values all equal, give an interval without width.
    """
    sample = np.asarray(values, dtype=np.float64)
    centre = float(statistic(sample, axis=-1))
    if np.ptp(sample) == 0:
        return Interval(centre, centre, centre)
    found = scipy.stats.bootstrap(
        (sample,), statistic, confidence_level=level, n_resamples=resamples, method="percentile", rng=seed
    ).confidence_interval
    return Interval(centre, float(found.low), float(found.high))


@dataclass(frozen=True)
class OrderingResult:
    """Is one group above another? Mean difference and one-sided p-values of that and of the reverse.

    `low` and `high` are the two-sided 95 % interval of the difference, NaN where ranks or signs were tested.
    """

    method: str
    difference: float
    p_greater: float
    p_less: float
    low: float = nan
    high: float = nan


def paired_ordering(greater: Sequence[float], lesser: Sequence[float]) -> OrderingResult:
    """Paired t-test on runs that match one to one; where all differences are equal, the exact sign test.

    Equal differences (common with accuracies on few test images) leave no estimate of the noise, and t would be
    infinite; signs alone need five pairs to be significant.
    """
    differences = np.asarray(greater, dtype=np.float64) - np.asarray(lesser, dtype=np.float64)
    mean = float(differences.mean())
    if len(differences) > 1 and np.ptp(differences) > 1e-12 * max(1.0, abs(mean)):
        above = float(scipy.stats.ttest_1samp(differences, 0.0, alternative="greater").pvalue)
        within = scipy.stats.ttest_1samp(differences, 0.0).confidence_interval(LEVEL)
        return OrderingResult("paired t-test", mean, above, 1 - above, float(within.low), float(within.high))
    wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
    if wins + losses == 0:
        return OrderingResult("sign test", mean, 1.0, 1.0)
    p_greater = scipy.stats.binomtest(wins, wins + losses, alternative="greater").pvalue
    p_less = scipy.stats.binomtest(losses, wins + losses, alternative="greater").pvalue
    return OrderingResult("sign test", mean, float(p_greater), float(p_less))


def welch_ordering(greater: Sequence[float], lesser: Sequence[float]) -> OrderingResult:
    """Welch's t-test; where a group has one run or neither has a spread, the exact rank test of separated groups."""
    first, second = np.asarray(greater, dtype=np.float64), np.asarray(lesser, dtype=np.float64)
    difference = float(first.mean() - second.mean())
    if min(len(first), len(second)) > 1 and (np.ptp(first) > 0 or np.ptp(second) > 0):
        above = float(scipy.stats.ttest_ind(first, second, equal_var=False, alternative="greater").pvalue)
        within = scipy.stats.ttest_ind(first, second, equal_var=False).confidence_interval(LEVEL)
        return OrderingResult("Welch's t-test", difference, above, 1 - above, float(within.low), float(within.high))
    extreme = 1 / comb(len(first) + len(second), len(first))
    return OrderingResult(
        "exact rank test",
        difference,
        extreme if first.min() > second.max() else 1.0,
        extreme if first.max() < second.min() else 1.0,
    )


def rank_correlation(first: Values, second: Values) -> tuple[float, float]:
    """Spearman's rho and its two-sided p-value; `(0, 1)` where a column is constant and nothing moves together."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0, 1.0
    result = scipy.stats.spearmanr(first, second)
    return float(result.statistic), float(result.pvalue)


def trend(values: Values) -> tuple[float, float]:
    """Kendall's tau of a series against time and its two-sided p-value; `(0, 1)` for a constant series."""
    if np.ptp(values) == 0:
        return 0.0, 1.0
    result = scipy.stats.kendalltau(np.arange(len(values)), values)
    return float(result.statistic), float(result.pvalue)


def partial_conjunction(ps: Values, at_least: int) -> float:
    """p-value of "fewer than `at_least` of these hypotheses are false": (n - r + 1) p_(r), whatever their dependence.

    Small where r of them are rejected even by Bonferroni's rule among the n - r + 1 largest.
    Source: Benjamini and Heller (2008).
    """
    ordered = sorted(float(p) for p in ps)
    if not 1 <= at_least <= len(ordered):
        raise ValueError(f"at_least is {at_least}, to be from 1 to {len(ordered)}")
    return min(1.0, (len(ordered) - at_least + 1) * ordered[at_least - 1])
