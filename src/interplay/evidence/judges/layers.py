"""Claims about courses of layers: bounds, falls, turns, what comes sooner, and differences of differences.

But for the last, every run must show it; `over_runs` documents the rule for several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from interplay.evidence.courses import falls, see_no_fall, see_sooner, see_stays, see_turn, shares_within
from interplay.evidence.outcomes import NotRunError, Outcome, Ruling, column_of, over_runs, select, short
from interplay.evidence.readings import Course, course_of, from_fraction, number_of
from interplay.evidence.statistics import LEVEL, paired_ordering
from interplay.protocols.course_claims import InteractionTest, NoFallTest, SoonerTest, StaysTest, TurnTest
from interplay.protocols.readings import Crossing
from interplay.records import Record

Courses = Mapping[str, Course]


def judge_stays(test: StaysTest, records: Sequence[Record]) -> Outcome:
    """Courses stay within bounds in every run, as `see_stays` sees it."""
    low = -inf if test.at_least is None else test.at_least
    high = inf if test.at_most is None else test.at_most
    courses = _courses(test, records)
    what = f"{_listed(courses[0])} {_bounds(test)}{_since(test.since)}"
    outcome = over_runs(what, [see_stays(run, low, high) for run in courses])
    return _with_each(outcome, courses, lambda run: shares_within(run, low, high), "share of points", min)


def judge_no_fall(test: NoFallTest, records: Sequence[Record]) -> Outcome:
    """Courses do not fall from what they had reached in every run, as `see_no_fall` sees it."""
    courses = _courses(test, records)
    what = f"no fall by more than {test.within:g} of {_listed(courses[0])}{_since(test.since)}"
    outcome = over_runs(what, [see_no_fall(run, test.within) for run in courses])
    return _with_each(outcome, courses, falls, "fall", max)


def judge_turn(test: TurnTest, records: Sequence[Record]) -> Outcome:
    """A course is lowest between two steps in every run, as `see_turn` sees it."""
    sights = [
        see_turn(column_of(run, "step"), course_of(run, test.series), test.earliest, test.latest)
        for run in select(records, test.runs)
    ]
    return over_runs(f"{test.series} lowest between steps {test.earliest:g} and {test.latest:g}", sights)


def judge_sooner(test: SoonerTest, records: Sequence[Record]) -> Outcome:
    """One thing comes about sooner than another in every run, as `see_sooner` sees it."""
    sights = [
        see_sooner(
            column_of(run, "step"),
            _holds(run, test.first),
            _holds(run, test.second),
            from_fraction(run, test.since),
            test.factor,
        )
        for run in select(records, test.runs)
    ]
    what = f"{test.second} at least {test.factor:g} times later than {test.first}"
    return over_runs(f"{what}{_since(test.since)}", sights)


def judge_interaction(test: InteractionTest, records: Sequence[Record]) -> Outcome:
    """A difference of two groups exceeds that of two others: a one-sided paired t-test over seeds at 5 %.

    Significant: `holds`; significant the other way round: `fails`; neither, or fewer than two seeds that all
    four groups have: `undecided`.
    """
    groups = [_by_seed(records, pattern, test) for pattern in (*test.greater, *test.lesser)]
    seeds = sorted(set.intersection(*(set(group) for group in groups)))
    if not seeds:
        raise NotRunError(f"no seed is common to {', '.join((*test.greater, *test.lesser))}")
    first, second, third, fourth = ([group[seed] for seed in seeds] for group in groups)
    greater = [one - other for one, other in zip(first, second, strict=True)]
    lesser = [one - other for one, other in zip(third, fourth, strict=True)]
    result = paired_ordering(greater, lesser)
    ruling: Ruling = "undecided"
    if len(seeds) > 1 and result.p_greater < 1 - LEVEL:
        ruling = "holds"
    elif len(seeds) > 1 and result.p_less < 1 - LEVEL:
        ruling = "fails"
    numbers = {
        "greater_difference": float(np.mean(greater)),
        "lesser_difference": float(np.mean(lesser)),
        "p": result.p_greater,
        "p_of_reverse": result.p_less,
        "seeds": float(len(seeds)),
    }
    sentence = (
        f"{test.metric}: {short(numbers['greater_difference'])} between {test.greater[0]} and {test.greater[1]}, "
        f"{short(numbers['lesser_difference'])} between {test.lesser[0]} and {test.lesser[1]}, over {len(seeds)} "
        f"{'seed' if len(seeds) == 1 else 'seeds'}; p = {short(result.p_greater)} ({result.method}, one-sided)."
    )
    return Outcome(ruling, sentence, numbers)


def _courses(test: StaysTest | NoFallTest, records: Sequence[Record]) -> list[dict[str, Course]]:
    """Each run's courses by their names, from where they count on."""
    return [
        {str(series): course_of(run, series)[from_fraction(run, test.since)] for series in test.series}
        for run in select(records, test.runs)
    ]


def _bounds(test: StaysTest) -> str:
    if test.at_least == test.at_most:
        return f"equal to {test.at_most:g}"
    named = (("at least", test.at_least), ("at most", test.at_most))
    return " and ".join(f"{word} {bound:g}" for word, bound in named if bound is not None)


def _listed(courses: Courses) -> str:
    """One or two names; of more, the first and the last with their number."""
    first, *others = courses
    if len(others) < 2:
        return " and ".join(courses)
    return f"each of {len(courses)} courses ({first} ... {others[-1]})"


def _with_each(
    outcome: Outcome,
    courses: Sequence[Courses],
    read: Callable[[Courses], Mapping[str, float]],
    what: str,
    gravest: Callable[[Sequence[float]], float],
) -> Outcome:
    """The outcome with a number for every course (over runs, the gravest), and the gravest course named."""
    if len(courses[0]) == 1:
        return outcome
    each = [read(run) for run in courses]
    numbers = {name: gravest([one[name] for one in each]) for name in courses[0]}
    known = [value for value in numbers.values() if isfinite(value)]
    if not known:
        return outcome
    worst = next(name for name, value in numbers.items() if value == gravest(known))
    short_of = outcome.ruling != "holds" and "points" not in outcome.numbers  # not merely too few points to tell
    said = f" Weakest for {worst} ({what} {short(numbers[worst])})." if short_of else ""
    return replace(
        outcome,
        sentence=outcome.sentence + said,
        numbers=outcome.numbers | {f"{what} {name}": value for name, value in numbers.items()},
    )


def _holds(run: Record, crossing: Crossing) -> NDArray[np.bool_]:
    """At which points a course is beyond its bound."""
    course = course_of(run, crossing.series)
    if crossing.at_least is not None:
        above: NDArray[np.bool_] = course >= crossing.at_least
        return above
    assert crossing.at_most is not None
    below: NDArray[np.bool_] = course <= crossing.at_most
    return below


def _by_seed(records: Sequence[Record], pattern: str, test: InteractionTest) -> dict[int, float]:
    """A number of each run of a group, by its seed; NotRunError where it is not finite, or a seed has two runs."""
    runs = select(records, pattern)
    values = {run.seed: number_of(run, test.metric) for run in runs}
    if len(values) < len(runs):
        raise NotRunError(f"{pattern} has two runs of one seed")
    if not all(isfinite(value) for value in values.values()):
        raise NotRunError(f"{test.metric} is not finite in every run of {pattern}")
    return values


def _since(fraction: float) -> str:
    return f" from {100 * fraction:g} % of training on" if fraction else ""
