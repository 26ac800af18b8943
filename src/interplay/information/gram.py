"""Gram matrices of representations."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.errors import InterplayError


def normalise_rows(z: Tensor) -> Tensor:
    """Scale every row of `z` `[samples, features]` to unit length; rows of zeros stay zero.

    Raises:
        InterplayError: `z` is not a matrix, is empty, or holds NaN or infinity.
    """
    check_matrix(z, "features")
    return torch.nn.functional.normalize(z, dim=1, eps=torch.finfo(z.dtype).tiny)


def gram_matrix(z: Tensor) -> Tensor:
    """The similarity matrix G(Z) = Zn^T Zn of l2-normalised representations.

    Args:
        z: `[samples, features]`, real; transposed against the documents, whose Z is `[features, samples]`.

    Returns:
        `[samples, samples]`, symmetric, positive semi-definite, with a diagonal of ones (of zero for a row of zeros).

    Raises:
        InterplayError: `z` is not a matrix, is empty, or holds NaN or infinity.

    Source: metrics24 Def. IV.1 (whose print lacks one hat), interplay24 Def. 4.1.
    """
    unit = normalise_rows(z)
    return unit @ unit.T


def check_matrix(z: Tensor, name: str) -> None:
    """Raise an InterplayError that says what is wrong unless `z` is a finite, real, non-empty matrix."""
    if z.ndim != 2:
        raise InterplayError(f"{name}: expected a matrix [samples, features], got shape {list(z.shape)}")
    if 0 in z.shape:
        raise InterplayError(f"{name}: empty, shape {list(z.shape)}")
    if not z.is_floating_point():
        raise InterplayError(f"{name}: expected real numbers, got {z.dtype}; convert with .float()")
    if not bool(torch.isfinite(z).all()):
        bad = int((~torch.isfinite(z)).sum())
        raise InterplayError(f"{name}: {bad} of {z.numel()} values are NaN or infinite")
