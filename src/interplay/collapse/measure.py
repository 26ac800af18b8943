"""Everything this package measures of one model, from features and labels in memory or in a file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from interplay.collapse.arrays import HeldSamples, Samples, naming, open_samples
from interplay.collapse.batches import BatchEstimate, batch_estimate, measuring_memory
from interplay.collapse.layers import LayerCollapse
from interplay.collapse.neural_collapse import FEATURES, NeuralCollapse, NeuralCollapsePass
from interplay.information import DatasetInformation, InformationResult, NeuralCollapseValues, neural_collapse_values
from interplay.information.checks import check_count
from interplay.information.few_samples import FewSamplesInformation
from interplay.information.memory import check_fits
from interplay.information.plan import few_samples


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
        InterplayError: input that cannot be right, or what would not fit into memory.
    """
    return _measure(HeldSamples(features, labels, head_weights, head_bias), centre, batch_size, seed)


@torch.no_grad()
def measure_file(path: Path, *, centre: bool = False, batch_size: int = 64, seed: int = 0) -> Measurement:
    """As `measure`, of an `.npz` or `.safetensors` file (see `read_arrays`) whose features are never held as a whole.

    The file is gone over twice, and once more for the batches. An estimate of what is needed is made beforehand; it
    does not depend on the number of samples, but for their labels.
    """
    samples = open_samples(path)
    with naming(path):
        return _measure(samples, centre, batch_size, seed)


def _measure(samples: Samples, centre: bool, batch_size: int, seed: int) -> Measurement:
    size = min(check_count(batch_size, "batch_size", 2), samples.num_samples)
    seed = check_count(seed, "seed", 0)
    weights = samples.head_weights
    if weights is None:  # any whole numbers may name the classes: count those that occur
        names, labels = torch.unique(samples.labels, return_inverse=True)
        classes = len(names)
        samples.labels = labels
    else:
        classes = len(weights)
    counts = samples.labels.bincount(minlength=classes)
    few = few_samples(samples.num_samples, samples.num_features, 1 if weights is None else classes)
    check_fits(
        measuring_memory(samples, classes, size, few),
        f"{samples.num_samples} samples of {samples.num_features} features in {classes} classes",
        "project the features to fewer dimensions first (PCA), measure fewer classes, or take smaller batches",
    )
    first = LayerCollapse(classes)
    collected = None if centre else _collector(samples, counts, few, None, seed)
    for features, labels in samples.batches():
        first.update({FEATURES: features}, labels)
        _collect(collected, features, labels, weights)
    mean = None
    if centre:
        mean = _mean(first)
        collected = _collector(samples, counts, few, mean, seed)
    # Of one class there is no scatter between classes, and no second pass but for the features less their mean.
    second = NeuralCollapsePass(first, weights, samples.head_bias) if int((counts > 0).sum()) > 1 else None
    if second is not None or centre:
        for features, labels in samples.batches():
            if second is not None:
                second.update(features, labels)
            _collect(collected if centre else None, features, labels, weights)
    assert collected is not None
    dataset = collected.compute(torch.ones(1, 1) if weights is None else weights)
    collapse = None if second is None else second.compute()
    del first, second, collected  # before batches take memory of their own
    return Measurement(
        num_samples=samples.num_samples,
        num_features=samples.num_features,
        num_classes=classes,
        centred=centre,
        has_head=weights is not None,
        seed=seed,
        dataset=dataset,
        batch=batch_estimate(samples, mean, size, seed),
        collapse=collapse,
        at_collapse=neural_collapse_values(classes) if classes > 1 else None,
    )


def _collector(
    samples: Samples, counts: Tensor, few: bool, mean: Tensor | None, seed: int
) -> DatasetInformation | FewSamplesInformation:
    """What gathers the information over all samples; without a head one class, whose constant head says nothing."""
    d, head = samples.num_features, samples.head_weights is not None
    classes = len(counts) if head else 1
    if few:
        return FewSamplesInformation(d, classes, mean=mean, chance=head, seed=seed)
    frequencies = counts if head else None
    return DatasetInformation(d, classes, mean=mean, chance=head, class_frequencies=frequencies, seed=seed)


def _collect(
    collected: DatasetInformation | FewSamplesInformation | None,
    features: Tensor,
    labels: Tensor,
    weights: Tensor | None,
) -> None:
    if collected is not None:
        collected.update(features, torch.zeros_like(labels) if weights is None else labels)


def _mean(first: LayerCollapse) -> Tensor:
    """The mean `[d]` of all features, from the class means, in coordinates in which they keep their digits."""
    means = first.means_in_units()[FEATURES]  # [C, d]
    shares = first.counts.to(means) / first.counts.sum()
    return first.units[FEATURES].values((shares @ means).unsqueeze(0))[0]


def _nan_as_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _nan_as_none(part) for name, part in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value
