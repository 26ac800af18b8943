"""Claims about the shape of a series over training; `over_runs` documents the rule for several runs."""

from __future__ import annotations

from collections.abc import Sequence

from interplay.evidence.outcomes import Outcome, column_of, seeds_of, select
from interplay.evidence.over_runs import over_runs
from interplay.evidence.quantities import series_of
from interplay.evidence.shapes import CLEAR_TREND, at_log_steps, see_dip, see_peak, see_trend
from interplay.protocols.series_tests import DipTest, PeakTest, TrendTest
from interplay.records import Record


def judge_trend(test: TrendTest, records: Sequence[Record]) -> Outcome:
    """A series rises (or falls) in every run, as `see_trend` sees it."""
    runs = select(records, test.runs)
    sights = [see_trend(series_of(run, test.series), test.direction) for run in runs]
    return over_runs(f"{test.series} {test.direction}", sights, CLEAR_TREND, seeds_of(runs))


def judge_dip(test: DipTest, records: Sequence[Record]) -> Outcome:
    """A column falls below its start and rises again in every run, as `see_dip` sees it."""
    runs = select(records, test.runs)
    sights = [see_dip(column_of(run, test.series), test.depth) for run in runs]
    return over_runs(f"dip of {test.series}", sights, test.depth, seeds_of(runs))


def judge_peak(test: PeakTest, records: Sequence[Record]) -> Outcome:
    """A column has a peak (or a valley) in every run, as `see_peak` sees it."""
    runs = select(records, test.runs)
    columns = [column_of(run, test.series) for run in runs]
    if test.spacing == "log_steps":
        pairs = zip(runs, columns, strict=True)
        columns = [at_log_steps(column_of(run, "step"), column).tolist() for run, column in pairs]
    sights = [see_peak(column, test.shape, test.depth) for column in columns]
    return over_runs(f"{test.shape} of {test.series}", sights, test.depth, seeds_of(runs))
