"""The four signs of neural collapse, NC1 to NC4, of the last layer's features and the head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

import torch
from torch import Tensor

from interplay.collapse.between import RELATIVE_CUT, centred_means
from interplay.collapse.layers import LayerCollapse
from interplay.collapse.units import exponent_of, scaled
from interplay.errors import InterplayError
from interplay.information import check_labels, check_matrix
from interplay.information.checks import check_number, check_vector, gathers

FEATURES = "features"  # the one layer of the passes
_ENTRIES = 2**21  # of the largest matrix that is made at a time
_LARGEST_EXPONENT = 900  # of 2 in a ratio of scales; beyond it one of two summands is nothing beside the other


@dataclass(frozen=True)
class NeuralCollapse:
    """How far features and head are from neural collapse; every number is 0 at exact collapse.

    Attributes:
        nc1: tr(Sigma_W Sigma_B^+), within-class against between-class scatter. No division by the number of classes;
            `nc1_per_class` has it. NaN, as all others, where all class means are one point.
        nc2: |M M^T / |M M^T|_F - (I - 1 1^T / C) / sqrt(C - 1)|_F with M the centred class means `[C, d]`: distance of
            their Gram matrix from that of a simplex, in norms and angles together.
        nc2_equinorm: standard deviation of the norms of the centred class means, over their mean.
        nc2_equiangular: mean over pairs of classes of |cos + 1/(C-1)|.
        nc3: |W / |W|_F - M / |M|_F|_F, not squared; between 0 and 2. NaN without head.
        nc4: share of samples for which the head does not choose the class of the nearest class mean. NaN without head.
        num_classes: classes that have samples; the others are left out of NC1 to NC3.

    Source: metrics24 sec. IV-A (NC 1 to NC 3), compression25 sec. 1.2 (all four); as scalars Papyan, Han and Donoho
    (2020) for NC1, the parts of NC2 and NC4, Zhu et al. (2021) for NC2 as one number.
    """

    nc1: float
    nc2: float
    nc2_equinorm: float
    nc2_equiangular: float
    nc3: float
    nc4: float
    num_classes: int

    @property
    def nc1_per_class(self) -> float:
        """tr(Sigma_W Sigma_B^+) / C, the convention of some public code."""
        return self.nc1 / self.num_classes


@torch.no_grad()
def neural_collapse(
    features: Tensor,
    labels: Tensor,
    head_weights: Tensor | None = None,
    head_bias: Tensor | None = None,
    *,
    relative_cut: float = RELATIVE_CUT,
) -> NeuralCollapse:
    """NC1 to NC4 of features held in memory, in float64; the same at any scale and offset of the features.

    Args:
        features: `[N, d]`; labels: `[N]`, integers; head_weights: `[C, d]`; head_bias: `[C]`.
        relative_cut: eigenvalues of Sigma_B below this share of the largest count as zero.

    Raises:
        InterplayError: shapes do not fit, NaN or infinity, labels that are no class, fewer than two classes with
            samples.

    >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    >>> neural_collapse(features, torch.tensor([0, 0, 1])).nc1
    0.0
    """
    check_matrix(features, "features")
    check_number(relative_cut, "relative_cut", 0, 1)
    if head_bias is not None and head_weights is None:
        raise InterplayError("head_bias: given without head_weights")
    if head_weights is not None:
        check_head(head_weights, head_bias, features.shape[1])
    labels = check_labels(labels, None if head_weights is None else len(head_weights), len(features))
    labels = labels.to(features.device)
    if head_weights is None:  # any whole numbers may name the classes: count those that occur
        names, labels = torch.unique(labels, return_inverse=True)
    num_classes = len(names) if head_weights is None else len(head_weights)
    first = LayerCollapse(num_classes, relative_cut=relative_cut)
    rows = max(1, _ENTRIES // features.shape[1])
    batches = list(zip(features.detach().split(rows), labels.split(rows), strict=True))
    for batch, names_of_batch in batches:
        first.update({FEATURES: batch}, names_of_batch)
    second = NeuralCollapsePass(first, head_weights, head_bias)
    for batch, names_of_batch in batches:
        second.update(batch, names_of_batch)
    return second.compute()


class NeuralCollapsePass:
    """Second of two passes over features in a stream; the first is a `LayerCollapse` of the one layer `FEATURES`.

    Args:
        first: has seen all samples.
        head_weights: `[C, d]`, of as many classes; head_bias: `[C]`.

    Raises:
        InterplayError: a head that does not fit, or fewer than two classes with samples.
    """

    @gathers
    def __init__(self, first: LayerCollapse, head_weights: Tensor | None, head_bias: Tensor | None) -> None:
        self._scatter = first.second_pass()
        means, self._unit = first.means_in_units()[FEATURES], first.units[FEATURES]  # [C, d]
        present = (first.counts > 0).to(means.device)
        if int(present.sum()) < 2:
            found = int(present.sum())
            raise InterplayError(f"labels: neural collapse needs samples of at least 2 classes, found {found}")
        self._classes = present.nonzero().flatten()
        # Distances between means are those of the features in any unit, and the four signs depend on no unit.
        self._centred = centred_means(means[present], first.counts.to(means.device)[present])  # [C', d]
        self._middle = means[present].mean(0)  # [d], near the means, for distances that keep their digits
        self._offsets = means[present] - self._middle
        self._head: tuple[Tensor, Tensor] | None = None  # weights [C, d] and bias [C]
        if head_weights is not None:
            check_head(head_weights, head_bias, means.shape[1])
            self._directions = scaled(head_weights.detach().to(means.device), exponent_of(head_weights) or 0)
            self._head = self._head_in_units(head_weights, head_bias)
        self._disagree = 0
        self._seen = 0

    @gathers
    def update(self, features: Tensor, labels: Tensor) -> None:
        """Take up a batch of the same samples: features `[n, d]`, labels `[n]` as in the first pass."""
        self._scatter.update({FEATURES: features}, labels)
        self._seen += len(features)
        if self._head is None:
            return
        weights, bias = self._head
        rows = max(1, _ENTRIES // max(weights.shape))
        for part in features.detach().split(rows):
            z = self._unit.coordinates(part.to(self._centred.device))  # [n, d]
            # |z - mu|^2 less |z|^2, which is the same for all classes.
            distances = self._offsets.square().sum(1) - 2 * (z - self._middle) @ self._offsets.T  # [n, C']
            nearest = self._classes[distances.argmin(1)]
            chosen = (z @ weights.T + bias).argmax(1)
            self._disagree += int((chosen != nearest).sum())

    @gathers
    def compute(self) -> NeuralCollapse:
        """The four signs, all NaN where all class means are one point."""
        found = len(self._classes)
        nc1 = self._scatter.compute()[FEATURES]
        if not self._scatter.separates(FEATURES):
            return NeuralCollapse(nan, nan, nan, nan, nan, nan, found)
        # Of values near 1: squares, and squares of those, neither under- nor overflow.
        centred = scaled(self._centred, exponent_of(self._centred) or 0)
        lengths = centred.norm(dim=1)  # [C']
        nc3 = nc4 = nan
        if self._head is not None:
            nc3 = float((_unit_norm(self._directions[self._classes]) - _unit_norm(centred)).norm())
            nc4 = self._disagree / self._seen
        return NeuralCollapse(
            nc1=nc1,
            nc2=_distance_from_simplex(centred),
            nc2_equinorm=float(lengths.std(correction=0) / lengths.mean()),
            nc2_equiangular=_equiangularity(centred),
            nc3=nc3,
            nc4=nc4,
            num_classes=found,
        )

    def _head_in_units(self, weights: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        """Weights `[C, d]` and bias `[C]` that give the head's logits over one power of two, from coordinates.

        With h = 2^e (u + o), W h + b = 2^(e + f) (W' u + W' o + 2^(-e - f) b) for W = 2^f W'. Which logit is the
        largest does not depend on the factor before the bracket.
        """
        e, f = self._unit.exponent or 0, exponent_of(weights) or 0
        unit_weights = self._directions
        constant = unit_weights @ self._unit.origin
        if bias is None:
            return unit_weights, constant
        bias = bias.detach().to(constant)
        g = exponent_of(bias)
        if g is None or g <= e + f + _LARGEST_EXPONENT:
            return unit_weights, constant + scaled(scaled(bias, g or 0), e + f - (g or 0))
        # The bias is all that counts; its own scale keeps it a number.
        return torch.zeros_like(unit_weights), scaled(bias, g)


def _distance_from_simplex(centred: Tensor) -> float:
    """|M M^T / |M M^T|_F - (I - 1 1^T / C) / sqrt(C - 1)|_F by blocks of rows, as C x C may be large."""
    classes, d = centred.shape
    norm = (centred.T @ centred if d < classes else centred @ centred.T).norm()
    total = torch.zeros_like(norm)
    for start, block in _blocks(centred):  # [rows, C]
        simplex = torch.full_like(block, -1 / classes)
        simplex.diagonal(start).add_(1)
        total += (block / norm - simplex / (classes - 1) ** 0.5).square().sum()
    return float(total.sqrt())


def _equiangularity(centred: Tensor) -> float:
    classes = len(centred)
    unit = torch.nn.functional.normalize(centred, dim=1)
    total = torch.zeros_like(centred[0, 0])
    for start, cosines in _blocks(unit):  # [rows, C]
        deviation = (cosines + 1 / (classes - 1)).abs()
        total += deviation.sum() - deviation.diagonal(start).sum()
    return float(total / (classes * (classes - 1)))


def _blocks(rows: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Blocks of rows of `rows` times its transpose, with the number of the first row."""
    size = max(1, _ENTRIES // len(rows))
    for start in range(0, len(rows), size):
        yield start, rows[start : start + size] @ rows.T


def _unit_norm(matrix: Tensor) -> Tensor:
    return torch.div(matrix, matrix.norm())


def check_head(weights: Tensor, bias: Tensor | None, num_features: int) -> None:
    """Raise an InterplayError unless these are a head `[C, num_features]` and, where given, its bias `[C]`."""
    check_matrix(weights, "head_weights")
    if weights.shape[1] != num_features:
        shape = list(weights.shape)
        raise InterplayError(f"head_weights: expected {num_features} columns as the features have, got shape {shape}")
    if bias is not None:
        check_vector(bias, "head_bias", len(weights))
