"""Matrix entropy, effective rank, matrix mutual information, MIR and HDR of Gram matrices. All in nats."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information import gram_checks
from interplay.information.checks import check_matrix, check_tensor
from interplay.information.gram_checks import Normalise

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

    Args:
        eigenvalues: `[..., k]`, float64 for digits to rely on; only their type is checked.

    Returns:
        `[...]`, in nats.
    """
    check_tensor(eigenvalues, "eigenvalues")
    safe = torch.where(eigenvalues > EIGENVALUE_FLOOR, eigenvalues, torch.ones_like(eigenvalues))
    return -(safe * safe.log()).sum(-1)


def matrix_entropy(K: Tensor, *, normalise: Normalise = False, check: bool = True) -> Tensor:
    """H(K) = -tr(K/n log K/n) in nats, between 0 and log n.

    The spectrum is computed in float64 whatever the type of `K`. The gradient is that of a spectral function, finite
    and right for repeated eigenvalues too; see `spectrum_entropy` for zero ones.

    Args:
        K: `[n, n]`, a Gram matrix of unit vectors (or a Hadamard product of two): symmetric, positive semi-definite,
            with a diagonal of ones. Samples whose diagonal entry is 0 have no direction; they do not count in n.
        normalise: True divides K_ij by sqrt(K_ii K_jj) first, which makes a diagonal of ones of any other; "trace"
            divides K by its trace instead, so that samples count by their squared lengths.
        check: False leaves out the checks of the values, for matrices that are Gram matrices by construction and
            loops on a GPU that must not wait for it.

    Returns:
        a scalar in float64.

    Raises:
        InterplayError: `K` is not such a matrix within the rounding of its type: not square, symmetric or positive
            semi-definite, a diagonal that is not one; empty, all zero, NaN or infinity.

    >>> matrix_entropy(torch.eye(2)).item() / torch.log(torch.tensor(2.0)).item()
    1.0

    Source: metrics24 Def. III.1, interplay24 Def. 3.1.
    """
    return _of_one(K, "K", normalise, check)


def effective_rank(A: Tensor) -> Tensor:
    """exp of the Shannon entropy of the normalised singular values of `A` `[n, m]`; between 1 and min(n, m).

    Raises:
        InterplayError: `A` is not a matrix, is empty, all zero, or holds NaN or infinity.

    Source: metrics24 Def. III.2, matrixssl23 Def. 3.5 (Roy and Vetterli, 2007).
    """
    check_matrix(A, "A")
    A = A.double()
    largest = A.detach().abs().max()
    if float(largest) == 0.0:
        raise InterplayError("A: all values are zero, the effective rank is undefined")
    singular = torch.linalg.svdvals(A / largest)  # [min(n, m)], of a scale at which sums neither over- nor underflow
    return spectrum_entropy(singular / singular.sum()).exp()


def mutual_information(K1: Tensor, K2: Tensor, *, normalise: Normalise = False, check: bool = True) -> Tensor:
    """MI(K1, K2) = H(K1) + H(K2) - H(K1 o K2) in nats, o the Hadamard product.

    Args:
        K1, K2: `[n, n]` Gram matrices of the same n samples. Samples that have no direction in one of them (a diagonal
            entry of 0) are left out of both, or the ratios could leave [0, 1].
        normalise, check: as of `matrix_entropy`.

    Raises:
        InterplayError: shapes differ, or a matrix is one that `matrix_entropy` refuses.

    Source: metrics24 Def. III.3, interplay24 Def. 3.2.
    """
    first, second, joint = _entropies(K1, K2, normalise, check)
    return first + second - joint


def mir(K1: Tensor, K2: Tensor, *, normalise: Normalise = False, check: bool = True) -> Tensor:
    """Matrix mutual information ratio MI(K1, K2) / min(H(K1), H(K2)), in [0, 1]; NaN where an entropy is 0.

    Independent features of few samples score high by chance (64 samples: about .94 for 128 features, .985 for 512):
    compare with the value after permuting the samples of one argument.

    Source: metrics24 Def. III.4, interplay24 Def. 3.3. Arguments and errors as `mutual_information`.
    """
    first, second, joint = _entropies(K1, K2, normalise, check)
    return _ratio(first + second - joint, torch.minimum(first, second))


def hdr(K1: Tensor, K2: Tensor, *, normalise: Normalise = False, check: bool = True) -> Tensor:
    """Matrix entropy difference ratio |H(K1) - H(K2)| / max(H(K1), H(K2)), in [0, 1]; NaN where both are 0.

    The matrices may be of different samples, even of different numbers of them.

    Source: metrics24 Def. III.5, interplay24 Def. 3.4. Arguments and errors as `matrix_entropy`.
    """
    first, second = _of_one(K1, "K1", normalise, check), _of_one(K2, "K2", normalise, check)
    return _ratio((first - second).abs(), torch.maximum(first, second))


def _of_one(K: Tensor, name: str, normalise: Normalise, check: bool) -> Tensor:
    prepared = gram_checks.prepare(K, name, normalise, check)
    if check and not bool(prepared.kept.any()):
        raise InterplayError(f"{name}: the diagonal is zero, no sample has a direction")
    return _checked_entropy(prepared, _divisor(prepared.matrix, prepared.kept, normalise), check)


def _entropies(K1: Tensor, K2: Tensor, normalise: Normalise, check: bool) -> tuple[Tensor, Tensor, Tensor]:
    """H(K1), H(K2) and H(K1 o K2) over the samples that have a direction in both."""
    first, second = gram_checks.prepare(K1, "K1", normalise, check), gram_checks.prepare(K2, "K2", normalise, check)
    if K1.shape != K2.shape:
        raise InterplayError(f"K1 and K2 must be of the same samples, got shapes {list(K1.shape)}, {list(K2.shape)}")
    if K1.device != K2.device:
        raise InterplayError(f"K1 and K2 must be on one device, got {K1.device} and {K2.device}")
    kept = first.kept & second.kept  # [n]
    if check and not bool(kept.any()):
        raise InterplayError("K1, K2: no sample has a direction in both")
    # Samples that are left out become rows and columns of zeros, which add eigenvalues of 0 and nothing else: unlike
    # indexing, the shape does not depend on values, for which a GPU would have to be waited for.
    mask = kept.double().unsqueeze(0) * kept.double().unsqueeze(1)  # [n, n]
    first, second = (one._replace(matrix=one.matrix * mask) for one in (first, second))
    product = first.matrix * second.matrix
    one, two, both = (_divisor(matrix, kept, normalise) for matrix in (first.matrix, second.matrix, product))
    # By Schur's theorem the product of two positive semi-definite matrices is one, so it needs no check.
    joint = spectrum_entropy(torch.linalg.eigvalsh(product / both))
    return _checked_entropy(first, one, check), _checked_entropy(second, two, check), joint


def _divisor(matrix: Tensor, kept: Tensor, normalise: Normalise) -> Tensor:
    """What makes the trace one: the number of samples, which is the trace already where the diagonal is one."""
    if normalise == "trace":
        trace = matrix.trace()
        return torch.where(trace > 0, trace, 1.0)
    return kept.sum().clamp(min=1)


def _checked_entropy(prepared: gram_checks.Prepared, divisor: Tensor, check: bool) -> Tensor:
    spectrum = torch.linalg.eigvalsh(prepared.matrix / divisor)
    if check:
        gram_checks.check_spectrum(spectrum, prepared)
    return spectrum_entropy(spectrum)


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    defined = denominator > NO_ENTROPY
    return torch.where(defined, numerator / torch.where(defined, denominator, 1.0), torch.nan)
