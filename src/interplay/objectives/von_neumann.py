"""VNE: the von Neumann entropy of a batch as a term of the loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from interplay.information import normalise_rows, spectrum_entropy
from interplay.information.checks import check_number, check_tensor
from interplay.information.spectral import unit_trace_entropies
from interplay.objectives.differentiable import directions, with_direction, zero_loss


class VonNeumannEntropyLoss(nn.Module):
    """`weight * S` in nats, S the entropy of the squared singular values of Z/sqrt(N), Z the normalised features.

    A positive `weight` lowers the entropy (the batch clusters), a negative one raises it. S equals H(G(Z)).

    Args of `forward`:
        features: `[samples, d]`.

    Returns:
        a scalar in the type of `features`; 0 for fewer than two samples that have a direction. The gradient is finite
        on collapsed batches.

    Raises:
        InterplayError: `features` is not a matrix, or holds NaN or infinity.

    Source: the VNE baseline of metrics24 VII-C, whose weight is not published (docs/facts.md#vne); public code of
    Kim et al., jaeill/CVPR23-VNE (docs/facts.md#matrix-entropy).
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = check_number(weight, "weight")

    def forward(self, features: Tensor) -> Tensor:
        check_tensor(features, "features", empty=True)
        if features.ndim == 2 and len(features) < 2:
            return zero_loss(features)
        (kept,) = with_direction(features)
        if len(kept) < 2:
            return zero_loss(features)
        unit = normalise_rows(kept)
        singular = torch.linalg.svdvals(unit / len(unit) ** 0.5)
        return (self.weight * spectrum_entropy(singular**2)).to(features.dtype)

    def extra_repr(self) -> str:
        return f"weight={self.weight}"


def von_neumann_entropies(features: Tensor) -> tuple[Tensor, Tensor]:
    """S of any number of batches at once, decomposed in one call: `VonNeumannEntropyLoss` of each. Nothing is checked.

    Args:
        features: `[..., n, d]`; leading dimensions are batches.

    Returns:
        S `[...]`, nats, float64, 0 for fewer than two rows with a direction; and the numbers of those rows `[...]`.
    """
    units, directed = directions(features)
    counts = directed.double().sum(-1)
    gram = units @ units.mT if units.shape[-2] <= units.shape[-1] else units.mT @ units  # of the same spectrum
    entropies = unit_trace_entropies(gram / counts.clamp(min=1)[..., None, None])
    return torch.where(counts >= 2, entropies, 0.0), counts
