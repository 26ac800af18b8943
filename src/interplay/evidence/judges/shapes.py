"""Claims about the course of training. Every run must show the shape; `over_runs` documents the rule for several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from interplay.evidence.outcomes import Outcome, column_of, over_runs, select
from interplay.evidence.readings import course_of
from interplay.evidence.trajectories import see_correlation, see_delay, see_dip, see_peak, see_trend
from interplay.protocols.claims import CorrelationTest, DelayTest, DipTest, PeakTest, TrendTest
from interplay.records import Record


def judge_trend(test: TrendTest, records: Sequence[Record]) -> Outcome:
    """A course rises (or falls) in every run, as `see_trend` sees it."""
    runs = select(records, test.runs)
    sights = [see_trend(course_of(run, test.series), test.direction) for run in runs]
    return over_runs(f"{test.series} {test.direction}", sights)


def judge_dip(test: DipTest, records: Sequence[Record]) -> Outcome:
    """A column falls below its start and rises again in every run, as `see_dip` sees it."""
    runs = select(records, test.runs)
    return over_runs(f"dip of {test.series}", [see_dip(column_of(run, test.series), test.depth) for run in runs])


def judge_peak(test: PeakTest, records: Sequence[Record]) -> Outcome:
    """A column has a peak (or a valley) in every run, as `see_peak` sees it."""
    runs = select(records, test.runs)
    sights = [see_peak(column_of(run, test.series), test.shape, test.depth) for run in runs]
    return over_runs(f"{test.shape} of {test.series}", sights)


def judge_correlation(test: CorrelationTest, records: Sequence[Record]) -> Outcome:
    """Two courses move together (or against each other) in every run, as `see_correlation` sees it."""
    sights = []
    for run in select(records, test.runs):
        first, second = course_of(run, test.first), course_of(run, test.second)
        kept = first > 0 if test.where_positive else np.full(len(first), True)
        sights.append(see_correlation(first[kept], second[kept], test.sign))
    where = f" where {test.first} is positive" if test.where_positive else ""
    return over_runs(f"{test.sign} correlation of {test.first} and {test.second}{where}", sights)


def judge_delay(test: DelayTest, records: Sequence[Record]) -> Outcome:
    """One column lags behind another in every run, as `see_delay` sees it."""
    runs = select(records, test.runs)
    sights = []
    for run in runs:
        steps, first, second = (column_of(run, name) for name in ("step", test.first, test.second))
        sights.append(see_delay(steps, first, second, test.threshold, test.factor))
    what = f"{test.second} reaches {test.threshold:g} at least {test.factor:g} times later than {test.first}"
    return over_runs(what, sights)
