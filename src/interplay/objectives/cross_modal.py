"""CMA: the entropy of each class's images together with its text, as a term of the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from interplay.errors import InterplayError
from interplay.information import check_labels, check_matrix
from interplay.information.checks import check_number, check_tensor
from interplay.information.spectral import unit_trace_entropies
from interplay.objectives.differentiable import directions, zero_loss

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
        ridge = RELEASED_RIDGE if self.variant == "released" else 0.0
        loss = self.weight * class_group_entropies(features, labels, class_vectors, ridge).reduce(self.variant)
        return loss.to(features.dtype)

    def extra_repr(self) -> str:
        return f"variant={self.variant!r}, weight={self.weight}"


@dataclass(frozen=True)
class GroupEntropies:
    """Entropies of the groups "images of a class and its text vector", for the classes present in ascending order."""

    entropies: Tensor
    """`[..., groups]`, nats, float64; 0 for a group of fewer than two rows with a direction."""
    sizes: Tensor
    """`[..., groups]`, float64: rows of a group that have a direction, its text vector among them."""

    def reduce(self, variant: CmaVariant) -> Tensor:
        """CMA `[...]`: the sum of H/n (`published`) or the mean of H/log n (`released`) over the groups."""
        if variant == "released":
            return (self.entropies / self.sizes.clamp(min=2).log()).mean(-1)
        return (self.entropies / self.sizes.clamp(min=1)).sum(-1)


def class_group_entropies(
    features: Tensor, labels: Tensor, class_vectors: Tensor, ridge: Tensor | float = 0.0
) -> GroupEntropies:
    """Entropies of the groups of a batch, for any number of sets of class vectors at once. Values are not checked.

    The groups of all sets are decomposed in one call: a hundred small matrices one by one take longer than the rest of
    a training step. The images' part of the Gram matrices is the same for all sets and is computed once.

    Args:
        features: `[samples, d]`, the images' representations; labels: `[samples]`, int64 below `classes`.
        class_vectors: `[..., classes, d]`, text vectors; leading dimensions are sets of them (members trained at once).
        ridge: `[...]` or one number, added to the diagonal of a Gram matrix of unit vectors before it is scaled to
            unit trace: 0 (`published`) or `RELEASED_RIDGE` (`released`).

    Returns:
        entropies and sizes `[..., groups]`; differentiable in features and class vectors, always finitely so.
    """
    present, group, counts = torch.unique(labels, return_inverse=True, return_counts=True)
    order = group.argsort(stable=True)
    starts = counts.cumsum(0) - counts
    place = torch.empty_like(group)
    place[order] = torch.arange(len(group), device=group.device) - starts[group[order]]
    slots = (group, place)
    units, directed = directions(features)
    empty = units.new_zeros(len(present), int(counts.max()), units.shape[1])
    images = empty.index_put(slots, units)  # [groups, images, d], rows of zeros where others have more
    texts, named = directions(class_vectors.to(features.dtype)[..., present, :])  # [..., groups, d], [..., groups]
    seen = torch.zeros(images.shape[:2], dtype=torch.bool, device=images.device).index_put(slots, directed)
    rows = torch.cat([named[..., None], seen.expand(*named.shape, -1)], dim=-1).double()  # [..., groups, members]
    sizes = rows.sum(-1)
    among = (images @ images.mT).expand(*named.shape, -1, -1)  # [..., groups, images, images]
    across = (images @ texts[..., None])[..., 0]  # [..., groups, images]
    first = torch.cat([texts.square().sum(-1, keepdim=True), across], dim=-1)  # [..., groups, members]
    gram = torch.cat([first[..., None, :], torch.cat([across[..., None], among], dim=-1)], dim=-2)
    share = torch.as_tensor(ridge, dtype=gram.dtype, device=gram.device)[..., None, None]  # [..., 1, 1]
    unit_trace = (gram + torch.diag_embed(share * rows)) / ((1 + share) * sizes.clamp(min=1)[..., None])[..., None]
    entropies = torch.where(sizes >= 2, unit_trace_entropies(unit_trace), 0.0)
    return GroupEntropies(entropies, sizes)


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
