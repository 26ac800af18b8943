"""Numbers from the raw stream of PCG64, which NumPy keeps fixed, unlike its distributions: the same everywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interplay.data.rasterise import Floats


def uniform(source: np.random.PCG64, shape: tuple[int, ...]) -> Floats:
    """Numbers in [0, 1), 53 bits each."""
    raw = source.random_raw(int(np.prod(shape)))
    drawn: Floats = (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return drawn.reshape(shape)


def bell(source: np.random.PCG64, shape: tuple[int, ...]) -> Floats:
    """Noise of mean 0 and variance 1, nearly normal: the sum of four 16-bit numbers, exact in any byte order."""
    raw = source.random_raw(int(np.prod(shape))).view(np.uint16).reshape(-1, 4)
    noise: Floats = (raw.sum(axis=1, dtype=np.int64) - 2 * 65535) / 37837.2  # sqrt(4 (2^32 - 1) / 12)
    return noise.reshape(shape)


def between(low: float, high: float, u: Floats) -> Floats:
    """`u` in [0, 1) stretched to [low, high)."""
    return low + (high - low) * u


def integers(source: np.random.PCG64, low: int, high: int, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Whole numbers low .. high - 1."""
    return (low + np.floor(uniform(source, shape) * (high - low))).astype(np.int32)


def permutation(source: np.random.PCG64, count: int) -> NDArray[np.int64]:
    """The numbers 0 .. count - 1 in some order."""
    return np.argsort(source.random_raw(count), kind="stable")
