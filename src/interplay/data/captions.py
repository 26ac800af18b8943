"""What pictures are called: the name of what is shown, then attributes, as in `seven, digit, serif, bold, italic`."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from typing import NamedTuple

from interplay.data.readers.emoji import name_of

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
GARMENTS = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
GREEK = "αβγδεζηθικλμνξοπρστυφχψω"
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# The first code point of a stretch of emoji of one kind.
_KINDS = (
    (0x2000, "sign"), (0x1F300, "weather"), (0x1F32D, "food"), (0x1F331, "plant"), (0x1F345, "food"),
    (0x1F380, "celebration"), (0x1F399, "object"), (0x1F3A0, "activity"), (0x1F3D4, "place"), (0x1F3F3, "object"),
    (0x1F400, "animal"), (0x1F440, "body"), (0x1F451, "clothing"), (0x1F464, "person"), (0x1F488, "object"),
    (0x1F493, "heart"), (0x1F4A0, "object"), (0x1F500, "sign"), (0x1F507, "object"), (0x1F518, "sign"),
    (0x1F525, "object"), (0x1F52F, "sign"), (0x1F549, "object"), (0x1F550, "clock"), (0x1F56F, "object"),
    (0x1F5FB, "place"), (0x1F600, "face"), (0x1F645, "person"), (0x1F648, "animal"), (0x1F64B, "person"),
    (0x1F680, "transport"), (0x1F6A5, "object"), (0x1F6AB, "sign"), (0x1F6B2, "transport"), (0x1F6B9, "sign"),
    (0x1F6BD, "object"), (0x1F6BE, "sign"),
    (0x1F6BF, "object"), (0x1F6D5, "place"), (0x1F6DD, "object"), (0x1F6E3, "transport"), (0x1F7E0, "shape"),
    (0x1F90C, "body"), (0x1F910, "face"), (0x1F918, "body"), (0x1F920, "face"), (0x1F930, "person"),
    (0x1F93F, "object"), (0x1F940, "plant"), (0x1F941, "object"), (0x1F950, "food"), (0x1F970, "face"),
    (0x1F97B, "clothing"), (0x1F980, "animal"), (0x1F9AF, "object"), (0x1F9B4, "body"), (0x1F9B8, "person"),
    (0x1F9BA, "clothing"), (0x1F9BB, "body"), (0x1F9C0, "food"), (0x1F9CD, "person"), (0x1F9D0, "face"),
    (0x1F9D1, "person"), (0x1F9E0, "body"), (0x1F9E1, "heart"), (0x1F9E2, "clothing"), (0x1F9E7, "object"),
    (0x1FA70, "clothing"), (0x1FA78, "object"), (0x1FAB0, "animal"), (0x1FAB4, "plant"), (0x1FAB8, "animal"),
    (0x1FAC0, "body"), (0x1FAC2, "person"), (0x1FAD0, "food"), (0x1FAE0, "face"), (0x1FAF0, "body"),
)  # fmt: skip
# Things among the signs of the oldest stretch.
_OLD_THINGS = frozenset("⌚⌛⌨⏰⏱⏲⏳☂☃☎☔☕☘⚒⚓⚔⚖⚗⚙⚰⚱⚽⚾⛄⛈⛏⛑⛓⛩⛪⛰⛱⛲⛳⛴⛵⛷⛸⛹⛺⛽✂✈✉✊✋✌✍✏✒❄")
_STARTS = [start for start, _ in _KINDS]


class Face(NamedTuple):
    """A face of the fonts that matplotlib ships, and the words for it."""

    file: str
    family: str
    weight: str
    slant: str

    @property
    def has_greek(self) -> bool:
        """Whether it has Greek letters; those of Computer Modern have not."""
        return not self.file.startswith("cm")


def _family(file: str, family: str, endings: tuple[str, str, str, str]) -> tuple[Face, ...]:
    looks = (("regular", "upright"), ("bold", "upright"), ("regular", "italic"), ("bold", "italic"))
    return tuple(Face(file + ending, family, *look) for ending, look in zip(endings, looks, strict=True))


SEEN_FACES = (
    *_family("DejaVuSans", "sans serif", ("", "-Bold", "-Oblique", "-BoldOblique")),
    *_family("DejaVuSerif", "serif", ("", "-Bold", "-Italic", "-BoldItalic")),
    Face("cmr10", "roman", "regular", "upright"),
    Face("cmb10", "roman", "bold", "upright"),
    Face("cmss10", "sans serif", "regular", "upright"),
    Face("cmtt10", "typewriter", "regular", "upright"),
)
UNSEEN_FACES = (
    *_family("STIXGeneral", "roman", ("", "Bol", "Italic", "BolIta")),
    *_family("DejaVuSansMono", "typewriter", ("", "-Bold", "-Oblique", "-BoldOblique")),
)


def kind_of(emoji: str) -> str:
    """What an emoji shows, in one word."""
    if emoji in _OLD_THINGS:
        return "object"
    return _KINDS[bisect_right(_STARTS, ord(emoji)) - 1][1]


def character_name(character: str) -> str:
    """`capital g`, `small g`, `alpha`, `seven`."""
    if character.isdigit():
        return DIGITS[int(character)]
    if character in LATIN:
        return f"{'capital' if character.isupper() else 'small'} {character.lower()}"
    return unicodedata.name(character).split()[-1].lower()


def character_kind(character: str) -> str:
    """What sort of character it is."""
    if character.isdigit():
        return "digit"
    return "latin letter" if character in LATIN else "greek letter"


def glyph_caption(character: str, face: Face) -> str:
    """Of a character in a face."""
    parts = (character_name(character), character_kind(character), face.family, face.weight, face.slant)
    return ", ".join(parts)


def is_thing(emoji: str) -> bool:
    """Whether an emoji shows something that it is called by, in two words at most: no sign, clock, heart or shape."""
    return kind_of(emoji) not in ("sign", "clock", "shape", "heart") and len(name_of(emoji).split()) <= 2


def emoji_caption(emoji: str) -> str:
    """Of an emoji."""
    return f"{name_of(emoji)}, {kind_of(emoji)}, emoji"


def pair_caption(one: str, other: str) -> str:
    """Of two pictures with these names, from left to right."""
    return f"{one} and {other}, two pictures"
