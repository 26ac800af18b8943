"""Random instances on which statements are checked. Rows are samples throughout."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interplay.experiments.theory.naive import Array


class Collapsed(NamedTuple):
    """A model at exact neural collapse: features `[n, d]`, labels `[n]`, head and centred class means `[C, d]`."""

    features: Array
    labels: np.ndarray
    head: Array
    means: Array


def normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.normal(size=shape)


def unit_rows(z: Array) -> Array:
    """Rows scaled to length one."""
    result: Array = z / np.linalg.norm(z, axis=1, keepdims=True)
    return result


def on_sphere(rng: np.random.Generator, n: int, d: int) -> Array:
    """`n` independent uniform points of the unit sphere in d dimensions."""
    return unit_rows(normal(rng, n, d))


def orthonormal(rng: np.random.Generator, d: int, k: int) -> Array:
    """`k` random orthonormal columns in d >= k dimensions."""
    q, _ = np.linalg.qr(normal(rng, d, k))
    return q


def simplex(classes: int) -> Array:
    """The standard simplex equiangular tight frame: `classes` unit rows with cosines -1/(classes - 1)."""
    k = classes
    result: Array = np.sqrt(k / (k - 1)) * (np.eye(k) - np.ones((k, k)) / k)
    return result


def gram_of_random(rng: np.random.Generator, n: int) -> Array:
    """A positive definite `[n, n]` matrix with a diagonal of ones, of random conditioning."""
    z = unit_rows(normal(rng, n, n + 2) * rng.uniform(0.3, 1.0, size=n + 2) + rng.uniform(0, 1.0))
    result: Array = z @ z.T
    return result


def definite(rng: np.random.Generator, n: int) -> Array:
    """A positive definite `[n, n]` matrix of random scale, well enough conditioned for its logarithm."""
    z = normal(rng, 3 * n, n)
    result: Array = z.T @ z / (3 * n) * rng.uniform(0.2, 3.0)
    return result


def density(rng: np.random.Generator, n: int) -> Array:
    """A positive definite `[n, n]` matrix of unit trace."""
    a = definite(rng, n)
    result: Array = a / np.trace(a)
    return result


def collapsed(
    rng: np.random.Generator,
    classes: int,
    *,
    per_class: int = 2,
    mean_norm: float = 0.0,
    counts: np.ndarray | None = None,
) -> Collapsed:
    """NC 1-3 in a random orthonormal basis at random scales; `mean_norm` is the length of the global mean
    relative to that of the centred class means."""
    d = classes + int(rng.integers(0, 8))
    frame = simplex(classes) @ orthonormal(rng, d, classes).T
    labels = np.repeat(np.arange(classes), per_class if counts is None else counts)
    means = rng.uniform(0.2, 5.0) * frame
    offset = mean_norm * np.linalg.norm(means[0]) * on_sphere(rng, 1, d)
    return Collapsed((means + offset)[labels], labels, rng.uniform(0.2, 5.0) * frame, means)


def classes_with_noise(
    rng: np.random.Generator, classes: int, per_class: int, d: int, noise: float
) -> tuple[Array, np.ndarray]:
    """Balanced features `[n, d]` and labels `[n]`: Gaussian clouds around Gaussian centres off the origin."""
    labels = np.repeat(np.arange(classes), per_class)
    centres = normal(rng, classes, d) + normal(rng, 1, d)
    return centres[labels] + noise * normal(rng, len(labels), d), labels


def harmonic_frame(n: int, d: int) -> Array:
    """`n` unit rows in d <= n dimensions whose Z^T Z is n/d times the identity (n > d, or n = d)."""
    if n == d:
        return np.eye(d)
    angles = 2 * np.pi * np.outer(np.arange(n), np.arange(1, d // 2 + 1)) / n
    columns = [np.cos(angles), np.sin(angles)] + ([np.full((n, 1), np.sqrt(0.5))] if d % 2 else [])
    result: Array = np.sqrt(2 / d) * np.concatenate(columns, axis=1)
    return result
