"""Does the order of several methods agree with a printed order? Kendall's tau, and what seeds leave open of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
import scipy

from interplay.evidence.decisions import ALPHA
from interplay.evidence.power import MOST_SEEDS
from interplay.evidence.statistics import LEVEL, Interval, Series

CLEAR_AGREEMENT = 0.5  # tau: three of four pairs of methods in the printed order, as for responses
RESAMPLES = 4999


@dataclass(frozen=True)
class Ranked:
    """What is printed of each method, and our values of it, one a seed."""

    printed: Sequence[float]
    ours: Sequence[Sequence[float]]

    @property
    def means(self) -> Series:
        """Our mean of each method."""
        return np.array([np.mean(values) for values in self.ours])

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the spread within methods; 0 where every method has one seed."""
        return sum(len(values) - 1 for values in self.ours)

    @property
    def spread(self) -> float:
        """Standard deviation over seeds, pooled over methods: one seed of a method then has that of the others."""
        squares = sum(float(np.sum((np.asarray(values) - np.mean(values)) ** 2)) for values in self.ours)
        return sqrt(squares / self.freedom) if self.freedom else nan


@dataclass(frozen=True)
class RankAgreement:
    """Kendall's tau-b with its 95 % interval over seeds, NaN without a spread.

    `p_chance` is the probability of a tau as high if the methods stood in any order, `p_as_high` that of a tau as low
    if the true one were .5; of the reverse order, without a spread.
    """

    tau: Interval
    p_chance: float
    p_as_high: float


def rank_agreement(ranked: Ranked) -> RankAgreement:
    """Agreement of our means with the printed values.

    Noise brings tau down, and a resample has it twice. So the interval is the pivotal one, 2 tau less the quantiles of
    tau in resamples of the means: normal, with the spread pooled over methods, itself resampled by its chi-square.
    """
    tau = float(kendall(ranked.printed, ranked.means[None])[0])
    by_chance, reverse = (
        float(scipy.stats.kendalltau(ranked.printed, ranked.means, alternative=side).pvalue)
        for side in ("greater", "less")
    )
    if not ranked.freedom:
        return RankAgreement(Interval(tau, nan, nan), by_chance, reverse)
    pivoted = 2 * tau - _resampled(ranked, [len(values) for values in ranked.ours])
    tail = (1 - LEVEL) / 2
    low, high = np.clip(np.quantile(pivoted, [tail, 1 - tail]), -1, 1)
    return RankAgreement(Interval(tau, float(low), float(high)), by_chance, _p_as_high(pivoted))


def seeds_to_rank(ranked: Ranked) -> int | None:
    """Seeds of every method with which a tau below .5 would be told from .5, at the means and the spread as they are.

    None above 1,000, and where tau is .5 or more.
    """
    tau = float(kendall(ranked.printed, ranked.means[None])[0])
    if tau >= CLEAR_AGREEMENT:
        return None
    seeds = 2
    while seeds <= MOST_SEEDS:
        if _p_as_high(2 * tau - _resampled(ranked, [seeds] * len(ranked.ours))) <= ALPHA:
            return seeds
        seeds += max(1, seeds // 4)
    return None


def kendall(printed: Sequence[float], means: Series) -> Series:
    """Kendall's tau-b of printed values with each row of `means` `[resamples, methods]`; 0 where a side is constant."""
    one = np.asarray(printed, dtype=np.float64)
    first, second = (np.triu_indices(len(one), 1)[side] for side in (0, 1))
    order, orders = np.sign(one[first] - one[second]), np.sign(means[:, first] - means[:, second])
    scale = np.sqrt(float(np.sum(order**2)) * np.sum(orders**2, axis=1))
    found: Series = np.divide(orders @ order, scale, out=np.zeros(len(means)), where=scale > 0)
    return found


def _resampled(ranked: Ranked, seeds: Sequence[int]) -> Series:
    rng = np.random.default_rng(0)
    scale = np.sqrt(ranked.freedom / rng.chisquare(ranked.freedom, size=(RESAMPLES, 1)))
    noise = rng.normal(size=(RESAMPLES, len(seeds))) / np.sqrt(seeds)
    return kendall(ranked.printed, ranked.means + ranked.spread * scale * noise)


def _p_as_high(pivoted: Series) -> float:
    """Share of resamples, the observed sample counted as one of them, so that it is never zero."""
    return float((np.sum(pivoted >= CLEAR_AGREEMENT - 1e-12) + 1) / (len(pivoted) + 1))
