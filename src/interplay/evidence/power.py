"""How likely a comparison of means over seeds is to find a difference that is there, and how many seeds it takes.

Exact for normal runs of known effect and spread: the t statistic has then a noncentral t distribution.
Source: Cohen (1988), chapter 2; for unequal spreads with Satterthwaite's degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import scipy

POWER = 0.8  # at which a number of seeds counts as enough: the convention of sample-size planning
MOST_SEEDS = 1000  # beyond which nobody will train


def paired_power(effect: float, spread: float, seeds: int, alpha: float) -> float:
    """Power of a one-sided t-test at level `alpha` on `seeds` numbers (differences, where runs are paired).

    Args:
        effect: their true mean, above 0.
        spread: their standard deviation, above 0.
    """
    return _power(sqrt(seeds) * effect / spread, seeds - 1, alpha)


def unpaired_power(effect: float, first: float, second: float, seeds: int, alpha: float) -> float:
    """Power of Welch's one-sided t-test at level `alpha` on two groups of `seeds` runs each.

    Args:
        effect: true difference of the means, above 0.
        first, second: standard deviations of the groups, not both 0.
    """
    return _power(effect / sqrt((first**2 + second**2) / seeds), welch_freedom(first, second, seeds), alpha)


def welch_freedom(first: float, second: float, seeds: int) -> float:
    """Satterthwaite's degrees of freedom of two groups of `seeds` runs with these standard deviations, not both 0."""
    return (seeds - 1) * (first**2 + second**2) ** 2 / (first**4 + second**4)


def seeds_for(power: Callable[[int], float], wanted: float = POWER) -> int | None:
    """The fewest seeds, two or more, at which `power`, which grows with them, is as wanted; None above 1,000."""
    if not power(MOST_SEEDS) >= wanted:
        return None
    low, high = 1, MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= wanted else (middle, high)
    return high


def seeds_paired(effect: float, spread: float, alpha: float) -> int | None:
    """Seeds with which `paired_power` is .8; 2 where nothing spreads, None without an effect or above 1,000."""
    if not (effect > 0 and spread > 0):
        return 2 if effect > 0 else None
    return seeds_for(lambda seeds: paired_power(effect, spread, seeds, alpha))


def seeds_unpaired(effect: float, first: float, second: float, alpha: float) -> int | None:
    """Seeds of each group with which `unpaired_power` is .8; 2 where nothing spreads, None as for pairs."""
    if not (effect > 0 and (first > 0 or second > 0)):
        return 2 if effect > 0 else None
    return seeds_for(lambda seeds: unpaired_power(effect, first, second, seeds, alpha))


def said_of(seeds: int | None) -> str:
    """A sentence: how many seeds would decide at the observed effect and spread."""
    if seeds is None:
        return f" At this spread not even {MOST_SEEDS} seeds would decide."
    return f" At this effect and spread about {seeds} seeds would decide."


def _power(noncentrality: float, freedom: float, alpha: float) -> float:
    limit = scipy.stats.t.ppf(1 - alpha, freedom)
    return float(scipy.stats.nct.sf(limit, freedom, noncentrality))
