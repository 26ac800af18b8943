"""New labels from the digits of a sample's index within its class (compression25 Alg. 2, Fig. 2.1)."""

from __future__ import annotations

import torch
from torch import Tensor

from interplay.data import indices_within_class
from interplay.errors import InterplayError
from interplay.information import check_labels
from interplay.information.checks import check_count


def digits_needed(class_size: int, base: int) -> int:
    """N_D: digits in `base` of the indices 0 .. class_size - 1, at least one, by integer arithmetic.

    It is ceil(log_base(class_size)); a quotient of floating logarithms gives one too many for powers such as 5^3.

    Raises:
        InterplayError: a base below 2 or an empty class.
    """
    base, class_size = check_count(base, "base", 0), check_count(class_size, "class_size", 0)
    if base < 2 or class_size < 1:
        raise InterplayError(f"relabelling: needs 2 classes and a sample, got {base} classes of {class_size} samples")
    digits = 1
    while base**digits < class_size:
        digits += 1
    return digits


def relabel(labels: Tensor, num_classes: int) -> Tensor:
    """The N_D new labels `[n, N_D]` of every sample: digit d of its class index has weight num_classes^d.

    Classes may be uneven; N_D follows from the largest. Indices start at 0: counted from 1, the last index of a class
    whose size is a power of C has a digit too many.

    Raises:
        InterplayError: fewer than two classes, no samples, or a label that is no class.

    >>> relabel(torch.tensor([0, 0, 0, 1]), num_classes=2).tolist()
    [[0, 0], [1, 0], [0, 1], [0, 0]]
    """
    labels = check_labels(labels, check_count(num_classes, "num_classes"))
    weights = [num_classes**digit for digit in range(digits_needed(int(labels.bincount().max()), num_classes))]
    powers = torch.tensor(weights, device=labels.device)
    return indices_within_class(labels)[:, None] // powers % num_classes
