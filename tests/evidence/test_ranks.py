from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from interplay.evidence.ranks import p_below, p_of_correlation


def test_permutation_is_exact_for_few_pairs():
    first, second = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.0, 1.0, 4.0, 3.0, 6.0, 5.0]
    rho, high, low = p_of_correlation(first, second)
    exact = stats.permutation_test(
        (first,), lambda x: stats.spearmanr(x, second).statistic, permutation_type="pairings", alternative="greater"
    )
    assert rho == pytest.approx(exact.statistic) and high == pytest.approx(exact.pvalue) and low > 0.9


def test_permutation_at_random_for_many():
    rng = np.random.default_rng(0)
    first = rng.normal(size=30)
    second = first + 2 * rng.normal(size=30)
    reference = stats.spearmanr(first, second, alternative="greater")
    rho, high, low = p_of_correlation(first, second)
    assert rho == pytest.approx(reference.statistic) and high == pytest.approx(reference.pvalue, abs=0.03)
    assert high + low == pytest.approx(1, abs=0.01)


def test_a_correlation_of_half_is_called_lower_in_one_case_of_twenty():
    rng = np.random.default_rng(1)
    pairs = rng.multivariate_normal([0, 0], [[1, 0.518], [0.518, 1]], size=(400, 20))
    ps = [p_below(stats.spearmanr(*draw.T).statistic, 20, 0.5) for draw in pairs]
    assert np.mean(np.array(ps) < 0.05) == pytest.approx(0.05, abs=0.035)
    assert p_below(0.0, 3, 0.5) == 1.0 and p_below(1.0, 20, 0.5) > 0.999
