"""Relabelling samples by the digits of their index: compression25 Algorithm 2 and section 2.2."""

from __future__ import annotations

from math import ceil, log

import numpy as np

from interplay.experiments.theory.naive import shannon
from interplay.experiments.theory.registry import Draws, check, finding, worst
from interplay.records import Finding


def digits_needed(largest_index: int, base: int) -> int:
    """Digits of `largest_index` in `base`, by integer arithmetic; at least one."""
    digits = 1
    while largest_index >= base**digits:
        digits += 1
    return digits


def exact_digit_count(samples: int, base: int) -> int:
    """ceil(log_base(samples)) by integer arithmetic."""
    digits = 0
    while base**digits < samples:
        digits += 1
    return digits


def floating_digit_count(samples: int, base: int) -> int:
    """ceil(log_base(samples)) as a quotient of floating logarithms."""
    return ceil(log(samples) / log(base))


def labels_of(indices: np.ndarray, base: int, digits: int) -> np.ndarray:
    """The lowest `digits` digits of each index in `base`, `[samples, digits]`."""
    result: np.ndarray = indices[:, None] // base ** np.arange(digits) % base
    return result


def _sizes(draws: Draws) -> list[tuple[int, int]]:
    """Class sizes and numbers of classes, powers among them."""
    powers = [(c**k, c) for c in (2, 3, 5, 10) for k in range(1, 5) if c**k <= 1000]
    random = [(int(rng.integers(2, 700)), int(rng.integers(2, 12))) for rng in draws.fewer(4)]
    return [*powers, *random]


@check("compression25/algorithm-2")
def indices_start_at_zero(draws: Draws) -> Finding:
    printed: list[float] = []
    mended: list[float] = []
    for samples, classes in _sizes(draws):
        digits = exact_digit_count(samples, classes)
        for out, indices in ((printed, np.arange(1, samples + 1)), (mended, np.arange(samples))):
            labels = labels_of(indices, classes, digits)
            rebuilt = (labels * classes ** np.arange(digits)).sum(1)
            distinct = len(np.unique(labels, axis=0)) == samples
            out += [float(np.abs(rebuilt - indices).max()), 0.0 if distinct else 1.0]
    return finding(
        worst(printed),
        mended=worst(mended),
        digits_of_1000=digits_needed(1000, 10),
        digits_provided=exact_digit_count(1000, 10),
        note="the last index, counted from 1, has a digit too many where the class size is a power of C; counted "
        "from 0 "
        "the digits determine the index",
    )


@check("compression25/algorithm-2-logarithm")
def number_of_digits(draws: Draws) -> Finding:
    powers = [(c**k, c) for c in range(2, 40) for k in range(1, 9) if c**k < 10**9]
    sizes = powers + _sizes(draws)
    floating = [abs(floating_digit_count(n, c) - digits_needed(n - 1, c)) for n, c in sizes]
    exact = [abs(exact_digit_count(n, c) - digits_needed(n - 1, c)) for n, c in sizes]
    return finding(
        worst(float(e) for e in exact),
        floating_125_base_5=floating_digit_count(125, 5),
        exact_125_base_5=exact_digit_count(125, 5),
        powers_wrong=float(sum(f > 0 for f in floating)),
        note="holds for indices from 0, in exact arithmetic, which is what is printed; code that takes floating "
        "logarithms gets one digit too many for some powers (125 = 5^3)",
    )


@check("compression25/section-2-2-entropy")
def relabellings_of_balanced_data(draws: Draws) -> Finding:
    printed: list[float] = []
    mended: list[float] = []
    for samples, classes in _sizes(draws):
        digits = exact_digit_count(samples, classes)
        labels = labels_of(np.arange(samples), classes, digits)
        gaps = [log(classes) - shannon(np.bincount(column, minlength=classes) / samples) for column in labels.T]
        (mended if classes**digits == samples else printed).append(worst(gaps))
    top = labels_of(np.arange(500), 10, 3)[:, 2]
    return finding(
        worst(printed),
        mended=worst(np.abs(mended)),
        log_10=log(10),
        top_digit_of_500=shannon(np.bincount(top) / 500),
        note="the relabellings of balanced classes are balanced only where the class size is a power of C, as the "
        "thesis's own 1,000 samples in 10 classes are",
    )
