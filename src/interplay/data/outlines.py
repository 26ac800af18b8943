"""Outlines of characters, read from a TrueType file in its own units.

Read with fontTools and not through matplotlib, whose font objects scale and round outlines differently from one
version to the next.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from fontTools.pens.basePen import BasePen  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from interplay.data.rasterise import Floats

_PIECES = 4  # straight pieces of one quadratic curve; at 28 pixels the error is far below a grey level
Point = tuple[float, float]
logging.getLogger("fontTools.ttLib.tables._h_e_a_d").setLevel(logging.ERROR)  # Computer Modern says it is of 1970


class FlatteningPen(BasePen):  # type: ignore[misc]  # fontTools has no types
    """Collects the contours of a glyph as closed polygons; TrueType has only lines and quadratic curves."""

    def __init__(self, glyph_set: object = None) -> None:
        super().__init__(glyph_set)
        self.contours: list[list[Point]] = []

    def _moveTo(self, pt: Point) -> None:
        self.contours.append([pt])

    def _lineTo(self, pt: Point) -> None:
        self.contours[-1].append(pt)

    def _qCurveToOne(self, pt1: Point, pt2: Point) -> None:
        begin = self.contours[-1][-1]
        for piece in range(1, _PIECES + 1):
            t = piece / _PIECES
            a, b, c = (1 - t) * (1 - t), 2 * t * (1 - t), t * t
            x, y = (a * begin[axis] + b * pt1[axis] + c * pt2[axis] for axis in (0, 1))
            self.contours[-1].append((x, y))

    def segments(self) -> Floats:
        """All edges [n, 4]: x0 y0 x1 y1, each contour closed."""
        contours = [np.array(contour, dtype=np.float64) for contour in self.contours]
        return np.concatenate([np.hstack([contour, np.roll(contour, -1, axis=0)]) for contour in contours])


def read_outlines(path: Path, characters: str) -> list[Floats]:
    """Segments [n, 4] of each character, y upwards, in font units."""
    with TTFont(path, lazy=True) as font:
        names, glyphs = font.getBestCmap(), font.getGlyphSet()
        found = []
        for character in characters:
            pen = FlatteningPen(glyphs)
            glyphs[names[ord(character)]].draw(pen)
            found.append(pen.segments())
    return found
