"""The chance level of MIR in a stream: moments under pseudo-labels that know nothing of the labels.

Few samples share information with whatever they are paired with: the MIR of two sets of 64 independent features of
dimension 512 is about .985. The usual remedy permutes the labels, which a stream cannot do. Instead the t-th sample
of the stream joins a group drawn by a hash of (seed, t), so that groups are independent of features and labels in
whatever order samples come, and do not depend on how the stream is cut into batches. At the end every class is given
at least one group, classes with many samples the larger or the additional ones, and each class's pooled moments are
rescaled to the class's share of the samples.

With the frequencies of the classes known beforehand the groups are as uneven as the classes. Without, groups are even:
for strongly uneven classes a rare class then stands for more distinct samples than it has, a frequent one for fewer.
"""

from __future__ import annotations

import torch
from torch import Tensor

_MULTIPLIERS = (-4658895280553007687, -7723592293110705685)  # splitmix64's, as signed integers
_GOLDEN = -7046029254386353131


def pseudo_groups(start: int, stop: int, frequencies: Tensor, seed: int, device: torch.device) -> Tensor:
    """The groups `[stop - start]` of samples start to stop, drawn with the given relative frequencies `[G]`."""
    edges = frequencies.double().cumsum(0)
    uniform = _uniform(torch.arange(start, stop, device=device), seed)
    groups = torch.searchsorted((edges / edges[-1]).to(device), uniform, right=True)
    return groups.clamp(max=len(frequencies) - 1)


def groups_for_classes(group_counts: Tensor, class_counts: Tensor) -> Tensor:
    """Assign groups `[G]` to the classes `[C]` that have samples: `[G]`, class of each group.

    The largest classes take the largest groups, one each; what is left goes, largest group first, to the class that
    still lacks most. Needs at least as many groups as classes that have samples.
    """
    order = group_counts.argsort(descending=True, stable=True).tolist()
    present = [c for c in class_counts.argsort(descending=True, stable=True).tolist() if class_counts[c] > 0]
    lacking = {c: float(class_counts[c]) / float(class_counts.sum()) * float(group_counts.sum()) for c in present}
    assigned = torch.zeros(len(group_counts), dtype=torch.int64)
    for place, group in enumerate(order):
        chosen = present[place] if place < len(present) else max(lacking, key=lacking.__getitem__)
        assigned[group] = chosen
        lacking[chosen] -= float(group_counts[group])
    return assigned


def chance_moments(sums: Tensor, group_counts: Tensor, class_counts: Tensor) -> Tensor:
    """Moments `[C, d, d]` of the pseudo-classes, with trace n_c / N each (0 where a class drew no sample at all)."""
    assigned = groups_for_classes(group_counts, class_counts).to(sums.device)
    pooled = torch.zeros(len(class_counts), *sums.shape[1:], dtype=sums.dtype, device=sums.device)
    pooled.index_add_(0, assigned, sums)
    drawn = torch.zeros(len(class_counts), dtype=sums.dtype, device=sums.device)
    drawn.index_add_(0, assigned, group_counts.to(sums.device, sums.dtype))
    shares = torch.where(drawn > 0, class_counts.to(sums.device, sums.dtype), 0.0)
    shares = shares / shares.sum()
    return pooled.mul_((shares / drawn.clamp(min=1)).view(-1, 1, 1))


def _uniform(counter: Tensor, seed: int) -> Tensor:
    """Uniform numbers in [0, 1) from integers by splitmix64; its products wrap around, as integers of torch do."""
    x = (counter + 1 + ((seed & 0x7FFFFFFF) << 32)) * _GOLDEN
    for shift, multiplier in zip((30, 27), _MULTIPLIERS, strict=True):
        x = (x ^ _shift_right(x, shift)) * multiplier
    return _shift_right(x ^ _shift_right(x, 31), 11).double() * 2.0**-53


def _shift_right(x: Tensor, bits: int) -> Tensor:
    return (x >> bits) & ((1 << (64 - bits)) - 1)
