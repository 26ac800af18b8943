"""Claims about metrics at the end of runs: orderings of two groups, bounds, and agreement with a published cell."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite, isnan, nan

import numpy as np

from interplay.evidence.outcomes import NotRunError, Outcome, Ruling, at_extreme, metric_of, select, short
from interplay.evidence.published import Cell, Published
from interplay.evidence.readings import number_of
from interplay.evidence.statistics import (
    LEVEL,
    SEVERAL_SEEDS,
    Interval,
    paired_ordering,
    prediction_interval,
    welch_interval,
    welch_ordering,
)
from interplay.protocols.claims import BoundTest, OrderingTest, ValueTest
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
        result = paired_ordering(left, right)
    else:
        result = welch_ordering(first, second)
    ruling: Ruling = "undecided"
    if result.p_greater < 1 - LEVEL:
        ruling = "holds"
    elif result.p_less < 1 - LEVEL:
        ruling = "fails"
    numbers = {
        "greater_mean": float(np.mean(first)),
        "lesser_mean": float(np.mean(second)),
        "difference": result.difference,
        "p": result.p_greater,
        "p_of_reverse": result.p_less,
        "greater_runs": float(len(first)),
        "lesser_runs": float(len(second)),
    }
    sentence = (
        f"{test.metric}: {short(numbers['greater_mean'])} over {len(first)} of {test.greater} against "
        f"{short(numbers['lesser_mean'])} over {len(second)} of {test.lesser}; difference {result.difference:+.4g}, "
        f"p = {short(result.p_greater)} ({result.method}, one-sided)."
    )
    return Outcome(ruling, sentence, numbers)


def _paired(greater: Sequence[Record], lesser: Sequence[Record]) -> list[tuple[Record, Record]] | None:
    """Pairs by data set and seed, if both groups have the same of them, each once."""
    first = {(run.dataset or "", run.seed): run for run in greater}
    second = {(run.dataset or "", run.seed): run for run in lesser}
    if len(first) != len(greater) or len(second) != len(lesser) or first.keys() != second.keys():
        return None
    return [(first[key], second[key]) for key in sorted(first)]


def judge_bound(test: BoundTest, records: Sequence[Record]) -> Outcome:
    """The metric stays within its bounds in every run: one run outside (or NaN) is enough for `fails`.

    With `majority` that takes more than half of the runs, and fewer make it `undecided`. With `only`, the runs are
    those at the highest or lowest level of a setting that the selected ones have.
    """
    runs, where = at_extreme(select(records, test.runs), test.only)
    values = [number_of(run, test.metric) for run in runs]
    low = -inf if test.at_least is None else test.at_least
    high = inf if test.at_most is None else test.at_most
    outside = [run.name for run, value in zip(runs, values, strict=True) if isnan(value) or not low <= value <= high]
    limits = {
        name: bound for name, bound in (("at_least", test.at_least), ("at_most", test.at_most)) if bound is not None
    }
    known = [value for value in values if not isnan(value)]
    numbers = {"runs": float(len(runs)), "outside": float(len(outside))}
    numbers |= {"least": min(known, default=nan), "most": max(known, default=nan)} | limits
    counted = _runs(len(runs))
    least, most = short(numbers["least"]), short(numbers["most"])
    if not known:
        said = f"{test.metric}{where} is undefined in all of {counted}"
    else:
        said = f"is {least}" if least == most else f"lies between {least} and {most}"
        said = f"{test.metric}{where} {said} over {counted}"
        said += f", undefined in {len(values) - len(known)} of them" if len(known) < len(values) else ""
    said += ", to be " + " and ".join(f"{name.replace('_', ' ')} {bound:g}" for name, bound in limits.items())
    said += f"; outside in {len(outside)}, the first {outside[0]}" if outside else ""
    ruling: Ruling = "fails" if outside else "holds"
    if test.majority and 0 < 2 * len(outside) <= len(runs):
        ruling = "undecided"
    return Outcome(ruling, f"{said}.", numbers)


def _runs(count: int) -> str:
    return f"{count} {'run' if count == 1 else 'runs'}"


def judge_value(test: ValueTest, records: Sequence[Record], published: Published) -> Outcome:
    """A metric agrees with a published cell, at 95 % and up to the rounding of the printed digits.

    The documents print `mean±spread` of "several seeds" without their number: three are assumed, the fewest that
    "several" allows, and the spread is taken for a sample standard deviation. Then

    - one run of ours, spread printed: the run lies in the prediction interval of the published runs;
    - two or more, spread printed: the published mean lies in Welch's interval around our mean;
    - three or more, no spread printed: the published value, taken for a single run, lies in the prediction interval
      of ours;
    - fewer and no spread: `undecided`, nothing says how far runs lie apart.

    Outside: `fails`. Inside: `holds`, but `undecided` where the interval reaches further than the test's
    `margin`, for then it would have covered a value that differs by what matters.

    What is `exact` has no spread: one run that differs from the printed digits is enough for `fails`.
    """
    cell = published.cell(test.table, test.row, test.column)
    runs = select(records, test.runs)
    ours = [test.scale * metric_of(run, test.metric) for run in runs]
    where = f"{test.table}, row {test.row}, column {test.column}"
    if cell.value is None:
        raise NotRunError(f"{where} is blank in the document")
    if not all(isfinite(value) for value in ours):
        raise NotRunError(f"{test.metric} is not finite in every run")
    mean = float(np.mean(ours))
    numbers = {"published": cell.value, "ours": mean, "difference": mean - cell.value, "runs": float(len(ours))}
    if cell.spread is not None:
        numbers["published_spread"] = cell.spread
    if len(ours) > 1:
        numbers["our_spread"] = float(np.std(ours, ddof=1))
    said = f"{short(mean)} over {_runs(len(ours))}, published {cell.printed} ({where})"
    if test.exact:
        different = sorted({value for value in ours if abs(value - cell.value) > cell.rounding})
        found = f"{', '.join(f'{value:.10g}' for value in different)} instead" if different else f"the same {mean:.10g}"
        sentence = f"Published {cell.printed} ({where}); {found} in {_runs(len(ours))}."
        return Outcome("fails" if different else "holds", sentence, numbers)
    decided = _interval(ours, cell)
    if decided is None:
        reason = f"no spread is printed, and {len(ours)} of {SEVERAL_SEEDS} runs do not give one"
        return Outcome("undecided", f"{said}; {reason}.", numbers)
    interval, inside, method = decided
    numbers |= {"low": interval.low, "high": interval.high}
    said += f"; {method} {short(interval.low)} to {short(interval.high)}"
    if not inside:
        return Outcome("fails", f"{said} does not cover it.", numbers)
    if test.margin is not None and interval.half_width > test.margin:
        return Outcome("undecided", f"{said} covers it, but is wider than ±{test.margin:g}.", numbers)
    return Outcome("holds", f"{said} covers it.", numbers)


def _interval(ours: Sequence[float], cell: Cell) -> tuple[Interval, bool, str] | None:
    """The interval that decides, whether it covers what it should, and its name; None where nothing can decide."""
    assert cell.value is not None
    if cell.spread is not None and len(ours) == 1:
        interval = prediction_interval(cell.value, cell.spread, SEVERAL_SEEDS)
        return interval, interval.covers(ours[0], cell.rounding), "95 % prediction interval of the published runs"
    if cell.spread is not None:
        interval, _ = welch_interval(ours, cell.value, cell.spread, SEVERAL_SEEDS)
        return interval, interval.covers(cell.value, cell.rounding), "95 % interval (Welch)"
    if len(ours) >= SEVERAL_SEEDS:
        interval = prediction_interval(float(np.mean(ours)), float(np.std(ours, ddof=1)), len(ours))
        return interval, interval.covers(cell.value, cell.rounding), "95 % prediction interval of our runs"
    return None
