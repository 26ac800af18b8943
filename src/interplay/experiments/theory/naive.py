"""Literal evaluations of the printed formulas in float64 numpy, independent of `interplay.information`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.linalg

Array = npt.NDArray[np.float64]


def gram(z: Array) -> Array:
    """Cosines between the rows of `z` `[samples, features]`, one entry at a time by definition."""
    norms = np.sqrt((z * z).sum(1))
    result: Array = (z @ z.T) / np.outer(norms, norms)
    return result


def shannon(p: Array) -> float:
    """-sum p log p in nats, with 0 log 0 = 0."""
    positive = p[p > 1e-15]
    return float(-(positive * np.log(positive)).sum())


def entropy(K: Array) -> float:
    """-sum lambda_i/d log(lambda_i/d) over the eigenvalues of `K`."""
    return shannon(scipy.linalg.eigvalsh(K) / len(K))


def trace_entropy(K: Array) -> float:
    """-tr(K/d log(K/d)) with scipy's matrix logarithm; `K` positive definite."""
    scaled = K / len(K)
    return float(-np.trace(scaled @ logarithm(scaled)))


def effective_rank(A: Array) -> float:
    """exp of the entropy of the normalised singular values."""
    singular = scipy.linalg.svdvals(A)
    return float(np.exp(shannon(singular / singular.sum())))


def logarithm(A: Array) -> Array:
    """Principal matrix logarithm by scipy (inverse scaling and squaring), of a symmetric positive definite matrix."""
    result: Array = np.real(scipy.linalg.logm(A)).astype(np.float64)
    return result


def kl(P: Array, Q: Array) -> float:
    """tr(P log P - P log Q - P + Q)."""
    return float(np.trace(P @ logarithm(P) - P @ logarithm(Q) - P + Q))


def covariance(a: Array, b: Array, divisor: int) -> Array:
    """Z1 H Z2^T / divisor with an explicit centring matrix H; rows are samples."""
    n = len(a)
    centring = np.eye(n) - np.ones((n, n)) / n
    result: Array = a.T @ centring @ b / divisor
    return result
