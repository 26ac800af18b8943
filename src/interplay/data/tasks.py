"""Eleven tasks of few examples: what `captioned-pictures` names, in faces and renderings that it does not show.

Every class has a name made of words of the captions, and so many pictures for training and for testing, each painted on
its own. Pretraining on the captions has seen every word, and none of these faces, renderings or compositions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interplay.data import captions, painting, sprites
from interplay.data.content import Decoded
from interplay.data.decoding import decode
from interplay.data.painting import Bytes
from interplay.data.readers.emoji import name_of
from interplay.data.stream import integers, permutation, uniform
from interplay.protocols.datasets import dataset_info

TRAIN = 24  # images of a class
Change = Callable[[Bytes], Bytes]

ANIMALS = "🐀🐂🐅🐇🐈🐊🐋🐌🐍🐎🐐🐓🐘🐙🐢🐧🦀🦋🦉🦆"
OBJECTS = "⏰☂✂🔑🔒🔔📷📺📻🎸🎻🎺🎤🔭🔬🔨🔧🪓🪜🪑🛏🚽🛁🧺🪣🧹🧲🕯👑💎🎈🏆🎒👓💣🧭"
FOOD = "🍇🍉🍋🍌🍍🍎🍐🍑🍒🍓🍅🍆🌶🥕🥦🥑🥒🥔🥜🍞🥐🥨🧀🍔🍟🥞🌭🌮🥪🥚🍳🍙🍣🍤🍨🍩🍪🎂🧁🍫🍭🍯🍷🍺"
TRAVEL = "🚁🚂🚊🚌🚑🚒🚓🚕🚗🚚🚛🚜🚝🚢🚤⛵🚀✈🚲🛵🛴🛶🛷🛸🛹🪂🏄🏊🏃🏌🏂⛷🏇🤺🤹💃🚴🏋🚣🎠🎡🎢🎳🪁"
NATURE = "🌱🌲🌳🌴🌵🌶🌷🌸🌹🌺🌻🌼🌿🍁🍂🍄🥀🪴🪵🪶🪷🌀🌅🌈🌊🌋🌌🌙🌟🌠🦋🐝🐞🐌🕷🐚🦂🐜🦎🐍🐟🐬🦈🦇🐦🐤🐫🦔"
EVERYTHING = (
    "⌚⏰☂☘⚖⚱⛏⛰⛵⛽✉✌❄🌂🌋🌟🌭🌰🌴🌷🌻🍁🍅🍉🍌🍐🍓🍙🍝🍢🍧🍪🍮🍱🍹🍿🎃🎆🎊🎍🎒🎗🎛🎡🎥🎩🎬🎰"
    "🎳🎹🎼🏃🏇🏊🏎🏗🏜🏟🏦🏪🏮🏵🐀🐄🐇🐋🐎🐒🐕🐙🐜🐟🐣🐧🐫🐮🐲🐵🐹🐼👀👃👑👕👘👜👟👣👨👴👷👺👾💂💆💉"
    "💍💐💤💨💭💱💻💿📅📋📎📒📖📚📝📠📥📨📱📹📽🔋🔓🔗🔨🔬🕉🕯🕶🕺🖥🗑🗞🗼😉😐😕😞😢😨😬😳🙈🙍🚃🚇🚊🚎"
    "🚑🚖🚙🚝🚠🚤🚲🚵🚽🛁🛅🛎🛕🛝🛢🛥🛰🛵🛸🛼🤎🤓🤗🤡🤥🤱🤶🤺🤿🥃🥌🥐🥔🥗🥝🥠🥦🥪🥭🥵🥸🥾🦁🦅🦈🦌🦏🦒"
    "🦖🦙🦝🦠🦤🦧🦫🦮🦶🦹🦽🧁🧄🧈🧋🧏🧓🧚🧝🧠🧥🧪🧯🧲🧸🧽🩱🩴🩼🪂🪅🪒🪕🪙🪜🪠🪣🪧🪪🪰🪴🪷🫁🫄🫓🫖🫠🫧"
)
PAIRED = ("🐈🐅🐇🐘🐧🦉🐢🦀🦋🐍🐙🐌", "🌵🌹🚀🚆🚢🚌🎸☂🌋🍌")


class Classes(NamedTuple):
    """Pictures, the names of the classes, and which pictures may serve as each part of an image of a class.

    Attributes:
        parts: [classes, parts of an image, pictures to choose from].
    """

    pictures: Bytes
    names: tuple[str, ...]
    parts: NDArray[np.int64]


@dataclass(frozen=True)
class Task:
    """How a task is painted; called with the data folder and a split, it is the reader of its set.

    Attributes:
        classes: what there is to paint, of a data folder and a split.
        seed: of the training images; the test images have the next.
        test: images of a class in the test split.
        size: least and greatest side of a picture, in pixels.
        ink: pictures are painted in one ink on paper, the darker of both the one or the other, or in their own colours.
        screen: inked in half-tones.
        textured: on checked or striped paper.
        turned: by a quarter, a half or three quarters of a turn.
        barred: behind bars that hide a third of it.
    """

    classes: Callable[[Path | None, str], Classes]
    seed: int
    test: int
    size: tuple[float, float] = (22.0, 33.0)
    ink: str | None = None
    screen: bool = False
    textured: bool = False
    turned: bool = False
    barred: bool = False

    def __call__(self, root: Path | None, split: str) -> Decoded:
        """Images [N, 3, 32, 32], labels, and the names of the classes."""
        source = np.random.PCG64(self.seed + (split == "test"))
        made = self.classes(root, split)
        copies = TRAIN if split == "train" else self.test
        labels = np.repeat(np.arange(len(made.names)), copies)
        images = self._paint(made, labels, copies, source)
        order = permutation(source, len(labels))
        return Decoded(images[order], labels[order], made.names)

    def _paint(self, made: Classes, labels: NDArray[np.int64], copies: int, source: np.random.PCG64) -> Bytes:
        count = len(labels)
        light, dark = painting.light(source, count), painting.dark(source, count)
        swap = uniform(source, (count, 1)) < {"dark": 0.0, "light": 1.0}.get(self.ink or "", 0.5)
        paper, ink = np.where(swap, dark, light), np.where(swap, light, dark)
        canvas = painting.textured_paper(source, count) if self.textured else painting.plain_paper(paper)
        parts = made.parts.shape[1]
        places = painting.side_by_side(source, count) if parts == 2 else np.zeros((1, 2, count))
        choices = made.parts.shape[2]
        for part in range(parts):
            drawn = integers(source, 0, choices, (count,)) if choices != copies else np.arange(count) % copies
            pose = painting.draw_pose(source, count, size=self.size, shift=2.5 / parts)
            pose = pose._replace(across=pose.across + places[part, 0], down=pose.down + places[part, 1])
            sums = painting.sample(made.pictures, made.parts[labels, part, drawn], pose)
            if self.turned:
                sums = _turned(sums, integers(source, 1, 4, (count,)))
            sums = painting.screened(sums) if self.screen else sums
            canvas = painting.in_ink(canvas, sums, ink) if self.ink else painting.in_colours(canvas, sums)
        return painting.barred(source, canvas, paper) if self.barred else canvas


def _turned(sums: NDArray[np.int32], quarters: NDArray[np.int32]) -> NDArray[np.int32]:
    found = np.empty_like(sums)
    for quarter in range(1, 4):
        members = quarters == quarter
        found[members] = np.rot90(sums[members], quarter, axes=(2, 3))
    return found


def _emoji(characters: str, change: Change | None = None) -> Callable[[Path | None, str], Classes]:
    """Each character a class."""

    def classes(root: Path | None, split: str) -> Classes:
        pictures = _pictures(root, characters)
        names = tuple(map(name_of, characters))
        return Classes(change(pictures) if change else pictures, names, np.arange(len(names))[:, None, None])

    return classes


def _pairs(first: str, second: str) -> Callable[[Path | None, str], Classes]:
    """`cat and rocket`: every one of the first with every one of the second beside it."""

    def classes(root: Path | None, split: str) -> Classes:
        names = tuple(f"{name_of(one)} and {name_of(other)}" for one in first for other in second)
        return Classes(_pictures(root, first + second), names, _every_pair(np.arange(len(first))[:, None], second))

    return classes


def _pictures(root: Path | None, characters: str) -> Bytes:
    assert root is not None
    emoji, _ = decode(dataset_info("noto-color-emoji"), "all", root)
    place = {character: index for index, character in enumerate(emoji.class_names)}
    return emoji.images[[place[character] for character in characters]]


def _every_pair(first: NDArray[np.int64], second: str) -> NDArray[np.int64]:
    others = len(first) + np.arange(len(second))
    return np.stack([np.repeat(first[:, 0], len(second)), np.tile(others, len(first))], axis=1)[:, :, None]


def _garments(root: Path | None, split: str) -> Classes:
    """Images of the test split of Fashion-MNIST, other ones for training than for testing."""
    assert root is not None
    garments, _ = decode(dataset_info("fashion-mnist"), "test", root)
    first, last = (0, TRAIN) if split == "train" else (TRAIN, TRAIN + garment_negatives.test)
    chosen = np.concatenate([np.flatnonzero(garments.labels == label)[first:last] for label in range(10)])
    pictures = sprites.enlarged(garments.images[chosen, 0], 2)
    return Classes(pictures, captions.GARMENTS, np.arange(len(chosen)).reshape(10, 1, -1))


def _greek(root: Path | None, split: str) -> Classes:
    pictures = np.concatenate([sprites.glyph_shapes(face.file, captions.GREEK) for face in captions.UNSEEN_FACES])
    count = len(captions.GREEK)
    names = tuple(map(captions.character_name, captions.GREEK))
    return Classes(pictures, names, np.arange(len(pictures)).reshape(-1, 1, count).transpose(2, 1, 0))


def _styles(root: Path | None, split: str) -> Classes:
    """`bold italic g`: letters by weight and slant, in either of two families."""
    letters = "BDEGHKMRSW"
    looks = [(face.weight, face.slant) for face in captions.UNSEEN_FACES[:4]]
    pictures = np.concatenate([sprites.glyph_shapes(face.file, letters) for face in captions.UNSEEN_FACES])
    names = tuple(f"{weight} {slant} {letter.lower()}" for weight, slant in looks for letter in letters)
    return Classes(pictures, names, np.arange(len(pictures)).reshape(2, -1).T[:, None])


def _letters_and_digits(root: Path | None, split: str) -> Classes:
    """`b and seven`: a capital and a digit, both in any of the unseen faces."""
    letters, digits = "BDFHKMRT", "0123456789"
    faces, count = captions.UNSEEN_FACES, len(letters) + len(digits)
    pictures = np.concatenate([sprites.glyph_shapes(face.file, letters + digits) for face in faces])
    names = tuple(f"{one.lower()} and {captions.character_name(two)}" for one in letters for two in digits)
    pairs = _every_pair(np.arange(len(letters))[:, None], digits)
    return Classes(pictures, names, pairs + count * np.arange(len(faces)))


garment_negatives = Task(_garments, seed=210, test=20, size=(27.0, 38.0), ink="dark")
inked_animals = Task(_emoji(ANIMALS, sprites.inked), seed=212, test=20, ink="dark")
greek_letters = Task(_greek, seed=214, test=20, size=(34.0, 56.0), ink="either")
textured_objects = Task(_emoji(OBJECTS), seed=216, test=20, textured=True)
letter_styles = Task(_styles, seed=218, test=20, size=(34.0, 56.0), ink="either")
recoloured_food = Task(_emoji(FOOD, sprites.recoloured), seed=220, test=20)
turned_travel = Task(_emoji(TRAVEL), seed=222, test=20, turned=True)
halftone_nature = Task(_emoji(NATURE, sprites.inked), seed=224, test=20, size=(27.0, 34.0), ink="dark", screen=True)
letters_and_digits = Task(_letters_and_digits, seed=226, test=15, size=(28.0, 36.0), ink="either")
picture_pairs = Task(_pairs(*PAIRED), seed=228, test=10, size=(14.0, 18.0))
barred_pictures = Task(_emoji(EVERYTHING), seed=230, test=10, barred=True)
