"""What matrixssl23 says of losses: SimSiam, BYOL, MEC (Eq. 2, 3, 8, 19), Matrix-SSL (Eq. 20, 21), SimCLR."""

from __future__ import annotations

from math import log

import numpy as np
import scipy.linalg

from interplay.experiments.theory import naive
from interplay.experiments.theory.definitions import tensor
from interplay.experiments.theory.instances import normal, unit_rows
from interplay.experiments.theory.naive import Array
from interplay.experiments.theory.registry import EXACT, Draws, check, finding, worst
from interplay.objectives import MatrixSSLLoss
from interplay.objectives.matrix_ssl import cross_covariance
from interplay.records import Finding


def _views(rng: np.random.Generator, batch: int, d: int, noise: float) -> tuple[Array, Array]:
    first = normal(rng, batch, d)
    return unit_rows(first), unit_rows(first + noise * normal(rng, batch, d))


@check("matrixssl23/equation-3")
def distances_as_traces(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        batch = int(rng.integers(2, 12))
        z1, z2 = _views(rng, batch, 5, rng.uniform(0, 2))  # rows are samples: Z1^T Z2 of the text is z1 z2^T
        by_sample = sum(float(a @ b) for a, b in zip(z1, z2, strict=True))
        distances = sum(float(((a - b) ** 2).sum()) for a, b in zip(z1, z2, strict=True))
        small, large = np.trace(z1 @ z2.T), np.trace(z1.T @ z2)
        residuals += [abs(by_sample - small), abs(by_sample - large), abs(distances - (2 * batch - 2 * small))]
    return finding(worst(residuals), note="both printed traces equal the sums over samples, for unit vectors")


@check("matrixssl23/equation-8")
def determinant_as_trace(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        batch, d, epsilon = 16, 4, rng.uniform(0.5, 2)
        z1, z2 = _views(rng, batch, d, rng.uniform(0, 0.5))
        q = np.eye(d) + d / (batch * epsilon**2) * z1.T @ z2
        residuals.append(abs(np.linalg.slogdet(q)[1] - np.trace(scipy.linalg.logm(q)).real))
    return finding(worst(residuals), note="the logarithm of the determinant is the trace of the logarithm")


@check("matrixssl23/equation-21")
def alignment_as_cross_entropy(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        z1, z2 = _views(rng, 24, 4, 0.5)
        first, second = naive.covariance(z1, z1, 23), naive.covariance(z2, z2, 23)
        cross_entropy = np.trace(second - first @ naive.logarithm(second))
        entropy = np.trace(first) - np.trace(first @ naive.logarithm(first))
        ours = MatrixSSLLoss("published", gamma=1, mu=0).alignment(tensor(z1), tensor(z2)).item()
        residuals += [abs(naive.kl(first, second) - (cross_entropy - entropy)), abs(ours - naive.kl(first, second))]
    return finding(worst(residuals), note="divergence and cross-entropy of two covariances differ by an entropy")


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
