"""Claims about limits: numbers of runs within bounds, series that stay within them or never fall back.

What a run shows is one number; the 95 % interval of the mean over runs is held against the limit (`judge_mean`). That
one run lies outside convicts nobody: of five, one does so 41 times in a hundred where each does 10 times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf, isfinite, nan

from interplay.evidence.confinement import distances_within, falls, noise_ranges, shares_within
from interplay.evidence.decisions import decide, judge_mean, outcome_of, seeds_wanted, variation_of
from interplay.evidence.outcomes import Degree, Outcome, Ruling, at_extreme, seeds_of, select, short
from interplay.evidence.quantities import from_fraction, number_of, series_of
from interplay.evidence.statistics import Interval, Series
from interplay.protocols.run_tests import BoundTest
from interplay.protocols.series_tests import NoFallTest, StaysTest
from interplay.records import Record

Columns = Mapping[str, Series]


def judge_bound(test: BoundTest, records: Sequence[Record]) -> Outcome:
    """The mean of a metric over runs lies within its bounds, or over those at one extreme of a setting.

    - `holds`: it does, with its whole 95 % interval;
    - `fails`: the interval lies beyond one of them;
    - `undecided`: anything between, one run, or a run in which the metric is undefined.
    """
    runs, where = at_extreme(select(records, test.runs), test.only)
    values = [number_of(run, test.metric) for run in runs]
    low = -inf if test.at_least is None else test.at_least
    high = inf if test.at_most is None else test.at_most
    known = [value for value in values if isfinite(value)]
    outside = sum(not low <= value <= high for value in values)
    limits = {
        name: bound for name, bound in (("at_least", test.at_least), ("at_most", test.at_most)) if bound is not None
    }
    numbers = {"runs": float(len(runs)), "outside": float(outside)}
    numbers |= {"least": min(known, default=nan), "most": max(known, default=nan)} | limits
    least, most, counted = short(numbers["least"]), short(numbers["most"]), counted_runs(len(runs))
    wanted = ", to be " + " and ".join(f"{name.replace('_', ' ')} {bound:g}" for name, bound in limits.items())
    name = f"{test.metric}{where}"
    if len(known) < len(values):
        lost = len(values) - len(known)
        of_them = f"all of {counted}" if not known else f"{lost} of {counted}"
        leaning: Ruling | None = "fails" if seeds_of(runs) == 1 else None
        degree = Degree(nan, runs=seeds_of(runs))
        return Outcome("undecided", f"{name} is undefined in {of_them}{wanted}.", numbers, degree, leaning)
    found = judge_mean(known, low, high)
    decision = decide(found.p_within, found.p_beyond, seeds_of(runs), "fails" if outside else "holds")
    mean, bounds = found.interval.centre, [bound for bound in (low, high) if isfinite(bound)]
    nearest = min(bounds, key=lambda bound: abs(mean - bound))
    numbers |= {"mean": mean, "p": decision.p}
    if len(runs) == 1 or least == most:
        said = f"{name} is {least} over {counted}{wanted}"
    else:
        said = f"{name} is {short(mean)} on average over {counted} ({least} to {most}), {in_95(found.interval)}{wanted}"
    said += f"; p = {short(decision.p)}" if len(runs) > 1 else ""
    said += "." + (seeds_wanted(mean - nearest, known) if decision.ruling == "undecided" else "")
    low_end, high_end = found.interval.low, found.interval.high
    degree = Degree(mean, low_end, high_end, nearest, seeds_of(runs), decision.p, variation_of(known))
    return outcome_of(decision, said, numbers, degree)


def judge_stays(test: StaysTest, records: Sequence[Record]) -> Outcome:
    """Series stay within bounds, all of them at nine logged points in ten, on average over runs.

    Each run says how far inside they are at nine points in ten (the decile of the distances, of the series that lies
    least inside), and how far at half of the points. `holds`: the first is positive on average, with its whole 95 %
    interval; `fails`: the second is negative; `undecided`: anything between, one run, or fewer than three points.
    """
    low = -inf if test.at_least is None else test.at_least
    high = inf if test.at_most is None else test.at_most
    runs, columns = _columns(test, records)
    found = [distances_within(one, low, high) for one in columns]
    nearly, half = ([pair[index] for pair in found] for index in (0, 1))
    shares = [shares_within(one, low, high) for one in columns]
    together = {"share of points": min(min(one.values()) for one in shares)}
    what = f"{_listed(columns[0])} {_bounds(test)}{_since(test.since)}"
    leaning: Ruling | None = "holds" if min(nearly) >= 0 else "fails" if max(half) < 0 else None
    against = judge_mean(half, low=0.0)
    outcome = _numbers_of_runs(what, "inside by", nearly, 0.0, runs, against.p_beyond, leaning)
    outcome = replace(outcome, numbers=outcome.numbers | together | {"at half of the points": against.interval.centre})
    return _with_each(outcome, columns, lambda one: shares_within(one, low, high), "share of points", min)


def judge_no_fall(test: NoFallTest, records: Sequence[Record]) -> Outcome:
    """Series do not end more than `within` below the highest that they had reached, on average over runs.

    `holds`: the largest fall of a run is smaller, with its whole 95 % interval; `fails`: less what noise alone would
    span it is larger; `undecided`: anything between, one run, or fewer than three points.
    """
    runs, columns = _columns(test, records)
    largest = [max(falls(one).values()) for one in columns]
    sure = [max(fall - noise_ranges(one)[name] for name, fall in falls(one).items()) for one in columns]
    what = f"no fall by more than {test.within:g} of {_listed(columns[0])}{_since(test.since)}"
    left = [test.within - fall for fall in largest]
    leaning: Ruling | None = "holds" if min(left) >= 0 else "fails" if min(sure) > test.within else None
    against = judge_mean(sure, high=test.within).p_beyond
    outcome = _numbers_of_runs(what, "to spare", left, 0.0, runs, against, leaning)
    outcome = replace(outcome, numbers=outcome.numbers | {"largest fall": max(largest)})
    return _with_each(outcome, columns, falls, "fall", max)


def _numbers_of_runs(
    what: str,
    unit: str,
    values: Sequence[float],
    threshold: float,
    runs: Sequence[Record],
    p_against: float,
    leaning: Ruling | None,
) -> Outcome:
    """One number per run that has to lie above a threshold; what speaks against it has its own p."""
    counted = counted_runs(len(runs))
    if not all(isfinite(value) for value in values):
        said = f"{what}: too few points to tell in some of {counted}."
        return Outcome("undecided", said, {"runs": float(len(runs))}, Degree(nan, runs=seeds_of(runs)))
    found = judge_mean(values, low=threshold)
    decision = decide(found.p_within, p_against, seeds_of(runs), leaning)
    interval = found.interval
    numbers = {"runs": float(len(runs)), unit: interval.centre, "p": decision.p}
    said = f"{what}: {unit} {short(interval.centre)} over {counted}"
    said += f", {in_95(interval)}; p = {short(decision.p)}" if len(runs) > 1 else ""
    said += "." + (seeds_wanted(interval.centre - threshold, values) if decision.ruling == "undecided" else "")
    degree = Degree(
        interval.centre, interval.low, interval.high, threshold, seeds_of(runs), decision.p, variation_of(values)
    )
    return outcome_of(decision, said, numbers, degree)


def counted_runs(count: int) -> str:
    """`1 run`, `3 runs`."""
    return f"{count} {'run' if count == 1 else 'runs'}"


def in_95(interval: Interval) -> str:
    """`95 % interval .. to ..`."""
    return f"95 % interval {short(interval.low)} to {short(interval.high)}"


def _columns(test: StaysTest | NoFallTest, records: Sequence[Record]) -> tuple[list[Record], list[dict[str, Series]]]:
    """The runs, and the series of each by their names, from where they count on."""
    runs = select(records, test.runs)
    return runs, [
        {str(series): series_of(run, series)[from_fraction(run, test.since)] for series in test.series} for run in runs
    ]


def _bounds(test: StaysTest) -> str:
    if test.at_least == test.at_most:
        return f"equal to {test.at_most:g}"
    named = (("at least", test.at_least), ("at most", test.at_most))
    return " and ".join(f"{word} {bound:g}" for word, bound in named if bound is not None)


def _listed(columns: Columns) -> str:
    """One or two names; of more, the first and the last with their number."""
    first, *others = columns
    if len(others) < 2:
        return " and ".join(columns)
    return f"each of {len(columns)} series ({first} ... {others[-1]})"


def _with_each(
    outcome: Outcome,
    columns: Sequence[Columns],
    read: Callable[[Columns], Mapping[str, float]],
    what: str,
    gravest: Callable[[Sequence[float]], float],
) -> Outcome:
    """The outcome with a number for every series (over runs, the gravest), and the gravest series named."""
    if len(columns[0]) == 1:
        return outcome
    each = [read(one) for one in columns]
    numbers = {name: gravest([one[name] for one in each]) for name in columns[0]}
    known = [value for value in numbers.values() if isfinite(value)]
    if not known:
        return outcome
    worst = next(name for name, value in numbers.items() if value == gravest(known))
    short_of = outcome.ruling != "holds" and "p" in outcome.numbers  # not merely too few points to tell
    said = f" Weakest for {worst} ({what} {short(numbers[worst])})." if short_of else ""
    return replace(
        outcome,
        sentence=outcome.sentence + said,
        numbers=outcome.numbers | {f"{what} {name}": value for name, value in numbers.items()},
    )


def _since(fraction: float) -> str:
    return f" from {100 * fraction:g} % of training on" if fraction else ""
