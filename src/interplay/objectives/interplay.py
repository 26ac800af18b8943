"""MAX MI and MIN HD: the interplay of features and head as a term of the loss (metrics24 VIII, interplay24 6)."""

from __future__ import annotations

from torch import Tensor, nn

from interplay.errors import InterplayError
from interplay.information import gram_matrix, matrix_entropy, mutual_information
from interplay.information.checks import check_number, check_tensor
from interplay.objectives.differentiable import with_direction, zero_loss


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
        information = mutual_information(gram_matrix(pair[0]), gram_matrix(pair[1]), check=False)
        return (-self.weight * information).to(features.dtype)

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
        first, second = (matrix_entropy(gram_matrix(rows), check=False) for rows in pair)
        difference = first - second
        return (self.weight * difference.abs()).to(features.dtype)

    def extra_repr(self) -> str:
        return f"weight={self.weight}"


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
