"""captioned-pictures: what a small CLIP is pretrained on, pictures of many kinds, each with its caption as its class.

Glyphs in some of the faces that matplotlib ships, the training garments of Fashion-MNIST, scikit-learn's handwritten
digits and emoji, on papers and in inks of many colours, one of them or two side by side. The tasks of `tasks` show the
same things in other faces, other renderings and other compositions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interplay.data import captions, painting, sprites
from interplay.data.content import Decoded
from interplay.data.decoding import decode
from interplay.data.painting import Bytes, Ints
from interplay.data.readers.emoji import name_of
from interplay.data.stream import integers, permutation, uniform
from interplay.protocols.datasets import dataset_info

_SEEDS = {"train": 200, "test": 201}
_EMOJI_COPIES = {"train": 12, "test": 1}
_GLYPH_COPIES = {"train": 5, "test": 1}
_GARMENTS = {"train": 200, "test": 30}  # of each kind; the test images come after those for training
_DIGITS = {"train": 100, "test": 33}
_PAIR_SEED, _PAIRS = 199, {"train": 1500, "test": 200}  # the test pairs are the first of the same
_PAIR_SIZE, _GLYPHS_LARGER = (14.0, 18.0), 2.0
_EMOJI_SIZE, _GARMENT_SIZE, _GLYPH_SIZE = (22.0, 33.0), (27.0, 38.0), (34.0, 56.0)


class Lot(NamedTuple):
    """Pictures, their captions by number, and the sizes in which they are drawn; shapes are painted in an ink."""

    pictures: Bytes
    captions: tuple[str, ...]
    caption_of: NDArray[np.int64]
    size: tuple[float, float]
    shaped: bool
    copies: int


def read_captioned_pictures(root: Path | None, split: str) -> Decoded:
    """Images [N, 3, 32, 32], the numbers of their captions, and the captions; two faces may share one."""
    assert root is not None
    source = np.random.PCG64(_SEEDS[split])
    images, labels = [], []
    numbers: dict[str, int] = {}
    for lot in _lots(root, split):
        chosen = np.repeat(np.arange(len(lot.pictures)), lot.copies)
        images.append(_paint(lot, chosen, source))
        number_of = np.array([numbers.setdefault(caption, len(numbers)) for caption in lot.captions])
        labels.append(number_of[lot.caption_of[chosen]])
    drawn, named = _pairs(root, split, source)
    images.append(drawn)
    labels.append(np.array([numbers.setdefault(caption, len(numbers)) for caption in named])[: len(drawn)])
    order = permutation(source, sum(map(len, labels)))
    return Decoded(np.concatenate(images)[order], np.concatenate(labels)[order], tuple(numbers))


def _lots(root: Path, split: str) -> Iterator[Lot]:
    pictures, emoji = _emoji(root)
    named = tuple(map(captions.emoji_caption, emoji))
    yield Lot(pictures, named, np.arange(len(named)), _EMOJI_SIZE, False, _EMOJI_COPIES[split])

    for face in captions.SEEN_FACES:
        characters = _characters(face)
        named = tuple(captions.glyph_caption(character, face) for character in characters)
        drawn = sprites.glyph_shapes(face.file, characters)
        yield Lot(drawn, named, np.arange(len(named)), _GLYPH_SIZE, True, _GLYPH_COPIES[split])

    garments, _ = decode(dataset_info("fashion-mnist"), "train", root)
    chosen = _of_each(garments.labels, _GARMENTS["train"], _GARMENTS[split] if split == "test" else 0)
    named = tuple(f"{name}, garment" for name in captions.GARMENTS)
    yield Lot(sprites.enlarged(garments.images[chosen, 0], 2), named, garments.labels[chosen], _GARMENT_SIZE, True, 1)

    digits, _ = decode(dataset_info("digits"), split, root)
    chosen = _of_each(digits.labels, _DIGITS[split], 0)
    named = tuple(f"{name}, digit, handwritten" for name in captions.DIGITS)
    yield Lot(sprites.enlarged(digits.images[chosen, 0], 7), named, digits.labels[chosen], _GARMENT_SIZE, True, 1)


def _emoji(root: Path) -> tuple[Bytes, tuple[str, ...]]:
    """Those that show things: their pictures and characters."""
    emoji, _ = decode(dataset_info("noto-color-emoji"), "all", root)
    chosen = [index for index, one in enumerate(emoji.class_names) if captions.is_thing(one)]
    return emoji.images[chosen], tuple(emoji.class_names[index] for index in chosen)


def _characters(face: captions.Face) -> str:
    return captions.LATIN + "0123456789" + (captions.GREEK if face.has_greek else "")


def _pairs(root: Path, split: str, source: np.random.PCG64) -> tuple[Bytes, list[str]]:
    """Two pictures side by side: images of the split, and the captions of all, the same in both splits."""
    pictures, emoji = _emoji(root)
    glyphs = [(face, character) for face in captions.SEEN_FACES for character in _characters(face)]
    shapes = np.concatenate([sprites.glyph_shapes(face.file, _characters(face)) for face in captions.SEEN_FACES])
    names = [*map(name_of, emoji), *(captions.character_name(character) for _, character in glyphs)]
    kinds = [*map(captions.kind_of, emoji), *(captions.character_kind(character) for _, character in glyphs)]
    shaped = np.arange(len(names)) >= len(emoji)
    drawn = integers(np.random.PCG64(_PAIR_SEED), 0, len(names), (2 * _PAIRS["train"], 2)).astype(np.int64)
    meet = [_may_meet(kinds[one], kinds[other], shaped[one], shaped[other]) for one, other in drawn]
    pairs = drawn[meet][: _PAIRS["train"]]
    named = [captions.pair_caption(names[one], names[other]) for one, other in pairs]

    shown = pairs[: _PAIRS[split]]
    bank = np.concatenate([pictures, shapes])
    paper, ink = _paper_and_ink(source, len(shown), 0.5)
    canvas = painting.plain_paper(paper)
    for chosen, (across, down) in zip(shown.T, painting.side_by_side(source, len(shown)), strict=True):
        pose = painting.draw_pose(source, len(shown), size=_PAIR_SIZE, shift=1.25)
        size = np.where(shaped[chosen], _GLYPHS_LARGER * pose.size, pose.size)
        pose = pose._replace(size=size, across=pose.across + across, down=pose.down + down)
        sums = painting.sample(bank, chosen, pose)
        in_ink = shaped[chosen][:, None, None, None]
        canvas = np.where(in_ink, painting.in_ink(canvas, sums, ink), painting.in_colours(canvas, sums))
    return canvas, named


def _may_meet(one: str, other: str, one_shaped: bool, other_shaped: bool) -> bool:
    """Whether two kinds are put together: no letter and digit, nor two kinds of emoji, which the tasks put together."""
    return one == other or one_shaped != other_shaped


def _paper_and_ink(source: np.random.PCG64, count: int, dark: float) -> tuple[Ints, Ints]:
    """Colours [n, 3] of papers and inks, a part `dark` of them dark on light, the others light on dark."""
    light_ones, dark_ones = painting.light(source, count), painting.dark(source, count)
    swap = uniform(source, (count, 1)) < dark
    return np.where(swap, light_ones, dark_ones), np.where(swap, dark_ones, light_ones)


def _of_each(labels: NDArray[np.int64], first: int, then: int) -> NDArray[np.int64]:
    """The first so many of each class in stored order; or, where `then` is not 0, that many after them."""
    members = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    return np.concatenate([own[first : first + then] if then else own[:first] for own in members])


def _paint(lot: Lot, chosen: NDArray[np.int64], source: np.random.PCG64) -> Bytes:
    """Dark on light or light on dark; garments and handwriting, whose shades are part of them, light on dark."""
    count = len(chosen)
    pose = painting.draw_pose(source, count, size=lot.size)
    sums = painting.sample(lot.pictures, chosen, pose)
    paper, ink = _paper_and_ink(source, count, 0.5 if lot.size != _GARMENT_SIZE else 0.0)
    canvas = painting.plain_paper(paper)
    if lot.shaped:
        return painting.in_ink(canvas, sums, ink)
    return painting.in_colours(canvas, painting.faded(sums, np.maximum(integers(source, -256, 257, (count,)), 0)))
