from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from interplay.evidence.responses import MOST_ARRANGEMENTS, differences_over_setting, p_as_strong, response_to_setting


def test_tau_is_scipys_and_p_that_of_all_arrangements():
    levels, values = [1, 1, 3, 3, 10, 10], [0.2, 0.1, 0.15, 0.3, 0.5, 0.25]
    blocks = [0, 1, 0, 1, 0, 1]
    found = response_to_setting(levels, values, blocks)
    assert found.tau.centre == pytest.approx(stats.kendalltau(levels, values).statistic)
    taus = [
        stats.kendalltau([first[0], second[0], first[1], second[1], first[2], second[2]], values).statistic
        for first in permutations([1, 3, 10])
        for second in permutations([1, 3, 10])
    ]
    assert found.arrangements == len(taus) == 36
    assert found.p_rising == pytest.approx(np.mean(np.array(taus) >= found.tau.centre - 1e-9))
    assert found.p_falling == pytest.approx(np.mean(np.array(taus) <= found.tau.centre + 1e-9))
    assert found.smallest_p == pytest.approx(1 / 36)


def test_without_blocks_it_is_kendalls_exact_test():
    values = [0.1, 0.4, 0.2, 0.5, 0.6, 0.3, 0.7]
    found = response_to_setting(range(7), values, [0] * 7)
    assert found.arrangements == 5040
    assert found.p_rising == pytest.approx(stats.kendalltau(range(7), values, alternative="greater").pvalue)


def test_blocks_of_one_run_allow_no_test():
    found = response_to_setting([1, 2, 3], [1.0, 2.0, 3.0], ["a", "b", "c"])
    assert (found.p_rising, found.p_falling, found.arrangements) == (1.0, 1.0, 1)


def test_p_is_uniform_without_a_response():
    rng = np.random.default_rng(0)
    levels, blocks = np.tile([1, 2, 3, 4], 2), np.repeat([0, 1], 4)
    ps = [response_to_setting(levels, rng.normal(size=8) + blocks, blocks.tolist()).p_rising for _ in range(150)]
    assert np.mean(np.array(ps) < 0.05) < 0.1 and 0.35 < np.mean(ps) < 0.65


def test_many_arrangements_are_drawn_at_random():
    levels, blocks = np.tile(np.arange(5), 3), np.repeat([0, 1, 2], 5)
    values = levels + 0.1 * np.random.default_rng(1).normal(size=15)
    found = response_to_setting(levels, values, blocks.tolist())
    assert found.arrangements == MOST_ARRANGEMENTS and found.p_rising < 0.001
    assert found == response_to_setting(levels, values, blocks.tolist())


def test_two_levels_give_the_pooled_t_interval():
    first, second = [0.1, 0.2, 0.15], [0.4, 0.35]
    (found,) = differences_over_setting({1.0: first, 2.0: second})
    expected = stats.ttest_ind(second, first).confidence_interval()
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(expected))
    assert found.simultaneous == found.interval
    assert (found.first, found.second) == (1.0, 2.0)


def test_simultaneous_intervals_are_bonferronis_and_wider():
    rng = np.random.default_rng(2)
    groups = {level: rng.normal(level, 1, 4).tolist() for level in (0.0, 1.0, 2.0)}
    found = differences_over_setting(groups)
    assert [(one.first, one.second) for one in found] == [(0, 1), (0, 2), (1, 2)]
    spread = np.sqrt(np.mean([np.var(values, ddof=1) for values in groups.values()]))
    for one in found:
        assert one.interval.centre == pytest.approx(np.mean(groups[one.second]) - np.mean(groups[one.first]))
        assert one.interval.half_width == pytest.approx(stats.t.ppf(0.975, 9) * spread * np.sqrt(0.5))
        assert one.simultaneous.half_width == pytest.approx(stats.t.ppf(1 - 0.05 / 6, 9) * spread * np.sqrt(0.5))


def test_one_run_a_level_has_no_spread():
    assert differences_over_setting({1.0: [0.1], 2.0: [0.2]}) is None
    assert differences_over_setting({1.0: [0.1], 2.0: [0.2, 0.2]})[0].interval.half_width == 0


def test_the_interval_is_over_seeds_and_each_seed_has_a_tau():
    found = response_to_setting([1, 2, 3, 1, 2, 3], [1.0, 2.0, 3.0, 3.0, 2.0, 1.0], [0, 0, 0, 1, 1, 1])
    assert found.by_block == pytest.approx((1.0, -1.0)) and found.tau.centre == pytest.approx(0)
    assert (found.tau.low, found.tau.high) == pytest.approx((-1, 1))


def test_strengths_that_agree_by_chance_count_as_spread():
    assert np.isnan(p_as_strong([0.3], 0.5, 0.6))
    assert p_as_strong([1 / 3] * 3, 0.5, 0.6) > 0.3 and p_as_strong([-1.0] * 9, 0.5, 0.6) < 0.001
    assert p_as_strong([0.0, 0.1, 0.2], 0.5, 0.0) == pytest.approx(
        stats.ttest_1samp([0, 0.1, 0.2], 0.5, alternative="less").pvalue
    )


def test_p_of_a_difference_is_that_of_the_t_test():
    first, second = [0.1, 0.2, 0.15], [0.4, 0.35]
    (found,) = differences_over_setting({1.0: first, 2.0: second})
    assert found.p_below(0.0) == pytest.approx(stats.ttest_ind(second, first, alternative="less").pvalue)
