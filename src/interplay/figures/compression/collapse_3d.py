"""compression25 Fig. 1.3: features of three classes in three dimensions, before training and after collapse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from interplay.figures import style
from interplay.figures.frames import table_frame
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

Matrix = NDArray[np.float64]
STATES = {"start": "before training", "end": "after training"}
LOOKS: tuple[style.Line, ...] = (
    {"color": style.BLUE, "marker": "o"},
    {"color": style.ORANGE, "marker": "s"},
    {"color": style.RED, "marker": "^"},
)
DASHED: style.Line = {"linestyle": (0, (3, 1.5))}
# The three properties of collapse that the caption names: their axis, and their value at collapse.
PROPERTIES = {
    "NC1": ("NC1: $\\mathrm{tr}(\\Sigma_W\\Sigma_B^+)$\nof each class", 0.0),
    "angle": ("NC2: angle of its mean\nto the next (degrees)", 120.0),
    "length": ("NC2: length of its mean\nover that of all", 1.0),
    "cosine": ("NC3: cosine of mean\nand weights", 1.0),
}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """`x`, `y`, `z` by run, state (start, end), kind (sample, class_mean, weight) and label.

    Raises:
        InterplayError: a record has no table collapse_3d.
    """
    columns = ("state", "kind", "label", "x", "y", "z")
    return pd.concat([table_frame(run, "collapse_3d", columns) for run in records], ignore_index=True)


def draw(records: Sequence[Record]) -> Figure:
    """Samples, class means and rows of the head's weights around the global mean; below, how far collapse has come.

    The document draws this by hand; here are features of a network with three-dimensional features that was trained on
    three classes. Both are turned so that the plane of the last class means is seen from above at a slant. Lengths
    differ between states, so each has its own scale; weights are scaled to the means.

    Raises:
        InterplayError: the record has no table collapse_3d.
    """
    frame = tidy(records[:1])
    figure = plt.figure(figsize=(style.PAGE, 4.7))
    cells = figure.add_gridspec(2, len(PROPERTIES), height_ratios=(2.3, 1))
    turn = _turn(_points(frame, "end", "class_mean")[0])
    for half, state in ((slice(0, 2), "start"), (slice(2, 4), "end")):
        _scene(figure.add_subplot(cells[0, half], projection="3d"), frame, state, turn)
    found = properties(frame)
    for column, name in enumerate(PROPERTIES):
        _property(figure.add_subplot(cells[1, column]), found[found["property"] == name], name)
    _legend(figure, frame, f"{dataset_label(records[0])}, three classes, training samples, one network")
    return figure


def properties(frame: pd.DataFrame) -> pd.DataFrame:
    """`value` by state, label and property: NC1 of its samples, angle and length of its mean, cosine with its weights.

    NC1 of a class is its part of tr(Sigma_W Sigma_B^+) times the number of classes, so that the mean of all is the
    whole of it. The angle is that of a class mean with the mean of the next class, both around the global mean.
    """
    rows: list[dict[str, Any]] = []
    for state in STATES:
        samples, labels = _points(frame, state, "sample")
        means, classes = _points(frame, state, "class_mean")
        weights, _ = _points(frame, state, "weight")
        centre = means.mean(0)
        means, samples = means - centre, samples - centre
        lengths = np.linalg.norm(means, axis=1)
        unit = means / lengths[:, None]
        back = np.linalg.pinv(means.T @ means / len(means), rcond=1e-5)
        for number, label in enumerate(classes):
            within = np.cov(samples[labels == label].T, bias=True)
            following = unit[(number + 1) % len(unit)]
            values = {
                "NC1": float(np.trace(within @ back)),
                "angle": float(np.degrees(np.arccos(np.clip(unit[number] @ following, -1, 1)))),
                "length": float(lengths[number] / lengths.mean()),
                "cosine": float(unit[number] @ weights[number] / np.linalg.norm(weights[number])),
            }
            rows += [
                {"state": state, "label": int(label), "property": name, "value": value}
                for name, value in values.items()
            ]
    return pd.DataFrame(rows)


def _points(frame: pd.DataFrame, state: str, kind: str) -> tuple[Matrix, NDArray[np.int64]]:
    """Coordinates `[n, 3]` and labels `[n]`, ordered by label."""
    chosen = frame[(frame["state"] == state) & (frame["kind"] == kind)].sort_values("label", kind="stable")
    return chosen[["x", "y", "z"]].to_numpy(dtype=np.float64), chosen["label"].to_numpy(dtype=np.int64)


def _scene(axes: Any, frame: pd.DataFrame, state: str, turn: Matrix) -> None:
    samples, labels = _points(frame, state, "sample")
    means, classes = _points(frame, state, "class_mean")
    weights, _ = _points(frame, state, "weight")
    centre = means.mean(0)
    samples, means, weights = (samples - centre) @ turn, (means - centre) @ turn, weights @ turn
    length = float(np.linalg.norm(means, axis=1).mean())
    weights = weights * length / np.linalg.norm(weights, axis=1).mean()
    reach = max(1.1 * length, float(np.quantile(np.linalg.norm(samples, axis=1), 0.9)))
    for look, label, mean, weight in zip(LOOKS, classes, means, weights, strict=False):
        mine, colour = samples[labels == label], look["color"]
        axes.scatter(*mine.T, s=7, marker=look["marker"], color=colour, alpha=0.5, linewidths=0, depthshade=False)
        axes.plot(*zip(np.zeros(3), mean, strict=True), color=colour, linewidth=1.6)
        axes.plot(*zip(np.zeros(3), weight, strict=True), color=colour, linewidth=1.3, **DASHED)
        axes.scatter(*mean, s=48, marker=look["marker"], color=colour, edgecolors="black", linewidths=0.8)
    axes.plot(*np.vstack([means, means[:1]]).T, color="#777777", linewidth=0.7)
    axes.view_init(elev=52, azim=-62)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), zlim=(-reach, reach))
    axes.set_box_aspect((1, 1, 1), zoom=1.75)
    axes.set_axis_off()
    axes.set_title(f"{STATES[state]}, {2 * reach:.2g} across")


def _property(axes: Axes, frame: pd.DataFrame, name: str) -> None:
    """One value a class before and after, and the value at collapse."""
    words, at_collapse = PROPERTIES[name]
    colours = [look["color"] for look in LOOKS][: frame["label"].nunique()]
    shown: dict[str, Any] = {"x": "state", "y": "value", "hue": "label", "palette": colours, "legend": False}
    sns.lineplot(frame, **shown, style="label", markers=[look["marker"] for look in LOOKS], dashes=False, ax=axes)
    for line in axes.lines:
        line.set(linewidth=0.8, markersize=4.5, markeredgecolor=line.get_color())
    if at_collapse > 0:
        axes.axhline(at_collapse, **style.THEORY)
    else:
        axes.set_yscale("log")
    axes.set(xlabel="", xlim=(-0.3, 1.3), xticks=(0, 1))
    axes.set_xticklabels([STATES[state].split()[0] for state in STATES])
    axes.set_ylabel(words, fontsize=6.5)


def _turn(means: Matrix) -> Matrix:
    """An orthogonal matrix that lays the plane of the three class means flat; the axes of features have no meaning."""
    flat: Matrix = np.linalg.svd(means - means.mean(0))[2].T
    return flat


def _legend(figure: Figure, frame: pd.DataFrame, title: str) -> None:
    handles = [
        Line2D([], [], linestyle="", markersize=4, label=f"class {label}", **look)
        for label, look in zip(sorted(frame["label"].unique()), LOOKS, strict=False)
    ]
    grey = "#444444"
    handles.append(Line2D([], [], color=grey, linewidth=1.6, marker="o", markersize=6, label="centred class mean"))
    handles.append(Line2D([], [], color=grey, linewidth=1.3, label="its row of the weights", **DASHED))
    handles.append(Line2D([], [], label="at collapse (NC1: 0)", **style.THEORY))
    figure.legend(handles=handles, loc="outside upper center", ncols=6, title=title, title_fontsize=8)
