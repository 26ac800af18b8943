"""Claims that one number exceeds another: of two groups of runs, of the same runs, of differences of groups."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np
import scipy

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
from interplay.evidence.statistics import OrderingResult, paired_ordering, welch_ordering
from interplay.protocols.run_tests import AgreementTest, ContrastTest, InteractionTest, OrderingTest
from interplay.records import Record


def judge_ordering(test: OrderingTest, records: Sequence[Record]) -> Outcome:
    """One-sided test at 5 %: paired by data set and seed where both groups have the same ones, Welch's otherwise.

    Significant: `holds`; significant the other way round: `fails`; neither: `undecided`, whether the groups
    overlap or the runs are too few. One run against one run never decides.
    """
    greater, lesser = select(records, test.greater), select(records, test.lesser)
    first, second = ([number_of(run, test.metric) for run in group] for group in (greater, lesser))
    if not all(isfinite(value) for value in (*first, *second)):
        raise NotRunError(f"{test.metric} is not finite in every run")
    pairs = _paired(greater, lesser)
    if pairs is not None:
        left, right = ([number_of(run, test.metric) for run in side] for side in zip(*pairs, strict=True))
        result, tested = paired_ordering(left, right), [one - two for one, two in zip(left, right, strict=True)]
    else:
        result, tested = welch_ordering(first, second), _as_differences(first, second)
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
    return _ordered(said, result, tested, 0.0, min(seeds_of(greater), seeds_of(lesser)), numbers)


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
    return _ordered(said, result, differences, test.by, seeds_of(runs), numbers)


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
    return _ordered(said, paired_ordering(greater, lesser), differences, 0.0, len(seeds), numbers)


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


def _ordered(
    said: str, result: OrderingResult, tested: Sequence[float], by: float, seeds: int, numbers: dict[str, float]
) -> Outcome:
    """The outcome of an ordering: `tested` are the differences, or stand-ins with their spread and mean."""
    mean = result.difference + by
    leaning: Ruling | None = "holds" if result.difference > 0 else "fails" if result.difference < 0 else None
    decision = decide(result.p_greater, result.p_less, seeds, leaning)
    numbers = {**numbers, "difference": mean, "p": result.p_greater, "p_of_reverse": result.p_less}
    wanted = f", to exceed {by:g}" if by else ""
    sentence = f"{said}; difference {mean:+.4g}{wanted}, p = {short(result.p_greater)} ({result.method}, one-sided)."
    if decision.ruling == "undecided":
        sentence += seeds_wanted(result.difference, tested, ALPHA)
    low, high = result.low + by, result.high + by
    return outcome_of(decision, sentence, numbers, Degree(mean, low, high, by, seeds, decision.p, variation_of(tested)))


def _as_differences(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """Two values with the spread that differences of independent runs of the two groups have, around their mean."""
    if min(len(first), len(second)) < 2:
        return [float(np.mean(first) - np.mean(second))]
    spread = float(np.sqrt(np.var(first, ddof=1) + np.var(second, ddof=1)))
    mean = float(np.mean(first) - np.mean(second))
    return [mean - spread / np.sqrt(2), mean + spread / np.sqrt(2)]


def _paired(greater: Sequence[Record], lesser: Sequence[Record]) -> list[tuple[Record, Record]] | None:
    """Pairs by data set and seed, if both groups have the same of them, each once."""
    first = {(run.dataset or "", run.seed): run for run in greater}
    second = {(run.dataset or "", run.seed): run for run in lesser}
    if len(first) != len(greater) or len(second) != len(lesser) or first.keys() != second.keys():
        return None
    return [(first[key], second[key]) for key in sorted(first)]


def _by_seed(records: Sequence[Record], pattern: str, test: InteractionTest) -> dict[int, float]:
    """A number of each run of a group, by its seed; NotRunError where it is not finite, or a seed has two runs."""
    runs = select(records, pattern)
    values = {run.seed: number_of(run, test.metric) for run in runs}
    if len(values) < len(runs):
        raise NotRunError(f"{pattern} has two runs of one seed")
    if not all(isfinite(value) for value in values.values()):
        raise NotRunError(f"{test.metric} is not finite in every run of {pattern}")
    return values
