"""Colour emoji from the bitmaps of a font, each called by the name that Unicode gives it."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interplay.data.content import Decoded

_FONT_HEIGHT, _FONT_WIDTH = 128, 136
_SHRINK = 2
SIDE = _FONT_WIDTH // _SHRINK
_MOST_WORDS = 5
_FIRST = 0x2000  # below: the digits and signs of key caps
# Characters newer than Unicode 14, which Python 3.11 has no names of, though later ones do.
_NEWER = frozenset(
    (
        *(0x1F6DC, *range(0x1FA75, 0x1FA78), 0x1FA87, 0x1FA88, *range(0x1FAAD, 0x1FAB0), *range(0x1FABB, 0x1FABE)),
        *(0x1FABF, 0x1FACE, 0x1FACF, 0x1FADA, 0x1FADB, 0x1FAE8, 0x1FAF7, 0x1FAF8),
    )
)
# Parts of sequences, and pictures of writing.
_NO_PICTURES = ("REGIONAL INDICATOR", "EMOJI MODIFIER", "EMOJI COMPONENT", "COMBINING", "IDEOGRAPH", "INPUT SYMBOL")


def name_of(character: str) -> str:
    """The Unicode name of a character in small letters, such as `cat face`; of one without a name nothing."""
    return unicodedata.name(character, "").lower()


def read_emoji(font: Path, split: str) -> Decoded:
    """Pictures [N, 4, 68, 68] of one emoji each, red, green and blue premultiplied with the alpha behind them.

    Classes are characters, in the order of their code points. Left out: what is made of several characters, and names
    of more than five words.
    """
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    with TTFont(font, lazy=True) as opened:
        bitmaps, glyphs = opened["CBDT"].strikeData[0], opened.getBestCmap()
        characters = [chr(code) for code in sorted(glyphs) if glyphs[code] in bitmaps and _is_picture(code)]
        pictures = [_shrunk(bitmaps[glyphs[ord(character)]].imageData) for character in characters]
    labels = np.arange(len(characters), dtype=np.int64)
    return Decoded(np.stack(pictures), labels, tuple(characters))


def _is_picture(code: int) -> bool:
    name = unicodedata.name(chr(code), "")
    wanted = bool(name) and code >= _FIRST and code not in _NEWER
    return wanted and len(name.split()) <= _MOST_WORDS and not any(part in name for part in _NO_PICTURES)


def _shrunk(png: bytes) -> NDArray[np.uint8]:
    """A bitmap as a square of half its size [4, 68, 68], by averages of two by two pixels, rounded half up."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        pixels = np.asarray(image.convert("RGBA"), dtype=np.int32)
    if pixels.shape != (_FONT_HEIGHT, _FONT_WIDTH, 4):
        raise ValueError(f"a bitmap of {pixels.shape[1]}x{pixels.shape[0]} pixels, not {_FONT_WIDTH}x{_FONT_HEIGHT}")
    pixels[:, :, :3] = (pixels[:, :, :3] * pixels[:, :, 3:] + 127) // 255
    edge = (_FONT_WIDTH - _FONT_HEIGHT) // 2
    square = np.pad(pixels, ((edge, edge), (0, 0), (0, 0)))
    sums = square.reshape(SIDE, _SHRINK, SIDE, _SHRINK, 4).sum(axis=(1, 3))
    averages: NDArray[np.uint8] = ((sums + 2) // 4).astype(np.uint8)
    return np.moveaxis(averages, 2, 0)
