"""What the definitions of metrics24 III and IV-A assert: two forms that must agree, properties that must follow.

That our functions are the printed formulas is no statement of a document: the tests see to that.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log

import numpy as np
import torch

from interplay.experiments.theory import naive
from interplay.experiments.theory.instances import gram_of_random, normal
from interplay.experiments.theory.naive import Array
from interplay.experiments.theory.registry import Draws, check, finding, worst
from interplay.information import gram_matrix, matrix_entropy
from interplay.records import Finding


def tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


def _pairs(draws: Draws) -> Iterator[tuple[Array, Array]]:
    for rng in draws:
        n = int(rng.integers(2, 9))
        yield gram_of_random(rng, n), gram_of_random(rng, n)


@check("metrics24/definition-iii1")
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
