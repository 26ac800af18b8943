"""Exact values over samples that are all at hand, by the smaller of two matrices."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.information.batch import NAMES, class_vectors, mean_readings, paired_information
from interplay.information.checks import check_matrix
from interplay.information.dataset import DatasetInformation
from interplay.information.gram import FeatureNorm, normalise_features
from interplay.information.plan import EXACT_LIMIT


@torch.no_grad()
def exact_information(
    features: Tensor, labels: Tensor, head_weights: Tensor, *, normalise: FeatureNorm = "l2"
) -> dict[str, float]:
    """Entropies, MI (nats), MIR and HDR over all samples, by each name of `batch_information`.

    Of few samples the N x N Gram matrices are taken themselves, of many `DatasetInformation`: the same numbers, in a
    time that does not grow with N^3, estimated by quadrature beyond its limit.

    Args:
        features: `[N, d]`; labels: `[N]`, integers; head_weights: `[C, d']`.
        normalise: how features are normalised; by `batch`, over all samples.
    """
    check_matrix(features, "features")
    vectors = class_vectors(head_weights, labels, len(features))
    if len(features) <= min(features.shape[1] * vectors.shape[1], EXACT_LIMIT):
        return mean_readings(paired_information(features, vectors, None, [normalise])[0])
    information = DatasetInformation(features.shape[1], len(head_weights), chance=False, unit_rows=False)
    information.update(normalise_features(features.detach().double(), normalise), labels)
    values = information.compute(head_weights)
    return {name: float(getattr(values, name)) for name in NAMES}
