"""Matrix entropy, effective rank, matrix mutual information, MIR and HDR of Gram matrices. All in nats."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information.checks import check_matrix

# Eigenvalues of a normalised matrix below this are rounding noise (of float64: `gram_matrix` computes in it). A floor
# of 1e-7, as seen in public code, would change the entropy by 8e-4 nats at 512 samples.
EIGENVALUE_FLOOR = 1e-12

# Entropies below this are 0 up to rounding (one sample, or all alike): a ratio to them is undefined, not huge.
NO_ENTROPY = 1e-9


def spectrum_entropy(eigenvalues: Tensor) -> Tensor:
    """Shannon entropy -sum p log p of a spectrum that sums to one; values below `EIGENVALUE_FLOOR` count as zero.

    The floor is a cut, not a clamp. A zero eigenvalue has entropy 0 and gradient 0: -log p - 1 has no limit at 0, but
    the eigenvalue of a Gram matrix is quadratic in the representations there, so that by the chain rule nothing is lost
    where the zero stays a zero (more samples than features, equal samples). Where a small step makes it positive, the
    entropy itself has no finite slope and the gradient leaves that direction out.
    """
    safe = torch.where(eigenvalues > EIGENVALUE_FLOOR, eigenvalues, torch.ones_like(eigenvalues))
    return -(safe * safe.log()).sum(-1)


def matrix_entropy(K: Tensor) -> Tensor:
    """H(K) = -tr(K/n log K/n) in nats, between 0 and log n.

    The spectrum is computed in float64 whatever the type of `K`. The gradient is that of a spectral function, finite
    and right for repeated eigenvalues too; see `spectrum_entropy` for zero ones.

    Args:
        K: `[n, n]`, positive semi-definite with a diagonal of ones (a Gram matrix, or a Hadamard product of two).
            Samples whose diagonal entry is 0 have no direction; they do not count in n.

    Returns:
        a scalar in float64.

    Raises:
        InterplayError: `K` is not square, is empty, all zero, or holds NaN or infinity.

    Source: metrics24 Def. III.1, interplay24 Def. 3.1.
    """
    _check_square(K, "K")
    samples = int((K.diagonal() > 0).sum())
    if samples == 0:
        raise InterplayError("K: the diagonal is zero, no sample has a direction")
    return spectrum_entropy(torch.linalg.eigvalsh(K.double() / samples))


def effective_rank(A: Tensor) -> Tensor:
    """exp of the Shannon entropy of the normalised singular values of `A` `[n, m]`; between 1 and min(n, m).

    Raises:
        InterplayError: `A` is not a matrix, is empty, all zero, or holds NaN or infinity.

    Source: metrics24 Def. III.2, matrixssl23 Def. 3.5 (Roy and Vetterli, 2007).
    """
    check_matrix(A, "A")
    singular = torch.linalg.svdvals(A.double())
    total = singular.sum()
    if float(total.detach()) == 0.0:
        raise InterplayError("A: all values are zero, the effective rank is undefined")
    return spectrum_entropy(singular / total).exp()


def mutual_information(K1: Tensor, K2: Tensor) -> Tensor:
    """MI(K1, K2) = H(K1) + H(K2) - H(K1 o K2) in nats, o the Hadamard product.

    Args:
        K1, K2: `[n, n]` Gram matrices of the same n samples. Samples that have no direction in one of them (a diagonal
            entry of 0) are left out of both, or the ratios could leave [0, 1].

    Raises:
        InterplayError: shapes differ, or a matrix is one that `matrix_entropy` refuses.

    Source: metrics24 Def. III.3, interplay24 Def. 3.2.
    """
    first, second = _common_samples(K1, K2)
    return matrix_entropy(first) + matrix_entropy(second) - matrix_entropy(first * second)


def mir(K1: Tensor, K2: Tensor) -> Tensor:
    """Matrix mutual information ratio MI(K1, K2) / min(H(K1), H(K2)), in [0, 1]; NaN where an entropy is 0.

    Independent features of few samples score high by chance (64 samples: about .94 for 128 features, .985 for 512):
    compare with the value after permuting the samples of one argument.

    Source: metrics24 Def. III.4, interplay24 Def. 3.3. Arguments and errors as `mutual_information`.
    """
    K1, K2 = _common_samples(K1, K2)
    first, second = matrix_entropy(K1), matrix_entropy(K2)
    return _ratio(first + second - matrix_entropy(K1 * K2), torch.minimum(first, second))


def hdr(K1: Tensor, K2: Tensor) -> Tensor:
    """Matrix entropy difference ratio |H(K1) - H(K2)| / max(H(K1), H(K2)), in [0, 1]; NaN where both are 0.

    The matrices may be of different samples, even of different numbers of them.

    Source: metrics24 Def. III.5, interplay24 Def. 3.4.
    """
    first, second = matrix_entropy(K1), matrix_entropy(K2)
    return _ratio((first - second).abs(), torch.maximum(first, second))


def _check_square(K: Tensor, name: str) -> None:
    check_matrix(K, name)
    if K.shape[0] != K.shape[1]:
        raise InterplayError(f"{name}: expected a square matrix, got shape {list(K.shape)}")


def _common_samples(K1: Tensor, K2: Tensor) -> tuple[Tensor, Tensor]:
    """Both matrices without the samples that have no direction in one of them."""
    _check_square(K1, "K1")
    _check_square(K2, "K2")
    if K1.shape != K2.shape:
        raise InterplayError(f"K1 and K2 must be of the same samples, got shapes {list(K1.shape)}, {list(K2.shape)}")
    # In float64 before the product, which in float32 would add rounding noise to a joint matrix of low rank.
    K1, K2 = K1.double(), K2.double()
    kept = (K1.diagonal() > 0) & (K2.diagonal() > 0)
    if bool(kept.all()):
        return K1, K2
    if not bool(kept.any()):
        raise InterplayError("K1, K2: no sample has a direction in both")
    return K1[kept][:, kept], K2[kept][:, kept]


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    defined = denominator > NO_ENTROPY
    return torch.where(defined, numerator / torch.where(defined, denominator, 1.0), torch.nan)
