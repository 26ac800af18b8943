"""Claims that the printed tables alone decide: no run is needed to see whether a sentence fits its own table.

Two printed numbers are told apart by their printed spreads, where there are any: Welch's t-test at 5 %, of three runs
each, since the documents say "several seeds" (`SEVERAL_SEEDS`). A lead or a deficit within the spreads is neither: it
is compatible with the sentence, and does not contradict it. Without a spread the comparison is arithmetic, and numbers
that agree to the digits printed may stand in either order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from math import sqrt

import scipy

from interplay.errors import InterplayError
from interplay.evidence.decisions import ALPHA
from interplay.evidence.outcomes import NotRunError, Outcome, Ruling
from interplay.evidence.published import Cell, Published, PublishedTable
from interplay.evidence.statistics import SEVERAL_SEEDS
from interplay.protocols.printed_tests import (
    PublishedMarginTest,
    PublishedOrderingTest,
    PublishedRankTest,
    PublishedTest,
)

CellAt = Callable[[str, str], Cell]


def judge_published_ordering(test: PublishedOrderingTest, published: Published) -> Outcome:
    """`holds` if the better one clearly wins every comparison (or most of them), `wrong as printed` if it cannot.

    It cannot where it clearly loses one (or half of them); of several comparisons each may err in 5 % over their number
    then. `undecided`: anything between, compatible with the sentence.
    """
    table = published.table(test.table)
    duels = list(_duels(test, table, test.better, test.worse))
    leads = [(_compare(ours, theirs, test.lower_is_better, len(duels)), ours, theirs) for ours, theirs in duels]
    wins, open_ones, losses = (
        [f"{_place(theirs)}: {ours.printed} against {theirs.printed}" for lead, ours, theirs in leads if lead == sign]
        for sign in (1, 0, -1)
    )
    what = f"{_kind(test)} {test.better} is better than {_others(test.worse)}"
    return _verdict(test, what, wins, open_ones, losses, table, any(_has_spread(*duel) for duel in duels))


def judge_rank(test: PublishedRankTest, published: Published) -> Outcome:
    """`holds` if a member is clearly among the best `first` on every line (or on most), else as for orderings.

    It clearly is where fewer than `first` others are not clearly behind it, and clearly is not where as many as `first`
    are clearly ahead.
    """
    table = published.table(test.table)
    contenders, lines, at = _axes(test, table)
    for member in test.members:
        _check(member, contenders, table, test)
    hits: list[str] = []
    open_ones: list[str] = []
    misses: list[str] = []
    spread = False
    for line in lines:
        present = {name: cell for name, cell in ((name, at(name, line)) for name in contenders) if not cell.missing}
        members = {name: cell for name, cell in present.items() if name in test.members}
        if not members:
            continue
        ours = max(members.values(), key=lambda cell: _score(cell, test.lower_is_better))
        others = {name: cell for name, cell in present.items() if name not in test.members}
        leads = {
            name: _compare(ours, cell, test.lower_is_better, len(lines) * len(others)) for name, cell in others.items()
        }
        spread |= any(_has_spread(ours, cell) for cell in others.values())
        ahead = [
            f"{cell.printed} at {name}" for name, cell in others.items() if _lead(ours, cell, test.lower_is_better) < 0
        ]
        place = f"{line}: {ours.printed} at {_name(ours, test)} is number {len(ahead) + 1}"
        place += f" behind {', '.join(ahead)}" if ahead else ""
        beaten_not, beating = (sum(lead in kinds for lead in leads.values()) for kinds in ((0, -1), (-1,)))
        # Rivals that are level with it to the digits printed do not push it down: ties count as won.
        tied = sum(
            _lead(ours, cell, test.lower_is_better) == 0 and not _has_spread(ours, cell) for cell in others.values()
        )
        if beaten_not - tied < test.first:
            hits.append(place)
        else:
            (misses if beating >= test.first else open_ones).append(place)
    rank = "best" if test.first == 1 else f"among the best {test.first}"
    named = test.members[0] if len(test.members) == 1 else f"one of {', '.join(test.members)}"
    return _verdict(test, f"{_kind(test)} {named} is {rank}", hits, open_ones, misses, table, spread)


def judge_margin(test: PublishedMarginTest, published: Published) -> Outcome:
    """`holds` if the largest lead is the stated one to the digits printed, else `wrong as printed`."""
    table = published.table(test.table)
    leads = [
        (_lead(ours, theirs, test.lower_is_better), ours, theirs)
        for ours, theirs in _duels(test, table, test.better, test.worse)
    ]
    if not leads:
        raise NotRunError(f"{table.id} has no pair of printed numbers to compare")
    largest, ours, theirs = max(leads, key=lambda lead: lead[0])
    holds = abs(largest - test.margin) < min(ours.rounding, theirs.rounding)
    said = (
        f"The largest lead of {test.better} over {_others(test.worse)} in {table.id} is {largest:.4g} "
        f"({_place(theirs)}: {ours.printed} against {theirs.printed}), stated {test.margin:g}."
    )
    numbers = {"largest": largest, "stated": test.margin, "comparisons": float(len(leads))}
    return Outcome("holds" if holds else "wrong as printed", said, numbers)


def _axes(test: PublishedTest, table: PublishedTable) -> tuple[tuple[str, ...], tuple[str, ...], CellAt]:
    """What is compared, the lines along which, and how to look up a cell by the two."""
    rows = tuple(table.rows)
    contenders, lines = (rows, table.columns) if test.compare == "rows" else (table.columns, rows)
    for line in test.among:
        if line not in lines:
            raise InterplayError(f"{table.id}: among: no {line!r}; there are {', '.join(lines)}")
    by_rows = test.compare == "rows"
    return contenders, test.among or lines, lambda name, line: table.cell(*((name, line) if by_rows else (line, name)))


def _check(name: str, contenders: tuple[str, ...], table: PublishedTable, test: PublishedTest) -> None:
    if name not in contenders:
        raise InterplayError(f"{table.id}: no {_kind(test)} {name!r}; there are {', '.join(contenders)}")


def _duels(test: PublishedTest, table: PublishedTable, better: str, worse: str) -> Iterator[tuple[Cell, Cell]]:
    """Pairs of printed cells of `better` and of each that matches `worse`, line by line; missing ones are left out."""
    contenders, lines, at = _axes(test, table)
    _check(better, contenders, table, test)
    others = [name for name in contenders if name != better and fnmatchcase(name, worse)]
    if not others:
        raise InterplayError(f"{table.id}: no {_kind(test)} matches {worse!r}; there are {', '.join(contenders)}")
    for line in lines:
        ours = at(better, line)
        for name in others:
            theirs = at(name, line)
            if not ours.missing and not theirs.missing:
                yield ours, theirs


def _score(cell: Cell, lower_is_better: bool) -> float:
    assert cell.value is not None
    return -cell.value if lower_is_better else cell.value


def _lead(ours: Cell, theirs: Cell, lower_is_better: bool) -> float:
    return _score(ours, lower_is_better) - _score(theirs, lower_is_better)


def _place(cell: Cell) -> str:
    return f"row {cell.row}, column {cell.column}"


def _kind(test: PublishedTest) -> str:
    return test.compare[:-1]


def _others(pattern: str) -> str:
    return "all others" if pattern == "*" else pattern


def _name(cell: Cell, test: PublishedTest) -> str:
    return cell.row if test.compare == "rows" else cell.column


def _has_spread(ours: Cell, theirs: Cell) -> bool:
    return ours.spread is not None and theirs.spread is not None


def _compare(ours: Cell, theirs: Cell, lower_is_better: bool, comparisons: int) -> int:
    """1 for a clear lead, -1 for a clear deficit, 0 for neither."""
    lead, rounding = _lead(ours, theirs, lower_is_better), ours.rounding + theirs.rounding
    if ours.spread is None or theirs.spread is None:
        return 0 if abs(lead) < max(ours.rounding, theirs.rounding) else 1 if lead > 0 else -1
    shares = [spread**2 / SEVERAL_SEEDS for spread in (ours.spread, theirs.spread)]
    if not sum(shares):
        return 0 if abs(lead) < rounding else 1 if lead > 0 else -1
    freedom = sum(shares) ** 2 / sum(share**2 / (SEVERAL_SEEDS - 1) for share in shares)
    t = lead / sqrt(sum(shares))
    if float(scipy.stats.t.sf(t, freedom)) < ALPHA:
        return 1
    return -1 if float(scipy.stats.t.cdf(t, freedom)) < ALPHA / comparisons else 0


def _verdict(
    test: PublishedTest,
    what: str,
    hits: list[str],
    open_ones: list[str],
    misses: list[str],
    table: PublishedTable,
    spread: bool,
) -> Outcome:
    total = len(hits) + len(open_ones) + len(misses)
    if not total:
        raise NotRunError(f"{table.id} has no printed numbers to compare")
    every = test.quantifier == "all"
    ruling: Ruling = "undecided"
    if len(hits) == total if every else 2 * len(hits) > total:
        ruling = "holds"
    elif misses if every else 2 * len(misses) >= total:
        ruling = "wrong as printed"
    how = f"by their printed spreads, {SEVERAL_SEEDS} runs each assumed" if spread else "no spread is printed"
    said = f"In {table.id}, {what} in {len(hits)} of {total} comparisons ({how})"
    said += f"; not so in {_first(misses)}" if misses else ""
    said += f"; too close to tell in {_first(open_ones)}" if open_ones else ""
    numbers = {"comparisons": float(total), "held": float(len(hits)), "failed": float(len(misses))}
    numbers["too close"] = float(len(open_ones))
    return Outcome(ruling, f"{said}.", numbers)


def _first(places: list[str]) -> str:
    return f"{'; '.join(places[:4])}{'; ...' if places[4:] else ''}"
