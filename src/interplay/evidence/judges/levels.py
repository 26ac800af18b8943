"""Claims about the levels of a setting: a metric responds to it, or it does not change."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from interplay.evidence.levels import level_differences, response_to_levels
from interplay.evidence.outcomes import NotRunError, Outcome, Ruling, metric_of, select_all, setting_of, short
from interplay.evidence.statistics import LEVEL
from interplay.protocols.claims import FlatTest, ResponseTest
from interplay.records import Record

CLEAR_RESPONSE = 0.5  # Kendall's tau-b: three of four pairs of runs in the stated order


def judge_response(test: ResponseTest, records: Sequence[Record]) -> Outcome:
    """A metric rises (or falls) with a setting: Kendall's tau-b over runs, permuted within data set and seed.

    - `holds`: tau is at least .5 in the stated direction and p < .05;
    - `fails`: p < .05 the other way, or p >= .05 and the whole 95 % bootstrap interval of tau stays below .5 in the
      stated direction: whatever response there is, it is not a clear one;
    - `undecided`: anything between. Three levels with one run each can never be significant (p is 1/6 at best).
    """
    runs, values = _finite_runs(records, test)
    levels = [setting_of(run, test.setting) for run in runs]
    counted = {level: levels.count(level) for level in sorted(set(levels))}
    if len(counted) < 2:
        raise NotRunError(f"{test.setting} has one level only, {next(iter(counted)):g}")
    found = response_to_levels(levels, values, [(run.dataset, run.seed) for run in runs])
    sign = 1 if test.direction == "rising" else -1
    p, reverse = (found.p_rising, found.p_falling)[::sign]
    strongest = found.tau.high if sign > 0 else -found.tau.low
    ruling: Ruling = "undecided"
    if p < 1 - LEVEL and sign * found.tau.centre >= CLEAR_RESPONSE:
        ruling = "holds"
    elif reverse < 1 - LEVEL or (p >= 1 - LEVEL and strongest < CLEAR_RESPONSE):
        ruling = "fails"
    means = {
        level: float(np.mean([v for v, at in zip(values, levels, strict=True) if at == level])) for level in counted
    }
    numbers = {"tau": found.tau.centre, "tau_low": found.tau.low, "tau_high": found.tau.high, "p": p}
    numbers |= {"p_of_reverse": reverse, "smallest_p": found.smallest_p, "runs": float(len(runs))}
    numbers |= {f"mean_at_{level:g}": mean for level, mean in means.items()}
    course = ", ".join(f"{short(mean)} at {level:g}" for level, mean in means.items())
    sentence = (
        f"{test.metric} over {test.setting}: {course} (means of {len(runs)} runs); Kendall's tau "
        f"{found.tau.centre:+.2f} ({found.tau.low:.2f} to {found.tau.high:.2f}), p = {short(p)} for {test.direction} "
        f"(permuted within seeds, {short(found.smallest_p)} at best)."
    )
    return Outcome(ruling, sentence, numbers)


def judge_flat(test: FlatTest, records: Sequence[Record]) -> Outcome:
    """The means of a metric at any two levels of a setting differ by at most `within`: a test of equivalence.

    That no difference is significant would not do: two runs never show one. With the spread between runs pooled over
    the levels,

    - `holds`: the 95 % interval of every difference lies within ±`within`;
    - `fails`: that of some difference lies wholly beyond it, at 95 % for all pairs together (Bonferroni);
    - `undecided`: anything between, and wherever no level has two runs.
    """
    runs, values = _finite_runs(records, test)
    groups: dict[float, list[float]] = {}
    for run, value in zip(runs, values, strict=True):
        groups.setdefault(setting_of(run, test.setting), []).append(value)
    if len(groups) < 2:
        raise NotRunError(f"{test.setting} has one level only, {next(iter(groups)):g}")
    means = {level: float(np.mean(groups[level])) for level in sorted(groups)}
    numbers = {"within": test.within, "range": max(means.values()) - min(means.values()), "runs": float(len(runs))}
    numbers |= {f"mean_at_{level:g}": mean for level, mean in means.items()}
    course = ", ".join(f"{short(mean)} at {level:g}" for level, mean in means.items())
    said = f"{test.metric} over {test.setting}: {course} (means of {len(runs)} runs)"
    differences = level_differences(groups)
    if differences is None:
        return Outcome("undecided", f"{said}; one run a level gives no spread to judge them by.", numbers)
    widest = max(differences, key=lambda one: max(-one.interval.low, one.interval.high))
    numbers |= {"low": widest.interval.low, "high": widest.interval.high, "difference": widest.interval.centre}
    beyond = [one for one in differences if one.simultaneous.low > test.within or one.simultaneous.high < -test.within]
    ruling: Ruling = "undecided"
    if all(one.interval.low >= -test.within and one.interval.high <= test.within for one in differences):
        ruling = "holds"
    elif beyond:
        ruling = "fails"
        widest = max(beyond, key=lambda one: abs(one.interval.centre))
    shown, which = (widest.simultaneous, "all pairs together") if beyond else (widest.interval, "the farthest pair")
    sentence = (
        f"{said}; from {widest.first:g} to {widest.second:g} it changes by {widest.interval.centre:+.4g}, "
        f"95 % interval for {which} {short(shown.low)} to {short(shown.high)}, to lie within ±{test.within:g}."
    )
    return Outcome(ruling, sentence, numbers)


def _finite_runs(records: Sequence[Record], test: ResponseTest | FlatTest) -> tuple[list[Record], list[float]]:
    runs = select_all(records, test.runs)
    values = [metric_of(run, test.metric) for run in runs]
    if not all(isfinite(value) for value in values):
        raise NotRunError(f"{test.metric} is not finite in every run")
    return runs, values
