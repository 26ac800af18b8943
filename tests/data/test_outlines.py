"""Outlines out of font files, against a circle and against matplotlib's own reading of the same fonts."""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from interplay.data.glyphs import CHARACTERS, RECIPES
from interplay.data.outlines import FlatteningPen, read_outlines

FACES = sorted({face for recipe in RECIPES.values() for face in recipe.faces})


def area(segments: np.ndarray) -> float:
    x0, y0, x1, y1 = segments.T
    return float((x0 * y1 - x1 * y0).sum() / 2)


def test_curves_are_followed():
    """A circle of eight quadratic curves has an area within half a percent of pi r^2."""
    pen, spread = FlatteningPen(), 5 / math.cos(math.pi / 8)
    pen.moveTo((10, 5))
    for step in range(8):
        middle, end = (step + 0.5) * math.pi / 4, (step + 1) * math.pi / 4
        control = (5 + spread * math.cos(middle), 5 + spread * math.sin(middle))
        pen.qCurveTo(control, (5 + 5 * math.cos(end), 5 + 5 * math.sin(end)))
    pen.closePath()
    assert abs(area(pen.segments()) - math.pi * 25) < 0.005 * math.pi * 25


def test_contours_are_closed():
    pen = FlatteningPen()
    for corner in (0, 10):
        pen.moveTo((corner, corner))
        pen.lineTo((corner + 2, corner))
        pen.lineTo((corner + 2, corner + 3))
        pen.closePath()
    segments = pen.segments()
    assert segments.shape == (6, 4)
    assert area(segments) == 6
    assert segments[2].tolist() == [2, 3, 0, 0]


@pytest.mark.parametrize("face", FACES[::4])
def test_agrees_with_matplotlib(face):
    """The same shapes up to scale: matplotlib sets 100 units to the em, and rounds."""
    path = Path(matplotlib.get_data_path()) / "fonts/ttf" / f"{face}.ttf"
    units = 1000 if face.startswith("STIX") else 2048
    for character, segments in zip("8Ag&ζ", read_outlines(path, "8Ag&ζ"), strict=True):
        assert character in CHARACTERS
        other = TextPath((0, 0), character, size=units, prop=FontProperties(fname=str(path)))
        box = other.get_extents()
        points = segments.reshape(-1, 2)
        np.testing.assert_allclose(np.ptp(points, axis=0), [box.width, box.height], rtol=0.02, atol=units / 200)
