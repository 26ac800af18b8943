"""Claims that a metric agrees with a published cell: tests of equivalence, since no difference proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan, sqrt

import numpy as np
import scipy

from interplay.evidence.decisions import decide, outcome_of, variation_of
from interplay.evidence.outcomes import Degree, NotRunError, Outcome, Ruling, metric_of, seeds_of, select, short
from interplay.evidence.power import MOST_SEEDS
from interplay.evidence.published import Cell, Published
from interplay.evidence.statistics import LEVEL, SEVERAL_SEEDS
from interplay.protocols.run_tests import ValueTest
from interplay.records import Record


@dataclass(frozen=True)
class Error:
    """Standard error of the difference between our mean and the published value, its degrees of freedom and origin."""

    size: float
    freedom: float
    of: str


def judge_value(test: ValueTest, records: Sequence[Record], published: Published) -> Outcome:
    """A metric differs from a published cell by less than what matters: the test's margin and the printed rounding.

    - `holds`: the 95 % interval of the difference lies within the margin;
    - `fails`: it lies beyond the margin;
    - `undecided`: anything between. Where the spread of few seeds is too wide for any difference to be told, the
      sentence says how many seeds would do; where the margin exceeds half of the published effect, the test is
      underpowered by design, whatever the seeds say.

    The documents print `mean±spread` of "several seeds" without their number: three are assumed, the fewest that
    "several" allows, and the spread is taken for a sample standard deviation. Then the error of the difference comes

    - from both spreads, after Welch, where one is printed and we have two runs or more;
    - from the printed spread alone for one run of ours, which may hold but convicts nobody;
    - from our spread alone where none is printed: the published value is taken for one further run;
    - from nowhere for one run and no spread.

    What is `exact` has no spread and no seed: one run that differs from the printed digits is enough for `fails`.
    """
    cell = published.cell(test.table, test.row, test.column)
    runs = select(records, test.runs)
    ours = [test.scale * metric_of(run, test.metric) for run in runs]
    where = f"{test.table}, row {test.row}, column {test.column}"
    if cell.value is None:
        raise NotRunError(f"{where} is blank in the document")
    if not all(isfinite(value) for value in ours):
        raise NotRunError(f"{test.metric} is not finite in every run")
    mean, counted = float(np.mean(ours)), f"{len(ours)} {'run' if len(ours) == 1 else 'runs'}"
    difference = mean - cell.value
    numbers = {"published": cell.value, "ours": mean, "difference": difference, "runs": float(len(ours))}
    if test.exact:
        different = sorted({value for value in ours if abs(value - cell.value) > cell.rounding})
        found = f"{', '.join(f'{value:.10g}' for value in different)} instead" if different else f"the same {mean:.10g}"
        sentence = f"Published {cell.printed} ({where}); {found} in {counted}."
        degree = Degree(difference, threshold=cell.rounding, runs=len(ours))
        return Outcome("fails" if different else "holds", sentence, numbers, degree)
    numbers |= {"published_spread": cell.spread} if cell.spread is not None else {}
    numbers |= {"our_spread": float(np.std(ours, ddof=1))} if len(ours) > 1 else {}
    said = f"{short(mean)} over {counted}, published {cell.printed} ({where})"
    margin, seeds = margin_of(test), seeds_of(runs)
    matters = margin + cell.rounding
    if test.effect is not None and margin > test.effect / 2:
        said += (
            f"; underpowered by design: a margin of ±{margin:g} exceeds half of the effect of {test.effect:g} that the "
            f"value is part of.{_seeds_for(test.effect / 2 + cell.rounding, ours, cell)}"
        )
        return Outcome("undecided", said, numbers, Degree(difference, threshold=margin, runs=seeds))
    error = _error(ours, cell)
    leaning: Ruling = "holds" if abs(difference) <= matters else "fails"
    if error is None:
        degree = Degree(difference, threshold=margin, runs=seeds)
        reason = "no spread is printed, and one run does not give one"
        return Outcome("undecided", f"{said}; {reason}.", numbers, degree, leaning if seeds == 1 else None)
    p_for, p_against = _p_values(difference, matters, error)
    decision = decide(p_for, p_against, seeds, leaning)
    half = float(scipy.stats.t.ppf((1 + LEVEL) / 2, error.freedom)) * error.size
    numbers |= {"low": difference - half, "high": difference + half, "p": decision.p}
    said += (
        f"; difference {difference:+.4g}, 95 % interval {short(difference - half)} to {short(difference + half)} "
        f"({error.of}), to lie within ±{margin:g}; p = {short(decision.p)}."
    )
    if decision.ruling == "undecided":
        said += _seeds_for(matters, ours, cell)
    degree = Degree(difference, difference - half, difference + half, margin, seeds, decision.p, variation_of(ours))
    return outcome_of(decision, said, numbers, degree)


def margin_of(test: ValueTest) -> float:
    """The difference that matters: as the test says, else half of the effect that the cell takes part in."""
    if test.margin is not None:
        return test.margin
    assert test.effect is not None
    return test.effect / 2


def _error(ours: Sequence[float], cell: Cell) -> Error | None:
    """None where neither side says how far runs lie apart."""
    own = float(np.var(ours, ddof=1)) / len(ours) if len(ours) > 1 else nan
    if cell.spread is None:
        if len(ours) < 2:
            return None
        return Error(sqrt(own * (len(ours) + 1)), len(ours) - 1, "our spread, for one published run")
    theirs = cell.spread**2 / SEVERAL_SEEDS
    if len(ours) == 1:
        return Error(cell.spread * sqrt(1 + 1 / SEVERAL_SEEDS), SEVERAL_SEEDS - 1, "the printed spread, for one run")
    total = own + theirs
    if total == 0:
        return Error(0.0, len(ours) - 1, "no spread on either side")
    freedom = total**2 / (own**2 / (len(ours) - 1) + theirs**2 / (SEVERAL_SEEDS - 1))
    return Error(sqrt(total), freedom, "Welch")


def _p_values(difference: float, margin: float, error: Error) -> tuple[float, float]:
    """p of lying within ±margin, and of lying beyond it."""
    if error.size <= 1e-12 * max(1.0, margin):
        inside = abs(difference) <= margin
        return (0.0, 1.0) if inside else (1.0, 0.0)
    above, below = (
        float(scipy.stats.t.cdf((margin - sign * difference) / error.size, error.freedom)) for sign in (1, -1)
    )
    return min(1.0, 2 * max(1 - above, 1 - below)), min(1.0, 2 * min(above, below))


def _seeds_for(margin: float, ours: Sequence[float], cell: Cell) -> str:
    """How many seeds would make the 95 % interval fit into half of the margin on either side, at our spread.

    Half: then it lies within the margin wherever the true difference is at most half of it.
    """
    if len(ours) < 2:
        return " One seed gives no spread by which to say how many would decide."
    spread = float(np.std(ours, ddof=1))
    for seeds in (*range(2, 50), *range(50, MOST_SEEDS + 1, 10)):
        fixed = cell.spread**2 / SEVERAL_SEEDS if cell.spread is not None else spread**2
        freedom = seeds - 1 if cell.spread is None else SEVERAL_SEEDS - 1
        if scipy.stats.t.ppf((1 + LEVEL) / 2, freedom) * sqrt(spread**2 / seeds + fixed) <= margin / 2:
            return f" At this spread about {seeds} seeds would decide."
    whose = "the printed one" if cell.spread is not None else "a single published run"
    return f" At this spread no number of seeds of ours would decide: {whose} alone is wider than half of the margin."
