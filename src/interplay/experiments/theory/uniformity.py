"""Total coding rate and uniformity: matrixssl23 Thm. 4.4 to 5.1, Lemmas 5.2 and C.1."""

from __future__ import annotations

from math import log

import numpy as np

from interplay.experiments.theory.definitions import tensor
from interplay.experiments.theory.instances import harmonic_frame, normal, on_sphere, orthonormal
from interplay.experiments.theory.naive import Array
from interplay.experiments.theory.registry import Draws, check, finding, worst
from interplay.information import effective_rank
from interplay.objectives import matrix_cross_entropy, matrix_kl, total_coding_rate_loss
from interplay.records import Finding


def coding_rate(z: Array, epsilon: float = 1.0) -> float:
    return total_coding_rate_loss(tensor(z), epsilon).item()


def _uniformity_gap(z: Array, epsilon: float, factor: float) -> tuple[float, float, float]:
    """Residual of Theorem 4.4 with `factor` in place of the printed 2, and both sides of its cross-entropy line."""
    batch, d = z.shape
    ridge = epsilon**2 / d
    P, Q = tensor((1 / d + ridge) * np.eye(d)), tensor(z.T @ z / batch + ridge * np.eye(d))
    rate = coding_rate(z, epsilon)
    kl = (1 + d * ridge) * (log((1 + d * ridge) / (ridge * d)) + factor * rate)
    cross_entropy = (1 + d * ridge) * (-log(ridge) + 1 + factor * rate)
    true = matrix_cross_entropy(P, Q).item()
    return worst([abs(matrix_kl(P, Q).item() - kl), abs(true - cross_entropy)]), true, cross_entropy


@check("matrixssl23/theorem-4-4")
def uniformity_in_terms_of_coding_rate(draws: Draws) -> Finding:
    printed, mended = [], []
    for rng in draws:
        d, epsilon = int(rng.integers(2, 9)), rng.uniform(0.3, 2)
        z = on_sphere(rng, int(rng.integers(2, 20)), d)
        printed.append(_uniformity_gap(z, epsilon, 2)[0])
        mended.append(_uniformity_gap(z, epsilon, 2 / d)[0])
    example = on_sphere(draws.rng, 32, 8)
    return finding(
        worst(printed),
        mended=worst(mended),
        true=_uniformity_gap(example, 1.0, 2)[1],
        as_printed=_uniformity_gap(example, 1.0, 2)[2],
        corrected=_uniformity_gap(example, 1.0, 2 / 8)[2],
        note="2 L_TCR must read (2/d) L_TCR; the proof puts 1 + d lambda for 1/d + lambda and flips the sign of L_TCR",
    )


@check("matrixssl23/theorem-4-5")
def minimiser_of_the_coding_rate(draws: Draws) -> Finding:
    mended = []
    for rng in draws:
        d = int(rng.integers(2, 8))
        batch, epsilon = int(rng.integers(d + 1, 3 * d + 2)), rng.uniform(0.3, 2)
        claimed = -d / 2 * log(1 + 1 / epsilon**2)
        frame = harmonic_frame(batch, d) @ orthonormal(rng, d, d)
        mended += [abs(coding_rate(frame, epsilon) - claimed), claimed - coding_rate(on_sphere(rng, batch, d), epsilon)]
    d, batch = 8, 4
    claimed = -d / 2 * log(2)
    best = -batch / 2 * log(1 + d / batch)  # orthogonal samples; by concavity nothing is lower
    attained = [coding_rate(on_sphere(rng, batch, d)) for rng in draws] + [coding_rate(np.eye(d)[:batch])]
    return finding(
        abs(float(np.min(attained)) - claimed),
        mended=worst([*mended, abs(float(np.min(attained)) - best)]),
        claimed=claimed,
        best=best,
        note="needs at least as many samples as dimensions: four in eight dimensions cannot have a covariance of I/d",
    )


