"""Stratified splits and samples, by seed, the same on every machine; and samples by their place in a class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from interplay.errors import InterplayError


def stratified_split(labels: Tensor, fraction: float, seed: int) -> tuple[Tensor, Tensor]:
    """Divide samples into training and validation, each class in the same proportion up to rounding.

    Args:
        labels: int64 [n].
        fraction: share of the samples that validates, above 0 and below 1.
        seed: seed of the choice.

    Returns:
        Indices of the training part and of the validation part, int64, ascending, disjoint, together all of n.

    Raises:
        InterplayError: `fraction` is outside (0, 1) or leaves one part empty.
    """
    if not 0 < fraction < 1:
        raise InterplayError(f"the validation fraction must lie between 0 and 1, not {fraction}")
    count = round(len(labels) * fraction)
    if not 0 < count < len(labels):
        raise InterplayError(f"a validation fraction of {fraction} of {len(labels)} samples leaves one part empty")
    chosen = torch.zeros(len(labels), dtype=torch.bool)
    chosen[stratified_sample(labels, count, seed)] = True
    return (~chosen).nonzero().flatten(), chosen.nonzero().flatten()


def stratified_sample(labels: Tensor, count: int, seed: int) -> Tensor:
    """Choose `count` samples with every class in its own proportion.

    Class shares are rounded down, and what is left goes one by one to the classes with the largest remainders; of
    equal remainders the seed decides, so that over seeds no class is favoured.

    Args:
        labels: int64 [n].
        count: how many, 1 to n.
        seed: seed of the choice.

    Returns:
        Indices, int64 [count], ascending.

    Raises:
        InterplayError: `count` is not between 1 and n.
    """
    if not 1 <= count <= len(labels):
        raise InterplayError(f"cannot choose {count} of {len(labels)} samples; ask for 1 to {len(labels)}")
    generator = torch.Generator().manual_seed(seed)
    classes, counts = np.unique(labels.cpu().numpy(), return_counts=True)
    sizes = torch.from_numpy(counts)
    quotas, remainders = sizes * count // len(labels), sizes * count % len(labels)
    shuffled = torch.randperm(len(classes), generator=generator)
    by_remainder = shuffled[remainders[shuffled].argsort(descending=True, stable=True)]
    quotas[by_remainder[: count - int(quotas.sum())]] += 1
    chosen = []
    for label, quota in zip(classes.tolist(), quotas.tolist(), strict=True):
        members = (labels.cpu() == label).nonzero().flatten()
        chosen.append(members[torch.randperm(len(members), generator=generator)[:quota]])
    return torch.cat(chosen).sort().values


def indices_within_class(labels: Tensor) -> Tensor:
    """Index of every sample among those of its class, int64 [n], from 0, in the order in which they come."""
    order = labels.argsort(stable=True)
    counts = labels.bincount()
    starts = counts.cumsum(0) - counts
    indices = torch.empty_like(labels)
    indices[order] = torch.arange(len(labels), device=labels.device) - starts.repeat_interleave(counts)
    return indices


def first_per_class(labels: Tensor, count: int) -> Tensor:
    """Indices of the first `count` samples of each class, int64, ascending.

    Raises:
        InterplayError: a class has fewer, or there are no labels.
    """
    if len(labels) and int(labels.min()) < 0:
        raise InterplayError("images without labels have no classes to take from")
    least = int(labels.bincount().min()) if len(labels) else 0
    if not 1 <= count <= least:
        raise InterplayError(f"cannot take {count} samples of each class; the smallest has {least}")
    return (indices_within_class(labels) < count).nonzero().flatten()


def divided_by_class(labels: Sequence[int], shares: Sequence[float], seed: int = 0) -> list[list[int]]:
    """Divide samples into one part more than there are shares, every class by itself.

    Each part gets its share of a class, rounded to a whole number (halves to the even one), and the last part the rest.
    Drawn from the raw stream of PCG64, which is the same under every version of NumPy.

    Returns:
        Indices of each part, ascending, disjoint, together all of n.
    """
    keys = np.random.PCG64(seed).random_raw(len(labels))
    members: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        members.setdefault(label, []).append(index)
    parts: list[list[int]] = [[] for _ in range(len(shares) + 1)]
    for own in members.values():
        left = sorted(own, key=keys.__getitem__)
        for part, share in zip(parts, shares, strict=False):
            count = round(len(own) * share)
            part += left[:count]
            left = left[count:]
        parts[-1] += left
    return [sorted(part) for part in parts]
