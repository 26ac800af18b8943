"""The definitions of metrics24 III and IV-A and interplay24 3 and 4.1: our functions against the printed formulas."""

from __future__ import annotations

from collections.abc import Iterator
from math import log

import numpy as np
import torch

from interplay.experiments.theory import naive
from interplay.experiments.theory.instances import gram_of_random, normal
from interplay.experiments.theory.naive import Array
from interplay.experiments.theory.registry import Draws, check, finding, worst
from interplay.information import effective_rank, gram_matrix, hdr, matrix_entropy, mir, mutual_information
from interplay.records import Finding


def tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


def _pairs(draws: Draws) -> Iterator[tuple[Array, Array]]:
    for rng in draws:
        n = int(rng.integers(2, 9))
        yield gram_of_random(rng, n), gram_of_random(rng, n)


@check("metrics24/definition-iii1", "interplay24/definition-3-1")
def matrix_entropy_definition(draws: Draws) -> Finding:
    residuals = []
    for first, _ in _pairs(draws):
        ours = matrix_entropy(tensor(first)).item()
        residuals += [
            abs(ours - naive.trace_entropy(first)),
            abs(ours - naive.entropy(first)),
            -ours,
            ours - log(len(first)),
        ]
    for n in (2, 10, 100):
        identity, ones = torch.eye(n, dtype=torch.float64), torch.ones(n, n, dtype=torch.float64)
        residuals += [abs(matrix_entropy(identity).item() - log(n)), abs(matrix_entropy(ones).item())]
    return finding(
        worst(residuals),
        entropy_of_identity_10=matrix_entropy(torch.eye(10)).item(),
        note="both printed forms agree with ours; 0 for equal samples, log d for the identity, between them elsewhere",
    )


@check("metrics24/definition-iii2", "matrixssl23/definition-3-5")
def effective_rank_definition(draws: Draws) -> Finding:
    residuals = []
    for rng in draws:
        n, m, r = (int(k) for k in rng.integers(1, 8, size=3))
        A = normal(rng, n, r) @ normal(rng, r, m)
        ours = effective_rank(tensor(A)).item()
        residuals += [
            abs(ours - naive.effective_rank(A)),
            abs(ours - effective_rank(tensor(-3.5 * A)).item()),
            1 - ours,
            ours - np.linalg.matrix_rank(A),
        ]
    residuals += [abs(effective_rank(torch.eye(k)).item() - k) for k in (1, 3, 50)]
    return finding(
        worst(residuals),
        note="equals the entropy of the singular values; between 1 and the rank, scale-free, n for the identity",
    )


@check("metrics24/definition-iii3", "interplay24/definition-3-2")
def mutual_information_definition(draws: Draws) -> Finding:
    residuals = []
    for first, second in _pairs(draws):
        ours = mutual_information(tensor(first), tensor(second)).item()
        naive_value = naive.entropy(first) + naive.entropy(second) - naive.entropy(first * second)
        swapped = mutual_information(tensor(second), tensor(first)).item()
        constant = mutual_information(tensor(first), torch.ones(len(first), len(first), dtype=torch.float64)).item()
        residuals += [abs(ours - naive_value), abs(ours - swapped), abs(constant)]
    return finding(worst(residuals), note="equals the printed sum; symmetric, and 0 against samples that are all alike")


@check("metrics24/definition-iii4", "interplay24/definition-3-3")
def mir_definition(draws: Draws) -> Finding:
    residuals = []
    for first, second in _pairs(draws):
        h1, h2 = naive.entropy(first), naive.entropy(second)
        printed = (h1 + h2 - naive.entropy(first * second)) / min(h1, h2)
        residuals.append(abs(mir(tensor(first), tensor(second)).item() - printed))
    return finding(worst(residuals), note="equals the printed ratio; undefined where an entropy is 0")


@check("metrics24/definition-iii5", "interplay24/definition-3-4")
def hdr_definition(draws: Draws) -> Finding:
    residuals = []
    for first, second in _pairs(draws):
        h1, h2 = naive.entropy(first), naive.entropy(second)
        residuals.append(abs(hdr(tensor(first), tensor(second)).item() - abs(h1 - h2) / max(h1, h2)))
    return finding(worst(residuals), note="equals the printed ratio; undefined where both entropies are 0")


def _gram_residual(G: Array) -> float:
    """How far a matrix is from being symmetric, positive semi-definite and of unit diagonal."""
    return worst([np.abs(np.diag(G) - 1).max(), np.abs(G - G.T).max(), -np.linalg.eigvalsh((G + G.T) / 2)[0]])


def _gram_of_ours(draws: Draws) -> tuple[float, float, float]:
    """Residual of our Gram matrix, and of the print with one hat: its properties, and its distance from ours."""
    ours, one_hat = [], []
    for rng in draws:
        z = normal(rng, int(rng.integers(2, 9)), int(rng.integers(2, 9))) * rng.uniform(0.3, 3)
        G = gram_matrix(tensor(z)).numpy()
        ours += [_gram_residual(G), np.abs(G - naive.gram(z)).max()]
        one_hat.append(_gram_residual(z @ (z / np.linalg.norm(z, axis=1, keepdims=True)).T))
    return worst(ours), worst(one_hat), float(np.min(one_hat))


@check("metrics24/definition-iv1")
def gram_definition_with_one_hat(draws: Draws) -> Finding:
    ours, one_hat, least = _gram_of_ours(draws)
    return finding(
        one_hat,
        mended=ours,
        smallest_violation=least,
        note="without the second normalisation the diagonal is not 1 and the matrix not symmetric (interplay24 has it)",
    )


@check("interplay24/definition-4-1")
def gram_definition(draws: Draws) -> Finding:
    ours, _, _ = _gram_of_ours(draws)
    return finding(ours, note="symmetric, positive semi-definite, of unit diagonal; equal to the matrix of cosines")
