from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from interplay.evidence.statistics import (
    bootstrap_interval,
    paired_ordering,
    partial_conjunction,
    prediction_interval,
    rank_correlation,
    trend,
    welch_interval,
    welch_ordering,
)


@pytest.mark.parametrize("samples", [2, 3, 10])
def test_prediction_interval_covers_95_percent_of_further_runs(samples):
    rng = np.random.default_rng(samples)
    draws = rng.normal(3.0, 2.0, (4000, samples + 1))
    covered = [prediction_interval(row[:-1].mean(), row[:-1].std(ddof=1), samples).covers(row[-1]) for row in draws]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.012)


def test_prediction_interval_with_three_seeds_is_almost_five_spreads_wide():
    interval = prediction_interval(10.0, 1.0, 3)
    assert interval.half_width == pytest.approx(4.302653 * sqrt(4 / 3), rel=1e-6)
    assert interval.centre == pytest.approx((interval.low + interval.high) / 2)


def test_prediction_interval_needs_two_samples():
    with pytest.raises(ValueError, match="two"):
        prediction_interval(0.0, 1.0, 1)


def test_interval_slack_and_nan():
    interval = prediction_interval(10.0, 0.0, 3)
    assert interval.covers(10.0) and not interval.covers(10.004)
    assert interval.covers(10.004, slack=0.005)
    assert not interval.covers(float("nan"), slack=1.0)


def test_welch_interval_agrees_with_scipy():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(0, 1, 6), rng.normal(0.4, 3, 4)
    interval, p = welch_interval(ours.tolist(), theirs.mean(), theirs.std(ddof=1), len(theirs))
    reference = stats.ttest_ind(ours, theirs, equal_var=False)
    bounds = reference.confidence_interval(0.95)
    assert p == pytest.approx(reference.pvalue, rel=1e-10)
    assert interval.half_width == pytest.approx((bounds.high - bounds.low) / 2, rel=1e-10)
    assert interval.centre - theirs.mean() == pytest.approx(ours.mean() - theirs.mean())


def test_welch_interval_without_any_spread():
    assert welch_interval([1.0, 1.0], 1.0, 0.0, 3)[1] == 1.0
    interval, p = welch_interval([1.0, 1.0], 2.0, 0.0, 3)
    assert p == 0.0 and not interval.covers(2.0)


def test_bootstrap_interval_of_a_mean_is_near_the_normal_one():
    values = np.random.default_rng(1).normal(5, 2, 200)
    interval = bootstrap_interval(values.tolist())
    half = 1.96 * values.std(ddof=1) / sqrt(200)
    assert interval.centre == pytest.approx(values.mean())
    assert (interval.low, interval.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.06)
    assert bootstrap_interval(values.tolist()) == interval


def test_bootstrap_interval_of_a_median_and_of_a_constant():
    assert bootstrap_interval([1.0, 2.0, 9.0, 3.0, 2.5], np.median).centre == 2.5
    assert bootstrap_interval([2.0]) == bootstrap_interval([2.0, 2.0])
    assert bootstrap_interval([2.0]).half_width == 0


def test_paired_ordering_is_the_paired_t_test():
    first, second = [3.0, 4.1, 5.2, 4.4], [2.0, 3.5, 4.0, 4.1]
    result = paired_ordering(first, second)
    assert result.p_greater == pytest.approx(stats.ttest_rel(first, second, alternative="greater").pvalue)
    assert result.p_less == pytest.approx(stats.ttest_rel(first, second, alternative="less").pvalue)
    assert result.difference == pytest.approx(np.mean(first) - np.mean(second))


def test_equal_differences_fall_back_on_signs():
    four = paired_ordering([1.5, 2.5, 3.5, 4.5], [1.0, 2.0, 3.0, 4.0])
    five = paired_ordering([1.5, 2.5, 3.5, 4.5, 5.5], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert four.method == five.method == "sign test"
    assert four.p_greater == pytest.approx(1 / 16) and five.p_greater == pytest.approx(1 / 32)
    assert paired_ordering([1.0, 2.0], [1.0, 2.0]).p_greater == 1.0
    assert paired_ordering([2.0], [1.0]).p_greater == 0.5


def test_pairing_removes_what_the_seeds_share():
    luck = np.array([0.0, 5.0, -5.0, 9.0])
    first, second = luck + np.array([1.0, 1.1, 0.9, 1.05]), luck
    assert paired_ordering(first.tolist(), second.tolist()).p_greater < 0.001
    assert welch_ordering(first.tolist(), second.tolist()).p_greater > 0.2


def test_welch_ordering_is_welchs_t_test():
    first, second = [3.0, 4.1, 5.2, 4.4], [2.0, 3.5, 1.0]
    result = welch_ordering(first, second)
    reference = stats.ttest_ind(first, second, equal_var=False, alternative="greater")
    assert result.p_greater == pytest.approx(reference.pvalue)
    assert result.p_greater + result.p_less == pytest.approx(1)


def test_one_run_each_never_decides():
    result = welch_ordering([5.0], [1.0])
    assert result.p_greater == 0.5 and result.p_less == 1.0


def test_one_run_against_many_needs_nineteen():
    many = np.linspace(0, 1, 19).tolist()
    assert welch_ordering([2.0], many).p_greater == pytest.approx(0.05)
    assert welch_ordering([0.5], many).p_greater == 1.0


def test_groups_without_spread():
    assert welch_ordering([2.0] * 3, [1.0] * 3).p_greater == pytest.approx(1 / 20)
    assert welch_ordering([1.0] * 3, [1.0] * 3).p_greater == 1.0


@pytest.mark.parametrize("test", [paired_ordering, welch_ordering])
def test_false_alarms_stay_below_five_percent(test):
    rng = np.random.default_rng(7)
    alarms = [test(rng.normal(size=3).tolist(), rng.normal(size=3).tolist()).p_greater < 0.05 for _ in range(1000)]
    assert np.mean(alarms) < 0.065


@settings(max_examples=40)
@given(st.lists(st.integers(-50, 50), min_size=3, max_size=20))
def test_rank_statistics_ignore_scale_and_mirror_in_time(values):
    scaled = [3.0 * value + 1 for value in values]
    assert trend(scaled)[0] == pytest.approx(trend(values)[0])
    assert trend(values[::-1])[0] == pytest.approx(-trend(values)[0])
    assert rank_correlation(values, scaled)[0] == pytest.approx(0.0 if len(set(values)) == 1 else 1.0)


def test_rank_statistics_of_constants():
    assert trend([1.0, 1.0, 1.0]) == (0.0, 1.0)
    assert rank_correlation([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) == (0.0, 1.0)
    assert trend([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx((1.0, 1 / 60))


def test_a_partial_conjunction_is_bonferronis_rule_at_its_end_and_the_largest_p_at_the_other():
    ps = [0.01, 0.2, 0.03]
    assert partial_conjunction(ps, 1) == pytest.approx(0.03)
    assert partial_conjunction(ps, 2) == pytest.approx(0.06)
    assert partial_conjunction(ps, 3) == pytest.approx(0.2)
    assert partial_conjunction([0.9, 0.8], 1) == 1
    with pytest.raises(ValueError, match="from 1 to 2"):
        partial_conjunction([0.1, 0.2], 3)


def test_a_partial_conjunction_errs_in_at_most_5_percent():
    """Two of five hypotheses are false beyond doubt, three are true: that three are false is said in 5 %, or less."""
    draws = np.random.default_rng(0).uniform(size=(4000, 3))
    found = [partial_conjunction([0.0, 0.0, *row], 3) <= 0.05 for row in draws]
    assert 0.03 < np.mean(found) < 0.055
