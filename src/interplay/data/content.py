"""Arrays of one split without torch: their digest, and a cache of what was expensive to decode or render."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

UNLABELLED = -1


@dataclass(frozen=True)
class Arrays:
    """`images` uint8 [N, C, H, W], `labels` int64 [N], and the names of the classes."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]


def arrays_digest(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> str:
    """The first 16 hexadecimal digits of SHA-256 over shapes, pixels and labels (little-endian int64)."""
    state = hashlib.sha256(f"{images.shape}{labels.shape}".encode())
    state.update(np.ascontiguousarray(images).data)
    state.update(np.ascontiguousarray(labels, dtype="<i8").data)
    return state.hexdigest()[:16]


def cached(path: Path, key: str, make: Callable[[], Arrays]) -> Arrays:
    """The arrays kept at `path` under `key`, or those that `make` returns, which are then kept.

    Written beside the target and moved into place, so that processes which start together read whole files; where
    the folder cannot be written, nothing is kept and nothing fails. A damaged or outdated cache is made anew.
    """
    damaged = (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile)
    with contextlib.suppress(*damaged), np.load(path, allow_pickle=False) as stored:
        if str(stored["key"]) == key:
            return Arrays(stored["images"], stored["labels"], tuple(str(name) for name in stored["class_names"]))
    arrays = make()
    with contextlib.suppress(OSError):
        _write(path, key, arrays)
    return arrays


def _write(path: Path, key: str, arrays: Arrays) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".decoding-", suffix=".npz")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            np.savez(
                stream,
                key=np.array(key),
                images=arrays.images,
                labels=arrays.labels,
                class_names=np.array(arrays.class_names),
            )
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
