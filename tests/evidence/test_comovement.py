from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from interplay.evidence.comovement import chance_together, correlation_of, see_correlation, without_trend

T = np.linspace(0, 1, 60)


def curves(rng, points=60, shared=0.0, own=0.05):
    """Two learning curves of different speed, with noise of their own and noise that they share."""
    t, both = np.linspace(0, 1, points), shared * rng.normal(size=points)
    return [1 - np.exp(-speed * t) + both + own * rng.normal(size=points) for speed in (4.0, 7.0)]


def test_the_trend_is_the_best_monotone_fit():
    assert not without_trend(T**3).any() and not without_trend(-np.exp(T)).any()
    wiggle = 0.01 * np.sin(40 * T)
    assert np.abs(without_trend(T + wiggle)).max() < 0.02
    assert np.ptp(without_trend(np.sin(3 * np.pi * T))) > 1


def test_two_learning_curves_are_correlated_and_that_shows_nothing():
    """They used to be called correlated every time."""
    rng = np.random.default_rng(0)
    sights = [see_correlation(*curves(rng), "positive") for _ in range(200)]
    assert np.mean([sight.shown for sight in sights]) > 0.9
    assert np.mean([sight.p < 0.05 for sight in sights]) < 0.05 + 3 * 0.0155


def test_curves_that_wiggle_together_move_together():
    rng = np.random.default_rng(1)
    sights = [see_correlation(*curves(rng, shared=0.05, own=0.02), "positive") for _ in range(50)]
    assert np.mean([sight.shown and sight.p < 0.05 for sight in sights]) > 0.95
    one, other = curves(rng, shared=0.05, own=0.01)
    against = see_correlation(one, -other, "negative")
    assert against.shown and against.p < 0.05 and against.numbers["rho"] < 0
    wrong = see_correlation(one, other, "negative")
    assert not wrong.shown and wrong.p == 1 and wrong.strength < 0


def test_what_is_smooth_or_constant_tells_nothing_of_its_wiggles():
    smooth = see_correlation(T, T**3, "positive")
    assert smooth.shown and smooth.p == 1
    assert not see_correlation(T, np.ones(60), "positive").shown


@pytest.mark.parametrize("make", [lambda rng: rng.normal(size=60), lambda rng: np.cumsum(rng.normal(size=60))])
def test_chance_is_chance_for_independent_series(make):
    rng = np.random.default_rng(2)
    ps = np.array([chance_together(np.diff(make(rng)), np.diff(make(rng))) for _ in range(300)])
    assert np.mean(ps < 0.05) < 0.05 + 3 * 0.0126 and 0.4 < ps.mean() < 0.6


def test_few_points_tell_nothing():
    assert see_correlation(range(7), range(7), "positive").shown is None
    assert isnan(correlation_of(range(7), range(7))) and correlation_of(range(8), range(8)) == 1
