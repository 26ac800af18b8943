from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from interplay.evidence.bootstrap import (
    RESAMPLES,
    draw_weights,
    resampled_interval,
    weighted_kendall,
    weighted_mean,
    weighted_spearman,
)

COLUMN = st.lists(st.integers(0, 4), min_size=6, max_size=12)


@settings(max_examples=30)
@given(COLUMN, st.integers(0, 1000))
def test_weighted_statistics_are_those_of_the_repeated_values(first, seed):
    """Each row of weights against scipy on the resample written out, ties and all."""
    second = np.random.default_rng(seed).integers(0, 5, len(first)).tolist()
    weights = draw_weights(len(first), seed=seed)[:10]
    for row, mean, rho, tau in zip(
        weights,
        weighted_mean(first, weights),
        weighted_spearman(first, second, weights),
        weighted_kendall(first, second, weights),
        strict=True,
    ):
        one, other = (np.repeat(column, row.astype(int)) for column in (first, second))
        assert mean == pytest.approx(one.mean())
        if np.ptp(one) and np.ptp(other):
            assert rho == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-12)
            assert tau == pytest.approx(stats.kendalltau(one, other).statistic, abs=1e-12)
        else:
            assert rho == tau == 0


def test_groups_are_drawn_whole_and_as_many_as_there_are():
    weights = draw_weights(5, ["a", "a", "b", "c", "b"])
    assert weights.shape == (RESAMPLES, 5)
    assert (weights[:, 0] == weights[:, 1]).all() and (weights[:, 2] == weights[:, 4]).all()
    assert (weights[:, 0] + weights[:, 2] + weights[:, 3] == 3).all()
    assert np.array_equal(weights, draw_weights(5, ["a", "a", "b", "c", "b"]))


def test_the_interval_of_a_mean_is_near_the_normal_one():
    values = np.random.default_rng(1).normal(5, 2, 200)
    interval = resampled_interval(lambda drawn: weighted_mean(values, drawn), draw_weights(200))
    half = 1.96 * values.std(ddof=1) / np.sqrt(200)
    assert interval.centre == pytest.approx(values.mean())
    assert (interval.low, interval.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.06)


def test_the_interval_of_a_correlation_is_near_fishers():
    rng = np.random.default_rng(2)
    first = rng.normal(size=150)
    second = first + rng.normal(size=150)
    interval = resampled_interval(lambda drawn: weighted_spearman(first, second, drawn), draw_weights(150))
    z = np.arctanh(interval.centre)
    half = 1.96 * np.sqrt((1 + interval.centre**2 / 2) / 147)
    assert (interval.low, interval.high) == pytest.approx((np.tanh(z - half), np.tanh(z + half)), abs=0.06)


def test_runs_that_only_repeat_a_configuration_do_not_narrow_the_interval():
    rng = np.random.default_rng(3)
    first = rng.normal(size=8)
    second = first + rng.normal(size=8)
    single = resampled_interval(lambda drawn: weighted_spearman(first, second, drawn), draw_weights(8))
    many, other = np.repeat(first, 5), np.repeat(second, 5)
    keys = np.repeat(np.arange(8), 5).tolist()
    grouped = resampled_interval(lambda drawn: weighted_spearman(many, other, drawn), draw_weights(40, keys))
    naive = resampled_interval(lambda drawn: weighted_spearman(many, other, drawn), draw_weights(40))
    assert grouped.half_width == pytest.approx(single.half_width, rel=0.01)
    assert naive.half_width < 0.6 * grouped.half_width
