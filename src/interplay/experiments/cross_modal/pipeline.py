"""A batch as the objective sees it: images and texts by class, and the entropy of each group (metrics24 Fig. 10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from interplay.information import gram_matrix, matrix_entropy


def pipeline_table(
    features: Tensor, labels: Tensor, class_vectors: Tensor, members: Sequence[str], class_names: Sequence[str]
) -> list[dict[str, Any]]:
    """A row for each image of the batch and each text of its classes, for each member.

    `first` and `second` are coordinates along the two principal axes of all these vectors of unit length, the same for
    all members; `entropy` is H (nats) of the row's group, a class's images and its text, of `size` vectors.

    Args:
        features: `[B, d]`; labels: `[B]`; class_vectors: `[R, C, d]`.
    """
    present = labels.unique()
    images, texts = normalize(features, dim=-1), normalize(class_vectors[:, present], dim=-1)
    whole = torch.cat([images, texts.flatten(0, 1)]).double().cpu()
    middle = whole.mean(0)
    axes = torch.linalg.svd(whole - middle, full_matrices=False)[2][:2]  # [2, d]
    axes = axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()  # of the two directions the same each time
    rows: list[dict[str, Any]] = []
    for member, name in enumerate(members):
        for group, label in enumerate(present.tolist()):
            vectors = torch.cat([texts[member, group][None], images[labels == label]]).double().cpu()
            entropy = float(matrix_entropy(gram_matrix(vectors)))
            for place, (first, second) in enumerate(((vectors - middle) @ axes.mT).tolist()):
                rows.append(
                    {
                        "member": name,
                        "group": class_names[label],
                        "modality": "image" if place else "text",
                        "first": first,
                        "second": second,
                        "entropy": entropy,
                        "size": len(vectors),
                    }
                )
    return rows
