"""Claims that the printed tables alone decide: no run is needed to see whether a sentence fits its own table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from interplay.errors import InterplayError
from interplay.evidence.outcomes import NotRunError, Outcome
from interplay.evidence.published import Cell, Published, PublishedTable
from interplay.protocols.claims import PublishedMarginTest, PublishedOrderingTest, PublishedRankTest, PublishedTest

CellAt = Callable[[str, str], Cell]


def judge_published_ordering(test: PublishedOrderingTest, published: Published) -> Outcome:
    """`holds` if the better one wins every comparison (or most of them), else `wrong as printed`.

    A tie is no win.
    """
    table = published.table(test.table)
    wins: list[str] = []
    losses: list[str] = []
    for ours, theirs in _duels(test, table, test.better, test.worse):
        lead = _lead(ours, theirs, test.lower_is_better)
        (wins if lead > 0 else losses).append(f"{_place(theirs)}: {ours.printed} against {theirs.printed}")
    return _verdict(test, f"{_kind(test)} {test.better} is better than {_others(test.worse)}", wins, losses, table)


def judge_rank(test: PublishedRankTest, published: Published) -> Outcome:
    """`holds` if a member is among the best `first` on every line (or on most), else `wrong as printed`."""
    table = published.table(test.table)
    contenders, lines, at = _axes(test, table)
    for member in test.members:
        _check(member, contenders, table, test)
    hits: list[str] = []
    misses: list[str] = []
    for line in lines:
        cells = {name: at(name, line) for name in contenders}
        present = {name: cell for name, cell in cells.items() if not cell.missing}
        members = {name: cell for name, cell in present.items() if name in test.members}
        if not members:
            continue
        ours = max(members.values(), key=lambda cell: _score(cell, test.lower_is_better))
        ahead = [
            (name, cell)
            for name, cell in present.items()
            if name not in test.members and _lead(ours, cell, test.lower_is_better) < 0
        ]
        place = f"{line}: {ours.printed} at {_name(ours, test)} is number {len(ahead) + 1}"
        if ahead:
            place += " behind " + ", ".join(f"{cell.printed} at {name}" for name, cell in ahead)
        (hits if len(ahead) < test.first else misses).append(place)
    rank = "best" if test.first == 1 else f"among the best {test.first}"
    named = test.members[0] if len(test.members) == 1 else f"one of {', '.join(test.members)}"
    return _verdict(test, f"{_kind(test)} {named} is {rank}", hits, misses, table)


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


def _verdict(test: PublishedTest, what: str, hits: list[str], misses: list[str], table: PublishedTable) -> Outcome:
    total = len(hits) + len(misses)
    if not total:
        raise NotRunError(f"{table.id} has no printed numbers to compare")
    holds = not misses if test.quantifier == "all" else 2 * len(hits) > total
    said = f"In {table.id}, {what} in {len(hits)} of {total} comparisons"
    said += f"; not so in {'; '.join(misses[:4])}{'; ...' if misses[4:] else ''}" if misses else ""
    numbers = {"comparisons": float(total), "held": float(len(hits)), "failed": float(len(misses))}
    return Outcome("holds" if holds else "wrong as printed", f"{said}.", numbers)
