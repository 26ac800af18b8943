"""Networks on the segment between two networks of one architecture."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from interplay.errors import InterplayError


@torch.no_grad()
def interpolate(first: Mapping[str, Tensor], second: Mapping[str, Tensor], weight: float) -> dict[str, Tensor]:
    """The state dict h = (1 - weight) h1 + weight h2 of two networks.

    Parameters and floating buffers (running statistics of batch normalisation) are interpolated, exactly h1 at weight 0
    and h2 at weight 1; integer buffers (`num_batches_tracked`) count something and are taken from the first.

    Args:
        first, second: state dicts of two networks of one architecture.
        weight: of the second, in [0, 1].

    Raises:
        InterplayError: a weight outside [0, 1], or state dicts of different architectures.

    Source: metrics24 sec. VI-B, interplay24 sec. 5.2.

    >>> interpolate({"w": torch.tensor([0.0, 4.0])}, {"w": torch.tensor([2.0, 0.0])}, 0.25)
    {'w': tensor([0.5000, 3.0000])}
    """
    if not 0 <= weight <= 1:
        raise InterplayError(f"weight: between 0 and 1 needed to stay between two networks, got {weight:g}")
    _check_architectures(first, second)
    return {
        name: torch.lerp(tensor, second[name].to(tensor), weight) if tensor.is_floating_point() else tensor.clone()
        for name, tensor in first.items()
    }


def _check_architectures(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> None:
    """Name the first tensor in which two state dicts do not fit together."""
    for name, tensor in first.items():
        if name not in second:
            raise InterplayError(f"networks of different architectures: the second has no tensor {name}")
        if tensor.shape != second[name].shape:
            shapes = f"{list(tensor.shape)} in the first and {list(second[name].shape)} in the second"
            raise InterplayError(f"networks of different architectures: {name} has shape {shapes}")
    for name in second:
        if name not in first:
            raise InterplayError(f"networks of different architectures: the first has no tensor {name}")
