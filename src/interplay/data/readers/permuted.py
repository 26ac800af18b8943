"""Sets whose training labels are permuted: negative controls, from which nothing can be learnt about the classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from interplay.data.content import Decoded
from interplay.data.glyphs import render
from interplay.data.readers.digits import read_digits as read_original_digits
from interplay.data.readers.idx import read_fashion_mnist as read_original

SEED = 0


def read_fashion_mnist(folder: Path, split: str) -> Decoded:
    """Images [N, 1, 28, 28] and labels [N], those of the training split permuted."""
    return _permuted(read_original(folder, split), split)


def read_glyphs100(place: Path | None, split: str) -> Decoded:
    """Images [N, 1, 28, 28] and labels [N], those of the training split permuted."""
    return _permuted(render("glyphs100", split), split)


def read_glyphs10(place: Path | None, split: str) -> Decoded:
    """Images [N, 1, 28, 28] and labels [N], those of the training split permuted."""
    return _permuted(render("glyphs10", split), split)


def read_digits(place: Path | None, split: str) -> Decoded:
    """Images [N, 1, 8, 8] and labels [N], those of the training split permuted."""
    return _permuted(read_original_digits(place, split), split)


def _permuted(decoded: Decoded, split: str) -> Decoded:
    """The labels in another order, by the raw stream of PCG64, which is the same under every version of NumPy."""
    if split != "train":
        return decoded
    order = np.argsort(np.random.PCG64(SEED).random_raw(len(decoded.labels)), kind="stable")
    return decoded._replace(labels=decoded.labels[order])
