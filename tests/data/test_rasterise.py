"""Filling outlines, against areas known in closed form and against asking many points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Outline

from interplay.data.rasterise import LINES_PER_PIXEL, fill


def closed(points) -> np.ndarray:
    points = np.asarray(points, dtype=float)
    return np.hstack([points, np.roll(points, -1, axis=0)])


def square(low: float, high: float) -> list[tuple[float, float]]:
    return [(low, low), (high, low), (high, high), (low, high)]


@pytest.mark.parametrize("turn", [1, -1])
def test_a_square_on_the_grid_is_exact_whichever_way_it_runs(turn):
    expected = np.zeros((8, 8))
    expected[2:5, 2:5] = 1
    assert np.array_equal(fill(closed(square(2, 5)[::turn])[None], 8)[0], expected)


def test_fractions_of_a_pixel_are_covered_in_part():
    rectangle = closed([(1.25, 1), (3.75, 1), (3.75, 2.5), (1.25, 2.5)])
    expected = np.zeros((4, 5))
    expected[1, 1:4] = 0.75, 1, 0.75
    expected[2, 1:4] = 0.375, 0.5, 0.375
    np.testing.assert_allclose(fill(rectangle[None], 5)[0][:4], expected, atol=1e-12)


def test_a_contour_that_runs_the_other_way_is_a_hole():
    ring = np.concatenate([closed(square(1, 7)), closed(square(3, 5)[::-1])])
    filled = fill(ring[None], 8)[0]
    assert filled.sum() == 36 - 4
    assert filled[3:5, 3:5].max() == 0


def test_what_lies_outside_the_image_is_cut_off():
    filled = fill(closed(square(-3, 4))[None], 6)[0]
    assert filled.sum() == 16
    assert fill(closed([(-9, 0), (-2, 0), (-2, 9), (-9, 9)])[None], 6).sum() == 0
    assert fill(closed([(7, 0), (9, 0), (9, 9), (7, 9)])[None], 6).sum() == 0


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_agrees_with_asking_many_points_whether_they_lie_inside(seed):
    rng = np.random.default_rng(seed)
    angles = (np.arange(7) + rng.uniform(0, 1, 7)) * 2 * math.pi / 7  # in order, so that no edge crosses another
    points = 6 + np.stack([np.cos(angles), np.sin(angles)], axis=1) * rng.uniform(1, 6, (7, 1))
    fine = 40  # points per pixel along x; along y those of the scan lines
    x, y = (np.arange(12 * fine) + 0.5) / fine, (np.arange(12 * LINES_PER_PIXEL) + 0.5) / LINES_PER_PIXEL
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    inside = Outline(np.vstack([points, points[:1]])).contains_points(grid).reshape(12, LINES_PER_PIXEL, 12, fine)
    np.testing.assert_allclose(fill(closed(points)[None], 12)[0], inside.mean(axis=(1, 3)), atol=1.5 / fine)


def test_shapes_of_a_batch_do_not_touch_each_other():
    shapes = np.stack([closed(square(1, 3)), closed(square(0, 6)), closed(square(2, 5))])
    together = fill(shapes, 6)
    for index, shape in enumerate(shapes):
        assert np.array_equal(together[index], fill(shape[None], 6)[0])
