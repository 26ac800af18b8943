"""STL-10 from its binary archive: pixels column by column, labels counted from 1, and a large unlabelled part."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from interplay.data.content import UNLABELLED, Arrays, cached
from interplay.data.formats.archive import read_members, source_key
from interplay.errors import InterplayError

_SHAPE = (3, 96, 96)
_CHUNK = 500  # images read at a time: the unlabelled part is 2.8 GB and must not be held twice
_FOLDER = "stl10_binary"
_FILES = {
    "train": ("train_X.bin", "train_y.bin"),
    "test": ("test_X.bin", "test_y.bin"),
    "unlabelled": ("unlabeled_X.bin",),
}


def read_stl10(path: Path, split: str) -> Arrays:
    """Images [N, 3, 96, 96] and labels 0 .. 9 (all `UNLABELLED` in that split); a decoded copy is kept.

    Raises:
        InterplayError: the archive is missing, truncated or corrupt.
    """

    def read(name: str, stream: IO[bytes], size: int) -> NDArray[np.uint8]:
        return _images(stream, size, f"{path}:{name}") if "_X" in name else np.frombuffer(stream.read(), np.uint8)

    def decode() -> Arrays:
        images_name, *labels_name = (f"{_FOLDER}/{name}" for name in _FILES[split])
        names = f"{_FOLDER}/class_names.txt"
        content = read_members(path, [images_name, *labels_name, names], read)
        images = content[images_name]
        labels = np.full(len(images), UNLABELLED, np.int64)
        for name in labels_name:
            labels = content[name].astype(np.int64) - 1
            if labels.min(initial=0) < 0:
                raise InterplayError(
                    f"{path}:{name}: label 0 where they count from 1; delete the archive, fetch it again"
                )
        return Arrays(images, labels, tuple(content[names].tobytes().decode(errors="replace").split()))

    return cached(path.parent / f".decoded/{_FOLDER}-{split}.npz", source_key(path, split), decode)


def _images(stream: IO[bytes], size: int, where: str) -> NDArray[np.uint8]:
    per_image = int(np.prod(_SHAPE))
    if size % per_image:
        raise InterplayError(f"{where}: {size} bytes are no whole number of images; delete the archive, fetch it again")
    images = np.empty((size // per_image, *_SHAPE), np.uint8)
    for start in range(0, len(images), _CHUNK):
        count = min(_CHUNK, len(images) - start)
        columns = np.frombuffer(stream.read(count * per_image), np.uint8).reshape(count, *_SHAPE)
        images[start : start + count] = columns.transpose(0, 1, 3, 2)
    return images
