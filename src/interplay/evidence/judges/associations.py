"""Claims about correlations: of two series of a run, of two metrics over runs, of mid-training with the end."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from interplay.evidence.comovement import CLEAR_CORRELATION, WEAK_CORRELATION, correlation_of, see_correlation
from interplay.evidence.decisions import decide, judge_mean, outcome_of, variation_of
from interplay.evidence.outcomes import (
    Degree,
    NotRunError,
    Outcome,
    Ruling,
    column_of,
    metric_of,
    seeds_of,
    select,
    select_all,
    short,
)
from interplay.evidence.over_runs import over_runs
from interplay.evidence.prediction import (
    FEWEST_CONFIGURATIONS,
    FEWEST_RUNS,
    by_configuration,
    compare_predictions,
    configuration,
    final_runs,
)
from interplay.evidence.quantities import series_of
from interplay.evidence.ranks import p_below, p_of_correlation
from interplay.evidence.responses import p_as_strong, response_to_setting
from interplay.evidence.statistics import Interval, rank_correlation
from interplay.protocols.run_tests import AssociationTest, PredictionTest
from interplay.protocols.series_tests import CorrelationTest
from interplay.records import Record

LEAD_THAT_MATTERS = 0.1
"""Of |rho| over that of the baseline: less would not make anyone change the criterion. Ours, decided before results."""


def judge_correlation(test: CorrelationTest, records: Sequence[Record]) -> Outcome:
    """Two series move together (or against each other) in every run, as `see_correlation` sees it.

    `mild` is a test of equivalence over runs: the 95 % interval of the mean size of Spearman's rho lies
    below .5 (`holds`) or above (`fails`). A correlation that cannot be told is not thereby mild.
    """
    runs = select(records, test.runs)
    pairs = []
    for run in runs:
        first, second = series_of(run, test.first), series_of(run, test.second)
        kept = first > 0 if test.where_positive else np.full(len(first), True)
        pairs.append((first[kept], second[kept]))
    where = f" where {test.first} is positive" if test.where_positive else ""
    what = f"{test.sign} correlation of {test.first} and {test.second}{where}"
    if test.sign != "mild":
        sights = [see_correlation(first, second, test.sign) for first, second in pairs]
        return over_runs(what, sights, WEAK_CORRELATION, seeds_of(runs))
    return _mild(what, [correlation_of(first, second) for first, second in pairs], seeds_of(runs))


def _mild(what: str, rhos: Sequence[float], seeds: int) -> Outcome:
    numbers = {"runs": float(len(rhos))}
    counted = f"{len(rhos)} {'run' if len(rhos) == 1 else 'runs'}"
    if not all(isfinite(rho) for rho in rhos):
        return Outcome("undecided", f"{what}: too few points to tell in some of {counted}.", numbers)
    sizes = [abs(rho) for rho in rhos]
    found = judge_mean(sizes, high=CLEAR_CORRELATION)
    size = found.interval
    leaning: Ruling = "holds" if size.centre < CLEAR_CORRELATION else "fails"
    decision = decide(found.p_within, found.p_beyond, seeds, leaning)
    numbers |= {"size_of_rho": size.centre, "rho": float(np.mean(rhos)), "p": decision.p}
    interval = f", 95 % interval {size.low:.2f} to {size.high:.2f}" if len(rhos) > 1 else ""
    said = (
        f"{what}: size of Spearman's rho {size.centre:.2f} on average over {counted}{interval}, to be below "
        f"{CLEAR_CORRELATION:g}" + (f"; p = {short(decision.p)}." if len(rhos) > 1 else ".")
    )
    degree = Degree(size.centre, size.low, size.high, CLEAR_CORRELATION, seeds, decision.p, variation_of(sizes))
    return outcome_of(decision, said, numbers, degree)


def judge_association(test: AssociationTest, records: Sequence[Record]) -> Outcome:
    """Two metrics correlate over runs, by Spearman's rho, permuted within data set and seed.

    Runs of one seed share its luck, and where several of them differ by a setting it is those that are permuted. The
    values of the setting count as given: p says how far seeds decide the correlation between these, not what others
    would do. Where no seed has two runs all are permuted.

    - `holds`: rho is at least .5 in the stated direction and p < .05;
    - `fails`: p < .05 the other way, or rho (its mean over seeds) lies below .3 in the stated direction, at 5 %;
    - `undecided`: anything between, or fewer than five runs.
    """
    runs = select_all(records, test.runs)
    first, second = ([metric_of(run, name) for run in runs] for name in (test.first, test.second))
    if not all(isfinite(value) for value in (*first, *second)):
        raise NotRunError(f"{test.first} or {test.second} is not finite in every run")
    said, seeds = f"{test.first} and {test.second} over {len(runs)} runs", seeds_of(runs)
    if len(runs) < FEWEST_RUNS:
        return Outcome("undecided", f"{said}: fewer than {FEWEST_RUNS}.", {"runs": float(len(runs))})
    sign = 1.0 if test.sign == "positive" else -1.0
    blocks = [(run.dataset, run.seed) for run in runs]
    members = [np.flatnonzero([block == key for block in blocks]) for key in dict.fromkeys(blocks)]
    several = [rows for rows in members if len(rows) > 2]
    if several:
        found = response_to_setting(first, second, blocks)
        rho = rank_correlation(first, second)[0]
        p, reverse = (found.p_rising, found.p_falling)[:: int(sign)]
        each = [sign * rank_correlation(np.array(first)[rows], np.array(second)[rows])[0] for rows in several]
        weak = p_as_strong(each, WEAK_CORRELATION, 1 / (min(map(len, several)) - 1) ** 0.5)
        how = "permuted within seeds"
    else:
        rho, *both = p_of_correlation(first, second)
        p, reverse = both[:: int(sign)]
        weak, how = p_below(sign * rho, len(runs), WEAK_CORRELATION), "permuted"
    against = min(reverse, weak) if weak == weak else reverse
    clear = sign * rho >= CLEAR_CORRELATION
    decision = decide(p if clear else 1.0, against, seeds, "holds" if clear else "fails")
    numbers = {"rho": rho, "p": p, "p_of_reverse": reverse, "runs": float(len(runs))}
    sentence = f"{said}: Spearman's rho {rho:+.2f}, to be {test.sign}; p = {short(p)} ({how}, one-sided)."
    return outcome_of(decision, sentence, numbers, Degree(rho, None, None, sign * CLEAR_CORRELATION, seeds, decision.p))


def judge_prediction(test: PredictionTest, records: Sequence[Record]) -> Outcome:
    """A column at fraction `at` of training foretells a metric at the end, over runs of one data set and all variants.

    What is correlated are means of configurations (runs that differ by more than seed and data order), since it is
    between those that one would predict. Without `baseline`, whatever the sign of Spearman's rho,

    - `holds`: |rho| is at least .5, and p < .05 by permutation of the configurations;
    - `fails`: rho lies within ±.5, by two one-sided tests at 5 %: no clear prediction either way;

    with `baseline`, on the lead of |rho| over the |rho| of that column at the same time, by bootstrap over
    configurations,

    - `holds`: the lead is above zero, at 5 %;
    - `fails`: it lies below .1, the lead that would matter, at 5 %: no better, or worse;

    and `undecided` for anything between, or fewer than five runs or configurations.
    """
    runs = final_runs(select_all(records, test.runs))
    for run in runs:
        metric_of(run, test.metric)
        for name in (test.series, test.baseline or test.series):
            column_of(run, name)
    configurations, seeds = len({configuration(run) for run in runs}), seeds_of(runs)
    over = f"over {len(runs)} runs of {configurations} configurations"
    what = f"{test.series} at {test.at:g} of training and {test.metric} at its end {over}"
    size = {"at": test.at, "runs": float(len(runs)), "configurations": float(configurations)}
    values, ends = by_configuration(runs, test.series, test.metric, test.at)
    if len(runs) < FEWEST_RUNS or len(values) < FEWEST_CONFIGURATIONS:
        reason = f"fewer than {FEWEST_RUNS} runs or {FEWEST_CONFIGURATIONS} configurations have both"
        return Outcome("undecided", f"{what}: {reason}.", size)
    if test.baseline is None:
        rho, high, low = p_of_correlation(values, ends)
        p = min(1.0, 2 * min(high, low))
        within = max(p_below(sign * rho, len(values), CLEAR_CORRELATION) for sign in (1, -1))
        decision = decide(p if abs(rho) >= CLEAR_CORRELATION else 1.0, within, seeds)
        sentence = f"{what}: Spearman's rho {rho:+.2f}, p = {short(p)} (permuted, two-sided)."
        degree = Degree(rho, threshold=CLEAR_CORRELATION, runs=configurations, p=decision.p)
        return outcome_of(decision, sentence, {"rho": rho, "p": p} | size, degree)
    compared = compare_predictions(runs, test.series, test.baseline, test.metric, test.at)
    if compared is None:
        return Outcome("undecided", f"{what}: {test.baseline} is not finite in enough of them.", size)
    lead = compared.lead
    none, matters = _share(compared.leads <= 0), _share(compared.leads >= LEAD_THAT_MATTERS)
    decision = decide(none, matters, seeds)
    sentence = (
        f"{what}: Spearman's rho {_shown(compared.series)}; {test.baseline} at that time {_shown(compared.baseline)}; "
        f"lead in strength {_shown(lead)}."
    )
    numbers = _numbers("rho", compared.series) | _numbers("baseline_rho", compared.baseline)
    degree = Degree(lead.centre, lead.low, lead.high, 0.0, configurations, decision.p)
    return outcome_of(decision, sentence, numbers | _numbers("lead", lead) | size, degree)


def _share(of: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float:
    """Share of resamples, the observed sample counted as one of them, so that it is never zero."""
    return float((of.sum() + 1) / (len(of) + 1))


def _shown(interval: Interval) -> str:
    return f"{interval.centre:+.2f} (95 % interval {interval.low:.2f} to {interval.high:.2f})"


def _numbers(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.centre, f"{name}_low": interval.low, f"{name}_high": interval.high}
