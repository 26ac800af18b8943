"""Claims about when something comes about: a turn between two steps, one thing later than another.

Nothing is seen between two logged steps. A span that holds the true time speaks with whichever of its ends is the less
convenient: the claim holds where it does so for the ends that speak against it, and fails where it fails for those that
speak for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, log, nan

import numpy as np

from interplay.evidence.decisions import decide, judge_mean, outcome_of, seeds_wanted, variation_of
from interplay.evidence.outcomes import Degree, Outcome, Ruling, column_of, seeds_of, select, short
from interplay.evidence.quantities import from_fraction, holds_at, series_of
from interplay.evidence.timing import Span, first_time, lowest_between, ratio_of
from interplay.protocols.series_tests import DelayTest, SoonerTest, TurnTest
from interplay.records import Record

LEAST = 1e-6  # a ratio of times of zero, the end of a span that starts with training, has no logarithm


def judge_turn(test: TurnTest, records: Sequence[Record]) -> Outcome:
    """A series is lowest between two steps on average over runs, with its whole 95 % interval (`judge_mean`).

    A run that is lowest at its end decides nothing if it ends before `latest`, since it may turn in time yet.
    """
    runs = select(records, test.runs)
    what = f"{test.series} is lowest"
    found = [lowest_between(column_of(run, "step"), series_of(run, test.series)) for run in runs]
    spans = [span for span in found if span is not None]
    ends = [float(column_of(run, "step")[-1]) for run in runs]
    if len(spans) < len(runs):
        return Outcome("undecided", f"{what}: too few points to tell in some of {len(runs)} runs.", {"runs": len(runs)})
    open_ended = any(span.last == inf and end <= test.latest for span, end in zip(spans, ends, strict=True))
    lasts = [min(span.last, end) for span, end in zip(spans, ends, strict=True)]
    firsts = [span.first for span in spans]
    for_it = max(judge_mean(firsts, low=test.earliest).p_within, judge_mean(lasts, high=test.latest).p_within)
    too_early = judge_mean(lasts, low=test.earliest).p_beyond
    too_late = judge_mean(firsts, high=test.latest).p_beyond
    against = min(1.0, 2 * min(too_early, too_late))
    middles = [(one + other) / 2 for one, other in zip(firsts, lasts, strict=True)]
    inside = all(test.earliest <= middle <= test.latest for middle in middles)
    if open_ended:
        for_it = against = nan
    decision = decide(for_it, against, seeds_of(runs), "holds" if inside else "fails")
    interval = judge_mean(middles).interval
    said = (
        f"{what} between steps {short(min(firsts))} and {short(max(lasts))} over {len(runs)} runs, to be between "
        f"{test.earliest:g} and {test.latest:g}" + (", and may fall further in a run that ends before" * open_ended)
    )
    numbers = {"lowest at": interval.centre, "first": min(firsts), "last": max(lasts), "runs": float(len(runs))}
    threshold = test.earliest if interval.centre < (test.earliest + test.latest) / 2 else test.latest
    degree = Degree(
        interval.centre, interval.low, interval.high, threshold, seeds_of(runs), decision.p, variation_of(middles)
    )
    return outcome_of(decision, f"{said}.", numbers, degree)


def judge_delay(test: DelayTest, records: Sequence[Record]) -> Outcome:
    """One column reaches a threshold at least `factor` times later than another, by `judge_ratios`."""
    runs = select(records, test.runs)
    pairs = []
    for run in runs:
        steps = column_of(run, "step")
        first, second = (
            first_time(steps, np.asarray(column_of(run, name), dtype=np.float64) >= test.threshold)
            for name in (test.first, test.second)
        )
        pairs.append((first, second))
    what = f"{test.second} reaches {test.threshold:g} at least {test.factor:g} times later than {test.first}"
    return judge_ratios(what, pairs, test.factor, seeds_of(runs))


def judge_sooner(test: SoonerTest, records: Sequence[Record]) -> Outcome:
    """One thing comes about `factor` times sooner than another, by `judge_ratios`."""
    runs = select(records, test.runs)
    pairs = []
    for run in runs:
        kept, steps = from_fraction(run, test.since), column_of(run, "step")
        first, second = (first_time(steps, holds_at(run, one), kept) for one in (test.first, test.second))
        pairs.append((first, second))
    since = f" from {100 * test.since:g} % of training on" if test.since else ""
    what = f"{test.second} at least {test.factor:g} times later than {test.first}{since}"
    return judge_ratios(what, pairs, test.factor, seeds_of(runs))


def judge_ratios(what: str, pairs: Sequence[tuple[Span | None, Span | None]], factor: float, seeds: int) -> Outcome:
    """The 95 % interval of the mean logarithm of the ratio of two times over runs.

    - `holds`: the smallest possible ratios exceed `factor`;
    - `fails`: the largest possible ones do not, which an event that never came leaves open;
    - `undecided`: anything between, one run, or a run in which the first never came about.
    """
    ratios = [ratio_of(one, other) for one, other in pairs if one is not None and other is not None]
    numbers: dict[str, float] = {"runs": float(len(pairs))}
    for name, spans in (("first at", [one for one, _ in pairs]), ("second at", [other for _, other in pairs])):
        reached = [span.last for span in spans if span is not None and span.last < inf]
        numbers |= {name: float(np.median(reached))} if reached else {}
    detail = ", ".join(f"{name} {short(value)}" for name, value in numbers.items() if name != "runs")
    said = f"{what}: over {len(pairs)} {'run' if len(pairs) == 1 else 'runs'}" + (f" {detail}" if detail else "")
    if len(ratios) < len(pairs) or any(ratio.first == 0 and ratio.last == inf for ratio in ratios):
        degree = Degree(nan, threshold=factor, runs=seeds)
        return Outcome(
            "undecided",
            f"{said}; in some run neither came about, or the first was there from the start.",
            numbers,
            degree,
        )
    bound = log(factor)
    smallest, largest = ([_logarithm(value) for value in ends] for ends in zip(*map(_ends, ratios), strict=True))
    for_it = judge_mean(smallest, low=bound)
    against = nan if any(ratio.last == inf for ratio in ratios) else judge_mean(largest, low=bound).p_beyond
    leaning: Ruling | None = "holds" if min(smallest) >= bound else "fails" if max(largest) < bound else None
    decision = decide(for_it.p_within, against, seeds, leaning)
    effect, low, high = (exp(end) for end in (for_it.interval.centre, for_it.interval.low, for_it.interval.high))
    numbers |= {"smallest ratio": effect, "p": decision.p}
    said += f"; ratio at least {short(effect)}" + (f", p = {short(decision.p)}." if len(pairs) > 1 else ".")
    said += seeds_wanted(for_it.interval.centre - bound, smallest) if decision.ruling == "undecided" else ""
    degree = Degree(effect, low, high, factor, seeds, decision.p, variation_of([exp(value) for value in smallest]))
    return outcome_of(decision, said, numbers, degree)


def _ends(ratio: Span) -> tuple[float, float]:
    return ratio.first, ratio.last


def _logarithm(ratio: float) -> float:
    return log(max(ratio, LEAST))
