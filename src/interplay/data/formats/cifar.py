"""CIFAR-10 and CIFAR-100 from the official `python` archives, read as they are, without unpacking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from interplay.data.content import Arrays, cached
from interplay.data.formats.archive import read_members, source_key
from interplay.data.formats.pickles import read_pickle
from interplay.errors import InterplayError

_SHAPE = (3, 32, 32)
_BATCHES_10 = {"train": [f"data_batch_{index}" for index in range(1, 6)], "test": ["test_batch"]}
_BATCHES_100 = {"train": ["train"], "test": ["test"]}


def read_cifar10(path: Path, split: str) -> Arrays:
    """Images [N, 3, 32, 32] and labels of CIFAR-10; a decoded copy is kept beside the archive.

    Raises:
        InterplayError: the archive is missing, truncated, corrupt, or holds anything but plain data.
    """
    return _read(path, split, "cifar-10-batches-py", _BATCHES_10[split], ("batches.meta", b"label_names"), b"labels")


def read_cifar100(path: Path, split: str) -> Arrays:
    """Images [N, 3, 32, 32] and fine labels of CIFAR-100; otherwise like `read_cifar10`."""
    return _read(path, split, "cifar-100-python", _BATCHES_100[split], ("meta", b"fine_label_names"), b"fine_labels")


def _read(
    path: Path, split: str, folder: str, batches: Sequence[str], meta: tuple[str, bytes], labels_key: bytes
) -> Arrays:
    def decode() -> Arrays:
        wanted = [f"{folder}/{name}" for name in (*batches, meta[0])]
        content = read_members(path, wanted, lambda name, stream, size: read_pickle(stream, f"{path}:{name}"))
        parts = [content[f"{folder}/{name}"] for name in batches]  # in their own order, not that of the archive
        try:
            names = tuple(name.decode() for name in content[f"{folder}/{meta[0]}"][meta[1]])
            return Arrays(_images(parts), np.concatenate([np.asarray(p[labels_key], np.int64) for p in parts]), names)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise InterplayError(f"{path}: unlike a CIFAR archive ({error}); delete it and fetch it again") from error

    return cached(path.parent / f".decoded/{folder}-{split}.npz", source_key(path, split), decode)


def _images(parts: list[dict[bytes, Any]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    arrays = [np.asarray(part[b"data"]) for part in parts]
    if any(array.dtype != np.uint8 for array in arrays):
        raise ValueError("pixels are not bytes")
    return np.concatenate(arrays).reshape(-1, *_SHAPE)
