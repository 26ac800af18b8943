"""Does the order of several methods agree with a printed order? Kendall's tau, and what seeds leave open of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, inf, isfinite, nan, sqrt

import numpy as np
import scipy

from interplay.evidence.decisions import ALPHA
from interplay.evidence.power import seeds_unpaired
from interplay.evidence.statistics import LEVEL, Interval, Series, partial_conjunction

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
    """Kendall's tau-b of our means with the printed values, and where it lies in resamples over seeds (95 %).

    `p_chance` is the probability of a tau as high if the methods stood in any order; `p_high` that of as many pairs
    against the printed order if the true tau were .5 or more, or, without a spread, that of a tau as low by chance.
    """

    tau: Interval
    p_chance: float
    p_high: float


def rank_agreement(ranked: Ranked) -> RankAgreement:
    """Agreement of our means with the printed values.

    Noise brings tau down, so that a low one does not yet tell that the true one is low. That tells a number of pairs,
    more than a quarter, each of which stands against the printed order: t-tests with the pooled spread, put together as
    a partial conjunction.
    """
    tau = float(kendall(ranked.printed, ranked.means[None])[0])
    by_chance, reverse = (
        float(scipy.stats.kendalltau(ranked.printed, ranked.means, alternative=side).pvalue)
        for side in ("greater", "less")
    )
    if not ranked.freedom:
        return RankAgreement(Interval(tau, nan, nan), by_chance, reverse)
    against, errors, _ = _pairs(ranked)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_pairs = scipy.stats.t.sf(np.nan_to_num(against / errors), ranked.freedom)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(_resampled(ranked), [tail, 1 - tail])
    p_high = partial_conjunction(p_pairs, fewest_against(ranked.printed))
    return RankAgreement(Interval(tau, float(low), float(high)), by_chance, p_high)


def fewest_against(printed: Sequence[float]) -> int:
    """How many pairs against the printed order bring tau-b below .5, if all of our means differ."""
    pairs = len(printed) * (len(printed) - 1) // 2
    told = int(np.sum(np.abs(np.sign(np.subtract.outer(printed, printed))))) // 2
    return floor((told - CLEAR_AGREEMENT * sqrt(told * pairs)) / 2 + 1e-9) + 1


def seeds_to_rank(ranked: Ranked) -> int | None:
    """Seeds of every method with which a tau below .5 would be told from .5, at the means and the spread as they are.

    None above 1,000, and where the means are not against the printed order in so many pairs.
    """
    against, _, count = _pairs(ranked)
    wanted = fewest_against(ranked.printed)
    level, spread = ALPHA / (count - wanted + 1), ranked.spread
    found = sorted(seeds_unpaired(float(one), spread, spread, level) or inf for one in against)
    return int(found[wanted - 1]) if isfinite(found[wanted - 1]) else None


def kendall(printed: Sequence[float], means: Series) -> Series:
    """Kendall's tau-b of printed values with each row of `means` `[resamples, methods]`; 0 where a side is constant."""
    one = np.asarray(printed, dtype=np.float64)
    first, second = (np.triu_indices(len(one), 1)[side] for side in (0, 1))
    order, orders = np.sign(one[first] - one[second]), np.sign(means[:, first] - means[:, second])
    scale = np.sqrt(float(np.sum(order**2)) * np.sum(orders**2, axis=1))
    found: Series = np.divide(orders @ order, scale, out=np.zeros(len(means)), where=scale > 0)
    return found


def _pairs(ranked: Ranked) -> tuple[Series, Series, int]:
    """By how much our means stand against the printed order, with its standard error, of each pair that is not tied."""
    one, means = np.asarray(ranked.printed, dtype=np.float64), ranked.means
    shares = np.array([1 / len(values) for values in ranked.ours])
    first, second = (np.triu_indices(len(one), 1)[side] for side in (0, 1))
    order = np.sign(one[first] - one[second])
    kept = order != 0
    against = -(order * (means[first] - means[second]))[kept]
    errors = ranked.spread * np.sqrt(shares[first] + shares[second])[kept]
    return against, errors, int(kept.sum())


def _resampled(ranked: Ranked) -> Series:
    """Tau of means drawn anew: normal, with the pooled spread, itself resampled by its chi-square."""
    rng = np.random.default_rng(0)
    scale = np.sqrt(ranked.freedom / rng.chisquare(ranked.freedom, size=(RESAMPLES, 1)))
    noise = rng.normal(size=(RESAMPLES, len(ranked.ours))) / np.sqrt([len(values) for values in ranked.ours])
    return kendall(ranked.printed, ranked.means + ranked.spread * scale * noise)
