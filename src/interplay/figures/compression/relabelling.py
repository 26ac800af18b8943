"""compression25 Fig. 2.1: the relabelling function of Algorithm 2, with the digits of real class indices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from interplay.evidence.relabelling import digits, digits_needed, published_class_size
from interplay.figures import style
from interplay.figures.axes import num_classes
from interplay.records import Record

# One for each of up to ten labels, pale enough for black digits on it; more labels use them again.
PALETTE = sns.color_palette([*style.PALETTE[:5], "#009E73", "#F0E442", "#999999", "#7F3C8D", "#8C564B"], desat=0.75)


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """The true `label` of the shown samples of every class, their `index` within it, and a column per new label.

    Raises:
        InterplayError: the record does not say how many samples and classes there are.
    """
    classes, size = num_classes(records[0]), published_class_size(records[0])
    count = digits_needed(size, classes)
    rows = []
    for label in range(classes):
        for index in shown_indices(size, classes):
            new = {f"y_{place}": digit for place, digit in enumerate(digits(index, classes, count))}
            rows.append({"label": label, "index": index, **new})
    return pd.DataFrame(rows)


def draw(records: Sequence[Record]) -> Figure:
    """Above the true labels of some samples, one row a class; below their new labels, one row a digit of the index.

    True labels change from row to row, new ones from column to column: the i-th samples of all classes share them. The
    number of samples is the published one, whatever a tier reads.
    """
    frame = tidy(records)
    classes, size = num_classes(records[0]), published_class_size(records[0])
    true = frame.assign(true=frame["label"]).pivot(index="label", columns="index", values="true")
    new = frame[frame["label"] == 0].set_index("index").drop(columns="label").T
    height = 1.1 + 0.2 * (len(true) + len(new))
    figure, (above, below) = plt.subplots(2, 1, figsize=(style.PAGE, height), height_ratios=(len(true), len(new)))
    _cells(above, true, classes, [f"class {label}" for label in true.index])
    _cells(below, new, classes, [f"$y_{place}$  ($\\times\\,{classes}^{place}$)" for place in range(len(new))])
    above.xaxis.tick_top()
    above.set_xticks(above.get_xticks(), [f"$i$ = {index}" for index in true.columns])
    words = f"{size:,} a class, {classes} classes, index $i$ within the class from 0"
    above.set_title(f"True labels $y$ of samples $x_{{c,i}}$: {words}")
    below.set_title(f"New labels $r(x_{{c,i}})$: the {len(new)} digits of $i$ in base {classes}, for every class alike")
    below.set_xticks([])
    return figure


def shown_indices(size: int, base: int, most: int = 14) -> list[int]:
    """Class indices around 0 and around every power of the base, and the last one."""
    powers = [base**power for power in range(1, digits_needed(size, base))]
    wanted = {0, 1, 2, 3, size - 1, size // 2, *(power + step for power in powers for step in (-1, 0, 1))}
    inside = sorted(index for index in wanted if 0 <= index < size)
    return inside if len(inside) <= most else [*inside[: most - 1], size - 1]


def _cells(axes: Axes, labels: pd.DataFrame, classes: int, names: Sequence[str]) -> None:
    """A cell for each label, in the label's colour."""
    pale = [tuple(0.5 + 0.5 * channel for channel in PALETTE[label % len(PALETTE)]) for label in range(classes)]
    colours: dict[str, Any] = {"cmap": ListedColormap(pale), "vmin": -0.5, "vmax": classes - 0.5, "cbar": False}
    words = {"fontsize": 6.5, "color": "black"}
    sns.heatmap(labels, ax=axes, annot=True, fmt="d", annot_kws=words, linewidths=1.2, **colours)
    axes.set_yticks(axes.get_yticks(), names, rotation=0)
    axes.set(xlabel="", ylabel="")
    axes.tick_params(which="both", length=0)
