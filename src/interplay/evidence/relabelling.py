"""The digits that compression25 Algorithm 2 hands out as new labels, and how much information they can carry."""

from __future__ import annotations

from statistics import fmean

import numpy as np

from interplay.errors import InterplayError
from interplay.records import Record


def digits_needed(size: int, base: int) -> int:
    """Digits in `base` of the indices 0 .. size - 1, in integers: a floating logarithm gives 4 for 125 in base 5."""
    count = 1
    while base**count < size:
        count += 1
    return count


def digits(index: int, base: int, count: int) -> list[int]:
    """The last `count` digits of `index`, the least significant first.

    >>> digits(205, 10, 3)
    [5, 0, 2]
    """
    return [index // base**power % base for power in range(count)]


def most_minimality(size: int, base: int) -> float:
    """Mean entropy of the digits of the indices 0 .. size - 1, in bits: no minimality is above it.

    It is log2 of the base, the maximum that sec. 3.3 names, only where the class size is a power of the base, as 1,000
    is of 10. Of 40 samples the tens are 0 .. 3 only, and 2.66 bits the most.
    """
    indices = np.arange(size)
    shares = [
        np.bincount(indices // base**power % base, minlength=base) / size for power in range(digits_needed(size, base))
    ]
    return fmean(float(-(share[share > 0] * np.log2(share[share > 0])).sum()) for share in shares)


def class_size(record: Record) -> int:
    """How many samples of each class are relabelled: those of which V-information is measured.

    Raises:
        InterplayError: the protocol in the record does not say.
    """
    size = record.protocol.get("information", {}).get("per_class") or record.protocol.get("train_per_class")
    if not isinstance(size, int):
        raise InterplayError(f"{record.name}: its protocol lacks train_per_class; delete the record and rerun")
    return size


def published_class_size(record: Record) -> int:
    """How many samples of each class the published protocol relabels, whatever a tier makes of it.

    Raises:
        InterplayError: neither the protocol in the record nor its overrides say.
    """
    name = "train_per_class"
    published = [line.removeprefix(f"{name}: ").split(" -> ")[0] for line in record.overrides if line.startswith(name)]
    size = int(published[0]) if published and published[0].isdecimal() else record.protocol.get(name)
    if not isinstance(size, int):
        raise InterplayError(f"{record.name}: its protocol lacks {name}; delete the record and rerun")
    return size
