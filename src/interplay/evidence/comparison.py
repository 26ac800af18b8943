"""Two groups of runs compared by one number: paired where their seeds match, by Welch's test otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from interplay.evidence.decisions import seeds_wanted, variation_of
from interplay.evidence.outcomes import NotRunError, seeds_of
from interplay.evidence.power import said_of, seeds_paired, seeds_unpaired
from interplay.evidence.quantities import number_of
from interplay.evidence.statistics import OrderingResult, paired_ordering, welch_ordering
from interplay.protocols.quantities import Metric
from interplay.records import Record


@dataclass(frozen=True)
class Comparison:
    """The numbers of two groups of runs, the test of their order, and what it would take to decide it.

    `pairs` are the differences run by run where the groups have the same data sets and seeds, each once; else None.
    """

    greater: tuple[float, ...]
    lesser: tuple[float, ...]
    pairs: tuple[float, ...] | None
    result: OrderingResult
    seeds: int

    @property
    def variation(self) -> float | None:
        """Coefficient of variation of the differences, or of differences of independent runs of the two groups."""
        if self.pairs is not None:
            return variation_of(self.pairs)
        if min(len(self.greater), len(self.lesser)) < 2 or self.result.difference == 0:
            return None
        return float(np.hypot(*self._spreads()) / abs(self.result.difference))

    def seeds_needed(self, alpha: float) -> int | None:
        """Seeds of each group with which a one-sided test at `alpha` would decide, at this effect and spread.

        None above 1,000, without an effect, and where one run gives no spread.
        """
        effect = abs(self.result.difference)
        if self.pairs is not None:
            return None if len(self.pairs) < 2 else seeds_paired(effect, float(np.std(self.pairs, ddof=1)), alpha)
        if min(len(self.greater), len(self.lesser)) < 2:
            return None
        return seeds_unpaired(effect, *self._spreads(), alpha)

    def wanted(self, alpha: float) -> str:
        """A sentence that says so."""
        if min(len(self.greater), len(self.lesser)) < 2:
            return seeds_wanted(self.result.difference, [self.result.difference], alpha)
        return said_of(self.seeds_needed(alpha))

    def _spreads(self) -> tuple[float, float]:
        return float(np.std(self.greater, ddof=1)), float(np.std(self.lesser, ddof=1))


def compare(greater: Sequence[Record], lesser: Sequence[Record], metric: Metric) -> Comparison:
    """One group against another, `greater` expected above.

    Raises:
        NotRunError: a run lacks the metric, or it is not finite.
    """
    first, second = (tuple(number_of(run, metric) for run in group) for group in (greater, lesser))
    if not all(isfinite(value) for value in (*first, *second)):
        raise NotRunError(f"{metric} is not finite in every run")
    seeds = min(seeds_of(greater), seeds_of(lesser))
    pairs = _paired(greater, lesser)
    if pairs is None:
        return Comparison(first, second, None, welch_ordering(first, second), seeds)
    left, right = ([number_of(run, metric) for run in side] for side in zip(*pairs, strict=True))
    differences = tuple(one - two for one, two in zip(left, right, strict=True))
    return Comparison(first, second, differences, paired_ordering(left, right), seeds)


def _paired(greater: Sequence[Record], lesser: Sequence[Record]) -> list[tuple[Record, Record]] | None:
    """Pairs by data set and seed, if both groups have the same of them, each once."""
    first = {(run.dataset or "", run.seed): run for run in greater}
    second = {(run.dataset or "", run.seed): run for run in lesser}
    if len(first) != len(greater) or len(second) != len(lesser) or first.keys() != second.keys():
        return None
    return [(first[key], second[key]) for key in sorted(first)]
