"""Information readings of features and head, as the documents compute them (batches) and exact."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from interplay.information import (
    FEATURE_NORMS,
    DatasetInformation,
    batch_information,
    class_vectors,
    exact_information,
    gram_matrix,
    matrix_entropy,
    mean_readings,
    paired_information,
)


@torch.no_grad()
def information_metrics(
    features: Tensor,
    labels: Tensor,
    head: Tensor,
    batch_size: int,
    *,
    chance: bool = False,
    normalisations: bool = False,
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
        normalisations: also `mir_batch_batch_norm`, `hdr_batch_batch_norm`, `mir_batch_layer_norm` and
            `hdr_batch_layer_norm`: features under batch or layer normalisation in place of unit length, over the same
            batches (check 3 of the note).
    """
    features, head = features.detach(), head.detach()
    readings = {"head_weights_entropy": float(matrix_entropy(gram_matrix(head)))}
    vectors = class_vectors(head, labels, len(features))
    norms = FEATURE_NORMS if normalisations else FEATURE_NORMS[:1]
    by_batch, *others = map(mean_readings, paired_information(features, vectors, batch_size, norms))
    readings |= {f"{name}_batch": by_batch[name] for name in ("feature_entropy", "head_entropy", "mir", "hdr")}
    readings |= (_with_chance if chance else exact_information)(features, labels, head)
    centred = exact_information(features - features.mean(0), labels, head)
    readings |= {f"{name}_centred": centred[name] for name in ("feature_entropy", "mir", "hdr")}
    for norm, other in zip(norms[1:], others, strict=True):
        readings |= {f"{name}_batch_{norm}_norm": other[name] for name in ("mir", "hdr")}
    return readings


@torch.no_grad()
def stopping_metrics(
    features: Tensor, logits: Tensor, labels: Tensor, head: Tensor, batch_size: int
) -> dict[str, float]:
    """Criteria of early stopping on the first half of the images, and the accuracy they lead to on the other half.

    `stopping_loss` (nats), `stopping_mir` and `stopping_hdr` (over batches, as the documents compute them) never see
    the images of `stopped_accuracy` (question 3 of the note).

    Args:
        features: `[N, d]`; logits: `[N, C]`; labels: `[N]`; head: `[C, d]` class vectors.
        batch_size: of the batch estimates.
    """
    half = len(labels) // 2
    first, other = slice(None, half), slice(half, None)
    batches = batch_information(features[first], labels[first], head, batch_size)
    return {
        "stopping_loss": float(functional.cross_entropy(logits[first], labels[first])),
        "stopping_mir": batches["mir"],
        "stopping_hdr": batches["hdr"],
        "stopped_accuracy": float((logits[other].argmax(1) == labels[other]).double().mean()),
    }


def _with_chance(features: Tensor, labels: Tensor, head: Tensor) -> dict[str, float]:
    information = DatasetInformation(features.shape[1], len(head))
    information.update(features, labels)
    values = information.compute(head)
    names = ("feature_entropy", "head_entropy", "mutual_information", "mir", "hdr", "mir_chance")
    return {name: float(getattr(values, name)) for name in names}
