"""The handwritten digits that scikit-learn ships, split once and for all."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from interplay.data.content import Decoded

_GREYS = 16
_TEST_EVERY = 5


def read_digits(place: Path | None, split: str) -> Decoded:
    """Images [N, 1, 8, 8] with the stored 0 .. 16 scaled to 0 .. 255, and labels; they have no place.

    scikit-learn ships 1,797 images without a split. Every fifth image of each class, in stored order, is a test image:
    stratified, and the same on every machine, since no random generator takes part.
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    rank = np.zeros(len(labels), dtype=np.int64)  # how many images of its own class come before each image
    for label in np.unique(labels):
        members = labels == label
        rank[members] = np.arange(members.sum())
    chosen = (rank % _TEST_EVERY == _TEST_EVERY - 1) == (split == "test")
    grey = np.rint(images[chosen] * (255 / _GREYS)).astype(np.uint8)
    return Decoded(grey.reshape(-1, 1, 8, 8), labels[chosen].astype(np.int64), tuple(map(str, range(10))))
