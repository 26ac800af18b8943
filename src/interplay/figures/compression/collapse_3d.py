"""compression25 Fig. 1.3: features of three classes in three dimensions, before training and after collapse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from interplay.errors import InterplayError
from interplay.figures import style
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

Matrix = NDArray[np.float64]
STATES = {"start": "before training", "end": "after training"}
CLASSES: tuple[style.Line, ...] = (
    {"color": style.BLUE, "marker": "o"},
    {"color": style.ORANGE, "marker": "s"},
    {"color": style.RED, "marker": "^"},
)


def draw(records: Sequence[Record]) -> Figure:
    """Samples, class means and rows of the head's weights around the global mean, seen from the same direction.

    The document draws this by hand; here are features of a network with three-dimensional features that was trained on
    three classes. Both panels are turned so that the plane of the last class means lies flat. Lengths differ between
    states, so each panel has its own scale; weights are scaled to the means.

    Raises:
        InterplayError: the record has no table collapse_3d.
    """
    record = records[0]
    rows = record.tables.get("collapse_3d")
    if not rows:
        raise InterplayError(f"{record.name}: the record has no table collapse_3d; delete it and rerun")
    figure = plt.figure(figsize=(style.PAGE, 3.9))
    turn = _turn(_points(rows, "end", "class_mean")[0])
    for position, state in enumerate(STATES, start=1):
        axes = figure.add_subplot(1, 2, position, projection="3d")
        _panel(axes, rows, state, turn)
    _legend(figure, rows, f"{dataset_label(record)}, three classes, three-dimensional features of training samples")
    return figure


def _points(rows: Sequence[Mapping[str, Any]], state: str, kind: str) -> tuple[Matrix, NDArray[np.int64]]:
    """Coordinates `[n, 3]` and labels `[n]`, ordered by label."""
    chosen = sorted((r for r in rows if r["state"] == state and r["kind"] == kind), key=lambda row: int(row["label"]))
    return np.array([[r["x"], r["y"], r["z"]] for r in chosen], dtype=np.float64), np.array(
        [int(r["label"]) for r in chosen]
    )


def _panel(axes: Any, rows: Sequence[Mapping[str, Any]], state: str, turn: Matrix) -> None:
    samples, labels = _points(rows, state, "sample")
    means, _ = _points(rows, state, "class_mean")
    weights, _ = _points(rows, state, "weight")
    centre = means.mean(0)
    samples, means, weights = (samples - centre) @ turn, (means - centre) @ turn, weights @ turn
    length = float(np.linalg.norm(means, axis=1).mean())
    weights = weights * length / np.linalg.norm(weights, axis=1).mean()
    for look, index in zip(CLASSES, np.unique(labels), strict=False):
        mine = samples[labels == index]
        axes.scatter(*mine.T, s=7, color=look["color"], marker=look["marker"], alpha=0.45, linewidths=0)
    for look, mean, weight in zip(CLASSES, means, weights, strict=False):
        axes.plot(*zip(np.zeros(3), mean, strict=True), color=look["color"], linewidth=1.6)
        axes.plot(*zip(np.zeros(3), weight, strict=True), color=style.BLACK, linewidth=1.0, linestyle=(0, (3, 1.5)))
        axes.scatter(*mean, s=52, color=look["color"], marker=look["marker"], edgecolors="black", linewidths=0.8)
    closed = np.vstack([means, means[:1]])
    axes.plot(*closed.T, color="#777777", linewidth=0.7)
    axes.view_init(elev=38, azim=-62)
    reach = 1.05 * float(np.quantile(np.linalg.norm(samples, axis=1), 0.98))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), zlim=(-reach, reach))
    axes.set_box_aspect((1, 1, 1), zoom=1.15)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_ticklabels([])
        axis.set_pane_color((0.97, 0.97, 0.97, 1.0))
    spread, angles, cosines = _numbers(samples, labels, means, weights)
    axes.set_title(
        f"{STATES[state]}\n"
        rf"$\mathrm{{tr}}(\Sigma_W\Sigma_B^+)$ = {spread:.3g}; means at {_joined(angles, '{:.0f}')} degrees;"
        f"\ncosine of weights and means {_joined(cosines, '{:.2f}')}",
        fontsize=7,
    )


def _numbers(
    samples: Matrix, labels: NDArray[np.int64], means: Matrix, weights: Matrix
) -> tuple[float, Matrix, Matrix]:
    """NC1 of the samples shown, angles between centred class means in degrees, cosines of weights with means."""
    within = sum(np.cov(samples[labels == index].T, bias=True) for index in np.unique(labels)) / len(means)
    between = means.T @ means / len(means)
    unit = means / np.linalg.norm(means, axis=1, keepdims=True)
    angles = np.degrees(np.arccos(np.clip(unit @ unit.T, -1, 1)))[np.triu_indices(len(means), 1)]
    cosines = (unit * (weights / np.linalg.norm(weights, axis=1, keepdims=True))).sum(1)
    return float(np.trace(within @ np.linalg.pinv(between, rcond=1e-5))), angles, cosines


def _joined(values: Matrix, form: str) -> str:
    return ", ".join(form.format(value) for value in values)


def _turn(means: Matrix) -> Matrix:
    """An orthogonal matrix that lays the plane of the three class means flat; the axes of features have no meaning."""
    flat: Matrix = np.linalg.svd(means - means.mean(0))[2].T
    return flat


def _legend(figure: Figure, rows: Sequence[Mapping[str, Any]], title: str) -> None:
    labels = sorted({int(row["label"]) for row in rows})
    handles = [
        Line2D([], [], linestyle="", markersize=4, label=f"class {label}", **look)
        for label, look in zip(labels, CLASSES, strict=False)
    ]
    handles.append(Line2D([], [], color="#444444", linewidth=1.6, marker="o", markersize=6, label="centred class mean"))
    handles.append(Line2D([], [], color=style.BLACK, linewidth=1, linestyle=(0, (3, 1.5)), label="row of the weights"))
    figure.legend(handles=handles, loc="outside upper center", ncols=5, title=title, title_fontsize=8)
