"""Claims that the best column of a printed table goes with a number of its rows: by rank, over the rows."""

from __future__ import annotations

from itertools import product
from statistics import fmean

from interplay.errors import InterplayError
from interplay.evidence.comovement import CLEAR_CORRELATION
from interplay.evidence.decisions import ALPHA
from interplay.evidence.outcomes import Degree, NotRunError, Outcome, Ruling, short
from interplay.evidence.published import Published, PublishedTable
from interplay.evidence.ranks import p_below, p_of_correlation
from interplay.protocols.printed_tests import PublishedAssociationTest


def judge_published_association(test: PublishedAssociationTest, published: Published) -> Outcome:
    """Spearman's rho of the best column with a number of the row, permuted over rows.

    - `holds`: rho is at least .5 with the stated sign, and p < .05, one-sided;
    - `fails`: rho is so far from it that it lies below .5 at 5 % (Fisher's z);
    - `undecided`: anything between: the printed numbers are too few to tell.

    A row that lacks a cell is read in every way in which its numbers may belong to the columns; the p that is least
    convenient counts.

    Raises:
        InterplayError: the table has no such row, or columns that are not numbers.
    """
    table = published.table(test.table)
    rows = [name for name in table.rows if name in test.numbers]
    if unknown := [name for name in test.numbers if name not in table.rows]:
        raise InterplayError(f"{table.id} has no row {unknown[0]!r}; rows are {', '.join(table.rows)}")
    readings = [best_columns(table, name, test.lower_is_better, test.ties) for name in rows]
    kept = [(name, found) for name, found in zip(rows, readings, strict=True) if None not in found]
    if len(kept) < 4:
        raise NotRunError(f"{table.id}: {len(kept)} rows have one best number, to be four or more")
    sign = 1 if test.sign == "positive" else -1
    numbers = [test.numbers[name] for name, _ in kept]
    tried = []
    for best in product(*(found for _, found in kept)):
        rho, p_high, p_low = p_of_correlation(numbers, [value for value in best if value is not None])
        tried.append((sign * rho, p_high if sign > 0 else p_low, p_below(sign * rho, len(kept), CLEAR_CORRELATION)))
    strength, p_for, _ = max(tried, key=lambda one: one[1])
    p_against = max(one[2] for one in tried)
    clear = all(one[0] >= CLEAR_CORRELATION for one in tried)
    ruling: Ruling = "holds" if clear and p_for <= ALPHA else "fails" if p_against <= ALPHA else "undecided"
    left_out = [name for name in rows if name not in dict(kept)]
    ties = f"rows with ties ({', '.join(left_out)}) left out" if left_out else f"of ties: {test.ties}"
    said = (
        f"In {table.id}, the best column and the numbers of {len(kept)} rows have Spearman's rho "
        f"{sign * strength:+.2f} ({ties}), to be {sign * CLEAR_CORRELATION:+g} or beyond; p = {short(p_for)} (permuted "
        f"over rows, one-sided), and p = {short(p_against)} for one that is as clear."
    )
    values = {"rho": sign * strength, "rows": float(len(kept)), "p": p_for, "p_of_reverse": p_against}
    degree = Degree(sign * strength, threshold=sign * CLEAR_CORRELATION, runs=len(kept))
    return Outcome(ruling, said, values, degree)


def best_columns(
    table: PublishedTable, row: str, lower_is_better: bool = False, ties: str = "mean"
) -> tuple[float | None, ...]:
    """The column with the best number of a row, as a number: one, or one for each way to read a row that lacks a cell.

    None where several share the best number and `ties` leaves such rows out.

    Raises:
        InterplayError: there is no such row, a cell of it is no number, or columns are not numbers.
    """
    try:
        columns = [float(name) for name in table.columns]
    except ValueError as error:
        raise InterplayError(f"{table.id}: its columns are not numbers: {', '.join(table.columns)}") from error
    values = [cell.value for cell in (table.cell(row, name) for name in table.columns) if cell.value is not None]
    best = min(values) if lower_is_better else max(values)
    found = []
    for columns_read in _readings(columns, len(values)):
        tied = [column for column, value in zip(columns_read, values, strict=True) if value == best]
        found.append(_of_ties(tied, ties))
    return tuple(dict.fromkeys(found))


def _readings(columns: list[float], printed: int) -> list[list[float]]:
    """All ways to give so many numbers, in their order, to the columns, where at most one of them has none."""
    if printed == len(columns):
        return [columns]
    if printed != len(columns) - 1:
        raise NotRunError(f"{len(columns) - printed} cells of a row are missing, to be one at most")
    return [columns[:gap] + columns[gap + 1 :] for gap in range(len(columns))]


def _of_ties(tied: list[float], ties: str) -> float | None:
    if len(tied) > 1 and ties == "left out":
        return None
    return {"lowest": min, "highest": max}.get(ties, fmean)(tied)
