"""Checks of tensors from outside: what is wrong is said in one line."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.errors import InterplayError


def check_matrix(z: Tensor, name: str) -> None:
    """Raise an InterplayError that says what is wrong unless `z` is a finite, real, non-empty matrix."""
    if not isinstance(z, Tensor):
        raise InterplayError(f"{name}: expected a torch.Tensor, got {type(z).__name__}")
    if z.ndim != 2:
        raise InterplayError(f"{name}: expected a matrix [samples, features], got shape {list(z.shape)}")
    if 0 in z.shape:
        raise InterplayError(f"{name}: empty, shape {list(z.shape)}")
    if not z.is_floating_point():
        raise InterplayError(f"{name}: expected real numbers, got {z.dtype}; convert with .float()")
    if not bool(torch.isfinite(z).all()):
        bad = int((~torch.isfinite(z)).sum())
        raise InterplayError(f"{name}: {bad} of {z.numel()} values are NaN or infinite")


def check_labels(labels: Tensor, num_classes: int, num_samples: int) -> Tensor:
    """The labels, unless they are not `num_samples` integers in 0..num_classes-1: then an InterplayError says why."""
    if not isinstance(labels, Tensor):
        raise InterplayError(f"labels: expected a torch.Tensor, got {type(labels).__name__}")
    if labels.ndim != 1 or len(labels) != num_samples:
        raise InterplayError(f"labels: expected shape [{num_samples}], one per sample, got {list(labels.shape)}")
    if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
        raise InterplayError(f"labels: expected integers, got {labels.dtype}")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= num_classes:
        raise InterplayError(f"labels: expected 0 to {num_classes - 1}, got values from {low} to {high}")
    return labels
