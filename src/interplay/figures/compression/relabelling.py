"""compression25 Fig. 2.1: the relabelling function of Algorithm 2, with the digits of real class indices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from interplay.evidence.relabelling import class_size, digits, digits_needed
from interplay.figures import style
from interplay.figures.axes import num_classes
from interplay.records import Record

# One for each of up to ten labels, pale enough for black digits on it; more labels use them again.
PALETTE = (
    style.BLUE,
    style.ORANGE,
    style.RED,
    style.PURPLE,
    style.SKY,
    "#009E73",
    "#F0E442",
    "#999999",
    "#7F3C8D",
    "#8C564B",
)


def draw(records: Sequence[Record]) -> Figure:
    """Above the true labels of some samples, one row a class; below their new labels, one row a digit of the index.

    True labels change from row to row, new ones from column to column: the i-th samples of all classes share them.
    """
    record = records[0]
    classes, size = num_classes(record), class_size(record)
    indices = shown_indices(size, classes)
    new = np.array([digits(index, classes, digits_needed(size, classes)) for index in indices]).T
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(style.PAGE, 0.6 + 0.2 * (classes + len(new)) + 0.5), height_ratios=(classes, len(new))
    )
    true = np.repeat(np.arange(classes)[:, None], len(indices), axis=1)
    _cells(above, true, [f"class {label}" for label in range(classes)])
    _cells(below, new, [f"$y_{digit}$" + f"  ($\\times\\,{classes}^{digit}$)" for digit in range(len(new))])
    above.xaxis.tick_top()
    above.set_xticks(range(len(indices)), [f"$i$ = {index}" for index in indices])
    above.set_title(
        f"True labels $y$ of samples $x_{{c,i}}$: {size} a class, {classes} classes, index $i$ within the class from 0"
    )
    below.set_title(f"New labels $r(x_{{c,i}})$: the {len(new)} digits of $i$ in base {classes}, for every class alike")
    below.set_xticks([])
    return figure


def shown_indices(size: int, base: int, most: int = 14) -> list[int]:
    """Class indices around 0 and around every power of the base, and the last one."""
    powers = [base**power for power in range(1, digits_needed(size, base))]
    wanted = {0, 1, 2, 3, size - 1, size // 2, *(power + step for power in powers for step in (-1, 0, 1))}
    inside = sorted(index for index in wanted if 0 <= index < size)
    return inside if len(inside) <= most else [*inside[: most - 1], size - 1]


def _cells(axes: Axes, labels: np.ndarray[tuple[int, int], np.dtype[np.int64]], names: Sequence[str]) -> None:
    pale = np.array([[_pale(label) for label in row] for row in labels])
    axes.imshow(pale, aspect="auto")
    for (row, column), label in np.ndenumerate(labels):
        axes.text(column, row, str(label), ha="center", va="center", fontsize=6.5)
    axes.set_yticks(range(len(names)), names)
    axes.set_xticks(np.arange(labels.shape[1] - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(labels.shape[0] - 1) + 0.5, minor=True)
    axes.grid(False)
    axes.grid(True, which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)


def _pale(label: int) -> tuple[float, ...]:
    return tuple(0.5 + 0.5 * channel for channel in to_rgb(PALETTE[label % len(PALETTE)]))
