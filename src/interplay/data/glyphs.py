"""glyphs100: a hundred letters, digits and signs, distorted; a stand-in for CIFAR-100 that needs no download.

glyphs10: ten of them that are easily taken for one another, a thousand images each; one for the thesis' CIFAR-10.

The outlines come from the fonts that matplotlib ships. Training and test images of glyphs100 are drawn from different
faces, so a network that has learnt the training faces by heart is not perfect on the others; those of glyphs10 from the
same, so that their spread can be compared. Each image gets a rotation, a shear,
a size, an aspect, a shift, a blur, a contrast and noise of its own.

The same bytes on every machine: outlines are read in font units, randomness is taken from the raw stream of
PCG64 (which NumPy keeps fixed, unlike its distributions), and no function that may differ in the last bit is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interplay.data import rasterise
from interplay.data.content import Decoded
from interplay.data.outlines import read_outlines
from interplay.data.rasterise import Floats
from interplay.data.stream import bell, between, uniform

SIZE = 28
# Left out: whatever an affine change turns into another class (o, c, s, v, w, x, z, u, k, p of their capitals,
# l and I of 1, O of 0, the Greek capitals that are Latin ones).
CHARACTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabdefghijmnqrtyΓΔΘΛΞΠΣΦΨΩαβγδεζηθλμξπρστφψω!?&@#$%*+=<>()[]{}/\\~^§"
LOOKALIKES = "358BEFGPRS"
CAP_HEIGHT = 16.0  # pixels of a capital at size 1
_REFERENCE = "H"


_TRAIN_FACES = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-BoldItalic",
    "STIXGeneral",
    "STIXGeneralItalic",
)
_TEST_FACES = (
    "DejaVuSans-BoldOblique",
    "DejaVuSansMono-Oblique",
    "DejaVuSerif-Italic",
    "STIXGeneralBol",
    "STIXGeneralBolIta",
)


@dataclass(frozen=True)
class Recipe:
    """The characters and faces of one split, the images per character of each face, and the seed."""

    characters: str
    faces: tuple[str, ...]
    per_face: int
    seed: int


RECIPES = {
    ("glyphs100", "train"): Recipe(CHARACTERS, _TRAIN_FACES, per_face=25, seed=100),
    ("glyphs100", "test"): Recipe(CHARACTERS, _TEST_FACES, per_face=10, seed=101),
    ("glyphs10", "train"): Recipe(LOOKALIKES, _TRAIN_FACES, per_face=100, seed=102),
    ("glyphs10", "test"): Recipe(LOOKALIKES, _TRAIN_FACES, per_face=100, seed=103),
}


def read_glyphs100(place: Path | None, split: str) -> Decoded:
    """Images [N, 1, 28, 28] and labels of a split of a hundred glyphs, rendered (10 s); they have no place."""
    return render("glyphs100", split)


def read_glyphs10(place: Path | None, split: str) -> Decoded:
    """Images [N, 1, 28, 28] and labels of a split of ten glyphs, rendered."""
    return render("glyphs10", split)


def render(name: str, split: str) -> Decoded:
    """Draw a split, about 0.3 ms an image on one core."""
    recipe = RECIPES[name, split]
    source = np.random.PCG64(recipe.seed)
    images, labels = [], []
    for face in recipe.faces:
        for label, outline in enumerate(outlines(face, recipe.characters)):
            images.append(_draw(outline, recipe.per_face, source))
            labels.append(np.full(recipe.per_face, label, dtype=np.int64))
    order = np.argsort(source.random_raw(sum(map(len, labels))), kind="stable")
    return Decoded(np.concatenate(images)[order][:, None], np.concatenate(labels)[order], tuple(recipe.characters))


def outlines(face: str, characters: str) -> list[Floats]:
    """Segments [m, 4] of every character, y downwards, centred at 0, a capital being 1 high."""
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "fonts/ttf" / f"{face}.ttf"
    reference, *shapes = read_outlines(path, _REFERENCE + characters)
    unit = np.ptp(reference[:, 1])
    centred = []
    for shape in shapes:
        points = shape.reshape(-1, 2)
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        centred.append(((points - middle) * (1.0, -1.0) / unit).reshape(-1, 4))
    return centred


def _draw(outline: Floats, count: int, source: np.random.PCG64) -> NDArray[np.uint8]:
    """`count` distorted images [count, 28, 28] of one outline."""
    (half_angle, shear, scale, aspect, across, down, ink, paper, blur, noise) = uniform(source, (10, count, 1, 1))
    points = np.broadcast_to(outline.reshape(1, -1, 2), (count, 2 * len(outline), 2))
    x, y = points[:, :, :1], points[:, :, 1:]
    x = (x + between(-0.3, 0.3, shear) * y) * between(0.75, 1.25, aspect)
    t = between(-0.18, 0.18, half_angle)  # tangent of half the angle, up to 20 degrees: sine and cosine without either
    cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
    size = between(0.65, 1.15, scale) * CAP_HEIGHT
    turned = np.concatenate([x * cosine - y * sine, x * sine + y * cosine], axis=2) * size
    shift = np.concatenate([between(-2.5, 2.5, across), between(-2.5, 2.5, down)], axis=2)
    grey = rasterise.fill((turned + shift + SIZE / 2).reshape(count, -1, 4), SIZE)

    smooth = _binomial(_binomial(grey, 1), 2)
    grey = grey + blur * (smooth - grey)
    low = between(0.0, 0.25, paper)
    grey = low + (between(0.45, 1.0, ink) - low) * grey
    grey = grey + between(0.05, 0.25, noise) * bell(source, grey.shape)
    levels: NDArray[np.uint8] = np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)
    return levels


def _binomial(images: Floats, axis: int) -> Floats:
    """Blur with (1, 2, 1) / 4 along an axis, the edges repeated."""
    padding = [(0, 0)] * images.ndim
    padding[axis] = (1, 1)
    padded = np.moveaxis(np.pad(images, padding, mode="edge"), axis, 0)
    blurred: Floats = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return np.moveaxis(blurred, 0, axis)
