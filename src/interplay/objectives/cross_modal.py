"""CMA: the entropy of each class's images together with its text, as a term of the loss."""

from __future__ import annotations

from math import log
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from interplay.errors import InterplayError
from interplay.information import check_labels, gram_matrix, matrix_entropy
from interplay.information.checks import check_number, check_tensor
from interplay.objectives.differentiable import with_direction, zero_loss

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
        terms = []
        for label in torch.unique(labels).tolist():
            group = torch.cat([features[labels == label], class_vectors[label : label + 1].to(features.dtype)])
            (kept,) = with_direction(group)
            n = len(kept)
            if n < 2:  # a group without two directions has no entropy
                terms.append(zero_loss(group).double())
                continue
            gram = gram_matrix(kept)
            if self.variant == "released":
                ridged = gram + RELEASED_RIDGE * torch.eye(n, dtype=gram.dtype, device=gram.device)
                terms.append(matrix_entropy(ridged * (n / ridged.trace()), check=False) / log(n))
            else:
                terms.append(matrix_entropy(gram, check=False) / n)
        stacked = torch.stack(terms)
        total = stacked.mean() if self.variant == "released" else stacked.sum()
        return (self.weight * total).to(features.dtype)

    def extra_repr(self) -> str:
        return f"variant={self.variant!r}, weight={self.weight}"


def _checked(features: Tensor, labels: Tensor, class_vectors: Tensor) -> Tensor:
    """The labels as int64 on the features' device, if all three fit one another."""
    check_tensor(features, "features", empty=True)
    check_tensor(class_vectors, "class_vectors")
    if features.ndim != 2 or class_vectors.ndim != 2 or features.shape[1] != class_vectors.shape[1]:
        raise InterplayError(
            "features [samples, d] and class_vectors [classes, d] must share their last dimension, "
            f"got shapes {list(features.shape)} and {list(class_vectors.shape)}"
        )
    if len(features) == 0:
        return torch.zeros(0, dtype=torch.int64, device=features.device)
    return check_labels(labels, len(class_vectors), len(features)).to(features.device)
