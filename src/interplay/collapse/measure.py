"""Everything this package measures of one model, from features and labels held in memory."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from interplay.collapse.neural_collapse import NeuralCollapse, neural_collapse
from interplay.errors import InterplayError
from interplay.information import (
    DatasetInformation,
    InformationResult,
    NeuralCollapseValues,
    batch_information,
    check_labels,
    gram_matrix,
    matrix_entropy,
    mir,
    neural_collapse_values,
)

# Batches are a sample of the data as they are; more of them would sharpen nothing that matters.
MAX_BATCHES = 256


@dataclass(frozen=True)
class BatchEstimate:
    """Means over shuffled batches of `size` samples, as the papers estimate; without a head only the feature entropy.

    `mir_chance` is the MIR of the same batches with the labels permuted within each.
    """

    size: int
    batches: int
    values: dict[str, float]


@dataclass(frozen=True)
class Measurement:
    """What `measure` found.

    Attributes:
        num_classes: rows of the head, or distinct labels where there is no head.
        centred: whether the mean of all features was subtracted first.
        dataset: exact over all samples; without a head only its feature_entropy and feature_effective_rank count.
        has_head: whether there was one.
        collapse: NC1 to NC4; None where samples of one class only are given.
        at_collapse: what theory predicts for `num_classes` at collapse; None for one class.
    """

    num_samples: int
    num_features: int
    num_classes: int
    centred: bool
    has_head: bool
    seed: int
    dataset: InformationResult
    batch: BatchEstimate
    collapse: NeuralCollapse | None
    at_collapse: NeuralCollapseValues | None

    def as_json(self) -> dict[str, Any]:
        """Plain types for `json.dumps(..., allow_nan=False)`: what is undefined or needs a missing head is None."""
        dataset: dict[str, Any] = asdict(self.dataset)
        if not self.has_head:
            kept = ("feature_entropy", "feature_effective_rank", "num_samples", "num_zero")
            dataset = {name: value if name in kept else None for name, value in dataset.items()}
        found: dict[str, Any] = {
            "num_samples": self.num_samples,
            "num_features": self.num_features,
            "num_classes": self.num_classes,
            "centred": self.centred,
            "seed": self.seed,
            "dataset": dataset,
            "batch": {"size": self.batch.size, "batches": self.batch.batches, **self.batch.values},
            "collapse": None if self.collapse is None else asdict(self.collapse),
            "at_collapse": None if self.at_collapse is None else self.at_collapse._asdict(),
        }
        cleaned: dict[str, Any] = _nan_as_none(found)
        return cleaned


@torch.no_grad()
def measure(
    features: Tensor,
    labels: Tensor,
    head_weights: Tensor | None = None,
    head_bias: Tensor | None = None,
    *,
    centre: bool = False,
    batch_size: int = 64,
    seed: int = 0,
) -> Measurement:
    """Entropies, MIR, HDR and effective rank over the data set and in batches, NC1 to NC4, and theory's values.

    Args:
        features: `[N, d]`; labels: `[N]`, integers; head_weights: `[C, d]`; head_bias: `[C]`, for NC4 only.
        centre: subtract the mean of all features before information is measured. The values at collapse hold for
            centred features; the papers do not centre. NC1 to NC4 do not depend on it, but for NC4's head.
        batch_size: samples in a batch of the batch estimate; all samples if there are fewer.
        seed: of the batches and of the chance level.

    Raises:
        InterplayError: input that cannot be right, or moments that would not fit into memory.
    """
    if batch_size < 2:
        raise InterplayError(f"batch_size: at least 2 needed, got {batch_size}")
    if head_weights is not None:
        _refuse_what_cannot_fit(len(head_weights), features.shape[1])
    collapse = None
    check_labels(labels, torch.iinfo(torch.int64).max, len(features))
    if int(labels.min()) != int(labels.max()):
        collapse = neural_collapse(features, labels, head_weights, head_bias)
    mean = features.double().mean(0) if centre else None
    classes = len(head_weights) if head_weights is not None else len(torch.unique(labels))
    if head_weights is None:
        # One class and a constant head leave what the features alone say.
        collected = DatasetInformation(features.shape[1], 1, mean=mean, chance=False)
        collected.update(features, torch.zeros_like(labels))
        dataset = collected.compute(torch.ones(1, 1))
    else:
        counts = labels.long().bincount(minlength=classes)
        collected = DatasetInformation(features.shape[1], classes, mean=mean, class_frequencies=counts, seed=seed)
        collected.update(features, labels)
        dataset = collected.compute(head_weights)
    return Measurement(
        num_samples=len(features),
        num_features=features.shape[1],
        num_classes=classes,
        centred=centre,
        has_head=head_weights is not None,
        seed=seed,
        dataset=dataset,
        batch=_batches(features if mean is None else features.double() - mean, labels, head_weights, batch_size, seed),
        collapse=collapse,
        at_collapse=neural_collapse_values(classes) if classes > 1 else None,
    )


def _batches(features: Tensor, labels: Tensor, weights: Tensor | None, size: int, seed: int) -> BatchEstimate:
    generator = torch.Generator().manual_seed(seed)
    size = min(size, len(features))
    order = torch.randperm(len(features), generator=generator)[: MAX_BATCHES * size]
    whole = order[: len(order) // size * size].view(-1, size).to(features.device)
    found: list[dict[str, float]] = []
    for batch in whole:
        z = features[batch]
        if not bool((z != 0).any()):
            continue  # no sample of this batch has a direction
        if weights is None:
            found.append({"feature_entropy": float(matrix_entropy(gram_matrix(z)))})
            continue
        values = batch_information(z, labels[batch], weights)
        permuted = labels[batch][torch.randperm(size, generator=generator).to(batch.device)]
        by_chance = mir(gram_matrix(z), gram_matrix(weights[permuted.long()]))
        found.append({**values, "mir_chance": float(by_chance)})
    names = found[0] if found else {}
    # Batches where a ratio is undefined (all samples alike) say nothing about it.
    means = {name: float(torch.tensor([values[name] for values in found]).double().nanmean()) for name in names}
    return BatchEstimate(size=size, batches=len(found), values=means)


def _refuse_what_cannot_fit(classes: int, features: int) -> None:
    needed = 2 * 8 * classes * features * features
    available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > 0.8 * available:
        raise InterplayError(
            f"{classes} classes of {features} features need {needed / 1e9:.0f} GB of moments, and this machine has "
            f"{available / 1e9:.0f}; project the features to fewer dimensions first (PCA), or measure fewer classes"
        )


def _nan_as_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _nan_as_none(part) for name, part in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value
