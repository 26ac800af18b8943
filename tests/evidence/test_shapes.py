from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.evidence.trajectories import (
    finite,
    noise_range,
    see_correlation,
    see_delay,
    see_dip,
    see_peak,
    see_trend,
)

T = np.linspace(0, 1, 30)
DIP = 1.97 + 0.24 * np.exp(-T / 0.03) + 0.12 * (1 - np.exp(-T / 0.5))


def test_finite_drops_points_that_one_column_lacks():
    first, second = finite([1, nan, 3, inf, 5], [1, 2, nan, 4, 5])
    assert first.tolist() == [1, 5] and second.tolist() == [1, 5]


def test_noise_range_sees_noise_and_not_the_course():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, 400)
    assert noise_range(noise) == pytest.approx(np.ptp(noise), rel=0.25)
    assert noise_range(5 * np.linspace(0, 1, 400) ** 2 + noise) == pytest.approx(noise_range(noise), rel=0.05)
    assert noise_range(np.linspace(0, 1, 50) ** 2) < 0.01


def test_trend_of_smooth_and_noisy_series():
    assert see_trend(T**2, "rising").state == "shown"
    assert see_trend(T**2, "falling").state == "absent"
    assert see_trend(1 - np.exp(-8 * T) + np.random.default_rng(0).normal(0, 0.02, 30), "rising").state == "shown"
    assert see_trend(np.ones(30), "rising").state == "absent"


def test_a_trend_that_is_lost_again_is_not_shown():
    assert see_trend(np.sin(np.pi * T * 0.9), "rising").state != "shown"


def test_short_trajectories_are_unclear():
    assert see_trend([1, 2, 3, 4], "rising").state == "unclear"
    assert see_dip([3, 1, 2, nan, nan, nan], 0.1).state == "unclear"
    assert see_peak([1, 3, 1], "peak", 0.1).state == "unclear"
    assert see_correlation([1, 2, 3, 4], [1, 2, 3, 4], "positive").state == "unclear"


def test_nan_at_the_start_is_passed_over():
    assert see_trend([nan, *T], "rising").state == "shown"


def test_dip_is_measured_from_the_start():
    assert see_dip(DIP, 0.1).state == "shown"
    assert see_dip(-DIP, 0.1).state == "absent"
    assert see_dip(T, 0.1).state == "absent"
    assert see_dip(1 - T, 0.1).state == "absent"
    assert see_dip(np.ones(30), 0.1).state == "absent"


def test_a_valley_after_a_climb_is_no_dip():
    series = np.concatenate([np.linspace(0, 1, 10), np.linspace(1, -0.5, 10), np.linspace(-0.5, 1, 10)])
    assert see_dip(series, 0.1).state == "absent"
    assert see_peak(series, "valley", 0.1).state == "shown"


def test_a_shallow_dip_is_absent_and_a_noisy_one_unclear():
    assert see_dip(DIP, 0.7).state == "absent"
    noisy = 1 - T + np.random.default_rng(0).normal(0, 0.4, 30)
    assert see_dip(noisy, 0.1).state == "unclear"


def test_dip_reports_its_depth_and_turning_point():
    sight = see_dip([1.0, 0.5, 0.0, 0.2, 0.5], 0.1)
    assert sight.numbers["depth"] == pytest.approx(0.5) and sight.numbers["turn"] == 0.0


def test_peak_and_valley():
    hump = np.sin(np.pi * T)
    assert see_peak(hump, "peak", 0.1).state == "shown"
    assert see_peak(hump, "valley", 0.1).state == "absent"
    assert see_peak(-hump, "valley", 0.1).state == "shown"
    assert see_peak(T, "peak", 0.1).state == "absent"


@pytest.mark.parametrize("points", [14, 60, 200])
def test_white_noise_rarely_passes_for_a_shape(points):
    rng = np.random.default_rng(points)
    draws = rng.normal(size=(300, points))
    assert np.mean([see_trend(row, "rising").state == "shown" for row in draws]) < 0.03
    assert np.mean([see_dip(row, 0.1).state == "shown" for row in draws]) < 0.05
    assert np.mean([see_peak(row, "peak", 0.1).state == "shown" for row in draws]) < 0.05
    pairs = rng.normal(size=(300, 2, points))
    assert np.mean([see_correlation(*pair, "positive").state == "shown" for pair in pairs]) < 0.05


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-20, 20), min_size=5, max_size=25), st.integers(1, 9), st.integers(-9, 9))
def test_shapes_ignore_scale_and_offset(values, scale, offset):
    moved = [4.0 * scale * value + offset for value in values]
    mirrored = [-value for value in values]
    for see in (
        lambda series: see_trend(series, "rising"),
        lambda series: see_dip(series, 0.25),
        lambda series: see_peak(series, "peak", 0.25),
    ):
        assert see(moved).state == see(values).state
    assert see_peak(mirrored, "valley", 0.25).state == see_peak(values, "peak", 0.25).state
    assert see_trend(mirrored, "falling").state == see_trend(values, "rising").state


def test_correlation_and_its_sign():
    assert see_correlation(T, T**3, "positive").state == "shown"
    assert see_correlation(T, -(T**3), "negative").state == "shown"
    assert see_correlation(T, T**3, "negative").state == "absent"
    assert see_correlation(T, np.ones(30), "positive").state == "absent"


def test_correlation_tells_a_shared_trend_from_a_shared_wiggle():
    rng = np.random.default_rng(3)
    own, shared = rng.normal(0, 0.05, (2, 30)), rng.normal(0, 0.05, 30)
    only_trend = see_correlation(T + own[0], T + own[1], "positive")
    both = see_correlation(T + shared, T + shared + 0.1 * own[1], "positive")
    assert only_trend.state == both.state == "shown"
    assert abs(only_trend.numbers["rho_of_steps"]) < 0.4 and both.numbers["rho_of_steps"] > 0.9


STEPS = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100]


def reach(step):
    """A column that reaches 1 at `step`."""
    return [1.0 if at >= step else 0.0 for at in STEPS]


def test_delay_counts_from_the_first_step_and_allows_for_the_grid():
    sight = see_delay(STEPS, reach(200), reach(700), 0.99, 5)
    assert sight.numbers == {"first_reached": 100, "second_reached": 600, "ratio": 6}
    assert sight.state == "shown"  # at least 500 / 100
    assert see_delay(STEPS, reach(200), reach(600), 0.99, 5).state == "unclear"  # between 400 / 100 and 500 / 0
    assert see_delay(STEPS, reach(400), reach(600), 0.99, 5).state == "absent"  # at most 500 / 200
    assert see_delay(STEPS, reach(700), reach(200), 0.99, 1.5).state == "absent"


def test_delay_without_a_crossing_is_unclear():
    assert see_delay(STEPS, reach(200), reach(5000), 0.99, 5).state == "unclear"
    assert see_delay(STEPS, reach(5000), reach(300), 0.99, 5).state == "unclear"
    assert see_delay(STEPS, reach(100), reach(900), 0.99, 5).state == "unclear"  # there from the start
