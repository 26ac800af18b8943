"""Claims about correlations over runs: two metrics at their end, or mid-training and the end."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from interplay.evidence.bootstrap import draw_weights, resampled_interval, weighted_spearman
from interplay.evidence.outcomes import NotRunError, Outcome, Ruling, column_of, metric_of, select_all
from interplay.evidence.prediction import (
    FEWEST_CONFIGURATIONS,
    FEWEST_RUNS,
    compare_predictions,
    configuration,
    final_runs,
    predictive_correlations,
)
from interplay.evidence.statistics import Interval
from interplay.evidence.trajectories import CLEAR_CORRELATION, WEAK_CORRELATION
from interplay.protocols.claims import AssociationTest, PredictionTest
from interplay.records import Record

LEAD_THAT_MATTERS = 0.1


def judge_association(test: AssociationTest, records: Sequence[Record]) -> Outcome:
    """Two metrics correlate over runs, by Spearman's rho and its 95 % bootstrap interval over runs.

    - `holds`: the whole interval has the stated sign and rho is at least .5;
    - `fails`: the whole interval lies below .3 in the stated direction: weak, none, or the other way round;
    - `undecided`: anything between, or fewer than five runs.

    The levels of settings count as given: the interval says how far the seeds decide the correlation between these
    levels, not what other levels would do.
    """
    runs = select_all(records, test.runs)
    first, second = ([metric_of(run, name) for run in runs] for name in (test.first, test.second))
    if not all(isfinite(value) for value in (*first, *second)):
        raise NotRunError(f"{test.first} or {test.second} is not finite in every run")
    said = f"{test.first} and {test.second} over {len(runs)} runs"
    if len(runs) < FEWEST_RUNS:
        return Outcome("undecided", f"{said}: fewer than {FEWEST_RUNS}.", {"runs": float(len(runs))})
    rho = resampled_interval(lambda drawn: weighted_spearman(first, second, drawn), draw_weights(len(runs)))
    weakest, strongest = (rho.low, rho.high) if test.sign == "positive" else (-rho.high, -rho.low)
    ruling: Ruling = "undecided"
    if weakest > 0 and abs(rho.centre) >= CLEAR_CORRELATION:
        ruling = "holds"
    elif strongest < WEAK_CORRELATION:
        ruling = "fails"
    sentence = f"{said}: Spearman's rho {_shown(rho)}, to be {test.sign}."
    return Outcome(ruling, sentence, {**_numbers("rho", rho), "runs": float(len(runs))})


def judge_prediction(test: PredictionTest, records: Sequence[Record]) -> Outcome:
    """A column at fraction `at` of training foretells a metric at the end, over runs of one data set and all variants.

    Spearman's rho over runs; 95 % bootstrap intervals over configurations (runs that differ by more than seed and data
    order), since it is between those that one would predict. Without `baseline`, whatever the sign of rho,

    - `holds`: the whole interval lies on one side of zero and |rho| is at least .5;
    - `fails`: the whole interval lies within ±.5: no clear prediction either way;

    with `baseline`, on the lead of |rho| over the |rho| of that column at the same time,

    - `holds`: the whole interval of the lead is above zero;
    - `fails`: it stays below .1, the lead that would matter: no better, or worse;

    and `undecided` for anything between, or fewer than five runs or configurations.
    """
    runs = final_runs(select_all(records, test.runs))
    for run in runs:
        metric_of(run, test.metric)
        for name in (test.series, test.baseline or test.series):
            column_of(run, name)
    configurations = len({configuration(run) for run in runs})
    over = f"over {len(runs)} runs of {configurations} configurations"
    what = f"{test.series} at {test.at:g} of training and {test.metric} at its end {over}"
    size = {"at": test.at, "runs": float(len(runs)), "configurations": float(configurations)}
    (found,) = predictive_correlations(runs, test.series, test.metric, [test.at])
    if not isfinite(found.rho):
        reason = f"fewer than {FEWEST_RUNS} runs or {FEWEST_CONFIGURATIONS} configurations have both"
        return Outcome("undecided", f"{what}: {reason}.", size)
    if test.baseline is None:
        rho = Interval(found.rho, found.low, found.high)
        ruling: Ruling = "undecided"
        if rho.low * rho.high > 0 and abs(rho.centre) >= CLEAR_CORRELATION:
            ruling = "holds"
        elif rho.low > -CLEAR_CORRELATION and rho.high < CLEAR_CORRELATION:
            ruling = "fails"
        return Outcome(ruling, f"{what}: Spearman's rho {_shown(rho)}.", _numbers("rho", rho) | size)
    compared = compare_predictions(runs, test.series, test.baseline, test.metric, test.at)
    if compared is None:
        return Outcome("undecided", f"{what}: {test.baseline} is not finite in enough of them.", size)
    ruling = "undecided"
    if compared.lead.low > 0:
        ruling = "holds"
    elif compared.lead.high < LEAD_THAT_MATTERS:
        ruling = "fails"
    sentence = (
        f"{what}: Spearman's rho {_shown(compared.series)}; {test.baseline} at that time {_shown(compared.baseline)}; "
        f"lead in strength {_shown(compared.lead)}."
    )
    numbers = _numbers("rho", compared.series) | _numbers("baseline_rho", compared.baseline)
    return Outcome(ruling, sentence, numbers | _numbers("lead", compared.lead) | size)


def _shown(interval: Interval) -> str:
    return f"{interval.centre:+.2f} (95 % interval {interval.low:.2f} to {interval.high:.2f})"


def _numbers(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.centre, f"{name}_low": interval.low, f"{name}_high": interval.high}
