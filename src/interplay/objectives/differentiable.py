"""Entropies of Gram matrices that a network can be trained through, whatever the batch looks like."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.information.gram import gram_matrix

# Rows shorter than this have no direction to speak of; the gradient of z/|z| there would be 1/|z|, without bound.
SHORTEST_ROW = 1e-12


def differentiable_gram(z: Tensor) -> Tensor:
    """The Gram matrix of `z` `[samples, features]` in float64, with no gradient through rows of (almost) zero length.

    float64 also keeps autocast from rounding the matrix to half precision.

    Raises:
        InterplayError: `z` is not a matrix, is empty, or holds NaN or infinity.
    """
    return gram_matrix(detach_short_rows(z.double()))


def detach_short_rows(z: Tensor) -> Tensor:
    """`z`, with rows of (almost) zero length taken out of the graph."""
    if z.ndim != 2:
        return z  # whoever normalises it says what is wrong
    short = torch.linalg.vector_norm(z.detach(), dim=1, keepdim=True) < SHORTEST_ROW
    return torch.where(short, z.detach(), z)


def zero_loss(*tensors: Tensor) -> Tensor:
    """Zero, connected to `tensors`, so that a batch without a loss still goes through `backward()`."""
    return torch.stack([tensor.sum() * 0 for tensor in tensors]).sum()
