"""From p-values to a ruling: one rule for all tests on runs.

A judge hands over two p-values: `p_for`, of evidence as strong for the claim if the claim were false, and `p_against`,
of evidence as strong against it if it were true. Each kind of error is allowed at 5 %, at any number of
runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan, sqrt

import numpy as np
import scipy

from interplay.evidence.outcomes import Degree, Outcome, Ruling
from interplay.evidence.power import said_of, seeds_paired
from interplay.evidence.statistics import LEVEL, Interval, Values

# The level that the field uses. It is meant for each statement by itself; `multiplicity` sees to a document's many.
ALPHA = round(1 - LEVEL, 10)


@dataclass(frozen=True)
class Decision:
    """A ruling with the p-value that it rests on; undecided, that of the nearer of the two rulings."""

    ruling: Ruling
    p: float
    leaning: Ruling | None = None


def decide(p_for: float, p_against: float, seeds: int, leaning: Ruling | None = None) -> Decision:
    """`holds` where p_for is 5 % or less, `fails` where p_against is, else `undecided`; a NaN decides nothing.

    One seed convicts nobody: where all runs share it, `fails` becomes `undecided`, and the runs lean towards it. So do
    they towards `leaning` where a single run has no p-value at all.
    """
    if p_for <= ALPHA:
        return Decision("holds", p_for)
    if p_against <= ALPHA:
        return Decision("fails", p_against) if seeds > 1 else Decision("undecided", p_against, "fails")
    known = [p for p in (p_for, p_against) if p == p]
    return Decision("undecided", min(known, default=nan), leaning if seeds == 1 else None)


def outcome_of(decision: Decision, sentence: str, numbers: dict[str, float], degree: Degree) -> Outcome:
    """The outcome of a decision; the sentence says why one seed does not suffice where that is the reason."""
    if decision.leaning == "fails" and decision.p <= ALPHA:
        sentence += " It speaks against the statement, but it is one seed, which convicts nobody."
    return Outcome(decision.ruling, sentence, numbers, degree, decision.leaning)


@dataclass(frozen=True)
class MeanTest:
    """Is the mean over runs within bounds? Its 95 % interval, and the p-values of lying inside and outside.

    p is below 5 % where the whole interval says so. With one run there is no interval and no p: NaN.
    """

    interval: Interval
    p_within: float
    p_beyond: float


def judge_mean(values: Values, low: float = -inf, high: float = inf) -> MeanTest:
    """t-tests of the mean over runs against one or two bounds, by its two-sided interval.

    Within: the interval lies above `low` and below `high` (of two bounds the larger p, an equivalence test). Beyond: it
    lies below `low` or above `high`. A one-sided error of 2.5 % leaves room for what runs have that are not normal: for
    a skewness of .8 it grows to 4.6 %. Runs that agree to the last digit leave no spread to judge by and are taken at
    their word: then a mean on a bound counts as within.
    """
    sample = np.asarray(values, dtype=np.float64)
    mean, runs = float(sample.mean()), len(sample)
    if runs < 2:
        return MeanTest(Interval(mean, nan, nan), nan, nan)
    error, freedom = float(sample.std(ddof=1)) / sqrt(runs), runs - 1
    if error <= 1e-12 * max(1.0, abs(mean)):
        inside = low <= mean <= high
        return MeanTest(Interval(mean, mean, mean), 0.0 if inside else 1.0, 1.0 if inside else 0.0)
    half = float(scipy.stats.t.ppf((1 + LEVEL) / 2, freedom)) * error
    p_above, p_below = (float(scipy.stats.t.sf(distance / error, freedom)) for distance in (mean - low, high - mean))
    within = min(1.0, 2 * max(p_above, p_below))
    beyond = min(1.0, 2 * min(1 - p_above if low > -inf else 1.0, 1 - p_below if high < inf else 1.0))
    return MeanTest(Interval(mean, mean - half, mean + half), within, beyond)


def variation_of(values: Values) -> float | None:
    """Coefficient of variation over runs; None for one run, or a mean of zero."""
    sample = np.asarray(values, dtype=np.float64)
    if len(sample) < 2 or sample.mean() == 0:
        return None
    return float(sample.std(ddof=1) / abs(sample.mean()))


def seeds_wanted(effect: float, values: Sequence[float], alpha: float = ALPHA / 2) -> str:
    """A sentence: how many seeds would decide at the observed effect and spread; empty for one run."""
    if len(values) < 2:
        return " One seed gives no spread by which to say how many would decide."
    return said_of(seeds_paired(abs(effect), float(np.std(values, ddof=1)), alpha))
