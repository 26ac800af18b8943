"""What keeps a loss on directions of vectors differentiable, whatever the batch looks like."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.information import check_matrix, normalise_features

# Rows shorter than this have no direction to speak of; the gradient of z/|z| there would be 1/|z|, without bound.
SHORTEST_ROW = 1e-12


def short_rows(z: Tensor) -> Tensor:
    """Which rows of `z` `[samples, features]` have no direction, `[samples]`.

    Raises:
        InterplayError: `z` is not a matrix, is empty, or holds NaN or infinity.
    """
    check_matrix(z, "features")
    norms: Tensor = torch.linalg.vector_norm(z.detach().double(), dim=1)
    return norms < SHORTEST_ROW


def with_direction(*matrices: Tensor) -> list[Tensor]:
    """The rows that have a direction in all of `matrices`, in float64; the others neither count nor get a gradient.

    float64 also keeps autocast from rounding Gram matrices to half precision.
    """
    kept = ~torch.stack([short_rows(z) for z in matrices]).any(0)
    return [z.double()[kept] for z in matrices]


def directions(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Unit rows `[..., n, d]` in float64, and which have a direction `[..., n]`; zeros, without gradient, elsewhere.

    A row of zeros adds a zero eigenvalue, which has no entropy.
    """
    rows = rows.double()
    directed = torch.linalg.vector_norm(rows.detach(), dim=-1) >= SHORTEST_ROW
    # A constant row stands in, which no gradient reaches.
    return normalise_features(torch.where(directed[..., None], rows, 1.0)) * directed[..., None], directed


def zero_loss(*tensors: Tensor) -> Tensor:
    """Zero, connected to `tensors`, so that a batch without a loss still goes through `backward()`."""
    return torch.stack([tensor.sum() * 0 for tensor in tensors]).sum()
