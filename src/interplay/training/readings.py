"""Information readings of features and head, as the documents compute them (batches) and exact."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.information import DatasetInformation, batch_information, gram_matrix, matrix_entropy


@torch.no_grad()
def information_readings(
    features: Tensor, labels: Tensor, head: Tensor, batch_size: int, *, chance: bool = False
) -> dict[str, float]:
    """Entropy of features and head, MIR and HDR (nats), three ways.

    `*_batch`: mean over consecutive batches of `batch_size`, as the documents compute them (metrics24 V: "batch matrix
    entropy" in place of the data set's), V_i = W_{y_i}; a last, smaller batch is left out where there is a full one.
    Without suffix: exact over all samples. `*_centred`: exact, features less their mean, because the theorems ask for
    a global mean of zero and features after a ReLU have none. `head_weights_entropy`: of the C class vectors.

    Args:
        features: `[N, d]`.
        labels: `[N]`, of the samples.
        head: `[C, d]` class vectors.
        batch_size: of the batch estimate.
        chance: also `mir_chance`, the MIR of features and labels that have nothing to do with each other.
    """
    features, head = features.detach(), head.detach()
    readings = {"head_weights_entropy": float(matrix_entropy(gram_matrix(head)))}
    by_batch = batch_information(features, labels, head, batch_size)
    readings |= {f"{name}_batch": by_batch[name] for name in ("feature_entropy", "head_entropy", "mir", "hdr")}
    exact = _exact(features, labels, head, chance)
    readings |= exact
    centred = _exact(features - features.mean(0), labels, head, False)
    return readings | {f"{name}_centred": centred[name] for name in ("feature_entropy", "mir", "hdr")}


def _exact(features: Tensor, labels: Tensor, head: Tensor, chance: bool) -> dict[str, float]:
    information = DatasetInformation(features.shape[1], len(head), chance=chance)
    information.update(features, labels)
    values = information.compute(head)
    names = ["feature_entropy", "head_entropy", "mutual_information", "mir", "hdr"] + ["mir_chance"] * chance
    return {name: float(getattr(values, name)) for name in names}
