"""Gram matrices of representations, and the ways to normalise the representations first."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information.checks import check_matrix, check_tensor

FeatureNorm = Literal["l2", "batch", "layer"]
FEATURE_NORMS: tuple[FeatureNorm, ...] = get_args(FeatureNorm)

# Of entries scaled to at most 1: a spread below this is rounding of a mean, not a direction.
_NO_SPREAD = 1e-12


def normalise_rows(z: Tensor) -> Tensor:
    """Scale every row of `z` `[samples, features]` to unit length; rows of zeros stay zero.

    Raises:
        InterplayError: `z` is not a matrix, is empty, or holds NaN or infinity.
    """
    check_matrix(z, "features")
    return _unit_rows(z)


def less(rows: Tensor, mean: Tensor | None) -> Tensor:
    """Directions of `rows` `[n, d]` less `mean` `[d]`, both float64; the rows themselves where that is None."""
    if mean is None:
        return rows
    mean = mean.to(rows.device)
    moved = rows - mean
    # Two numbers of opposite sign near the largest there is; halved, the direction is the same.
    return moved if bool(torch.isfinite(moved).all()) else rows / 2 - mean / 2


def normalise_features(z: Tensor, normalise: FeatureNorm = "l2") -> Tensor:
    """Representations `[..., samples, features]` whose Gram matrix has a mean diagonal of one.

    `l2`: rows of unit length, as the documents have it. `layer`: layer normalisation, every sample standardised over
    its features; the division by its standard deviation is lost in the Gram matrix of unit rows, so these are the unit
    rows of z_i - mean(z_i). `batch`: batch normalisation, every feature standardised over the samples (no epsilon, so
    that the scale of a feature does not matter; constant features become zero), then all rows divided by one number.
    Rows then differ in length: the diagonal is one on average only, and with it MIR can leave [0, 1] slightly, because
    long samples count for more in the features' entropy and the joint one than in that of the head.

    Rows without direction (of zeros; for `layer`, of equal entries) become zero and do not count in the mean diagonal.
    Leading dimensions are batches. Not checked for NaN: see `gram_matrix`.

    Raises:
        InterplayError: an unknown normalisation; not a tensor of real numbers with samples and features.

    Source: `l2` metrics24 Def. IV.1; the others answer check 3 of the note.
    """
    check_norm(normalise)
    check_tensor(z, "z")
    if z.ndim < 2:
        raise InterplayError(f"z: expected a matrix [samples, features], got shape {list(z.shape)}")
    if normalise == "l2":
        return _unit_rows(z)
    if normalise == "layer":
        return _unit_rows(_less_mean(z, -1))
    centred = _less_mean(z, -2)  # [..., n, d]
    spread = centred.square().mean(-2, keepdim=True).sqrt()  # [..., 1, d]
    standard = centred / torch.where(spread > 0, spread, 1.0)
    lengths = standard.square().sum(-1)  # [..., n], squared; a row of zeros counts as no sample
    mean_square = lengths.sum(-1) / (lengths > 0).sum(-1).clamp(min=1)
    return standard / torch.where(mean_square > 0, mean_square, 1.0).sqrt()[..., None, None]


def check_norm(normalise: FeatureNorm) -> None:
    """Raise an InterplayError unless `normalise` is one of `FEATURE_NORMS`."""
    if normalise not in FEATURE_NORMS:
        raise InterplayError(f"normalise: {normalise} is unknown; choose one of {', '.join(FEATURE_NORMS)}")


def gram_matrix(z: Tensor, normalise: FeatureNorm = "l2") -> Tensor:
    """The similarity matrix G(Z) = Zn^T Zn of l2-normalised representations.

    Computed in float64 whatever the type of `z`: rounding a Gram matrix in float32 gives directions that are not
    there, so that the entropy of equal representations is not 0 and the ratios of two such are noise.

    Args:
        z: `[samples, features]`, real; transposed against the documents, whose Z is `[features, samples]`.
        normalise: another normalisation than theirs, see `normalise_features`.

    Returns:
        `[samples, samples]`, float64, symmetric, positive semi-definite, with a diagonal of ones (of zero for a row of
        zeros, which has no direction; with a mean of one for batch normalisation, so that `matrix_entropy` takes it
        with `normalise="trace"`).

    Raises:
        InterplayError: `z` is not a matrix, is empty, or holds NaN or infinity; an unknown normalisation.

    Source: metrics24 Def. IV.1 (whose print lacks one hat), interplay24 Def. 4.1.
    """
    check_matrix(z, "z")
    rows = normalise_features(z.double(), normalise)
    return rows @ rows.T


def _unit_rows(z: Tensor) -> Tensor:
    scaled = _scaled(z, -1)
    return torch.nn.functional.normalize(scaled, dim=-1, eps=torch.finfo(z.dtype).tiny)


def _scaled(z: Tensor, dim: int) -> Tensor:
    """Entries divided by the largest along `dim`: squares of very small or very large ones would under- or overflow."""
    largest = z.detach().abs().amax(dim=dim, keepdim=True)
    return z / torch.where(largest > 0, largest, 1.0)


def _less_mean(z: Tensor, dim: int) -> Tensor:
    """Scaled entries less their mean along `dim`; zero where all are equal but for rounding."""
    scaled = _scaled(z, dim)
    centred = scaled - scaled.mean(dim, keepdim=True)
    varies = centred.detach().abs().amax(dim=dim, keepdim=True) > _NO_SPREAD
    return torch.where(varies, centred, 0.0)
