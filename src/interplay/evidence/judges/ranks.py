"""Claims about the order of several methods: that one is among the best, that all stand as a document prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite

from interplay.evidence.comparison import Comparison, compare
from interplay.evidence.decisions import ALPHA, decide, outcome_of
from interplay.evidence.methods import by_setting
from interplay.evidence.outcomes import Degree, NotRunError, Outcome, seeds_of, select_all, short
from interplay.evidence.power import MOST_SEEDS, said_of
from interplay.evidence.published import Published
from interplay.evidence.quantities import number_of
from interplay.evidence.rankings import CLEAR_AGREEMENT, Ranked, rank_agreement, seeds_to_rank
from interplay.evidence.statistics import partial_conjunction
from interplay.protocols.rank_tests import FEWEST, RankingTest, RankTest
from interplay.records import Record


@dataclass(frozen=True)
class Place:
    """The place of a method in a setting, from 1; p of being among the best asked for, and of not being.

    `needed` are the seeds with which that would be decided the way it looks, at a level; infinite where none would do.
    """

    setting: str
    rank: int
    p_for: float
    p_against: float
    comparisons: tuple[Comparison, ...]

    def needed(self, first: int, level: float, *, among_best: bool) -> float:
        """Of the comparisons that must be decided, the one that takes most."""
        behind = len(self.comparisons) - first + 1
        wanted, total = (behind, first) if among_best else (first, behind)
        sign = 1 if among_best else -1
        found = sorted(
            (one.seeds_needed(level / total) or inf) if sign * one.result.difference > 0 else inf
            for one in self.comparisons
        )
        return found[wanted - 1]


def judge_place(test: RankTest, records: Sequence[Record]) -> Outcome:
    """A method is among the best `first` in all settings, or in most, by tests of it against each other method.

    It is among them in a setting where all others but `first` - 1 are worse, and is not where `first` are better: each
    a test of two groups, put together as partial conjunctions, over methods and then over settings, whose p-values hold
    whatever the tests have to do with each other.

    - `holds`: it is in so many settings, at 5 %;
    - `fails`: it is not in so many that the others are too few, at 5 %;
    - `undecided`: anything between.
    """
    settings = by_setting(select_all(records, test.runs), test.among)
    complete = {name: runs for name, runs in settings.items() if len(runs) == len(test.among)}
    if not complete:
        raise NotRunError(f"in no setting are there runs of all {len(test.among)} methods")
    places = [_place(test, name, runs) for name, runs in complete.items()]
    total = len(places)
    wanted = total if test.quantifier == "all" else total // 2 + 1
    hits = sum(place.rank <= test.first for place in places)
    p_for = partial_conjunction([place.p_for for place in places], wanted)
    p_against = partial_conjunction([place.p_against for place in places], total - wanted + 1)
    seeds = min(one.seeds for place in places for one in place.comparisons)
    among_best = hits >= wanted
    decision = decide(p_for, p_against, seeds, "holds" if among_best else "fails")
    where = ", ".join(f"{place.setting} {place.rank}" for place in places)
    asked = "in all" if test.quantifier == "all" else f"in {wanted} or more"
    said = (
        f"{test.member} is among the best {test.first} of {len(test.among)} methods by {test.metric} in {hits} of "
        f"{total} {'setting' if total == 1 else 'settings'}, to be {asked} (place by setting: {where}); "
        f"p = {short(decision.p)}."
    )
    if decision.ruling == "undecided":
        said += _seeds(test, places, wanted if among_best else total - wanted + 1, among_best)
    numbers = {"settings": float(total), "among best": float(hits), "p": p_for, "p_of_reverse": p_against}
    numbers |= {f"place {place.setting}": float(place.rank) for place in places}
    degree = Degree(hits / total, threshold=wanted / total, runs=seeds, p=decision.p)
    return outcome_of(decision, said, numbers, degree)


def _place(test: RankTest, setting: str, runs: Mapping[str, list[Record]]) -> Place:
    own, rivals = runs[test.member], [runs[name] for name in test.among if name != test.member]
    found = tuple(
        compare(other, own, test.metric) if test.lower_is_better else compare(own, other, test.metric)
        for other in rivals
    )
    p_behind, p_ahead = [one.result.p_greater for one in found], [one.result.p_less for one in found]
    return Place(
        setting,
        1 + sum(one.result.difference < 0 for one in found),
        partial_conjunction(p_behind, len(rivals) - test.first + 1),
        partial_conjunction(p_ahead, test.first),
        found,
    )


def _seeds(test: RankTest, places: Sequence[Place], wanted: int, among_best: bool) -> str:
    """How many seeds would decide it the way it looks: of the settings needed, what the hardest takes."""
    if any(min(len(one.greater), len(one.lesser)) < 2 for place in places for one in place.comparisons):
        return " One seed of a method gives no spread by which to say how many would decide."
    level = ALPHA / (len(places) - wanted + 1)
    found = sorted(place.needed(test.first, level, among_best=among_best) for place in places)[wanted - 1]
    return said_of(int(found) if isfinite(found) and found <= MOST_SEEDS else None)


def judge_ranking(test: RankingTest, records: Sequence[Record], published: Published) -> Outcome:
    """Methods stand in the order of a published column, by Kendall's tau of their means with the printed numbers.

    - `holds`: tau is at least .5 (three of four pairs in the printed order), and p < .05 by permutation of the methods;
    - `fails`: so many pairs stand against the printed order that tau lies below .5, at 5 % (`rank_agreement`);
    - `undecided`: anything between, or fewer than five methods.
    """
    table = published.table(test.table)
    settings = by_setting(select_all(records, test.runs), test.rows)
    if len(settings) != 1:
        raise NotRunError(f"the runs are of {len(settings)} settings, to be of one")
    ((setting, runs),) = settings.items()
    cells = {name: table.cell(test.rows[name], test.column) for name in runs}
    printed = {name: cell.value for name, cell in cells.items() if cell.value is not None}
    ours = {name: [number_of(run, test.metric) for run in runs[name]] for name in printed}
    if not all(isfinite(value) for values in ours.values() for value in values):
        raise NotRunError(f"{test.metric} is not finite in every run")
    what = f"{test.metric} of {len(ours)} methods in {setting} and {test.table}, column {test.column}"
    if len(ours) < FEWEST:
        return Outcome("undecided", f"{what}: fewer than {FEWEST} methods.", {"methods": float(len(ours))})
    ranked = Ranked(list(printed.values()), list(ours.values()))
    found = rank_agreement(ranked)
    seeds = seeds_of(run for name in ours for run in runs[name])
    clear = found.tau.centre >= CLEAR_AGREEMENT
    decision = decide(found.p_chance if clear else 1.0, found.p_high, seeds, "holds" if clear else "fails")
    interval = f" (95 % of resamples over seeds: {found.tau.low:.2f} to {found.tau.high:.2f})" if ranked.freedom else ""
    said = (
        f"{what}: Kendall's tau {found.tau.centre:+.2f}{interval}, to be {CLEAR_AGREEMENT:g} or more; "
        f"p = {short(found.p_chance)} (permuted, one-sided)."
    )
    if decision.ruling == "undecided":
        said += " More methods, not seeds, would decide." if clear else _seeds_of_ranking(ranked)
    numbers = {"tau": found.tau.centre, "methods": float(len(ours)), "p": found.p_chance, "p_of_reverse": found.p_high}
    degree = Degree(found.tau.centre, found.tau.low, found.tau.high, CLEAR_AGREEMENT, seeds, decision.p)
    return outcome_of(decision, said, numbers, degree)


def _seeds_of_ranking(ranked: Ranked) -> str:
    if not ranked.freedom:
        return " One seed gives no spread by which to say how many would decide."
    return said_of(seeds_to_rank(ranked))
