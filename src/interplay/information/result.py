"""What is known of features and head over a data set, however it was computed."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information.checks import check_matrix
from interplay.information.entropy import NO_ENTROPY
from interplay.information.gram import normalise_rows
from interplay.information.joint import Method


@dataclass(frozen=True)
class InformationResult:
    """Information between features and head over all samples seen; entropies in nats, ratios in [0, 1].

    Attributes:
        mir: NaN where the smaller entropy is 0; hdr: NaN where both are 0 (metrics24 Def. III.4, III.5).
        mir_chance: MIR of the same features under labels that know nothing of them; NaN if not gathered.
        feature_effective_rank, head_effective_rank: of the normalised rows (metrics24 Def. III.2).
        num_samples: samples that count; samples whose features are all zero have no direction and do not.
        method: "exact", or "quadrature" where the joint matrix was too large to diagonalise.
        standard_error: of the joint entropy and so of the mutual information, in nats; 0 where exact.
    """

    feature_entropy: float
    head_entropy: float
    joint_entropy: float
    mutual_information: float
    mir: float
    hdr: float
    mir_chance: float
    feature_effective_rank: float
    head_effective_rank: float
    num_samples: int
    num_zero: int
    method: Method
    standard_error: float

    @property
    def mir_standard_error(self) -> float:
        """Standard error of `mir`; NaN where `mir` is."""
        return self.standard_error * ratio(1.0, min(self.feature_entropy, self.head_entropy))


def ratio(numerator: float, denominator: float) -> float:
    """A ratio to an entropy; NaN where that is 0."""
    return numerator / denominator if denominator > NO_ENTROPY else nan


def checked_head(head_weights: Tensor, counts: Tensor, device: torch.device) -> Tensor:
    """The unit class weights `[C, d']` in float64, if there is one for each of `counts` `[C]` and where it needs one.

    Raises:
        InterplayError: another number of rows, or a row of zeros for a class that has samples.
    """
    check_matrix(head_weights, "head_weights")
    if len(head_weights) != len(counts):
        shape = list(head_weights.shape)
        raise InterplayError(f"head_weights: expected {len(counts)} rows, one per class, got shape {shape}")
    weights = head_weights.detach().to(device, torch.float64)
    undirected = (counts > 0) & ~(weights != 0).any(1).cpu()
    if bool(undirected.any()):
        rows = undirected.nonzero().flatten().tolist()
        raise InterplayError(f"head_weights: rows {rows} are zero and have no direction")
    return normalise_rows(weights)
