"""Whether a matrix is a Gram matrix of unit vectors, within the rounding of its type."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information.checks import check_finite, check_tensor

Normalise = bool | Literal["trace"]

# Products of up to 2^16 terms: their rounding errors are of either sign and add up to about sqrt(2^16) of one.
_SUMMED = 2**8
# Rows that are normalised and multiplied in a type: the norm, the division and the product each round once, the first
# two for both factors, by half an epsilon at most.
_ROUNDED = 4


class Prepared(NamedTuple):
    """A matrix in float64, normalised if asked for.

    Attributes:
        matrix: `[n, n]`; kept: `[n]`, samples that have a direction.
        name: of the argument; tolerance: rounding of one entry; dtype: the type that it came in.
    """

    matrix: Tensor
    kept: Tensor
    name: str
    tolerance: float
    dtype: torch.dtype


def entry_tolerance(dtype: torch.dtype) -> float:
    """How far an entry z_i . z_j of a Gram matrix may be from right if rows and product were computed in `dtype`.

    Each of a handful of roundings errs by eps(dtype)/2. The sum over the features errs by about sqrt(d) eps of the
    type in which it is added up, which is float32 for half-precision types. 6e-14 for float64, 3e-5 for float32, .004
    for float16 and .03 for bfloat16.
    """
    wide = torch.promote_types(dtype, torch.float32)
    summed = _SUMMED * torch.finfo(wide).eps
    return summed if wide == dtype else summed + _ROUNDED * torch.finfo(dtype).eps


def prepare(K: Any, name: str, normalise: Normalise, check: bool) -> Prepared:
    """`K` in float64, if symmetric and of unit diagonal (which `normalise` provides). Its spectrum is not looked at.

    Without `check` only type and shape are, and no value is waited for.

    Raises:
        InterplayError: says what `K` is not.
    """
    if normalise not in (True, False, "trace"):
        raise InterplayError(f"normalise: {normalise!r} is unknown; choose True, False or 'trace'")
    check_tensor(K, name)
    if K.ndim != 2 or K.shape[0] != K.shape[1]:
        raise InterplayError(f"{name}: expected a square matrix, got shape {list(K.shape)}")
    if check:
        check_finite(K, name)
    tolerance = entry_tolerance(K.dtype)
    given = matrix = K.double()
    if check:
        _check_symmetric(matrix.detach(), name, tolerance, K.dtype)
    diagonal = matrix.diagonal()
    kept = diagonal.detach() > 0
    if normalise == "trace":
        # Of a scale at which the trace neither over- nor underflows; it is divided by where samples are counted.
        largest = matrix.detach().abs().max()
        matrix = matrix / torch.where(largest > 0, largest, 1.0)
    elif normalise:
        # A zero under the root would have no slope.
        lengths = torch.where(kept, diagonal, 1.0).sqrt()
        matrix = matrix / lengths.unsqueeze(0) / lengths.unsqueeze(1)
    if check and normalise != "trace":
        _check_diagonal(matrix.detach().diagonal(), name, tolerance, K.dtype)
    if check:
        _check_undirected(given.detach(), kept, name, tolerance, K.dtype)
    return Prepared(matrix, kept, name, tolerance, K.dtype)


def check_spectrum(spectrum: Tensor, prepared: Prepared) -> None:
    """Raise an InterplayError if an eigenvalue of K/n, `[n]` in ascending order, is below zero by more than rounding.

    An error of at most t in each entry of K is a matrix of norm n t at most, which is reached where errors are equal
    (samples of collapsed classes): eigenvalues of K/n then move by t. The decomposition in float64 adds n eps.
    """
    rounding = prepared.tolerance + len(spectrum) * torch.finfo(torch.float64).eps
    least = float(spectrum.detach()[0])
    if least < -rounding * max(1.0, float(spectrum.detach()[-1])):
        raise InterplayError(
            f"{prepared.name}: not positive semi-definite, K/n has an eigenvalue of {least:.3g}, beyond the rounding "
            f"of {_said(prepared.dtype)} ({rounding:.1g}); pass gram_matrix(z) of representations z [samples, features]"
        )


def _check_symmetric(K: Tensor, name: str, tolerance: float, dtype: torch.dtype) -> None:
    scale = float(K.abs().max())
    # Halved, so that the difference of two large numbers of opposite sign does not overflow.
    difference = 2 * float((K / 2 - K.mT / 2).abs().max())
    if difference > tolerance * max(scale, torch.finfo(torch.float64).tiny):
        raise InterplayError(
            f"{name}: not symmetric, entries differ from their mirror images by up to {difference:.3g}, beyond the "
            f"rounding of {_said(dtype)} ({tolerance * scale:.1g}); pass gram_matrix(z) of representations z "
            "[samples, features]"
        )


def _check_diagonal(diagonal: Tensor, name: str, tolerance: float, dtype: torch.dtype) -> None:
    off = torch.where(diagonal == 0, 0.0, (diagonal - 1).abs())
    if float(off.max()) > tolerance:
        worst = float(diagonal[int(off.argmax())])
        raise InterplayError(
            f"{name}: the diagonal is not 1 but for example {worst:.6g}, beyond the rounding of {_said(dtype)} "
            f"({tolerance:.1g}); pass gram_matrix(z), or normalise=True to rescale"
        )


def _check_undirected(K: Tensor, kept: Tensor, name: str, tolerance: float, dtype: torch.dtype) -> None:
    """Rows of samples without direction are left out later on, unseen: they must be zero, as K_ij^2 <= K_ii K_jj."""
    if bool(kept.all()):
        return
    scale = float(K.abs().max())
    largest = torch.where(kept, 0.0, K.abs().amax(1))  # [n]
    if float(largest.max()) > tolerance * scale:
        row = int(largest.argmax())
        raise InterplayError(
            f"{name}: not positive semi-definite, row {row} has a diagonal of {float(K[row, row]):.3g} and an entry of "
            f"size {float(largest[row]):.3g}, beyond the rounding of {_said(dtype)} ({tolerance * scale:.1g}); pass "
            "gram_matrix(z) of representations z [samples, features]"
        )


def _said(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
