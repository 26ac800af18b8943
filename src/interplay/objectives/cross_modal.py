"""CMA: the entropy of each class's images together with its text, as a term of the loss."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from interplay.errors import InterplayError
from interplay.information import check_labels, check_matrix, normalise_features
from interplay.information.checks import check_number, check_tensor
from interplay.information.spectral import unit_trace_entropies
from interplay.objectives.differentiable import SHORTEST_ROW, zero_loss

CmaVariant = Literal["published", "released"]
RELEASED_RIDGE = 1e-6


class CrossModalAlignmentLoss(nn.Module):
    """Sum or mean of the entropies of the groups "images of a class and the class's text vector".

    - `published` (Algorithm 1): sum over classes of H(G(group)) / len(group), in nats.
    - `released` (the authors' code): mean over the classes present of H/log n, H of G + 1e-6 I scaled to unit trace;
      between 0 and 1, and about ten times larger at 100 classes.

    A group of one image and one text has H = h_b((1 + cos)/2), h_b the binary entropy.

    Args of `forward`:
        features: `[samples, d]`, the images' representations.
        labels: `[samples]`, integers below `classes`.
        class_vectors: `[classes, d]`, the text encoder's vectors.

    Returns:
        a scalar in the type of `features`; 0 for no samples. The gradient is always finite.

    Raises:
        InterplayError: unknown variant, shapes that do not fit, labels out of range, NaN or infinity.

    Source: metrics24 VII-B, Algorithm 1; the released code, skingorz/CMA (docs/facts.md#cma).
    """

    def __init__(self, variant: CmaVariant = "published", weight: float = 1.0) -> None:
        super().__init__()
        if variant not in get_args(CmaVariant):
            raise InterplayError(f"variant: {variant!r} is unknown; choose one of {', '.join(get_args(CmaVariant))}")
        self.variant = variant
        self.weight = check_number(weight, "weight")

    def forward(self, features: Tensor, labels: Tensor, class_vectors: Tensor) -> Tensor:
        labels = _checked(features, labels, class_vectors)
        if len(features) == 0:
            return zero_loss(features, class_vectors)
        rows = _groups(features, labels, class_vectors)  # [groups, members, d], float64
        directed = torch.linalg.vector_norm(rows.detach(), dim=2) >= SHORTEST_ROW  # [groups, members]
        counts = directed.double().sum(1)
        # Where there is no direction, a constant row stands in, which no gradient reaches, and then a row of zeros: it
        # adds a zero eigenvalue, which has no entropy.
        unit = normalise_features(torch.where(directed[..., None], rows, 1.0)) * directed[..., None]
        gram = unit @ unit.mT / counts.clamp(min=1)[:, None, None]  # of unit trace
        if self.variant == "released":
            ridge = RELEASED_RIDGE * torch.diag_embed(directed.double() / counts.clamp(min=1)[:, None])
            terms = unit_trace_entropies((gram + ridge) / (1 + RELEASED_RIDGE)) / counts.clamp(min=2).log()
        else:
            terms = unit_trace_entropies(gram) / counts.clamp(min=1)
        terms = torch.where(counts >= 2, terms, 0.0)  # a group without two directions has no entropy
        total = terms.mean() if self.variant == "released" else terms.sum()
        return (self.weight * total).to(features.dtype)

    def extra_repr(self) -> str:
        return f"variant={self.variant!r}, weight={self.weight}"


def _groups(features: Tensor, labels: Tensor, class_vectors: Tensor) -> Tensor:
    """For each class present its vector and then its images, in float64; rows of zeros where others have more.

    All groups are decomposed together: a hundred small matrices one by one take longer than the rest of a step.

    Returns:
        `[groups, members, d]`.
    """
    present, group, counts = torch.unique(labels, return_inverse=True, return_counts=True)
    order = group.argsort(stable=True)
    starts = counts.cumsum(0) - counts
    place = torch.empty_like(group)
    place[order] = torch.arange(len(group), device=group.device) - starts[group[order]] + 1
    members = torch.cat([torch.zeros_like(present), place])
    groups = torch.cat([torch.arange(len(present), device=group.device), group])
    vectors = class_vectors[present].to(features.dtype)
    rows = torch.cat([vectors, features]).double()
    empty = rows.new_zeros(len(present), int(counts.max()) + 1, rows.shape[1])
    return empty.index_put((groups, members), rows)


def _checked(features: Tensor, labels: Tensor, class_vectors: Tensor) -> Tensor:
    """The labels as int64 on the features' device, if all three fit one another."""
    check_tensor(features, "features", empty=True)
    check_tensor(class_vectors, "class_vectors")
    if features.ndim != 2 or class_vectors.ndim != 2 or features.shape[1] != class_vectors.shape[1]:
        raise InterplayError(
            "features [samples, d] and class_vectors [classes, d] must share their last dimension, "
            f"got shapes {list(features.shape)} and {list(class_vectors.shape)}"
        )
    check_matrix(class_vectors, "class_vectors")
    if len(features) == 0:
        return torch.zeros(0, dtype=torch.int64, device=features.device)
    check_matrix(features, "features")
    return check_labels(labels, len(class_vectors), len(features)).to(features.device)
