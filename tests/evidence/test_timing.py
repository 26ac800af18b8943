from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.evidence.courses import falls, see_no_fall, see_sooner, see_stays, see_turn, shares_within

NAN = float("nan")


@pytest.mark.parametrize(
    "values, state",
    [
        ([1.0] * 20, "shown"),
        ([-1.0, -1.0] + [1.0] * 18, "shown"),  # nine in ten
        ([-1.0, -1.0, -1.0] + [1.0] * 17, "unclear"),
        ([-1.0] * 10 + [1.0] * 10, "absent"),
        ([1.0, 1.0], "unclear"),
        ([1.0, 1.0, NAN, 1.0], "shown"),
        ([NAN] * 20, "unclear"),
        ([3.0] * 20, "absent"),
    ],
)
def test_staying_within_bounds(values, state):
    assert see_stays({"a": values}, 0.0, 2.0).state == state


def test_each_course_has_to_stay_and_the_worst_decides_whether_it_is_absent():
    courses = {"a": [1.0] * 10, "b": [1.0] * 6 + [-1.0] * 4}
    assert see_stays(courses, 0.0, np.inf).state == "unclear"
    assert shares_within(courses, 0.0, np.inf) == {"a": 1.0, "b": 0.6}
    sight = see_stays(courses | {"c": [-1.0] * 10}, 0.0, np.inf)
    assert sight.state == "absent" and sight.numbers["least"] == -1.0


def test_courses_that_leave_at_different_points_do_not_stay_together():
    one, other = [1.0] * 10, [1.0] * 10
    one[0] = other[9] = -1.0
    sight = see_stays({"a": one, "b": other}, 0.0, 2.0)
    assert sight.state == "unclear" and sight.numbers["share of points"] == 0.8


def test_no_fall_of_what_rises_or_stays():
    t = np.linspace(0, 1, 20)
    assert see_no_fall({"a": t, "b": np.full(20, 3.0)}, 0.1).state == "shown"


def test_a_fall_is_from_the_highest_to_the_end():
    course = np.concatenate([np.linspace(1, 3, 10), np.linspace(3, 2, 10)])
    fall = falls({"a": course})["a"]
    assert fall == pytest.approx(3 - np.median(course[-3:]), abs=0.05)
    assert see_no_fall({"a": course}, 0.5).state == "absent"
    assert see_no_fall({"a": course, "b": np.arange(20.0)}, 0.5).state == "absent"
    assert see_no_fall({"a": course}, 1.5).state == "shown"


def test_a_dip_in_the_middle_and_single_points_are_no_fall():
    course = [1.0, 2.0, 3.0, 3.0, 1.0, 3.0, 3.0, 3.0, 9.0, 3.0, 3.0, 3.0]
    assert falls({"a": course})["a"] == 0.0


def test_a_fall_that_noise_could_make_is_unclear_and_so_are_few_points():
    noisy = np.random.default_rng(0).normal(size=40)
    assert see_no_fall({"a": noisy}, 0.1).state == "unclear"
    assert see_no_fall({"a": [3.0, 2.0, 1.0, 0.0]}, 0.1).state == "unclear"
    assert isnan(falls({"a": []})["a"])


@given(st.lists(st.floats(-5, 5), min_size=5, max_size=30))
@settings(deadline=None, max_examples=50)
def test_a_course_that_never_falls_shows_none(values):
    assert falls({"a": sorted(values)})["a"] == 0.0


def valley(lowest, length=30):
    steps = np.arange(length + 1.0)
    return steps, (steps - lowest) ** 2 / 100


@pytest.mark.parametrize(
    "lowest, length, state",
    [
        (10, 30, "shown"),
        (2, 30, "absent"),
        (25, 30, "absent"),
        (12, 12, "unclear"),  # lowest at its end, and it may yet turn in time
        (30, 30, "absent"),  # lowest at its end, which is too late
        (2, 3, "unclear"),
    ],
)
def test_when_a_course_turns(lowest, length, state):
    assert see_turn(*valley(lowest, length), 5, 15).state == state


def test_a_flat_noisy_valley_does_not_say_when():
    steps, values = valley(10)
    noisy = values * 0.01 + np.random.default_rng(0).normal(0, 0.5, len(steps))
    assert see_turn(steps, noisy, 5, 15).state == "unclear"


def sooner(first, second, factor=2, length=21, skip=0):
    steps = np.arange(float(length))
    kept = steps >= skip
    none = length + 1
    return see_sooner(steps, steps >= (first or none), steps >= (second or none), kept, factor)


@pytest.mark.parametrize(
    "first, second, state",
    [
        (4, 12, "shown"),
        (4, 9, "shown"),  # between 8 and 9 against 4 at most
        (4, 8, "unclear"),  # 7 to 8 against 3 to 4
        (4, 5, "absent"),
        (12, 4, "absent"),
        (4, None, "shown"),  # after 20
        (15, None, "unclear"),  # nobody knows how much later
        (None, 4, "absent"),
        (None, None, "unclear"),
    ],
)
def test_what_comes_sooner(first, second, state):
    assert sooner(first, second).state == state


def test_only_points_that_count_can_come_first():
    assert sooner(1, 4).state == "shown"
    assert sooner(1, 4, skip=3).state == "unclear"  # both within the first points that count
