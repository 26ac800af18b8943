"""The batch estimate of `measure`: means over shuffled batches, in place of the data set's values."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from interplay.collapse.arrays import Samples
from interplay.information import batch_information, exact_information, normalise_rows
from interplay.information.batch import gram_entropy
from interplay.information.plan import EXACT_LIMIT, collecting_memory, few_samples_memory

# Batches are a sample of the data as they are; more of them would sharpen nothing that matters.
MAX_BATCHES = 256

# Entries of the features that are picked from a file at a time, each time in a pass over it.
_ENTRIES = 2**23

# Of the parts in which a file is read and computed with: a handful of blocks of 16 MB.
_BLOCKS = 2**27


@dataclass(frozen=True)
class BatchEstimate:
    """Means over shuffled batches of `size` samples, as the papers estimate; without a head only the feature entropy.

    `mir_chance` is the MIR of the same batches with the labels permuted within each.
    """

    size: int
    batches: int
    values: dict[str, float]


def batch_estimate(samples: Samples, mean: Tensor | None, size: int, seed: int) -> BatchEstimate:
    """The estimate from at most `MAX_BATCHES` batches of `size` samples, features less their `mean` `[d]`."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(samples.num_samples, generator=generator)[: MAX_BATCHES * size]
    whole = order[: len(order) // size * size].view(-1, size)  # [batches, size]
    at_once = max(1, _ENTRIES // (size * samples.num_features))
    found: list[dict[str, float]] = []
    for group in whole.split(at_once):
        picked = samples.pick(group.flatten())  # [batches * size, d]
        for batch, features in zip(group, picked.split(size), strict=True):
            z = features if mean is None else features.double() - mean.to(features.device)
            labels = samples.labels[batch]
            permuted = labels[torch.randperm(size, generator=generator)]
            if bool((z != 0).any()):  # or no sample of this batch has a direction
                found.append(_readings(z, labels, permuted, samples.head_weights))
    names = found[0] if found else {}
    # Batches where a ratio is undefined (all samples alike) say nothing about it.
    means = {name: float(torch.tensor([values[name] for values in found]).double().nanmean()) for name in names}
    return BatchEstimate(size=size, batches=len(found), values=means)


def _readings(z: Tensor, labels: Tensor, permuted: Tensor, weights: Tensor | None) -> dict[str, float]:
    if weights is None:
        return {"feature_entropy": float(gram_entropy(normalise_rows(z.double())))}
    # The same numbers; Gram matrices of a large batch would take memory and time without need.
    information = batch_information if len(z) <= EXACT_LIMIT else exact_information
    values = information(z, labels, weights)
    return {**values, "mir_chance": information(z, permuted, weights)["mir"]}


def measuring_memory(samples: Samples, classes: int, size: int, few: bool) -> float:
    """Bytes that `measure` takes at its peak beside what is held already."""
    n, d = samples.num_samples, samples.num_features
    head = samples.head_weights
    # Sums of each class, their means, those less the common mean, and its copies on the way to a whitener.
    means = 8.0 * 6 * classes * d + 3 * 8.0 * min(classes, d) ** 2
    if few:
        information = few_samples_memory(n, d)
    elif head is None:
        information = collecting_memory(d, 1, 1, chance=False)
    else:
        information = collecting_memory(d, classes, head.shape[1], chance=True)
    # A batch as it is, in float64, normalised and multiplied.
    picked = 8.0 * (max(_ENTRIES, size * d) + 4 * size * d)
    if size <= EXACT_LIMIT or head is None:
        batch = picked + 8.0 * 5 * min(size, EXACT_LIMIT if head is not None else d) ** 2
    else:
        batch = picked + collecting_memory(d, classes, head.shape[1], chance=False)
    labels = 8.0 * 5 * n
    return labels + _BLOCKS + max(means + information, batch)
