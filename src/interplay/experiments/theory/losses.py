"""The losses that the documents define: CMA (metrics24 Algorithm 1) and Matrix-SSL (matrixssl23 Eq. 19-22)."""

from __future__ import annotations

from math import log

import numpy as np
import scipy.linalg
import torch

from interplay.experiments.theory import naive
from interplay.experiments.theory.definitions import tensor
from interplay.experiments.theory.instances import normal, unit_rows
from interplay.experiments.theory.naive import Array
from interplay.experiments.theory.registry import EXACT, Draws, check, finding, worst
from interplay.objectives import CrossModalAlignmentLoss, MatrixSSLLoss
from interplay.objectives.matrix_ssl import cross_covariance
from interplay.records import Finding


@check("metrics24/algorithm-1")
def cross_modal_alignment(draws: Draws) -> Finding:
    residuals = []
    published, released = CrossModalAlignmentLoss("published"), CrossModalAlignmentLoss("released")
    for rng in draws.fewer(4):
        features, vectors = normal(rng, 12, 5), normal(rng, 6, 5)
        labels = rng.integers(0, 5, size=12)
        groups = [[vector] for vector in vectors]
        for row, label in zip(features, labels, strict=True):
            groups[label].insert(0, row)
        expected = sum(naive.entropy(naive.gram(np.array(g))) / len(g) for g in groups if len(g) > 1)
        residuals.append(abs(published(tensor(features), torch.from_numpy(labels), tensor(vectors)).item() - expected))
        # One image, one text: the closed form h_b((1 + cos)/2) / 2.
        share = (1 + naive.gram(np.stack([features[0], vectors[0]]))[0, 1]) / 2
        pair = published(tensor(features[:1]), torch.zeros(1, dtype=torch.long), tensor(vectors)).item()
        residuals.append(abs(pair - naive.shannon(np.array([share, 1 - share])) / 2))
    rng = draws.rng
    big = tensor(normal(rng, 32, 64)), torch.from_numpy(rng.integers(0, 100, size=32)), tensor(normal(rng, 100, 64))
    return finding(
        worst(residuals),
        published_at_100_classes=published(*big).item(),
        released_at_100_classes=released(*big).item(),
        opposite_pair=published(tensor(np.eye(1, 4)), torch.zeros(1, dtype=torch.long), tensor(-np.eye(1, 4))).item(),
        note="ours equals the algorithm; the released code divides by log n and averages over the classes present "
        "instead; an opposite pair counts as aligned",
    )


def _views(rng: np.random.Generator, batch: int, d: int, noise: float) -> tuple[Array, Array]:
    first = normal(rng, batch, d)
    return unit_rows(first), unit_rows(first + noise * normal(rng, batch, d))


@check("matrixssl23/equation-19")
def maximal_entropy_coding_as_cross_entropy(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        batch, d, epsilon, mu = 16, 4, rng.uniform(0.5, 2), rng.uniform(0.5, 2)
        z1, z2 = _views(rng, batch, d, 0.2)
        c = d / (batch * epsilon**2)
        q = np.eye(d) + c * z1.T @ z2
        mec = -mu * np.linalg.slogdet(q)[1]
        cross_entropy = np.trace(-scipy.linalg.logm(q) + q)
        residuals.append(abs(mec - mu * (cross_entropy - d - c * np.trace(z1 @ z2.T))))
    return finding(
        worst(residuals),
        note="an identity wherever the principal logarithm is real; its argument is not symmetric, so Def. 3.3 does "
        "not cover it",
    )


@check("matrixssl23/equation-20")
def logarithm_of_a_cross_covariance(draws: Draws) -> Finding:
    """tr log Q is the sum of the eigenvalues' logarithms: conjugate pairs cancel, a negative eigenvalue leaves i pi."""
    cross: list[float] = []
    mended: list[float] = []
    ridge = 1.0
    ridged = MatrixSSLLoss("published", gamma=0, mu=ridge)
    for rng in draws:
        z1, z2 = unit_rows(normal(rng, 24, 3)), unit_rows(normal(rng, 24, 3))
        cross.append(abs(_trace_of_logarithm(naive.covariance(z1, z2, 23)).imag))
        mended.append(abs(_trace_of_logarithm(naive.covariance(z1, z1, 23)).imag))
        q = naive.covariance(z1, z2, 23) + ridge * np.eye(3)  # 1 exceeds the norm of a covariance of unit rows
        logarithm = _trace_of_logarithm(q)
        ours = ridged(tensor(z1), tensor(z2)).item()
        mended += [abs(logarithm.imag), abs(np.trace(q) - logarithm.real / 3 - ours)]
    return finding(
        worst(cross),
        mended=worst(mended),
        share_of_draws_complex=float(np.mean(np.array(cross) > EXACT)),
        note="a cross-covariance of unrelated views mostly has a negative eigenvalue, and then the trace of its "
        "logarithm has an imaginary part of pi; with a ridge of 1, or for an auto-covariance, it is real",
    )


def _trace_of_logarithm(q: Array) -> complex:
    """tr log Q by the principal logarithm of each eigenvalue; rounding leaves no imaginary part in a conjugate pair."""
    return complex(np.log(np.linalg.eigvals(q).astype(complex)).sum())


@check("matrixssl23/lemma-c-2")
def cross_covariance_by_centring(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        z1, z2 = normal(rng, 9, 4), normal(rng, 9, 4)
        numpys = np.cov(z1.T, z2.T)[:4, 4:]
        residuals += [
            np.abs(naive.covariance(z1, z2, 8) - numpys).max(),
            np.abs(cross_covariance(tensor(z1), tensor(z2)).numpy() - numpys).max(),
        ]
    return finding(worst(residuals), note="equals the sample cross-covariance")


@check("matrixssl23/algorithm-1")
def matrix_ssl_pseudo_code(draws: Draws) -> Finding:
    residuals = []
    for rng in draws.fewer(4):
        z1, z2 = _views(rng, 24, 4, 0.5)
        gamma, mu = rng.uniform(0, 2), rng.uniform(0.2, 1)
        eye = mu * np.eye(4)
        q = naive.covariance(z1, z2, 23) + eye
        uniformity = np.trace(-scipy.linalg.logm(q) / 4 + q).real
        alignment = naive.kl(naive.covariance(z1, z1, 23) + eye, naive.covariance(z2, z2, 23) + eye)
        loss = MatrixSSLLoss("published", gamma=gamma, mu=mu)
        residuals.append(abs(loss(tensor(3 * z1), tensor(0.5 * z2)).item() - uniformity - gamma * alignment))
    return finding(
        worst(residuals), note="uniformity plus gamma times alignment of normalised embeddings, with a ridge"
    )


@check("matrixssl23/proposition-4-3")
def contrastive_loss_on_a_diagonal(draws: Draws) -> Finding:
    residuals, left_out = [], []
    for rng in draws:
        relation, estimate = np.diag(rng.uniform(0, 1, 6)), np.diag(rng.uniform(0.01, 1, 6))
        by_element = -sum(relation[i, i] * log(estimate[i, i]) for i in range(6))
        by_matrix = -np.trace(relation @ naive.logarithm(estimate))
        residuals.append(abs(by_element - by_matrix))
        left_out.append(np.trace(estimate))
    return finding(
        worst(residuals),
        smallest_trace_left_out=float(np.min(left_out)),
        largest_trace_left_out=worst(left_out),
        note="Eq. 15 holds; the MCE of Def. 3.3 also adds tr of the estimate, which varies, and the relation matrix of "
        "sec. 3.2 has a diagonal of zeros, so the diagonal case is empty there",
    )