@check("matrixssl23/proposition-4-6")
def expansion_of_the_coding_rate(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        batch, d, epsilon = 12, int(rng.integers(2, 6)), rng.uniform(0.7, 4)
        z = on_sphere(rng, batch, d)
        x = np.linalg.eigvalsh(z.T @ z) * d / (batch * epsilon**2)
        rest = coding_rate(z, epsilon) - (-x.sum() / 2 + (x**2).sum() / 4)
        residuals += [-rest - (x**3).sum() / 6, rest]  # the next term, -tr(X^3)/6, bounds the rest
    wide = on_sphere(draws.rng, 32, 4) + 1.5 * np.eye(4)[0]
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    x = np.linalg.eigvalsh(wide.T @ wide) * 4 / 32
    order_16 = -sum((-1) ** (k + 1) * (x**k).sum() / k for k in range(1, 17)) / 2
    return finding(
        max(0.0, worst(residuals)),
        largest_eigenvalue=x[-1],
        order_16_there=order_16,
        true_there=coding_rate(wide),
        note="holds as an expansion, with a rest below tr(X^3)/6; the series diverges once d/(B eps^2) times the "
        "largest "
        "eigenvalue of ZZ^T exceeds 1",
    )


@check("matrixssl23/section-4-trace-identity")
def trace_of_a_square(draws: Draws) -> Finding:
    printed, mended = [], []
    for rng in draws:
        A = normal(rng, 8, 3).T @ normal(rng, 8, 3)
        squares = (A**2).sum()
        printed.append(abs(np.trace(A @ A) - squares) / squares)
        mended.append(abs(np.trace(A @ A.T) - squares) / squares)
    example = normal(draws.rng, 8, 3).T @ normal(draws.rng, 8, 3)
    return finding(
        worst(printed),
        mended=worst(mended),
        trace_of_the_square=np.trace(example @ example),
        sum_of_squares=(example**2).sum(),
        note="tr(A A) is the sum of squares only for symmetric A; tr(A A^T) always is",
    )


def _moments(weights: Array, points: Array) -> tuple[Array, Array]:
    """Mean and covariance of a discrete distribution."""
    mean = weights @ points
    return mean, (points.T * weights) @ points - np.outer(mean, mean)


@check("matrixssl23/theorem-5-1")
def full_rank_and_unit_trace(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        d = int(rng.integers(2, 7))
        mean, covariance = _moments(rng.dirichlet(np.ones(9)), on_sphere(rng, 9, d))
        residuals.append(abs(np.trace(covariance) - (1 - mean @ mean)))
        # Distributions that meet the condition: frames with their opposites, rotated.
        half = harmonic_frame(d + 1, d) @ orthonormal(rng, d, d)
        points = np.concatenate([half, -half])
        mean, covariance = _moments(np.full(len(points), 1 / len(points)), points)
        residuals += [
            abs(effective_rank(tensor(covariance)).item() - d),
            abs(np.trace(covariance) - 1),
            float(np.linalg.norm(mean)),
            np.abs(covariance - np.eye(d) / d).max(),
        ]
    return finding(
        worst(residuals),
        note="true: on the sphere tr C = 1 - |mean|^2, so a trace of 1 forces a mean of 0, and equal eigenvalues C = "
        "I/d",
    )


@check("matrixssl23/theorem-5-1-proof")
def second_moments_are_not_diagonal(draws: Draws) -> Finding:
    printed, mended = [], []
    for rng in draws:
        points, weights = on_sphere(rng, 9, 4), rng.dirichlet(np.ones(9))
        mean, covariance = _moments(weights, points)
        second = covariance + np.outer(mean, mean)
        printed.append(worst([np.abs(second - np.diag(np.diag(second))).max(), float(np.linalg.norm(mean))]))
        mended.append(abs(np.trace(covariance) - (1 - mean @ mean)))
    return finding(
        worst(printed),
        mended=worst(mended),
        note="a distribution on the sphere need have neither diagonal second moments nor a mean of 0, as the proof "
        "says; "
        "tr C = 1 - |mean|^2 proves the theorem",
    )


@check("matrixssl23/lemma-5-2")
def frobenius_distance(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        P, Q = normal(rng, 4, 5), normal(rng, 4, 5)
        expanded = (P**2).sum() + (Q**2).sum() - 2 * np.trace(P.T @ Q)
        residuals.append(abs(np.linalg.norm(P - Q) ** 2 - expanded))
    return finding(worst(residuals), note="an identity")


@check("matrixssl23/lemma-c-1")
def moments_of_the_uniform_distribution(draws: Draws) -> Finding:
    deviations = []
    for d in (2, 5, 16):
        points = on_sphere(draws.rng, 100 * draws.count, d)
        products = points[:, :, None] * points[:, None, :]
        for sample, expected in ((points, np.zeros(d)), (products, np.eye(d) / d)):
            error = sample.std(0) / np.sqrt(len(sample))
            deviations.append(float((np.abs(sample.mean(0) - expected) / np.maximum(error, 1e-12)).max()))
    return finding(
        worst(deviations),
        5.0,
        note="in standard errors of the sample: mean 0 and auto-correlation I/d within five",
    )
