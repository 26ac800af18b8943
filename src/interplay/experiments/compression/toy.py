"""Neural collapse in space: a network with three features on three classes, drawn before and after training."""

from __future__ import annotations

from typing import Any

import torch

from interplay.data import Images
from interplay.models import CompressionCNN

CLASSES = 3


@torch.no_grad()
def points(network: CompressionCNN, images: Images, state: str, batch_size: int, shown: int) -> list[dict[str, Any]]:
    """Features of `shown` samples of each class, class means over all samples and rows of the head's matrix.

    Rows `{state, kind, label, x, y, z}` with the kinds `sample`, `class_mean` and `weight`.
    """
    features = torch.cat([network.pooled(network.encode(batch)[3]) for batch, _ in images.batches(batch_size)])
    rows = []
    for label in range(CLASSES):
        own = features[images.labels == label].double()
        kinds = {"sample": own[:shown], "class_mean": own.mean(0, keepdim=True)}
        kinds["weight"] = network.head.linear.weight[label : label + 1].double()
        for kind, vectors in kinds.items():
            for x, y, z in vectors.tolist():
                rows.append({"state": state, "kind": kind, "label": label, "x": x, "y": y, "z": z})
    return rows
