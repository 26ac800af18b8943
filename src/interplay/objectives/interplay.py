"""MAX MI and MIN HD: the interplay of features and head as a term of the loss (metrics24 VIII, interplay24 6)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from interplay.errors import InterplayError
from interplay.information import gram_matrix, normalise_features
from interplay.information.checks import check_number, check_tensor
from interplay.information.spectral import unit_trace_entropies
from interplay.objectives.differentiable import SHORTEST_ROW, with_direction, zero_loss


class MutualInformationLoss(nn.Module):
    """`-weight * MI(G(f), G(V))` in nats, V_i = W_{y_i}: minimising it maximises the mutual information (MAX MI).

    Args of `forward`:
        features: `[samples, d]`, the representations f(x_i).
        class_vectors: `[samples, d']`, the head's weight vector of each sample's (pseudo-)label: `weight[labels]`.

    Returns:
        a scalar in the type of `features`; 0 for fewer than two samples that have a direction. The gradient is always
        finite.

    Raises:
        InterplayError: the two are not matrices of the same samples, or hold NaN or infinity.

    Source: metrics24 VIII-B, interplay24 6.2 (whose weight is not published).
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = check_number(weight, "weight")

    def forward(self, features: Tensor, class_vectors: Tensor) -> Tensor:
        pair = rows_with_direction(features, class_vectors)
        if pair is None:
            return zero_loss(features, class_vectors)
        first, second = (gram_matrix(z) / len(z) for z in pair)
        of_first, of_second, joint = unit_trace_entropies(torch.stack([first, second, first * second * len(first)]))
        loss: Tensor = -self.weight * (of_first + of_second - joint)
        return loss.to(features.dtype)

    def of_labels(self, features: Tensor, labels: Tensor, head_weights: Tensor, kept: Tensor | None = None) -> Tensor:
        """The same for V_i = W_{y_i} without checks, for the inside of a training step: nothing waits for the device.

        Args:
            features: `[samples, d]`; labels: `[samples]`, integers in 0..C-1; head_weights: `[C, d']`.
            kept: `[samples]`, which samples count (a mask of confidence, say); all where None.
        """
        batch = _Batch.of(features, labels, head_weights, kept)
        of_features, joint = unit_trace_entropies(torch.stack([batch.gram, batch.joint]))
        information = of_features + unit_trace_entropies(batch.of_classes) - joint
        return batch.loss(-self.weight * information)

    def extra_repr(self) -> str:
        return f"weight={self.weight}"


class EntropyDifferenceLoss(nn.Module):
    """`weight * |H(G(f)) - H(G(V))|` in nats: minimising it closes the entropy difference (MIN HD).

    Arguments, result and errors as for `MutualInformationLoss`. The gradient is 0 where both entropies are equal.

    Source: metrics24 VIII-B, interplay24 6.2 (whose weight is not published).
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        self.weight = check_number(weight, "weight")

    def forward(self, features: Tensor, class_vectors: Tensor) -> Tensor:
        pair = rows_with_direction(features, class_vectors)
        if pair is None:
            return zero_loss(features, class_vectors)
        of_first, of_second = unit_trace_entropies(torch.stack([gram_matrix(z) / len(z) for z in pair]))
        loss: Tensor = self.weight * (of_first - of_second).abs()
        return loss.to(features.dtype)

    def of_labels(self, features: Tensor, labels: Tensor, head_weights: Tensor, kept: Tensor | None = None) -> Tensor:
        """The same for V_i = W_{y_i} without checks; arguments as of `MutualInformationLoss.of_labels`."""
        batch = _Batch.of(features, labels, head_weights, kept)
        difference = unit_trace_entropies(batch.smaller_gram) - unit_trace_entropies(batch.of_classes)
        return batch.loss(self.weight * difference.abs())

    def extra_repr(self) -> str:
        return f"weight={self.weight}"


@dataclass(frozen=True)
class _Batch:
    """Unit features and class vectors of a batch; samples that do not count are rows of zeros, to keep shapes fixed.

    A row of zeros adds a zero eigenvalue, which has no entropy.
    """

    rows: Tensor  # [n, d], float64
    members: Tensor  # [n, C], float64: 1 where a sample that counts has the class
    classes: Tensor  # [C, d'], float64, unit rows
    count: Tensor  # scalar, float64: samples that count
    dtype: torch.dtype

    @classmethod
    def of(cls, features: Tensor, labels: Tensor, head_weights: Tensor, kept: Tensor | None) -> _Batch:
        num_classes = len(head_weights)
        z, w = features.double(), head_weights.double()
        counts = torch.linalg.vector_norm(z.detach(), dim=1) >= SHORTEST_ROW
        directed = torch.linalg.vector_norm(w.detach(), dim=1) >= SHORTEST_ROW
        members = labels[:, None] == torch.arange(num_classes, device=labels.device)
        # As products, not as an index: the gradient of an index is a sum in an order of its own.
        counts = counts & (members & directed).any(1)
        if kept is not None:
            counts = counts & (kept != 0)
        weights = counts.double()
        return cls(
            rows=normalise_features(z) * weights[:, None],
            members=members.double() * weights[:, None],
            classes=normalise_features(w),
            count=weights.sum(),
            dtype=features.dtype,
        )

    @property
    def gram(self) -> Tensor:
        """G(f) / n, `[n, n]`."""
        return self.rows @ self.rows.T / self.count.clamp(min=1)

    @property
    def smaller_gram(self) -> Tensor:
        """A matrix of the spectrum of G(f) / n, `[n, n]` or `[d, d]`."""
        if self.rows.shape[0] <= self.rows.shape[1]:
            return self.gram
        return self.rows.T @ self.rows / self.count.clamp(min=1)

    @property
    def joint(self) -> Tensor:
        """G(f) o G(V) / n, `[n, n]`."""
        vectors = self.members @ self.classes
        return self.gram * (vectors @ vectors.T)

    @property
    def of_classes(self) -> Tensor:
        """The spectrum of G(V) / n without its zeros: class vectors weighted by the roots of their shares.

        `[C, C]` or `[d', d']`, whichever is smaller, in place of `[n, n]`.
        """
        shares = self.members.sum(0) / self.count.clamp(min=1)
        weighted = shares.sqrt()[:, None] * self.classes
        smaller = weighted.shape[0] <= weighted.shape[1]
        return weighted @ weighted.T if smaller else weighted.T @ weighted

    def loss(self, value: Tensor) -> Tensor:
        """The value in the type of the features; 0 for fewer than two samples that count."""
        return torch.where(self.count >= 2, value, 0.0).to(self.dtype)


def rows_with_direction(features: Tensor, class_vectors: Tensor) -> list[Tensor] | None:
    """Both arguments in float64 without samples of no direction in either; None where fewer than two are left."""
    check_tensor(features, "features", empty=True)
    check_tensor(class_vectors, "class_vectors", empty=True)
    if features.ndim != 2 or class_vectors.ndim != 2 or len(features) != len(class_vectors):
        raise InterplayError(
            "features and class_vectors must be matrices [samples, dimensions] of the same samples, "
            f"got shapes {list(features.shape)} and {list(class_vectors.shape)}; pass head.weight[labels]"
        )
    if len(features) < 2:
        return None
    kept = with_direction(features, class_vectors)
    return kept if len(kept[0]) >= 2 else None
