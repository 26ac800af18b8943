"""captioned-pictures: what a small CLIP is pretrained on, pictures of many kinds, each with its caption as its class.

Glyphs in some of the faces that matplotlib ships, the training garments of Fashion-MNIST, scikit-learn's handwritten
digits and every emoji, on papers and in inks of many colours. The tasks of `tasks` show the same things in other faces,
other renderings and other compositions.
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
from interplay.data.painting import Bytes
from interplay.data.stream import permutation, uniform
from interplay.protocols.datasets import dataset_info

_SEEDS = {"train": 200, "test": 201}
_EMOJI_COPIES = {"train": 10, "test": 1}
_GLYPH_COPIES = {"train": 5, "test": 1}
_GARMENTS = {"train": 300, "test": 30}  # of each kind; the test images come after those for training
_DIGITS = {"train": 140, "test": 33}
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
    order = permutation(source, sum(map(len, labels)))
    return Decoded(np.concatenate(images)[order], np.concatenate(labels)[order], tuple(numbers))


def _lots(root: Path, split: str) -> Iterator[Lot]:
    emoji, _ = decode(dataset_info("noto-color-emoji"), "all", root)
    named = tuple(captions.emoji_caption(one) for one in emoji.class_names)
    yield Lot(emoji.images, named, emoji.labels, _EMOJI_SIZE, False, _EMOJI_COPIES[split])

    for face in captions.SEEN_FACES:
        characters = captions.LATIN + "0123456789" + captions.SIGNS + (captions.GREEK if face.has_greek else "")
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


def _of_each(labels: NDArray[np.int64], first: int, then: int) -> NDArray[np.int64]:
    """The first so many of each class in stored order; or, where `then` is not 0, that many after them."""
    members = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    return np.concatenate([own[first : first + then] if then else own[:first] for own in members])


def _paint(lot: Lot, chosen: NDArray[np.int64], source: np.random.PCG64) -> Bytes:
    """Dark on light or light on dark; garments and handwriting, whose shades are part of them, light on dark."""
    count = len(chosen)
    pose = painting.draw_pose(source, count, size=lot.size)
    sums = painting.sample(lot.pictures, chosen, pose)
    light, dark = painting.light(source, count), painting.dark(source, count)
    swap = uniform(source, (count, 1)) < (0.5 if lot.size != _GARMENT_SIZE else 0.0)
    paper, ink = np.where(swap, light, dark), np.where(swap, dark, light)
    canvas = painting.plain_paper(paper)
    return painting.in_ink(canvas, sums, ink) if lot.shaped else painting.in_colours(canvas, sums)
