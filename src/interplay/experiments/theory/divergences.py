"""Matrix entropy, KL and cross-entropy: matrixssl23 3.3-3.4, Prop. 3.6, 4.1 and 4.2."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log

import numpy as np
import torch

from interplay.experiments.theory import naive
from interplay.experiments.theory.definitions import tensor
from interplay.experiments.theory.instances import definite, density, normal, on_sphere
from interplay.experiments.theory.naive import Array
from interplay.experiments.theory.registry import Draws, check, finding, worst
from interplay.information import effective_rank
from interplay.objectives import generalised_entropy, matrix_cross_entropy, matrix_kl
from interplay.records import Finding


@check("matrixssl23/definition-3-1")
def generalised_entropy_definition(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        A = definite(rng, int(rng.integers(2, 6)))
        values = np.linalg.eigvalsh(A)
        ours = generalised_entropy(tensor(A)).item()
        by_trace = np.trace(A) - np.trace(A @ naive.logarithm(A))
        residuals += [abs(ours - by_trace), abs(ours - (values - values * np.log(values)).sum())]
    return finding(
        worst(residuals), note="both printed forms agree with ours; for unit trace it is the von Neumann entropy plus 1"
    )


@check("matrixssl23/definition-3-3")
def cross_entropy_definition(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        n = int(rng.integers(2, 6))
        P, Q = definite(rng, n), definite(rng, n)
        ours = matrix_cross_entropy(tensor(P), tensor(Q)).item()
        entropy = np.trace(P) - np.trace(P @ naive.logarithm(P))
        residuals += [
            abs(ours - np.trace(Q - P @ naive.logarithm(Q))),
            abs(ours - naive.kl(P, Q) - entropy),
        ]
    return finding(worst(residuals), note="both printed forms agree with ours")


@check("matrixssl23/lemma-3-4")
def products_are_semi_definite(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        A = normal(rng, *(int(k) for k in rng.integers(1, 8, size=2)))
        values = np.linalg.eigvalsh(A @ A.T)
        residuals.append(-values[0] / values[-1])
    return finding(max(0.0, worst(residuals)), note="no eigenvalue of A A^T falls below rounding")


@check("matrixssl23/section-3-3-quantum-kl")
def quantum_kl_has_the_wrong_sign(draws: Draws) -> Finding:
    printed, mended = [], []
    for rng in draws:
        A, B = density(rng, 4), density(rng, 4)
        relative_entropy = np.trace(A @ naive.logarithm(A) - A @ naive.logarithm(B))
        printed.append(abs(-relative_entropy - matrix_kl(tensor(A), tensor(B)).item()))
        mended.append(abs(relative_entropy - matrix_kl(tensor(A), tensor(B)).item()))
    spread, narrow = np.diag([0.5, 0.5]), np.diag([0.95, 0.05])
    example = naive.kl(spread, narrow)
    return finding(
        worst(printed),
        mended=worst(mended),
        example_as_printed=-example,
        example=example,
        note="with the leading minus the divergence would be negative and not the special case of Def. 3.2 that it "
        "is said to be",
    )


@check("matrixssl23/proposition-3-6")
def entropy_kl_and_effective_rank(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        d = int(rng.integers(2, 7))
        z = on_sphere(rng, 3 * d, d)
        A = tensor(z.T @ z / len(z))
        entropy = generalised_entropy(A).item()
        von_neumann = naive.shannon(np.linalg.eigvalsh(A.numpy()))
        divergence = matrix_kl(A, torch.eye(d, dtype=torch.float64) / d).item()
        rank = effective_rank(A).item()
        residuals += [
            abs(entropy - (-divergence + log(d) + 1)),
            abs(rank - exp(entropy - 1)),
            abs(rank - exp(von_neumann)),
        ]
    return finding(worst(residuals), note="all three equalities hold")


def _minimality(draws: Draws, loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Finding:
    """Whether Q = P is stationary and better than every other Q drawn, near and far."""
    residuals, nearest = [], []
    for rng in draws:
        n = int(rng.integers(2, 6))
        P = definite(rng, n)
        at = tensor(P).requires_grad_()
        value = loss(tensor(P), at)
        (gradient,) = torch.autograd.grad(value, at)
        residuals.append(gradient.abs().max().item())
        root = np.linalg.cholesky(P)
        step = normal(rng, n, n)
        for Q in (definite(rng, n), root @ (np.eye(n) + 0.05 * (step + step.T) / n) @ root.T):
            excess = loss(tensor(P), tensor(Q)).item() - value.item()
            residuals.append(-excess)
            nearest.append(excess)
    return finding(
        max(0.0, worst(residuals)),
        smallest_excess=float(np.min(nearest)),
        note="Q = P is stationary, and every other Q drawn is worse",
    )


@check("matrixssl23/proposition-4-1")
def kl_is_least_at_p(draws: Draws) -> Finding:
    return _minimality(draws, matrix_kl)


@check("matrixssl23/proposition-4-2")
def cross_entropy_is_least_at_p(draws: Draws) -> Finding:
    return _minimality(draws, matrix_cross_entropy)


def frechet_gradient(P: Array, Q: Array) -> Array:
    """I - D log(Q)[P], the gradient of tr(-P log Q + Q) in Q, by divided differences in the eigenbasis of Q."""
    values, vectors = np.linalg.eigh(Q)
    gaps = values[:, None] - values[None, :]
    logs = np.log(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        quotients = np.where(gaps == 0, 1 / values[:, None], (logs[:, None] - logs[None, :]) / gaps)
    result: Array = np.eye(len(Q)) - vectors @ (quotients * (vectors.T @ P @ vectors)) @ vectors.T
    return result


def _gradient_of_the_proof(draws: Draws, loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Finding:
    """-P Q^-1 + I against the Frechet derivative, and that against slopes along random symmetric directions."""
    printed, mended = [], []
    for rng in draws:
        n, width = 4, 1e-5
        P, Q = definite(rng, n), definite(rng, n)
        Q = Q / np.linalg.eigvalsh(Q)[0]
        direction = normal(rng, n, n)
        direction = (direction + direction.T) / np.linalg.norm(direction + direction.T)
        up, down = (loss(tensor(P), tensor(Q + sign * width * direction)).item() for sign in (1, -1))
        slope = (up - down) / (2 * width)
        of_proof, exact = np.eye(n) - P @ np.linalg.inv(Q), frechet_gradient(P, Q)
        of_proof = (of_proof + of_proof.T) / 2  # all that acts on symmetric directions
        printed.append(np.linalg.norm(of_proof - exact) / np.linalg.norm(exact))
        mended.append(abs((exact * direction).sum() - slope) / np.linalg.norm(exact))
    return finding(
        worst(printed),
        1e-6,
        mended=worst(mended),
        mended_tolerance=1e-6,
        mean_relative_error=float(np.mean(printed)),
        note="-P Q^-1 + I is the gradient only where P and Q commute; the Frechet derivative of the logarithm is "
        "needed; "
        "the proposition itself holds",
    )


@check("matrixssl23/proposition-4-1-gradient")
def gradient_in_the_proof_of_kl(draws: Draws) -> Finding:
    return _gradient_of_the_proof(draws, matrix_kl)


@check("matrixssl23/proposition-4-2-gradient")
def gradient_in_the_proof_of_cross_entropy(draws: Draws) -> Finding:
    return _gradient_of_the_proof(draws, matrix_cross_entropy)
