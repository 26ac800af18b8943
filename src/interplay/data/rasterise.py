"""Outlines to grey images, with nothing but additions, multiplications and divisions.

Font libraries change their rasterisers between versions, and mathematical functions differ in the last bit between
machines; a data set must not. So outlines are filled here, in IEEE arithmetic that rounds the same way everywhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LINES_PER_PIXEL = 4


def fill(outlines: Floats, size: int) -> Floats:
    """Coverage [n, size, size] in [0, 1] of n shapes given by their segments [n, m, 4] in pixels (y downwards).

    Each pixel row is cut by `LINES_PER_PIXEL` horizontal lines; along a line the coverage is exact. Whatever a segment
    has on its right is added to a running sum, with the sign of its direction, so that the inside of a contour is 1,
    a hole (which runs the other way) is 0 again, and nothing is left over beyond the shape.
    """
    count, per_shape = outlines.shape[:2]
    x0, y0, x1, y1 = outlines.reshape(-1, 4).T
    y0, y1 = y0 * LINES_PER_PIXEL, y1 * LINES_PER_PIXEL
    lines = size * LINES_PER_PIXEL
    first = np.clip(np.ceil(np.minimum(y0, y1) - 0.5), 0, lines).astype(np.int64)
    last = np.clip(np.ceil(np.maximum(y0, y1) - 0.5), 0, lines).astype(np.int64)

    crossings = last - first
    segment = np.repeat(np.arange(len(first)), crossings)
    line = np.arange(len(segment)) - np.repeat(np.cumsum(crossings) - crossings, crossings) + first[segment]
    along = (line + 0.5 - y0[segment]) / (y1[segment] - y0[segment])
    x = np.clip(x0[segment] + along * (x1[segment] - x0[segment]), 0, size)
    sign = np.where(y1[segment] > y0[segment], 1.0, -1.0)

    column = x.astype(np.int64)
    fraction = x - column
    width = size + 2  # a shape that leaves on the right puts its last edge beyond the image
    cell = ((segment // per_shape) * size + line // LINES_PER_PIXEL) * width + column
    cells = count * size * width
    steps = np.bincount(cell, sign * (1 - fraction), cells) + np.bincount(cell + 1, sign * fraction, cells)
    coverage = np.cumsum(steps.reshape(count, size, width), axis=2)[:, :, :size] / LINES_PER_PIXEL
    return np.minimum(np.abs(coverage), 1.0)
