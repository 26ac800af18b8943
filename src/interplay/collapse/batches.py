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

# Of the block of features that is read and computed with, in float64: as it is, moved, normalised, and less its means.
_BLOCKS = 4 * 8.0
_FIXED = 2**25  # what libraries and small matrices take, whatever the data


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
    means = {
        name: float(torch.tensor([values[name] for values in found], dtype=torch.float64).nanmean()) for name in names
    }
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
        information = collecting_memory(n, d, 1, 1, chance=False)
    else:
        information = collecting_memory(n, d, classes, head.shape[1], chance=True)
    # The features of as many batches as are picked at once, and one of them in float64, normalised and multiplied.
    at_once = max(size * d, min(_ENTRIES, n * d, MAX_BATCHES * size * d))
    batch = 4.0 * at_once + 8.0 * 4 * size * d
    if head is None:
        batch += 8.0 * 4 * min(size, d) ** 2
    elif size <= EXACT_LIMIT:
        batch += 8.0 * 5 * size**2
    else:
        batch += collecting_memory(size, d, classes, head.shape[1], chance=False)
    blocks = _BLOCKS * min(n, samples.rows) * d
    return _FIXED + 8.0 * 5 * n + max(blocks + means + information, batch)
