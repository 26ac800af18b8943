"""Matrix entropy, effective rank, matrix mutual information, MIR and HDR of Gram matrices. All in nats."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information.gram import check_matrix

# Eigenvalues of a normalised matrix below this are rounding noise. It also keeps the gradient of -x log x finite at 0;
# a floor of 1e-7, as seen in public code, would add 8e-4 nats at 512 samples.
EIGENVALUE_FLOOR = 1e-12


def spectrum_entropy(eigenvalues: Tensor) -> Tensor:
    """Shannon entropy -sum p log p of a spectrum that sums to one; values below `EIGENVALUE_FLOOR` count as zero.

    The floor is a cut, not a clamp, so that a zero eigenvalue has entropy 0 and gradient 0 exactly.
    """
    safe = torch.where(eigenvalues > EIGENVALUE_FLOOR, eigenvalues, torch.ones_like(eigenvalues))
    return -(safe * safe.log()).sum(-1)


def matrix_entropy(K: Tensor) -> Tensor:
    """H(K) = -tr(K/n log K/n) in nats, between 0 and log n.

    The spectrum is computed in float64 whatever the type of `K`; the gradient is finite for repeated and for zero
    eigenvalues.

    Args:
        K: `[n, n]`, positive semi-definite with a diagonal of ones (a Gram matrix, or a Hadamard product of two).

    Returns:
        a scalar in float64.

    Raises:
        InterplayError: `K` is not square, is empty, or holds NaN or infinity.

    Source: metrics24 Def. III.1, interplay24 Def. 3.1.
    """
    check_matrix(K, "K")
    if K.shape[0] != K.shape[1]:
        raise InterplayError(f"K: expected a square matrix, got shape {list(K.shape)}")
    return spectrum_entropy(torch.linalg.eigvalsh(K.double() / K.shape[0]))


def effective_rank(A: Tensor) -> Tensor:
    """exp of the Shannon entropy of the normalised singular values of `A` `[n, m]`; between 1 and min(n, m).

    Raises:
        InterplayError: `A` is not a matrix, is empty, all zero, or holds NaN or infinity.

    Source: metrics24 Def. III.2, matrixssl23 Def. 3.5 (Roy and Vetterli, 2007).
    """
    check_matrix(A, "A")
    singular = torch.linalg.svdvals(A.double())
    total = singular.sum()
    if float(total) == 0.0:
        raise InterplayError("A: all values are zero, the effective rank is undefined")
    return spectrum_entropy(singular / total).exp()


def mutual_information(K1: Tensor, K2: Tensor) -> Tensor:
    """MI(K1, K2) = H(K1) + H(K2) - H(K1 o K2) in nats, o the Hadamard product.

    Args:
        K1, K2: `[n, n]` Gram matrices of the same n samples.

    Source: metrics24 Def. III.3, interplay24 Def. 3.2.
    """
    return _entropies(K1, K2)[2]


def mir(K1: Tensor, K2: Tensor) -> Tensor:
    """Matrix mutual information ratio MI(K1, K2) / min(H(K1), H(K2)), in [0, 1]; NaN where an entropy is 0.

    Independent features of few samples score high by chance (about .985 for 64 samples of 128 features): compare with
    the value after permuting the samples of one argument.

    Source: metrics24 Def. III.4, interplay24 Def. 3.3.
    """
    first, second, information = _entropies(K1, K2)
    return _ratio(information, torch.minimum(first, second))


def hdr(K1: Tensor, K2: Tensor) -> Tensor:
    """Matrix entropy difference ratio |H(K1) - H(K2)| / max(H(K1), H(K2)), in [0, 1]; NaN where both are 0.

    Source: metrics24 Def. III.5, interplay24 Def. 3.4.
    """
    first, second = matrix_entropy(K1), matrix_entropy(K2)
    return _ratio((first - second).abs(), torch.maximum(first, second))


def _entropies(K1: Tensor, K2: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """H(K1), H(K2) and MI(K1, K2)."""
    if K1.shape != K2.shape:
        raise InterplayError(f"K1 and K2 must be of the same samples, got shapes {list(K1.shape)}, {list(K2.shape)}")
    first, second = matrix_entropy(K1), matrix_entropy(K2)
    return first, second, first + second - matrix_entropy(K1 * K2)


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    # An entropy that is zero up to rounding (one sample, or all alike) leaves the ratio undefined, not huge.
    defined = denominator > 1e-9
    return torch.where(defined, numerator / torch.where(defined, denominator, 1.0), torch.nan)
