"""Power and numbers of seeds against simulation, normal theory and the equal-variance t-test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from interplay.evidence.decisions import judge_mean
from interplay.evidence.power import (
    MOST_SEEDS,
    paired_power,
    said_of,
    seeds_for,
    seeds_paired,
    seeds_unpaired,
    unpaired_power,
    welch_freedom,
)
from interplay.evidence.statistics import paired_ordering, welch_ordering

DRAWS = 3000


def test_paired_power_is_the_share_of_tests_that_decide():
    rng = np.random.default_rng(0)
    draws = rng.normal(1.0, 1.2, (DRAWS, 6))
    found = np.mean([paired_ordering(row, np.zeros(6)).p_greater <= 0.05 for row in draws])
    assert paired_power(1.0, 1.2, 6, 0.05) == pytest.approx(found, abs=3 * 0.5 / DRAWS**0.5)


@pytest.mark.parametrize("first, second, seeds", [(1.0, 1.0, 4), (0.3, 2.0, 8), (4.24, 0.66, 12)])
def test_unpaired_power_is_the_share_of_tests_that_decide(first, second, seeds):
    rng = np.random.default_rng(1)
    one, other = rng.normal(2.0, first, (DRAWS, seeds)), rng.normal(0.0, second, (DRAWS, seeds))
    found = np.mean([welch_ordering(a, b).p_greater <= 0.05 for a, b in zip(one, other, strict=True)])
    # Satterthwaite's degrees of freedom are of the true spreads here and of estimated ones in the test.
    assert unpaired_power(2.0, first, second, seeds, 0.05) == pytest.approx(found, abs=0.04)


def test_equal_spreads_give_the_textbook_test_of_two_samples():
    """Cohen (1988), table 2.3.5: 26 of each group for d = .8, two-sided at 5 %, power .8."""
    assert welch_freedom(1.0, 1.0, 26) == 50
    assert seeds_unpaired(0.8, 1.0, 1.0, 0.025) == 26
    limit = stats.t.ppf(0.95, 18)
    assert unpaired_power(1.5, 2.0, 2.0, 10, 0.05) == pytest.approx(stats.nct.sf(limit, 18, 1.5 / 2 * 5**0.5))


def test_many_seeds_follow_normal_theory():
    seeds = seeds_paired(0.1, 1.0, 0.05)
    assert seeds == pytest.approx(((stats.norm.ppf(0.95) + stats.norm.ppf(0.8)) / 0.1) ** 2, rel=0.01)
    assert paired_power(0.1, 1.0, seeds, 0.05) >= 0.8 > paired_power(0.1, 1.0, seeds - 1, 0.05)


def test_seeds_have_the_power_they_promise_to_a_judge():
    seeds = seeds_paired(1.0, 1.0, 0.025)
    draws = np.random.default_rng(0).normal(1.0, 1.0, (1500, seeds))
    assert 0.77 < np.mean([judge_mean(row, low=0.0).p_within < 0.05 for row in draws]) < 0.9


def test_edges():
    assert seeds_paired(0.001, 1.0, 0.05) is None and seeds_paired(0.0, 1.0, 0.05) is None
    assert seeds_paired(1.0, 0.0, 0.05) == 2 == seeds_unpaired(1.0, 0.0, 0.0, 0.05)
    assert seeds_unpaired(-1.0, 1.0, 1.0, 0.05) is None
    assert seeds_unpaired(5.0, 0.0, 0.001, 0.05) == 2, "one group without a spread"
    assert seeds_for(lambda seeds: float(seeds == MOST_SEEDS)) == MOST_SEEDS and seeds_for(lambda seeds: 1.0) == 2
    assert "not even 1000" in said_of(None) and "about 7 seeds" in said_of(7)
