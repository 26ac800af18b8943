"""Independent references: the definitions in NumPy, N x N, and models at exact neural collapse."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor


class Naive(NamedTuple):
    feature: float
    head: float
    joint: float
    mir: float
    hdr: float


def entropy(matrix: np.ndarray) -> float:
    p = np.linalg.eigvalsh(matrix)
    p = p[p > 1e-13]
    return float(-(p * np.log(p)).sum())


def naive_information(features: Tensor, labels: Tensor, weights: Tensor) -> Naive:
    """Definitions III.1 to IV.1 of metrics24 on N x N matrices, in NumPy float64."""
    z, w = features.double().numpy(), weights.double().numpy()[labels.numpy()]
    z, w = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (z, w))
    first, second = z @ z.T / len(z), w @ w.T / len(w)
    f, h, j = entropy(first), entropy(second), entropy(first * second * len(z))
    return Naive(f, h, j, (f + h - j) / min(f, h), abs(f - h) / max(f, h))


def simplex(num_classes: int, dimension: int, seed: int = 0) -> Tensor:
    """Centred simplex `[C, dimension]`, float64, rotated at random."""
    frame = torch.eye(num_classes, dtype=torch.float64) - 1 / num_classes
    rotation = torch.linalg.qr(
        torch.randn(dimension, dimension, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    ).Q
    return torch.nn.functional.pad(frame, (0, dimension - num_classes)) @ rotation


def clusters(num_classes: int, dimension: int, samples: int, noise: float, seed: int = 0) -> tuple[Tensor, ...]:
    """Features, labels (unsorted, uneven) and head weights in float64."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    means = normal(num_classes, dimension)
    labels = torch.randint(num_classes, (samples,), generator=generator)
    features = means[labels] + noise * normal(samples, dimension)
    return features, labels, means + 0.3 * normal(num_classes, dimension)


@pytest.fixture
def naive() -> Callable[[Tensor, Tensor, Tensor], Naive]:
    return naive_information


@pytest.fixture
def make_simplex() -> Callable[..., Tensor]:
    return simplex


@pytest.fixture
def make_clusters() -> Callable[..., tuple[Tensor, ...]]:
    return clusters
