"""What is painted: glyphs, garments, handwritten digits as opaque shapes, emoji in colours; and what is made of them.

All are pictures [4, SIDE, SIDE] as in `painting`; of shapes, which are painted in an ink, only the alpha counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interplay.data import rasterise
from interplay.data.glyphs import outlines
from interplay.data.painting import Bytes
from interplay.data.readers.emoji import SIDE

CAPITAL = 0.5  # height of a capital, as a part of the side


def shapes(alpha: NDArray[np.integer]) -> Bytes:
    """Opaque pictures [n, 4, SIDE, SIDE] of coverages 0 .. 255 [n, SIDE, SIDE]."""
    return np.repeat(alpha.astype(np.uint8)[:, None], 4, axis=1)


def glyph_shapes(face: str, characters: str) -> Bytes:
    """Characters of a face that matplotlib ships, upright and centred."""
    drawn = [
        rasterise.fill((outline * (CAPITAL * SIDE) + SIDE / 2)[None], SIDE)[0] for outline in outlines(face, characters)
    ]
    return shapes(np.rint(np.stack(drawn) * 255).astype(np.int32))


def enlarged(images: Bytes, factor: int) -> Bytes:
    """Grey images [n, s, s] as shapes, each pixel a block of `factor` by `factor`, in the middle."""
    large = images.repeat(factor, axis=1).repeat(factor, axis=2)
    left = (SIDE - large.shape[1]) // 2
    right = SIDE - large.shape[1] - left
    return shapes(np.pad(large, ((0, 0), (left, right), (left, right))))


def luminance(pictures: Bytes) -> NDArray[np.int32]:
    """Brightness [n, SIDE, SIDE] of premultiplied colours, at most their alpha."""
    red, green, blue = (pictures[:, channel].astype(np.int32) for channel in range(3))
    return (77 * red + 150 * green + 29 * blue) >> 8


def inked(pictures: Bytes) -> Bytes:
    """Pictures in one ink: the darker, the more of it, and some of it wherever something is."""
    alpha = pictures[:, 3].astype(np.int32)
    return shapes((alpha + 3 * (alpha - np.minimum(luminance(pictures), alpha))) // 4)


def recoloured(pictures: Bytes) -> Bytes:
    """Red for green, green for blue, blue for red."""
    return pictures[:, [1, 2, 0, 3]]
