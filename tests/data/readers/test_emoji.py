"""Emoji out of the font, against Pillow's own reduction; where the font has been fetched."""

from __future__ import annotations

import io
import unicodedata

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from interplay.data.readers.emoji import name_of, read_emoji


@pytest.fixture(scope="module")
def font(root):
    path = root / "data/NotoColorEmoji.ttf"
    if not path.is_file():
        pytest.skip("the emoji are not fetched; `interplay fetch noto-color-emoji`")
    return path


@pytest.fixture(scope="module")
def emoji(font):
    return read_emoji(font, "all")


@pytest.mark.parametrize("character", "😀🐱🍕🚀")
def test_pictures_are_those_of_the_font_at_half_the_size(font, emoji, character):
    with TTFont(font, lazy=True) as opened:
        png = opened["CBDT"].strikeData[0][opened.getBestCmap()[ord(character)]].imageData
    image = Image.open(io.BytesIO(png)).convert("RGBA").convert("RGBa").reduce(2)  # premultiplied, as here
    found = np.moveaxis(emoji.images[emoji.class_names.index(character)], 0, 2)[2:66]
    assert np.abs(np.asarray(image, dtype=int) - found).max() <= 1


def test_colours_never_exceed_their_alpha(emoji):
    assert (emoji.images[:, :3] <= emoji.images[:, 3:]).all()


def test_no_two_pictures_are_the_same(emoji):
    assert len({picture.tobytes() for picture in emoji.images}) == len(emoji.class_names) == 1290


def test_all_are_single_characters_with_short_names(emoji):
    names = [name_of(character) for character in emoji.class_names]
    assert len(set(names)) == len(names)
    assert all(name and len(name.split()) <= 5 for name in names)
    assert not any("modifier" in name or "regional" in name for name in names)


def test_names_do_not_depend_on_the_version_of_python(emoji):
    """`shaking face` came with Unicode 15: Python 3.12 knows it and 3.11 does not, so it is left out everywhere."""
    assert chr(0x1FAE8) not in emoji.class_names
    assert name_of("😀") == "grinning face" and name_of(chr(0xFE4E5)) == ""
    if unicodedata.unidata_version.startswith("14."):
        assert all(unicodedata.name(character, "") for character in emoji.class_names)
