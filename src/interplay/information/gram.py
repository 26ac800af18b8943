"""Gram matrices of representations."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.information.checks import check_matrix


def normalise_rows(z: Tensor) -> Tensor:
    """Scale every row of `z` `[samples, features]` to unit length; rows of zeros stay zero.

    Raises:
        InterplayError: `z` is not a matrix, is empty, or holds NaN or infinity.
    """
    check_matrix(z, "features")
    # By the largest entry first: squares of very small or very large entries would under- or overflow.
    largest = z.detach().abs().amax(dim=1, keepdim=True)
    scaled = z / torch.where(largest > 0, largest, 1.0)
    return torch.nn.functional.normalize(scaled, dim=1, eps=torch.finfo(z.dtype).tiny)


def gram_matrix(z: Tensor) -> Tensor:
    """The similarity matrix G(Z) = Zn^T Zn of l2-normalised representations.

    Computed in float64 whatever the type of `z`: rounding a Gram matrix in float32 gives directions that are not
    there, so that the entropy of equal representations is not 0 and the ratios of two such are noise.

    Args:
        z: `[samples, features]`, real; transposed against the documents, whose Z is `[features, samples]`.

    Returns:
        `[samples, samples]`, float64, symmetric, positive semi-definite, with a diagonal of ones (of zero for a row of
        zeros, which has no direction).

    Raises:
        InterplayError: `z` is not a matrix, is empty, or holds NaN or infinity.

    Source: metrics24 Def. IV.1 (whose print lacks one hat), interplay24 Def. 4.1.
    """
    check_matrix(z, "z")
    unit = normalise_rows(z.double())
    return unit @ unit.T
