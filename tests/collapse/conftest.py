"""Dense definitions in NumPy, and data to try them on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor


def dense_nc1(features: Tensor, labels: Tensor) -> float:
    """tr(Sigma_W Sigma_B^+) from the covariance matrices of compression25 sec. 1.2."""
    h, y = features.double().flatten(1).numpy(), labels.numpy()
    mean = h.mean(0)
    within, between = np.zeros((2, h.shape[1], h.shape[1]))
    for c in np.unique(y):
        of_class = h[y == c]
        deviation = of_class - of_class.mean(0)
        within += deviation.T @ deviation / len(h)
        centred = of_class.mean(0) - mean
        between += len(of_class) / len(h) * np.outer(centred, centred)
    return float(np.trace(within @ np.linalg.pinv(between, rcond=1e-10, hermitian=True)))


def clusters(shares: list[float], dimension: int, samples: int, noise: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Features around class means, away from the origin, with the classes in the given shares."""
    generator = torch.Generator().manual_seed(seed)
    means = torch.randn(len(shares), dimension, generator=generator, dtype=torch.float64) + 3
    labels = torch.multinomial(torch.tensor(shares), samples, replacement=True, generator=generator)
    return means[labels] + noise * torch.randn(samples, dimension, generator=generator, dtype=torch.float64), labels


@pytest.fixture
def by_definition() -> Callable[[Tensor, Tensor], float]:
    return dense_nc1


@pytest.fixture
def make_clusters() -> Callable[..., tuple[Tensor, Tensor]]:
    return clusters
