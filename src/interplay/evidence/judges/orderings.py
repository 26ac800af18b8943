"""Claims that one number exceeds another: of two groups of runs, of the same runs, of differences of groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

import numpy as np
import scipy

from interplay.evidence.comparison import compare
from interplay.evidence.decisions import ALPHA, decide, outcome_of, seeds_wanted, variation_of
from interplay.evidence.outcomes import (
    Degree,
    NotRunError,
    Outcome,
    Ruling,
    metric_of,
    seeds_of,
    select,
    select_all,
    short,
)
from interplay.evidence.quantities import number_of
from interplay.evidence.statistics import OrderingResult, paired_ordering
from interplay.protocols.run_tests import AgreementTest, ContrastTest, InteractionTest, OrderingTest
from interplay.records import Record


def judge_ordering(test: OrderingTest, records: Sequence[Record]) -> Outcome:
    """One-sided test at 5 %: paired by data set and seed where both groups have the same ones, Welch's otherwise.

    Significant: `holds`; significant the other way round: `fails`; neither: `undecided`, whether the groups
    overlap or the runs are too few. One run against one run never decides.
    """
    compared = compare(select(records, test.greater), select(records, test.lesser), test.metric)
    first, second = compared.greater, compared.lesser
    numbers = {
        "greater_mean": float(np.mean(first)),
        "lesser_mean": float(np.mean(second)),
        "greater_runs": float(len(first)),
        "lesser_runs": float(len(second)),
    }
    said = (
        f"{test.metric}: {short(numbers['greater_mean'])} over {len(first)} of {test.greater} against "
        f"{short(numbers['lesser_mean'])} over {len(second)} of {test.lesser}"
    )
    return _ordered(said, compared.result, compared.variation, compared.wanted, 0.0, compared.seeds, numbers)


def judge_contrast(test: ContrastTest, records: Sequence[Record]) -> Outcome:
    """One metric exceeds another of the same runs by more than `by`: a one-sided paired test at 5 %.

    Significant: `holds`; significant the other way round: `fails`; neither: `undecided`. One run never decides.
    """
    runs = select_all(records, test.runs)
    larger, smaller = ([number_of(run, name) for run in runs] for name in (test.larger, test.smaller))
    if not all(isfinite(value) for value in (*larger, *smaller)):
        raise NotRunError(f"{test.larger} or {test.smaller} is not finite in every run")
    result = paired_ordering(larger, [value + test.by for value in smaller])
    differences = [one - other for one, other in zip(larger, smaller, strict=True)]
    numbers = {
        "larger_mean": float(np.mean(larger)),
        "smaller_mean": float(np.mean(smaller)),
        "runs": float(len(runs)),
    }
    said = (
        f"Over {len(runs)} {'run' if len(runs) == 1 else 'runs'} {test.larger} is {short(numbers['larger_mean'])} and "
        f"{test.smaller} {short(numbers['smaller_mean'])}"
    )
    return _of_pairs(said, result, differences, test.by, seeds_of(runs), numbers)


def judge_interaction(test: InteractionTest, records: Sequence[Record]) -> Outcome:
    """A difference of two groups exceeds that of two others: a one-sided paired t-test over seeds at 5 %.

    Significant: `holds`; significant the other way round: `fails`; neither, or fewer than two seeds that all
    four groups have: `undecided`.
    """
    groups = [_by_seed(records, pattern, test) for pattern in (*test.greater, *test.lesser)]
    seeds = sorted(set.intersection(*(set(group) for group in groups)))
    if not seeds:
        raise NotRunError(f"no seed is common to {', '.join((*test.greater, *test.lesser))}")
    first, second, third, fourth = ([group[seed] for seed in seeds] for group in groups)
    greater = [one - other for one, other in zip(first, second, strict=True)]
    lesser = [one - other for one, other in zip(third, fourth, strict=True)]
    numbers = {
        "greater_difference": float(np.mean(greater)),
        "lesser_difference": float(np.mean(lesser)),
        "seeds": float(len(seeds)),
    }
    said = (
        f"{test.metric}: {short(numbers['greater_difference'])} between {test.greater[0]} and {test.greater[1]}, "
        f"{short(numbers['lesser_difference'])} between {test.lesser[0]} and {test.lesser[1]}, over {len(seeds)} "
        f"{'seed' if len(seeds) == 1 else 'seeds'}"
    )
    differences = [one - other for one, other in zip(greater, lesser, strict=True)]
    return _of_pairs(said, paired_ordering(greater, lesser), differences, 0.0, len(seeds), numbers)


def judge_agreement(test: AgreementTest, records: Sequence[Record]) -> Outcome:
    """Two metrics have the same sign: a binomial test at 5 % that they do so in more than half of the runs.

    A run in which one of them is zero or NaN does not tell and is left out; it takes five runs that agree to decide.
    """
    runs = select(records, test.runs)
    products = {run.seed: metric_of(run, test.first) * metric_of(run, test.second) for run in runs}
    if len(products) < len(runs):
        raise NotRunError(f"{test.runs} has two runs of one seed")
    same, other = (sum(sign * product > 0 for product in products.values()) for sign in (1, -1))
    told = same + other
    p_for, p_against = (
        float(scipy.stats.binomtest(count, told, alternative="greater").pvalue) if told else 1.0
        for count in (same, other)
    )
    decision = decide(p_for, p_against, len(runs), "holds" if same > other else "fails" if other > same else None)
    numbers = {"runs": float(len(runs)), "same": float(same), "opposite": float(other), "p": decision.p}
    said = (
        f"{test.first} and {test.second} are of the same sign in {same} and of opposite signs in {other} of "
        f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}; p = {short(decision.p)} (sign test, one-sided)."
    )
    share = same / told if told else float("nan")
    return outcome_of(decision, said, numbers, Degree(share, threshold=0.5, runs=len(runs), p=decision.p))


def _of_pairs(
    said: str, result: OrderingResult, differences: Sequence[float], by: float, seeds: int, numbers: dict[str, float]
) -> Outcome:
    def wanted(alpha: float) -> str:
        return seeds_wanted(result.difference, differences, alpha)

    return _ordered(said, result, variation_of(differences), wanted, by, seeds, numbers)


def _ordered(
    said: str,
    result: OrderingResult,
    variation: float | None,
    wanted: Callable[[float], str],
    by: float,
    seeds: int,
    numbers: dict[str, float],
) -> Outcome:
    """The outcome of an ordering; `wanted` says how many seeds would decide it at a level."""
    mean = result.difference + by
    leaning: Ruling | None = "holds" if result.difference > 0 else "fails" if result.difference < 0 else None
    decision = decide(result.p_greater, result.p_less, seeds, leaning)
    numbers = {**numbers, "difference": mean, "p": result.p_greater, "p_of_reverse": result.p_less}
    exceed = f", to exceed {by:g}" if by else ""
    sentence = f"{said}; difference {mean:+.4g}{exceed}, p = {short(result.p_greater)} ({result.method}, one-sided)."
    if decision.ruling == "undecided":
        sentence += wanted(ALPHA)
    low, high = result.low + by, result.high + by
    return outcome_of(decision, sentence, numbers, Degree(mean, low, high, by, seeds, decision.p, variation))


def _by_seed(records: Sequence[Record], pattern: str, test: InteractionTest) -> dict[int, float]:
    """A number of each run of a group, by its seed; NotRunError where it is not finite, or a seed has two runs."""
    runs = select(records, pattern)
    values = {run.seed: number_of(run, test.metric) for run in runs}
    if len(values) < len(runs):
        raise NotRunError(f"{pattern} has two runs of one seed")
    if not all(isfinite(value) for value in values.values()):
        raise NotRunError(f"{test.metric} is not finite in every run of {pattern}")
    return values
