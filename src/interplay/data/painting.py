"""Small pictures painted onto paper: turned, scaled, shifted, in their own colours or in one ink, in whole numbers.

A picture is a square of `SIDE` pixels of red, green, blue and alpha, the colours premultiplied. Coordinates are
computed by additions, multiplications and divisions alone, which round the same way everywhere; colours are integers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interplay.data.rasterise import Floats
from interplay.data.readers.emoji import SIDE
from interplay.data.stream import between, integers, uniform

SIZE = 32
_TAPS = 2  # a pixel is the average of 2 x 2 points
_FULL = 255 * _TAPS * _TAPS
_AT_ONCE = 512
_TWO_BYTES = np.uint32(0x00FF00FF)
Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]


class Pose(NamedTuple):
    """How n pictures lie: side in pixels, tangent of half the angle, aspect, shear, and how far off the middle."""

    size: Floats
    half_angle: Floats
    aspect: Floats
    shear: Floats
    across: Floats
    down: Floats

    def part(self, chosen: slice) -> Pose:
        """Some of them."""
        return Pose(*(values[chosen] for values in self))


def draw_pose(source: np.random.PCG64, count: int, *, size: tuple[float, float], shift: float = 2.5) -> Pose:
    """Sides between the two sizes, angles to 15 degrees, slight aspects and shears, centres off by up to `shift`."""
    scale, angle, aspect, shear, across, down = uniform(source, (6, count))
    return Pose(
        between(*size, scale),
        between(-0.13, 0.13, angle),
        between(0.88, 1.14, aspect),
        between(-0.12, 0.12, shear),
        between(-shift, shift, across),
        between(-shift, shift, down),
    )


def sample(pictures: Bytes, chosen: NDArray[np.int64], pose: Pose) -> Ints:
    """Pictures [S, 4, SIDE, SIDE] as they lie in n images: sums over the points of a pixel [n, 4, SIZE, SIZE].

    The four bytes of a pixel travel in one word, and are added two by two with room to spare.
    """
    framed = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (1, 1))).reshape(len(pictures), 4, -1)  # transparent all around
    shifts = np.array([[0], [8], [16], [24]], dtype=np.uint32)
    packed = np.bitwise_or.reduce(framed.astype(np.uint32) << shifts, axis=1)
    sums = np.empty((len(chosen), 4, SIZE, SIZE), dtype=np.int32)
    for start in range(0, len(chosen), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        where, which = _places(pose.part(part)), chosen[part, None, None]
        points = [packed[which, where[:, row::_TAPS, column::_TAPS]] for row in range(_TAPS) for column in range(_TAPS)]
        even = sum((words & _TWO_BYTES for words in points[1:]), points[0] & _TWO_BYTES)
        odd = sum((words >> 8 & _TWO_BYTES for words in points[1:]), points[0] >> 8 & _TWO_BYTES)
        for channel, (words, shift) in enumerate(((even, 0), (odd, 0), (even, 16), (odd, 16))):
            sums[part, channel] = words >> shift & 0xFFFF
    return sums


def _places(pose: Pose) -> NDArray[np.int64]:
    """Where in its padded picture each point of each image lies: [n, SIZE * _TAPS, SIZE * _TAPS]."""
    size, t, aspect, shear, across, down = (values[:, None, None] for values in pose)
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    points = (np.arange(SIZE * _TAPS) + 0.5) / _TAPS - SIZE / 2
    x, y = points[None, None, :] - across, points[None, :, None] - down
    u, v = (x * cosine + y * sine) / (size * aspect), (y * cosine - x * sine) / size
    u = u + shear * v
    column, row = ((np.clip(axis + 0.5, -0.01, 1.01) * SIDE + 1).astype(np.int64) for axis in (u, v))
    return np.clip(row, 0, SIDE + 1) * (SIDE + 2) + np.clip(column, 0, SIDE + 1)


def in_colours(canvas: Bytes, sums: Ints) -> Bytes:
    """Pictures in their own colours on a canvas [n, 3, SIZE, SIZE]."""
    painted = sums[:, :3] * 255 + (_FULL - sums[:, 3:]) * canvas.astype(np.int32)
    return ((painted + _FULL // 2) // _FULL).astype(np.uint8)


def faded(sums: Ints, part: Ints) -> Ints:
    """Pictures [n, 4, SIZE, SIZE] whose colours are drawn towards grey, by `part` [n] of 256."""
    red, green, blue = (sums[:, channel] for channel in range(3))
    grey = (77 * red + 150 * green + 29 * blue) >> 8
    found = sums.copy()
    found[:, :3] += ((grey[:, None] - sums[:, :3]) * part[:, None, None, None]) >> 8
    return found


def side_by_side(source: np.random.PCG64, count: int) -> Floats:
    """How far two pictures in n images lie off the middle, one of them lower: [2 pictures, across and down, n]."""
    drop = between(-4.0, 4.0, uniform(source, (count,)))
    beside = np.full(count, SIZE / 4)
    return np.array([[-beside, -drop], [beside, drop]])


def in_ink(canvas: Bytes, sums: Ints, ink: Ints) -> Bytes:
    """What is opaque in the pictures in one ink [n, 3] each."""
    cover = sums[:, 3:]
    painted = cover * ink[:, :, None, None] + (_FULL - cover) * canvas.astype(np.int32)
    return ((painted + _FULL // 2) // _FULL).astype(np.uint8)


def screened(sums: Ints) -> Ints:
    """Half-tones: every pixel fully inked or not at all, by a threshold that repeats every two pixels."""
    thresholds = np.tile(np.array([[1, 5], [7, 3]], dtype=np.int32) * _FULL // 8, (SIZE // 2, SIZE // 2))
    found = sums.copy()
    found[:, 3] = np.where(sums[:, 3] > thresholds, _FULL, 0)
    return found


def light(source: np.random.PCG64, count: int) -> Ints:
    """Light colours [n, 3]."""
    return integers(source, 165, 256, (count, 3))


def dark(source: np.random.PCG64, count: int) -> Ints:
    """Dark colours [n, 3]."""
    return integers(source, 0, 100, (count, 3))


def plain_paper(colours: Ints) -> Bytes:
    """A canvas [n, 3, SIZE, SIZE] of one colour each."""
    return np.broadcast_to(colours[:, :, None, None], (len(colours), 3, SIZE, SIZE)).astype(np.uint8)


def barred(source: np.random.PCG64, canvas: Bytes, colours: Ints) -> Bytes:
    """A canvas behind bars of one colour [n, 3] each, upright or level, two pixels of every six."""
    phase, level = integers(source, 0, 6, (len(canvas), 1, 1, 1)), integers(source, 0, 2, (len(canvas), 1, 1, 1))
    row, column = np.indices((SIZE, SIZE), dtype=np.int32)
    along = np.where(level == 1, row, column)
    return np.where((along + phase) % 6 < 2, plain_paper(colours), canvas)


def textured_paper(source: np.random.PCG64, count: int) -> Bytes:
    """Checked or striped papers of two colours, with grains: [n, 3, SIZE, SIZE]."""
    first, second = integers(source, 40, 230, (2, count, 3, 1, 1))
    period, phase, kind = (integers(source, low, high, (count, 1, 1, 1)) for low, high in ((4, 9), (0, 8), (0, 3)))
    row, column = np.indices((SIZE, SIZE), dtype=np.int32)
    along, down = (column + phase) // period % 2, (row + phase) // period % 2
    mask = np.where(kind == 0, along, np.where(kind == 1, down, along ^ down))
    paper = np.where(mask == 1, first, first + (second - first) // 2)
    grains = source.random_raw(count * SIZE * SIZE // 8).astype("<u8").view(np.uint8).reshape(count, 1, SIZE, SIZE)
    found: Bytes = np.clip(paper + (grains.astype(np.int32) - 128) // 6, 0, 255).astype(np.uint8)
    return found
