"""Claims about a setting: a metric responds to it, or it does not change."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan

import numpy as np

from interplay.evidence.decisions import decide, outcome_of, variation_of
from interplay.evidence.outcomes import Degree, NotRunError, Outcome, metric_of, seeds_of, select_all, setting_of, short
from interplay.evidence.responses import (
    deviation_of_tau,
    differences_over_setting,
    p_as_strong,
    response_to_setting,
)
from interplay.protocols.run_tests import FlatTest, ResponseTest
from interplay.records import Record

CLEAR_RESPONSE = 0.5
"""Kendall's tau-b: three of four pairs of runs in the stated order. Ours, decided before results were judged by it."""


def judge_response(test: ResponseTest, records: Sequence[Record]) -> Outcome:
    """A metric rises (or falls) with a setting: Kendall's tau-b over runs, permuted within data set and seed.

    - `holds`: tau is at least .5 in the stated direction and p < .05;
    - `fails`: p < .05 the other way, or the mean tau over seeds lies below .5, by a one-sided t-test at 5 %: whatever
      response there is, it is not a clear one;
    - `undecided`: anything between. Three values of a setting with one run each can never be significant (p is 1/6 at
      best), with two each only if all are in order (1/36); three seeds leave room for one slip.
    """
    runs, values = _finite_runs(records, test)
    settings = [setting_of(run, test.setting) for run in runs]
    distinct = sorted(set(settings))
    if len(distinct) < 2:
        raise NotRunError(f"{test.setting} has one value only, {distinct[0]:g}")
    found = response_to_setting(settings, values, [(run.dataset, run.seed) for run in runs])
    sign = 1 if test.direction == "rising" else -1
    p, reverse = (found.p_rising, found.p_falling)[::sign]
    weak = p_as_strong([sign * tau for tau in found.by_block], CLEAR_RESPONSE, deviation_of_tau(len(distinct)))
    clear = sign * found.tau.centre >= CLEAR_RESPONSE
    against = min(reverse, weak) if weak == weak else reverse
    seeds = seeds_of(runs)
    decision = decide(p if clear else 1.0, against, seeds, "holds" if clear else "fails")
    means = {
        value: float(np.mean([v for v, at in zip(values, settings, strict=True) if at == value])) for value in distinct
    }
    numbers = {"tau": found.tau.centre, "tau_low": found.tau.low, "tau_high": found.tau.high, "p": p}
    numbers |= {"p_of_reverse": reverse, "smallest_p": found.smallest_p, "runs": float(len(runs))}
    numbers |= {f"mean_at_{value:g}": mean for value, mean in means.items()}
    course = ", ".join(f"{short(mean)} at {value:g}" for value, mean in means.items())
    interval = f" ({found.tau.low:.2f} to {found.tau.high:.2f} by seeds)" if seeds > 1 else ""
    sentence = (
        f"{test.metric} over {test.setting}: {course} (means of {len(runs)} runs); Kendall's tau "
        f"{found.tau.centre:+.2f}{interval}, p = {short(p)} for {test.direction} "
        f"(permuted within seeds, {short(found.smallest_p)} at best)."
    )
    if decision.ruling == "undecided" and found.smallest_p >= 0.05:
        sentence += " No result of so few runs could decide: it takes another seed, or more values of the setting."
    low, high = (found.tau.low, found.tau.high) if seeds > 1 else (nan, nan)
    degree = Degree(found.tau.centre, low, high, sign * CLEAR_RESPONSE, seeds, decision.p)
    return outcome_of(decision, sentence, numbers, degree)


def judge_flat(test: FlatTest, records: Sequence[Record]) -> Outcome:
    """The means of a metric at any two values of a setting differ by at most `within`: a test of equivalence.

    That no difference is significant would not do: two runs never show one. With the spread between runs pooled over
    the values,

    - `holds`: the 95 % interval of every difference lies within ±`within`;
    - `fails`: that of some difference lies beyond it, at 95 % for all pairs together (Bonferroni);
    - `undecided`: anything between, and wherever no value has two runs.
    """
    runs, values = _finite_runs(records, test)
    groups: dict[float, list[float]] = {}
    for run, value in zip(runs, values, strict=True):
        groups.setdefault(setting_of(run, test.setting), []).append(value)
    if len(groups) < 2:
        raise NotRunError(f"{test.setting} has one value only, {next(iter(groups)):g}")
    means = {value: float(np.mean(groups[value])) for value in sorted(groups)}
    spread = max(means.values()) - min(means.values())
    numbers = {"within": test.within, "range": spread, "runs": float(len(runs))}
    numbers |= {f"mean_at_{value:g}": mean for value, mean in means.items()}
    course = ", ".join(f"{short(mean)} at {value:g}" for value, mean in means.items())
    said = f"{test.metric} over {test.setting}: {course} (means of {len(runs)} runs)"
    differences, seeds = differences_over_setting(groups), seeds_of(runs)
    if differences is None:
        degree = Degree(spread, threshold=test.within, runs=seeds)
        sentence = f"{said}; one run a value gives no spread to judge them by."
        return Outcome("undecided", sentence, numbers, degree, "holds" if spread <= test.within else "fails")
    within = min(1.0, 2 * max(max(1 - d.p_below(-test.within), d.p_below(test.within)) for d in differences))
    ends = 2 * len(differences)
    beyond = min(1.0, ends * min(min(one.p_below(-test.within), 1 - one.p_below(test.within)) for one in differences))
    decision = decide(within, beyond, seeds)
    widest = max(differences, key=lambda one: max(-one.interval.low, one.interval.high))
    if decision.ruling == "fails":
        widest = max(differences, key=lambda one: abs(one.interval.centre))
    shown, which = (
        (widest.simultaneous, "all pairs together") if decision.ruling == "fails" else (widest.interval, "that pair")
    )
    numbers |= {"low": shown.low, "high": shown.high, "difference": shown.centre, "p": decision.p}
    sentence = (
        f"{said}; from {widest.first:g} to {widest.second:g} it changes by {widest.interval.centre:+.4g}, "
        f"95 % interval for {which} {short(shown.low)} to {short(shown.high)}, to lie within ±{test.within:g}; "
        f"p = {short(decision.p)}."
    )
    degree = Degree(shown.centre, shown.low, shown.high, test.within, seeds, decision.p, variation_of(values))
    return outcome_of(decision, sentence, numbers, degree)


def _finite_runs(records: Sequence[Record], test: ResponseTest | FlatTest) -> tuple[list[Record], list[float]]:
    runs = select_all(records, test.runs)
    values = [metric_of(run, test.metric) for run in runs]
    if not all(isfinite(value) for value in values):
        raise NotRunError(f"{test.metric} is not finite in every run")
    return runs, values
