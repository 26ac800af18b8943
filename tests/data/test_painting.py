"""Painting in whole numbers, against Pillow's transforms and compositing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from interplay.data import painting
from interplay.data.painting import Pose
from interplay.data.readers.emoji import SIDE


@pytest.fixture
def pictures():
    """Three premultiplied pictures of noise, with a transparent stretch."""
    rng = np.random.default_rng(0)
    alpha = rng.integers(0, 256, (3, 1, SIDE, SIDE))
    alpha[:, :, :20] = 0
    colours = rng.integers(0, 256, (3, 3, SIDE, SIDE)) * alpha // 255
    return np.concatenate([colours, alpha], axis=1).astype(np.uint8)


def pose(size=30.0, half_angle=0.0, aspect=1.0, shear=0.0, across=0.0, down=0.0):
    return Pose(*(np.array([value]) for value in (size, half_angle, aspect, shear, across, down)))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"half_angle": math.tan(math.radians(12) / 2)},
        {"size": 24.0, "aspect": 1.1, "across": 2.3, "down": -1.7},
        {"shear": 0.1},
    ],
)
def test_pictures_lie_where_pillow_puts_them(pictures, given):
    """Pillow takes the nearest pixel at twice the size; a pixel is the sum of two by two of those."""
    lies = pose(**given)
    angle = 2 * math.atan(lies.half_angle[0])
    size, aspect, shear = lies.size[0], lies.aspect[0], lies.shear[0]
    rows = np.array([[math.cos(angle) / (size * aspect), math.sin(angle) / (size * aspect)],
                     [-math.sin(angle) / size, math.cos(angle) / size]])  # fmt: skip
    rows[0] += shear * rows[1]
    rows *= SIDE
    middle = painting.SIZE / 2 + np.array([lies.across[0], lies.down[0]])
    offset = SIDE / 2 - rows @ middle
    matrix = (*(rows[0] / 2), offset[0], *(rows[1] / 2), offset[1])
    large = [
        np.asarray(Image.fromarray(channel).transform((64, 64), Image.Transform.AFFINE, matrix), dtype=np.int64)
        for channel in pictures[1]
    ]
    expected = np.stack(large).reshape(4, 32, 2, 32, 2).sum(axis=(2, 4))
    found = painting.sample(pictures, np.array([1]), lies)[0]
    assert (found != expected).mean() < 0.005  # points that fall between two pixels


def test_colours_are_laid_over_the_paper(pictures):
    """Sums of one and the same pixel: as Pillow composites it."""
    sums = pictures[:, :, :32, 10:42].astype(np.int32) * 4
    paper = painting.plain_paper(np.array([[10, 200, 90]] * 3, dtype=np.int32))
    found = painting.in_colours(paper, sums)
    plain = Image.new("RGB", (32, 32), (10, 200, 90))
    for one, painted in zip(pictures[:, :, :32, 10:42], found, strict=True):
        alpha = one[3].astype(float)
        straight = np.where(alpha > 0, one[:3] * 255.0 / np.maximum(alpha, 1), 0).round().clip(0, 255)
        layer = Image.fromarray(np.moveaxis(straight, 0, 2).astype(np.uint8))
        expected = np.asarray(Image.composite(layer, plain, Image.fromarray(one[3])), dtype=int)
        assert np.abs(np.moveaxis(expected, 2, 0) - painted).max() <= 2


def test_ink_covers_what_is_opaque(pictures):
    sums = pictures[:, :, :32, :32].astype(np.int32) * 4
    ink = np.array([[255, 0, 0]] * 3, dtype=np.int32)
    found = painting.in_ink(painting.plain_paper(np.array([[0, 0, 255]] * 3, dtype=np.int32)), sums, ink)
    assert np.array_equal(found[:, 0], pictures[:, 3, :32, :32])
    assert np.array_equal(found[:, 2], 255 - pictures[:, 3, :32, :32])


def test_half_tones_keep_a_quarter_of_the_steps():
    grey = np.zeros((5, 4, 32, 32), dtype=np.int32)
    grey[:, 3] = (np.arange(5) * 255)[:, None, None]
    dots = painting.screened(grey)[:, 3]
    assert np.isin(dots, [0, 1020]).all()
    assert (dots / 1020).mean(axis=(1, 2)).tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_fading_ends_in_grey(pictures):
    sums = pictures[:, :, :32, 30:62].astype(np.int32) * 4
    left, half, gone = (painting.faded(sums, np.full(3, part, dtype=np.int32)) for part in (0, 128, 256))
    assert np.array_equal(left, sums)
    assert np.array_equal(gone[:, 0], gone[:, 1]) and np.array_equal(gone[:, 0], gone[:, 2])
    assert np.abs(half - (left + gone) / 2).max() <= 1
    pillow = np.asarray(Image.fromarray(np.moveaxis(pictures[0, :3, :32, 30:62], 0, 2)).convert("L"), dtype=int)
    assert np.abs(gone[0, 0] / 4 - pillow).max() <= 2


def test_bars_hide_a_third():
    canvas = painting.plain_paper(np.zeros((60, 3), dtype=np.int32))
    found = painting.barred(np.random.PCG64(0), canvas, np.full((60, 3), 255, dtype=np.int32))
    hidden = (found == 255).mean(axis=(1, 2, 3))
    assert (np.abs(hidden - 1 / 3) < 0.05).all()
    assert {bool((one[0, 0] == one[0, 0, 0]).all()) for one in found} == {True, False}  # level and upright


def test_papers_are_light_or_dark_or_textured():
    source = np.random.PCG64(0)
    assert painting.light(source, 500).min() >= 165 and painting.dark(source, 500).max() < 100
    paper = painting.textured_paper(source, 200)
    assert paper.shape == (200, 3, 32, 32)
    assert (paper.reshape(200, -1).std(axis=1) > 5).all()
