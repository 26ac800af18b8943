"""Bootstrap of means and rank correlations over runs, or over groups of runs that share a configuration.

A resample is a row of whole weights, the number of times that each run was drawn, so that all resamples are computed at
once and groups of unequal size need no special treatment.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from interplay.evidence.statistics import LEVEL, Interval, Values

Weights = NDArray[np.float64]
PerResample = NDArray[np.float64]
RESAMPLES = 9999


def draw_weights(count: int, groups: Sequence[Hashable] | None = None, seed: int = 0) -> Weights:
    """How often each of `count` runs is drawn in each resample, `(RESAMPLES, count)`; always the same for one seed.

    With `groups` (one key per run) whole groups are drawn, as many as there are: runs that share a configuration are no
    independent evidence about configurations.
    """
    keys = range(count) if groups is None else groups
    members = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    chances = np.full(len(members), 1 / len(members))
    drawn = np.random.default_rng(seed).multinomial(len(members), chances, size=RESAMPLES)
    return drawn[:, [members[key] for key in keys]].astype(np.float64)


def resampled_interval(statistic: Callable[[Weights], PerResample], weights: Weights, level: float = LEVEL) -> Interval:
    """Percentile bootstrap interval of a statistic of the weights, around its value with every run drawn once."""
    centre = float(statistic(np.ones((1, weights.shape[1])))[0])
    tail = (1 - level) / 2
    low, high = np.quantile(statistic(weights), [tail, 1 - tail])
    return Interval(centre, float(low), float(high))


def weighted_mean(values: Values, weights: Weights) -> PerResample:
    """Mean of the values in each resample."""
    means: PerResample = (weights @ np.asarray(values, dtype=np.float64)) / weights.sum(axis=1)
    return means


def weighted_spearman(first: Values, second: Values, weights: Weights) -> PerResample:
    """Spearman's rho in each resample: Pearson's r of ranks, ties at their mean; 0 where a column is constant."""
    one, other = _weighted_ranks(first, weights), _weighted_ranks(second, weights)
    total = weights.sum(axis=1, keepdims=True)
    one -= (weights * one).sum(axis=1, keepdims=True) / total
    other -= (weights * other).sum(axis=1, keepdims=True) / total
    return _ratio((weights * one * other).sum(axis=1), (weights * one**2).sum(axis=1), (weights * other**2).sum(axis=1))


def weighted_kendall(first: Values, second: Values, weights: Weights) -> PerResample:
    """Kendall's tau-b in each resample; 0 where a column is constant."""
    one, other = _signs(first), _signs(second)
    return _ratio(_pairs(one * other, weights), _pairs(one**2, weights), _pairs(other**2, weights))


def _weighted_ranks(values: Values, weights: Weights) -> Weights:
    """Rank of each run in each resample: those drawn below it, half of those that equal it."""
    signs = _signs(values)
    ranks: Weights = weights @ (0.5 * (signs == 0) + (signs > 0))
    return ranks


def _signs(values: Values) -> Weights:
    """`(count, count)`: sign of the value in the column's run minus that in the row's."""
    array = np.asarray(values, dtype=np.float64)
    signs: Weights = np.sign(array[None, :] - array[:, None])
    return signs


def _pairs(matrix: Weights, weights: Weights) -> PerResample:
    sums: PerResample = ((weights @ matrix) * weights).sum(axis=1)
    return sums


def _ratio(product: PerResample, first: PerResample, second: PerResample) -> PerResample:
    scale = np.sqrt(first * second)
    ratio: PerResample = np.divide(product, scale, out=np.zeros_like(scale), where=scale > 1e-12)
    return ratio
