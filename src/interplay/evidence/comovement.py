"""Do two series of a run move together, beyond the trend that everything has that is trained?"""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy

from interplay.evidence.shapes import POINTS, Sight, all_signs, too_short
from interplay.evidence.statistics import Series, Values, finite, rank_correlation

FEWEST_POINTS = 8  # seven steps, two blocks
BLOCK = 3  # steps of a block at least: twice the reach of the dependence that differences of noise have, and one
CLEAR_CORRELATION = 0.5
"""Spearman's rho from which on the field calls a correlation large (Cohen 1988). Decided before results were judged."""
WEAK_CORRELATION = 0.3  # below it a correlation is called small at most (Cohen 1988)


def see_correlation(first: Values, second: Values, sign: Literal["positive", "negative"]) -> Sight:
    """Two series move together if Spearman's rho is at least .5 and their steps around the trend go together too.

    Any two series that settle are correlated, whatever they measure. So the monotone trend of each is taken off
    (isotonic regression, rising or falling, whichever fits better), and p is that of a correlation as large of the
    steps of what is left, by `chance_together`.
    """
    one, other = finite(first, second)
    if len(one) < FEWEST_POINTS:
        return too_short(one)
    direction = 1.0 if sign == "positive" else -1.0
    rho = rank_correlation(one, other)[0]
    steps = np.diff(without_trend(one)), np.diff(without_trend(other))
    together = rank_correlation(*steps)[0] if all(np.ptp(step) > 0 for step in steps) else 0.0
    clear = direction * rho >= CLEAR_CORRELATION
    p = chance_together(direction * steps[0], steps[1]) if clear else 1.0
    return Sight(clear, direction * rho, p, {"rho": rho, "rho_of_steps": together})


def correlation_of(first: Values, second: Values) -> float:
    """Spearman's rho of two series where both are finite; NaN for fewer than eight points."""
    one, other = finite(first, second)
    return rank_correlation(one, other)[0] if len(one) >= FEWEST_POINTS else float("nan")


def without_trend(series: Series) -> Series:
    """The series less its best monotone fit; rounding that is left of a monotone series counts as zero."""
    fits = [scipy.optimize.isotonic_regression(series, increasing=rising).x for rising in (True, False)]
    rest: Series = min((series - fit for fit in fits), key=lambda left: float(left @ left))
    return np.where(np.abs(rest) > 1e-12 * float(np.ptp(series)), rest, 0.0)


def chance_together(first: Series, second: Series) -> float:
    """p of a rank correlation as large of two series of steps, by blocks of at least three whose signs are drawn anew.

    If the two have nothing to do with each other, the products of their ranks in a block are as often positive as
    negative. Blocks keep together what depends on each other: noise around a trend gives steps that cancel the one
    before.
    """
    if len(first) < BLOCK or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 1.0
    one, other = (scipy.stats.rankdata(series) - (len(series) + 1) / 2 for series in (first, second))
    blocks = np.array_split(one * other, min(POINTS, len(one) // BLOCK))
    sums = np.array([block.sum() for block in blocks])
    found = all_signs(len(sums)) @ sums
    return float((found >= found[0] - 1e-9 * float(np.abs(sums).sum())).mean())
