"""Batch estimates of entropies, MIR and HDR, in place of the data set's, as the documents compute them."""

from __future__ import annotations

from math import nan

import torch
from torch import Tensor

from interplay.errors import InterplayError
from interplay.information.checks import check_labels, check_matrix
from interplay.information.entropy import NO_ENTROPY, matrix_entropy
from interplay.information.gram import gram_matrix

NAMES = ("feature_entropy", "head_entropy", "mutual_information", "mir", "hdr")


@torch.no_grad()
def batch_information(
    features: Tensor, labels: Tensor, head_weights: Tensor, batch_size: int | None = None
) -> dict[str, float]:
    """Entropies, MI (nats), MIR and HDR from n x n Gram matrices, mean over consecutive batches.

    Args:
        features: `[N, d]`; labels: `[N]`, integers; head_weights: `[C, d']`.
        batch_size: n; None takes all samples as one batch. A last, smaller batch is left out where there is a full one.

    Returns:
        one number by each of `NAMES`; a batch in which a ratio is undefined (all samples alike) does not count for it,
        and neither do samples without direction. NaN where nothing is left.

    Source: metrics24 sec. V and VI (batches of 64). The entropy cannot exceed log n, and MIR is near 1 by chance.
    """
    check_matrix(features, "features")
    check_matrix(head_weights, "head_weights")
    if batch_size is not None and batch_size < 1:
        raise InterplayError(f"batch_size: at least 1 needed, got {batch_size}")
    labels = check_labels(labels, len(head_weights), len(features)).to(head_weights.device).long()
    vectors = head_weights[labels].to(features.device)
    size = min(batch_size or len(features), len(features))
    starts = range(0, len(features) - size + 1, size)
    rows = torch.tensor([_one(features[s : s + size], vectors[s : s + size]) for s in starts], dtype=torch.float64)
    return dict(zip(NAMES, rows.nanmean(0).tolist(), strict=True))


def _one(features: Tensor, vectors: Tensor) -> tuple[float, ...]:
    kept = (features != 0).any(1) & (vectors != 0).any(1)
    if not bool(kept.any()):
        return (nan,) * len(NAMES)
    first, second = gram_matrix(features[kept]), gram_matrix(vectors[kept])
    of_features, of_head, joint = (float(matrix_entropy(matrix)) for matrix in (first, second, first * second))
    information, smaller, larger = of_features + of_head - joint, min(of_features, of_head), max(of_features, of_head)
    return (
        of_features,
        of_head,
        information,
        information / smaller if smaller > NO_ENTROPY else nan,
        abs(of_features - of_head) / larger if larger > NO_ENTROPY else nan,
    )
