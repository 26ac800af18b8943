"""Tests of rank correlations over runs or configurations that are independent of each other."""

from __future__ import annotations

from itertools import permutations
from math import atanh, sqrt

import numpy as np
import scipy

from interplay.evidence.statistics import Values, rank_correlation

MOST_ORDERS = 5040  # all orders of seven; of more, as many drawn at random


def p_of_correlation(first: Values, second: Values) -> tuple[float, float, float]:
    """Spearman's rho and the p-values of one as high, and of one as low, by permutation: exact up to seven pairs."""
    rho = rank_correlation(first, second)[0]
    one, other = (scipy.stats.rankdata(values) - (len(values) + 1) / 2 for values in (first, second))
    count = len(other)
    if count <= 7:
        orders = np.array(list(permutations(range(count))))
    else:
        orders = np.random.default_rng(0).permuted(np.tile(np.arange(count), (MOST_ORDERS, 1)), axis=1)
        orders[0] = np.arange(count)
    found = other[orders] @ one
    slack = 1e-9 * max(1.0, abs(float(found[0])))
    return rho, float((found >= found[0] - slack).mean()), float((found <= found[0] + slack).mean())


def p_below(rho: float, pairs: int, limit: float) -> float:
    """p of a rank correlation as low or lower if it were `limit`, by Fisher's z; 1 for fewer than four pairs.

    The variance of z of ranks is (1 + rho^2 / 2) / (n - 3).
    Source: Bonett and Wright (2000).
    """
    if pairs < 4:
        return 1.0
    error = sqrt((1 + limit**2 / 2) / (pairs - 3))
    bounded = min(max(rho, -0.999999), 0.999999)
    return float(scipy.stats.norm.cdf((atanh(bounded) - atanh(limit)) / error))
