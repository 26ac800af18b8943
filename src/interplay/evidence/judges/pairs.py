"""Claims about two metrics of the same runs: one is the larger, or both have the same sign."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from interplay.evidence.outcomes import (
    NotRunError,
    Outcome,
    Ruling,
    metric_of,
    over_runs,
    select,
    select_all,
    short,
)
from interplay.evidence.readings import number_of
from interplay.evidence.statistics import LEVEL, paired_ordering
from interplay.evidence.trajectories import Sight, State
from interplay.protocols.claims import AgreementTest, ContrastTest
from interplay.records import Record


def judge_contrast(test: ContrastTest, records: Sequence[Record]) -> Outcome:
    """One metric exceeds another of the same runs by more than `by`: a one-sided paired test at 5 %.

    Significant: `holds`; significant the other way round: `fails`; neither: `undecided`. One run never
    decides.
    """
    runs = select_all(records, test.runs)
    larger, smaller = ([number_of(run, name) for run in runs] for name in (test.larger, test.smaller))
    if not all(isfinite(value) for value in (*larger, *smaller)):
        raise NotRunError(f"{test.larger} or {test.smaller} is not finite in every run")
    result = paired_ordering(larger, [value + test.by for value in smaller])
    ruling: Ruling = "undecided"
    if result.p_greater < 1 - LEVEL:
        ruling = "holds"
    elif result.p_less < 1 - LEVEL:
        ruling = "fails"
    numbers = {
        "larger_mean": float(np.mean(larger)),
        "smaller_mean": float(np.mean(smaller)),
        "difference": result.difference + test.by,
        "p": result.p_greater,
        "p_of_reverse": result.p_less,
        "runs": float(len(runs)),
    }
    wanted = f", to exceed {test.by:g}" if test.by else ""
    sentence = (
        f"Over {len(runs)} {'run' if len(runs) == 1 else 'runs'} {test.larger} is {short(numbers['larger_mean'])} and "
        f"{test.smaller} {short(numbers['smaller_mean'])}; difference {numbers['difference']:+.4g}{wanted}, "
        f"p = {short(result.p_greater)} ({result.method}, one-sided)."
    )
    return Outcome(ruling, sentence, numbers)


def judge_agreement(test: AgreementTest, records: Sequence[Record]) -> Outcome:
    """Two metrics have the same sign in every run; `over_runs` documents the rule for several.

    A run in which one of them is zero or NaN does not tell.
    """
    sights = []
    for run in select(records, test.runs):
        first, second = metric_of(run, test.first), metric_of(run, test.second)
        product = first * second
        state: State = "shown" if product > 0 else "absent" if product < 0 else "unclear"
        sights.append(Sight(state, {test.first: first, test.second: second}))
    return over_runs(f"{test.first} and {test.second} of the same sign", sights)
