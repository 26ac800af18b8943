"""Entropies of features, head and both together from the second moments of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from interplay.information.entropy import spectrum_entropy
from interplay.information.kronecker import NEGLIGIBLE_MASS, KroneckerSum
from interplay.information.quadrature import entropy_by_quadrature

Method = Literal["exact", "quadrature"]


@dataclass(frozen=True)
class Entropies:
    """Entropies in nats of the features, the head (one weight per sample) and their Hadamard product.

    `standard_error` is that of the joint entropy, 0 where `method` is "exact".
    """

    feature: float
    head: float
    joint: float
    feature_effective_rank: float
    head_effective_rank: float
    method: Method
    standard_error: float


def entropies_of_moments(
    moments: Tensor,
    weights: Tensor,
    shares: Tensor,
    exact_limit: int,
    seed: int = 0,
    *,
    present: Sequence[int] | None = None,
) -> Entropies:
    """Entropies from class moments, which are divided by the trace of their sum.

    At its peak it takes as much memory as the moments of the classes present once more.

    Args:
        moments: `[C', d, d]`, float64: S_c, whose trace is proportional to the share of class c where all samples have
            unit length. Left as they are.
        weights: `[C, d']`, float64: unit class weights.
        shares: `[C]`, float64, positive, of sum one: the share of each class in the samples.
        exact_limit: largest matrix to diagonalise; beyond it the joint entropy is estimated.
        seed: of that estimate.
        present: of the C' moments those of the C classes; all by default.
    """
    feature_spectrum, rotated = _in_eigenbasis(moments, range(len(moments)) if present is None else present)

    # Coordinates of the weights in the eigenbasis of their own second moment. In the two eigenbases the operator is
    # close to diagonal, where random signs have no variance.
    _, singular, axes = torch.linalg.svd(shares.sqrt().unsqueeze(1) * weights, full_matrices=False)
    used = singular.square() > NEGLIGIBLE_MASS
    head_spectrum = singular[used].square()
    operator = KroneckerSum(rotated, weights @ axes[used].T)

    joint, method, error = _joint_entropy(operator, exact_limit, seed)
    return Entropies(
        feature=_entropy(feature_spectrum),
        head=_entropy(head_spectrum),
        joint=joint,
        feature_effective_rank=_effective_rank(feature_spectrum),
        head_effective_rank=_effective_rank(head_spectrum),
        method=method,
        standard_error=error,
    )


def _in_eigenbasis(moments: Tensor, classes: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Spectrum `[k]` of the sum of these classes' moments, of trace one, and each of them in its basis `[C, k, k]`."""
    total = moments[0].new_zeros(moments.shape[1:])  # [d, d]
    for c in classes:
        total += moments[c]
    trace = total.trace()
    spectrum, basis = torch.linalg.eigh(total.div_(trace))
    del total
    kept = spectrum > NEGLIGIBLE_MASS
    spectrum, basis = spectrum[kept], basis[:, kept] / trace.sqrt()  # [k], [d, k]
    # Class by class: a product of all at once would hold one more copy of the moments.
    rotated = basis.new_empty(len(classes), len(spectrum), len(spectrum))
    for place, c in enumerate(classes):
        rotated[place] = basis.T @ moments[c] @ basis
    return spectrum, rotated


def _joint_entropy(operator: KroneckerSum, exact_limit: int, seed: int) -> tuple[float, Method, float]:
    # Compressing costs one decomposition per class, worth it only where the result can be smaller than A itself.
    smaller = min(operator.size, exact_limit)
    if operator.size > min(256, exact_limit) and operator.least_compressed_size() < smaller:
        compressed = operator.compressed(smaller)
        if compressed is not None:
            return _entropy(torch.linalg.eigvalsh(compressed)), "exact", 0.0
    if operator.size <= exact_limit:
        return _entropy(torch.linalg.eigvalsh(operator.dense())), "exact", 0.0
    estimate = entropy_by_quadrature(
        operator,
        operator.size,
        operator.trace(),
        operator.trace_of_square(),
        # As many large eigenvalues as the head has directions are expected (one a class), found by twice the vectors.
        deflate=2 * operator.directions.shape[1] + 16,
        # The smaller the matrix, the larger the spread over probes, and the cheaper more of them.
        probes=min(64, max(16, 2**20 // operator.size)),
        seed=seed,
        device=operator.moments.device,
    )
    return estimate.value, "quadrature", estimate.standard_error


def _entropy(spectrum: Tensor) -> float:
    return max(0.0, float(spectrum_entropy(spectrum)))  # rounding can leave -1e-16 of a single eigenvalue 1


def _effective_rank(spectrum: Tensor) -> float:
    singular = spectrum.sqrt()
    return float(spectrum_entropy(singular / singular.sum()).exp())
