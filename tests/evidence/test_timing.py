from __future__ import annotations

from math import inf

import numpy as np
import pytest

from interplay.evidence.timing import Span, first_time, lowest_between, ratio_of

STEPS = np.arange(100.0, 1200.0, 100.0)


@pytest.mark.parametrize("lowest, span", [(3, (200, 400)), (0, (0, 100)), (9, (800, 1000))])
def test_a_turn_lies_between_the_steps_beside_the_lowest(lowest, span):
    steps = np.arange(0.0, 1100.0, 100.0)
    assert lowest_between(steps, (np.arange(11) - lowest) ** 2) == Span(*span)


def test_lowest_at_the_end_may_be_lower_yet_and_single_points_do_not_decide():
    steps = np.arange(11.0)
    assert lowest_between(steps, -steps) == Span(9, inf)
    values = (steps - 3.0) ** 2
    values[8] = -5.0
    assert lowest_between(steps, values) == Span(2, 4)
    assert lowest_between([0, 1, 2, 3], [1, 0, 1, 2]) is None


def test_times_count_from_the_first_step_and_lie_between_two():
    assert first_time(STEPS, STEPS >= 700) == Span(500, 600)
    assert first_time(STEPS, STEPS >= 100) == Span(0, 0)
    assert first_time(STEPS, STEPS >= 5000) == Span(1000, inf)


def test_only_points_that_are_kept_can_come_first():
    assert first_time(STEPS, STEPS >= 200, STEPS >= 400) == Span(0, 300)
    assert first_time(STEPS, STEPS >= 200, STEPS > 5000) is None


@pytest.mark.parametrize(
    "first, second, ratio",
    [
        (Span(100, 200), Span(500, 600), Span(2.5, 6)),
        (Span(0, 100), Span(400, 500), Span(4, inf)),
        (Span(100, 200), Span(1000, inf), Span(5, inf)),  # it never came: at least so much later
        (Span(1000, inf), Span(100, 200), Span(0, 0.2)),
        (Span(1000, inf), Span(1000, inf), Span(0, inf)),  # nobody knows
        (Span(0, 0), Span(400, 500), Span(0, inf)),  # there from the start
    ],
)
def test_the_smallest_and_the_largest_ratio(first, second, ratio):
    assert ratio_of(first, second) == ratio
