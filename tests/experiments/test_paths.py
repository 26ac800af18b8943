from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interplay.experiments.paths import (
    accuracy_barrier,
    barrier_explained,
    change_near_ends,
    cross_fitted_barrier,
    loss_barrier,
    path_metrics,
    rise_in_middle,
    span,
)

WEIGHTS = [k / 10 for k in range(11)]


def line(start, end):
    return [start + (end - start) * w for w in WEIGHTS]


def columns(**changed):
    names = ("accuracy", "accuracy_even", "accuracy_odd", "loss", "mir", "mir_batch", "hdr", "hdr_batch")
    return {"weight": WEIGHTS, **{name: line(0.5, 0.5) for name in names}, **changed}


def test_a_straight_line_has_no_loss_barrier():
    for start, end in ((0.3, 0.3), (0.1, 0.7), (2.0, 0.5)):
        assert loss_barrier(WEIGHTS, line(start, end)) == pytest.approx(0, abs=1e-12)


def test_a_bump_has_its_own_height_above_the_chord():
    losses = line(0.2, 0.4)
    losses[3] += 1.5
    losses[8] += 0.7
    losses[5] -= 3.0  # a valley is no barrier
    assert loss_barrier(WEIGHTS, losses) == pytest.approx(1.5)


def test_a_dip_of_known_depth():
    accuracies = line(0.9, 0.9)
    accuracies[5] = 0.6
    assert accuracy_barrier(accuracies) == pytest.approx(0.3)
    assert accuracy_barrier(line(0.9, 0.9)) == 0
    assert accuracy_barrier([0.8, 0.95, 0.99, 0.95, 0.9]) == pytest.approx(0.05)  # the worse child counts
    assert span(accuracies) == pytest.approx(0.3)


def noisy_barriers(true, images=500, points=21, paths=400):
    """Mean of both barriers over paths that fall by `true` in their middle, each point read on images of its own."""
    rng = np.random.default_rng(0)
    weights = np.linspace(0, 1, points)
    accuracy = 0.8 - true * np.sin(np.pi * weights)
    halves = rng.binomial(images // 2, accuracy, size=(2, paths, points)) / (images // 2)
    plain = [accuracy_barrier(row) for row in halves.mean(axis=0)]
    return np.mean(plain), np.mean([cross_fitted_barrier(*pair) for pair in halves.swapaxes(0, 1)])


def test_without_a_barrier_the_minimum_shows_one_and_the_cross_fitted_none():
    plain, fitted = noisy_barriers(0.0)
    assert plain > 0.015 and abs(fitted) < 0.004


@pytest.mark.parametrize("true", [0.05, 0.3])
def test_a_true_barrier_is_seen_and_never_exaggerated(true):
    plain, fitted = noisy_barriers(true)
    assert 0.5 * true < fitted < true < plain
    assert cross_fitted_barrier([0.8, 0.5, 0.8], [0.8, 0.5, 0.8]) == pytest.approx(0.3)


@settings(max_examples=50)
@given(values=st.lists(st.floats(0, 1), min_size=5, max_size=30))
def test_barriers_are_never_negative_and_do_not_depend_on_which_child_is_first(values):
    weights = [k / (len(values) - 1) for k in range(len(values))]
    assert accuracy_barrier(values) >= 0
    assert loss_barrier(weights, values) >= 0
    assert accuracy_barrier(values[::-1]) == accuracy_barrier(values)
    assert loss_barrier(weights, values[::-1]) == pytest.approx(loss_barrier(weights, values), abs=1e-12)


def test_the_rise_looks_at_weights_from_four_to_six_tenths_only():
    values = line(0.4, 0.6)
    values[4], values[3], values[7] = 0.8, 5.0, 5.0
    assert rise_in_middle(WEIGHTS, values) == pytest.approx(0.3)
    assert rise_in_middle([0, 0.25, 0.5, 0.75, 1], [1.0, 9.0, 0.2, 9.0, 1.0]) == pytest.approx(-0.8)


def test_the_change_near_the_ends():
    values = line(0.5, 0.5)
    values[1], values[-2] = 0.3, 0.4
    assert change_near_ends(values) == pytest.approx(-0.15)


def test_what_recomputed_statistics_explain():
    assert barrier_explained(0.4, 0.1) == pytest.approx(0.75)
    assert barrier_explained(0.4, 0.0) == 1
    assert barrier_explained(0.4, 0.5) == pytest.approx(-0.25)
    assert isnan(barrier_explained(0.009, 0.0))


def test_all_metrics_of_a_path_at_once():
    accuracies = [0.8, 0.7, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 0.7, 0.9]
    hdr = [0.2, 0.1, *[0.5] * 7, 0.1, 0.2]
    metrics = path_metrics(columns(accuracy=accuracies, hdr=hdr, mir=[0.5] * 5 + [0.7] + [0.5] * 5), num_classes=10)
    assert metrics["accuracy_ends"] == pytest.approx(0.85)
    assert metrics["accuracy_least"] == pytest.approx(0.1)
    assert metrics["accuracy_least_share"] == pytest.approx(1.0)  # chance
    assert metrics["accuracy_barrier"] == pytest.approx(0.75)
    assert metrics["accuracy_span"] == pytest.approx(0.8)
    assert metrics["mir_rise"] == pytest.approx(0.2) == metrics["mir_span"]
    assert metrics["hdr_change_near_ends"] == pytest.approx(-0.1)
    assert metrics["hdr_span"] == pytest.approx(0.4)
    assert metrics["mir_batch_rise"] == metrics["hdr_batch_change_near_ends"] == metrics["loss_barrier"] == 0


def test_a_value_that_is_not_there_makes_its_metric_nan_and_no_other():
    for place in (0, 4, 10):
        mir = [0.5] * 11
        mir[place] = nan
        metrics = path_metrics(columns(mir=mir), num_classes=10)
        assert isnan(metrics["mir_span"])
        assert isnan(metrics["mir_rise"])
        assert metrics["mir_batch_span"] == 0
