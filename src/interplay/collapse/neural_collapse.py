"""The four signs of neural collapse, NC1 to NC4, of the last layer's features and the head."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import torch
from torch import Tensor

from interplay.collapse.between import RELATIVE_CUT, centred_means, whitener
from interplay.errors import InterplayError
from interplay.information import check_labels, check_matrix


@dataclass(frozen=True)
class NeuralCollapse:
    """How far features and head are from neural collapse; every number is 0 at exact collapse.

    Attributes:
        nc1: tr(Sigma_W Sigma_B^+), within-class against between-class scatter. No division by the number of classes;
            `nc1_per_class` has it. NaN where all class means are one point.
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
    """NC1 to NC4 of features held in memory, in float64.

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
    if head_weights is not None:
        _check_head(head_weights, head_bias, features.shape[1])
    num_classes = len(head_weights) if head_weights is not None else torch.iinfo(torch.int64).max
    labels = check_labels(labels, num_classes, len(features)).to(features.device).long()
    if head_weights is None:  # any whole numbers may name the classes: count those that occur
        names, labels = torch.unique(labels, return_inverse=True)
        num_classes = len(names)
    counts = labels.bincount(minlength=num_classes)
    present = counts > 0
    found = int(present.sum())
    if found < 2:
        raise InterplayError(f"labels: neural collapse needs samples of at least 2 classes, found {found}")

    z = features.double()
    means = z.new_zeros(num_classes, z.shape[1]).index_add_(0, labels, z) / counts.clamp(min=1).unsqueeze(1)
    centred = centred_means(means[present], counts[present])
    nc3 = nc4 = nan
    if head_weights is not None:
        weights = head_weights.to(z)
        nc3 = float((_unit_norm(weights[present]) - _unit_norm(centred)).norm())
        bias = 0.0 if head_bias is None else head_bias.to(z)
        chosen = (z @ weights.T + bias).argmax(1)
        classes = present.nonzero().flatten()
        nearest = classes[_nearest(z - means[present].mean(0), means[present] - means[present].mean(0))]
        nc4 = float((chosen != nearest).double().mean())
    return NeuralCollapse(
        nc1=_variability(z, labels, means, counts, relative_cut),
        nc2=_distance_from_simplex(centred),
        nc2_equinorm=float(centred.norm(dim=1).std(correction=0) / centred.norm(dim=1).mean()),
        nc2_equiangular=_equiangularity(centred),
        nc3=nc3,
        nc4=nc4,
        num_classes=found,
    )


def _variability(z: Tensor, labels: Tensor, means: Tensor, counts: Tensor, relative_cut: float) -> float:
    projection = whitener(means, counts, relative_cut)
    if projection is None:
        return nan
    return float(((z - means[labels]) @ projection.T).square().sum() / len(z))


def _distance_from_simplex(centred: Tensor) -> float:
    classes = len(centred)
    simplex = torch.eye(classes, dtype=centred.dtype, device=centred.device) - 1 / classes
    return float((_unit_norm(centred @ centred.T) - simplex / (classes - 1) ** 0.5).norm())


def _equiangularity(centred: Tensor) -> float:
    classes = len(centred)
    unit = torch.nn.functional.normalize(centred, dim=1)
    deviation = (unit @ unit.T + 1 / (classes - 1)).abs()
    return float((deviation.sum() - deviation.diagonal().sum()) / (classes * (classes - 1)))


def _nearest(z: Tensor, means: Tensor) -> Tensor:
    """Index of the nearest mean; |z|^2 is the same for all and left out. Both are given less a common point."""
    nearest: Tensor = (means.square().sum(1) - 2 * z @ means.T).argmin(1)
    return nearest


def _unit_norm(matrix: Tensor) -> Tensor:
    return torch.div(matrix, matrix.norm())


def _check_head(weights: Tensor, bias: Tensor | None, num_features: int) -> None:
    check_matrix(weights, "head_weights")
    if weights.shape[1] != num_features:
        shape = list(weights.shape)
        raise InterplayError(f"head_weights: expected {num_features} columns as the features have, got shape {shape}")
    if bias is not None and (bias.shape != (len(weights),) or not bool(torch.isfinite(bias).all())):
        raise InterplayError(f"head_bias: expected {len(weights)} finite values, got shape {list(bias.shape)}")
