"""A split as a reader gives it, without torch, and the digest of its content."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

UNLABELLED = -1
_PERMUTATION_SEED = 0


class Decoded(NamedTuple):
    """`images` uint8 [N, C, H, W], `labels` int64 [N] (all `UNLABELLED` where there are none), names of the classes."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The first 16 hexadecimal digits of SHA-256 over shapes, pixels and labels (little-endian int64)."""
        state = hashlib.sha256(f"{self.images.shape}{self.labels.shape}".encode())
        state.update(np.ascontiguousarray(self.images).data)
        state.update(np.ascontiguousarray(self.labels, dtype="<i8").data)
        return state.hexdigest()[:16]


def permuted(decoded: Decoded) -> Decoded:
    """The labels in another order, by the raw stream of PCG64, which is the same under every version of NumPy."""
    order = np.argsort(np.random.PCG64(_PERMUTATION_SEED).random_raw(len(decoded.labels)), kind="stable")
    return decoded._replace(labels=decoded.labels[order])
