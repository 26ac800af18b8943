from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.evidence.confinement import distances_within, falls, noise_range, shares_within

NAN = float("nan")


@pytest.mark.parametrize(
    "values, nearly, half",
    [
        ([1.0] * 20, 1.0, 1.0),
        ([-1.0, -1.0] + [1.0] * 18, 1.0, 1.0),  # nine in ten
        ([-1.0, -1.0, -1.0] + [1.0] * 17, -1.0, 1.0),
        ([-1.0] * 11 + [1.0] * 9, -1.0, -1.0),
        ([1.0, 1.0, NAN, 1.0], 1.0, 1.0),
        ([3.5] * 20, -1.5, -1.5),
    ],
)
def test_how_far_inside_its_bounds_a_series_is(values, nearly, half):
    assert distances_within({"a": values}, 0.0, 2.0) == (nearly, half)


def test_few_points_tell_nothing():
    for values in ([1.0, 1.0], [NAN] * 20):
        assert all(map(isnan, distances_within({"a": values}, 0.0, 2.0)))
    assert isnan(falls({"a": []})["a"]) and isnan(noise_range(np.array([1.0, 2.0])))


def test_series_stay_together_and_the_worst_of_them_says_whether_they_do_not():
    one, other = np.ones(10), np.ones(10)
    one[0] = other[9] = -1.0
    assert distances_within({"a": one, "b": other}, 0.0, 2.0) == (-1.0, 1.0)  # each at nine in ten, both at eight
    courses = {"a": np.ones(10), "b": np.array([1.0] * 6 + [-1.0] * 4)}
    assert shares_within(courses, 0.0, np.inf) == {"a": 1.0, "b": 0.6}
    assert distances_within(courses | {"c": -np.ones(10)}, 0.0, np.inf)[1] == -1.0


def test_a_fall_is_from_the_highest_to_the_end():
    course = np.concatenate([np.linspace(1, 3, 10), np.linspace(3, 2, 10)])
    assert falls({"a": course})["a"] == pytest.approx(3 - np.median(course[-3:]), abs=0.05)


def test_a_dip_in_the_middle_and_single_points_are_no_fall():
    course = [1.0, 2.0, 3.0, 3.0, 1.0, 3.0, 3.0, 3.0, 9.0, 3.0, 3.0, 3.0]
    assert falls({"a": course})["a"] == 0.0


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=30))
@settings(max_examples=50)
def test_a_series_that_never_falls_shows_none(values):
    assert falls({"a": sorted(values)})["a"] == 0.0


def test_noise_range_sees_noise_and_not_the_series():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, 400)
    assert noise_range(noise) == pytest.approx(np.ptp(noise), rel=0.25)
    assert noise_range(5 * np.linspace(0, 1, 400) ** 2 + noise) == pytest.approx(noise_range(noise), rel=0.05)
    assert noise_range(np.linspace(0, 1, 50) ** 2) < 0.01
