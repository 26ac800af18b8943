"""metrics24 Fig. 10: how CMA aligns modalities, drawn from a real batch: features, groups, their entropies."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from interplay.errors import InterplayError
from interplay.evidence.cross_modal import FEW_SHOT
from interplay.figures import style
from interplay.figures.frames import table_frame
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.records.values import setting

TABLE = "pipeline"
COLUMNS = ("member", "group", "modality", "first", "second", "entropy", "size")
SHOWN = ("coop", "cma_released")
MOST_GROUPS = 10  # that a reader can tell apart; the first ones by name of a batch with more
HEIGHT = 4.9
BOX: dict[str, Any] = {"facecolor": "#f4f4f4", "edgecolor": "#555555", "linewidth": 0.7}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each image and text of the batch and each method: its class, two coordinates, entropy of its group.

    Raises:
        InterplayError: no record has the table pipeline.
    """
    return table_frame(_holder(records), TABLE, COLUMNS)


def draw(records: Sequence[Record]) -> Figure:
    """Above the steps; below the batch after fine-tuning, without and with CMA, each class in a colour."""
    record = _holder(records)
    frame = tidy(records)
    methods = [name for name in SHOWN if (frame["member"] == name).any()]
    if not methods:
        raise InterplayError(f"{record.name}: its table {TABLE} has none of {', '.join(SHOWN)}; rerun with one of them")
    groups = sorted(set(frame["group"]))[:MOST_GROUPS]
    figure = plt.figure(figsize=(style.PAGE, HEIGHT))
    spec = figure.add_gridspec(3, len(methods), height_ratios=(1, 2.4, 0.35 + 0.12 * -(-len(groups) // 3)))
    _steps(figure.add_subplot(spec[0, :]))
    shared: Axes | None = None
    for column, name in enumerate(methods):
        axes = figure.add_subplot(spec[1, column], sharex=shared, sharey=shared)
        shared = shared or axes
        _batch(axes, frame.loc[frame["member"] == name], groups, FEW_SHOT[name])
    _name_groups(figure.add_subplot(spec[2, :]), frame, methods, groups)
    named = "all" if len(groups) == frame["group"].nunique() else f"{len(groups)} of {frame['group'].nunique()}"
    figure.suptitle(
        f"{dataset_label(record)}, {int(setting(record, 'shots'))} shots: one batch, {named} classes in it, on the two "
        "principal axes of all its unit vectors",
        fontsize=7.5,
    )
    return figure


def _holder(records: Sequence[Record]) -> Record:
    for record in sorted(records, key=lambda one: one.seed):
        if record.tables.get(TABLE):
            return record
    names = f"{records[0].name}{' and others' if len(records) > 1 else ''}"
    raise InterplayError(f"{names}: no table {TABLE}; delete the record and rerun")


def _steps(axes: Axes) -> None:
    """Boxes and arrows: two encoders, groups by class, entropies, the objective."""
    axes.set_axis_off()
    axes.set(xlim=(0, 100), ylim=(0, 30))
    boxes = {
        "images": (1, 18, 13, 9, "images of\na batch"),
        "prompts": (1, 3, 13, 9, "learnt context\n+ class names"),
        "image": (21, 18, 15, 9, "image encoder\n(frozen)"),
        "text": (21, 3, 15, 9, "text encoder\n(frozen)"),
        "group": (43, 9, 17, 12, "groups by class:\nimages and the\ntext of one class"),
        "entropy": (67, 18, 14, 9, "matrix entropy\nof each group"),
        "ce": (67, 3, 14, 9, "cross-entropy\nover cosines"),
        "loss": (87, 9, 12, 12, "(1 - λ) CE\n+ λ CMA"),
    }
    for left, bottom, width, height, text in boxes.values():
        axes.add_patch(FancyBboxPatch((left, bottom), width, height, boxstyle="round,pad=0.3", **BOX))
        axes.text(left + width / 2, bottom + height / 2, text, ha="center", va="center", fontsize=6.3)
    arrows = [
        ("images", "image"),
        ("prompts", "text"),
        ("image", "group"),
        ("text", "group"),
        ("group", "entropy"),
        ("group", "ce"),
        ("entropy", "loss"),
        ("ce", "loss"),
    ]
    for start, end in arrows:
        left, bottom, width, height, _ = boxes[start]
        to, low, _, tall, _ = boxes[end]
        tail, head = (left + width + 0.6, bottom + height / 2), (to - 0.6, low + tall / 2)
        axes.add_patch(FancyArrowPatch(tail, head, arrowstyle="-|>", mutation_scale=7, linewidth=0.8, color="#555555"))


def _batch(axes: Axes, frame: pd.DataFrame, groups: Sequence[str], title: str) -> None:
    own = frame.loc[frame["group"].isin(groups)]
    palette = _colours(groups)
    texts = own.loc[own["modality"] == "text"].set_index("group")
    images = own.loc[own["modality"] == "image"]
    for row in images.to_dict("records"):
        text = texts.loc[row["group"]]
        ends = [row["first"], text["first"]], [row["second"], text["second"]]
        axes.plot(*ends, color=palette[row["group"]], linewidth=0.5, alpha=0.5)
    look: dict[str, Any] = {"hue": "group", "palette": palette, "legend": False, "ax": axes}
    sns.scatterplot(data=images, x="first", y="second", marker="o", s=16, **look)
    sns.scatterplot(data=texts.reset_index(), x="first", y="second", marker="*", s=90, edgecolor="black", **look)
    whole = frame.drop_duplicates("group")["entropy"].mean()
    axes.set_title(f"{title}: mean entropy of a group {whole:.3f} nats", fontsize=7)
    axes.set(xlabel="first principal axis", ylabel="second principal axis")


def _name_groups(axes: Axes, frame: pd.DataFrame, methods: Sequence[str], groups: Sequence[str]) -> None:
    """One legend below: each class with its colour, its images, and the entropy of its group under each method."""
    rows = frame.drop_duplicates(["member", "group"]).to_dict("records")
    found: dict[tuple[str, str], dict[Hashable, Any]] = {(row["member"], row["group"]): row for row in rows}
    handles = []
    for group, colour in _colours(groups).items():
        images = int(found[methods[0], group]["size"]) - 1
        values = ", ".join(f"{found[name, group]['entropy']:.2f}" for name in methods)
        label = f"{group} ({images} image{'s' * (images > 1)}): H = {values}"
        handles.append(Line2D([], [], marker="o", linestyle="", color=colour, label=label))
    look: dict[str, Any] = {"marker": "*", "linestyle": "", "color": "white", "markeredgecolor": "black"}
    handles.append(Line2D([], [], label="star: the text of a class", markersize=7, **look))
    title = f"entropy H of each group in nats: {', '.join(FEW_SHOT[name] for name in methods)}"
    axes.set_axis_off()
    axes.legend(handles=handles, loc="center", ncols=3, fontsize=5.5, title=title)


def _colours(groups: Sequence[str]) -> dict[str, Any]:
    return dict(zip(groups, sns.color_palette("colorblind", len(groups)), strict=True))
