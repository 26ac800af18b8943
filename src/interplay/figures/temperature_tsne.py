"""metrics24 Fig. 5: t-SNE of test features of networks trained at a low and at a high softmax temperature."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.figures import style
from interplay.figures.axes import num_classes
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.records.values import metric, setting

# Ten classes have a colour and a marker of their own; the eye tells no more apart.
STRONG = (
    (style.BLUE, "o"),
    (style.ORANGE, "s"),
    (style.RED, "^"),
    (style.PURPLE, "D"),
    (style.SKY, "v"),
    (style.BLACK, "P"),
    ("#009E73", "X"),
    ("#F0E442", "o"),
    ("#7F3C8D", "<"),
    ("#8C564B", "*"),
)
FAINT = [
    tuple(0.4 + 0.6 * np.array(to_rgb(colour))) for colour in (mpl.colormaps["tab20"](index) for index in range(20))
]


def draw(records: Sequence[Record]) -> Figure:
    """One panel per temperature. The axes of t-SNE have neither unit nor meaning, and carry no ticks.

    Raises:
        InterplayError: no record has an embedding.
    """
    shown = sorted((r for r in records if r.tables.get("tsne")), key=lambda record: setting(record, "temperature"))
    if not shown:
        raise InterplayError(f"{records[0].name} and its siblings: none has a table tsne; delete them and rerun")
    classes = num_classes(shown[0])
    figure, axes = plt.subplots(1, len(shown), figsize=(style.PAGE, 3.9), squeeze=False)
    for panel, record in zip(axes[0], shown, strict=True):
        _scatter(panel, record, strong_classes(classes))
    handles, labels = axes[0, 0].get_legend_handles_labels()
    note = _note(len(shown[0].tables["tsne"]), classes)
    figure.legend(handles, labels, loc="outside upper center", ncols=5, markerscale=1.4, title=note, title_fontsize=6.5)
    return figure


def strong_classes(classes: int) -> list[int]:
    """The classes that are shown strongly: ten, spread evenly over all, or all where there are fewer."""
    return sorted({index * classes // len(STRONG) for index in range(len(STRONG))})


def _note(points: int, classes: int) -> str:
    shown = f"t-SNE of {points:,} test features of {classes} classes"
    if classes <= len(STRONG):
        return shown
    return f"{shown}; ten are marked, the others share {len(FAINT)} pale colours"


def _scatter(axes: Axes, record: Record, strong: Sequence[int]) -> None:
    rows = record.tables["tsne"]
    x, y = (np.array([row[name] for row in rows], dtype=np.float64) for name in ("x", "y"))
    label = np.array([int(row["label"]) for row in rows])
    others = ~np.isin(label, strong)
    pale = [FAINT[index % len(FAINT)] for index in label[others]]
    axes.scatter(x[others], y[others], s=9, c=pale, marker=".", linewidths=0)
    for (colour, marker), index in zip(STRONG, strong, strict=False):
        mine = label == index
        look: style.Line = {"s": 13, "color": colour, "marker": marker, "edgecolors": "black", "linewidths": 0.3}
        axes.scatter(x[mine], y[mine], label=f"class {index}", **look)
    axes.set_title(
        f"{dataset_label(record)}, T = {setting(record, 'temperature'):g}, "
        f"accuracy {metric(record, 'test_accuracy'):.2f}\n"
        f"silhouette {metric(record, 'silhouette'):.3f}, Davies-Bouldin {metric(record, 'davies_bouldin'):.2f}, "
        f"entropy {metric(record, 'feature_entropy'):.2f} nats"
    )
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    axes.spines[["top", "right"]].set_visible(True)
