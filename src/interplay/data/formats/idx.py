"""The idx format of MNIST and its descendants, as Fashion-MNIST uses it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interplay.data.content import Arrays
from interplay.errors import InterplayError

FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
_UNSIGNED_BYTE = 0x08


def read_fashion_mnist(folder: Path, split: str) -> Arrays:
    """Read the two files of a split: images [N, 1, 28, 28], labels [N].

    Raises:
        InterplayError: a file is missing, truncated or not in the idx format.
    """
    images, labels = (read_idx(folder / name) for name in FILES[split])
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
        raise InterplayError(
            f"{folder}: {split} images {list(images.shape)} and labels {list(labels.shape)} do not fit; fetch again"
        )
    return Arrays(images[:, None], labels.astype(np.int64), FASHION)


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read one idx file of unsigned bytes: two zero bytes, type, rank, then each dimension as big-endian uint32.

    Raises:
        InterplayError: the file cannot be read, is truncated, is too long, or is not in this format.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InterplayError(f"{path}: cannot be read ({error.strerror}); `interplay fetch` brings it") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE:
        raise InterplayError(f"{path}: not an idx file of unsigned bytes; delete it and fetch it again")
    start = 4 + 4 * content[3]
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4))
    if len(content) != start + math.prod(shape):
        raise InterplayError(
            f"{path}: {len(content)} bytes where its header asks for {start + math.prod(shape)}; "
            "truncated or altered, delete it and fetch it again"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()
