"""metrics24 Fig. 5: t-SNE of test features of networks trained at a low and at a high softmax temperature."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.figures import style
from interplay.figures.axes import num_classes
from interplay.figures.frames import table_frame
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
OTHERS = "#bbbbbb"


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each point: temperature, coordinates of t-SNE (without unit or meaning), class.

    Raises:
        InterplayError: no record has an embedding.
    """
    shown = with_embedding(records)
    columns = ("x", "y", "label")
    frames = [table_frame(one, "tsne", columns).assign(temperature=setting(one, "temperature")) for one in shown]
    return pd.concat(frames, ignore_index=True)


def with_embedding(records: Sequence[Record]) -> list[Record]:
    """The records that have one, by rising temperature.

    Raises:
        InterplayError: no record has an embedding.
    """
    shown = sorted((r for r in records if r.tables.get("tsne")), key=lambda record: setting(record, "temperature"))
    if not shown:
        raise InterplayError(f"{records[0].name} and its siblings: none has a table tsne; delete them and rerun")
    return shown


def draw(records: Sequence[Record]) -> Figure:
    """One panel per temperature. The axes of t-SNE have neither unit nor meaning, and carry no ticks.

    Raises:
        InterplayError: no record has an embedding.
    """
    shown = with_embedding(records)
    classes = num_classes(shown[0])
    figure, axes = plt.subplots(1, len(shown), figsize=(style.PAGE, 3.9), squeeze=False)
    for panel, record in zip(axes[0], shown, strict=True):
        _scatter(panel, record, strong_classes(classes))
    handles, labels = axes[0, 0].get_legend_handles_labels()
    note = f"t-SNE of {len(shown[0].tables['tsne']):,} test features of {classes} classes"
    figure.legend(handles, labels, loc="outside upper center", ncols=6, title=note)
    return figure


def strong_classes(classes: int) -> list[int]:
    """The classes that are shown strongly: ten, spread evenly over all, or all where there are fewer."""
    return sorted({index * classes // len(STRONG) for index in range(len(STRONG))})


def _scatter(axes: Axes, record: Record, strong: Sequence[int]) -> None:
    frame = tidy([record])
    marked = frame["label"].isin(strong)
    if not marked.all():
        label, grey = f"{frame[~marked]['label'].nunique()} others", frame[~marked]
        look: style.Line = {"s": 10, "color": OTHERS, "linewidth": 0, "label": label}
        sns.scatterplot(data=grey, x="x", y="y", ax=axes, legend=False, **look)
    looks = dict(zip(strong, STRONG, strict=False))
    sns.scatterplot(
        data=frame[marked].assign(label=frame["label"].map("class {}".format)),
        x="x",
        y="y",
        hue="label",
        style="label",
        hue_order=[f"class {index}" for index in looks],
        style_order=[f"class {index}" for index in looks],
        palette=[colour for colour, _ in looks.values()],
        markers=[marker for _, marker in looks.values()],
        s=24,
        edgecolor="black",
        linewidth=0.4,
        ax=axes,
    )
    axes.legend().remove()
    axes.set(xlabel="", ylabel="")
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
