"""Information readings of features and head, as the documents compute them (batches) and exact."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.information import gram_matrix, matrix_entropy, spectrum_entropy
from interplay.information.dataset import DatasetInformation


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
    readings |= _batches(features, head[labels], batch_size)
    exact = _exact(features, labels, head, chance)
    readings |= exact
    centred = _exact(features - features.mean(0), labels, head, False)
    return readings | {f"{name}_centred": centred[name] for name in ("feature_entropy", "mir", "hdr")}


def _batches(features: Tensor, class_vectors: Tensor, batch_size: int) -> dict[str, float]:
    """Means over batches, all of them at once; equal to `matrix_entropy`, `mir` and `hdr` batch by batch."""
    size = min(batch_size, len(features))
    whole = len(features) // size * size
    grams = [_grams(part[:whole].unflatten(0, (-1, size))) for part in (features, class_vectors)]
    of_features, of_head, joint = (
        spectrum_entropy(torch.linalg.eigvalsh(gram.double() / size)) for gram in (*grams, grams[0] * grams[1])
    )
    smaller, larger = torch.minimum(of_features, of_head), torch.maximum(of_features, of_head)
    return {
        "feature_entropy_batch": float(of_features.mean()),
        "head_entropy_batch": float(of_head.mean()),
        "mir_batch": float(((of_features + of_head - joint) / smaller).mean()),
        "hdr_batch": float(((of_features - of_head).abs() / larger).mean()),
    }


def _grams(batches: Tensor) -> Tensor:
    """Gram matrices `[batches, n, n]` of `[batches, n, d]`."""
    unit = torch.nn.functional.normalize(batches, dim=2, eps=torch.finfo(batches.dtype).tiny)
    return unit @ unit.transpose(1, 2)


def _exact(features: Tensor, labels: Tensor, head: Tensor, chance: bool) -> dict[str, float]:
    information = DatasetInformation(features.shape[1], len(head), chance=chance)
    information.update(features, labels)
    values = information.compute(head)
    names = ["feature_entropy", "head_entropy", "mutual_information", "mir", "hdr"] + ["mir_chance"] * chance
    return {name: float(getattr(values, name)) for name in names}
