"""compression25 Fig. 3.6 (f+) and Fig. 3.8 (f-): information planes, sufficiency against minimality by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from interplay.evidence.layers import layer_columns
from interplay.evidence.scenarios import scenarios
from interplay.figures import style
from interplay.figures.compression.information import maximum, measured
from interplay.figures.compression.panels import LAYERS, SMALL, title
from interplay.records import Record

# As in the document: circles on train, squares on test. A test point is hollow, so that it does not hide the other.
MARKERS: dict[str, style.Line] = {"train": {"marker": "o"}, "test": {"marker": "s"}}
AXES = {"minimality": "minimality as coded (bits)", "minimality_given_label": "minimality as defined (bits)"}


def draw(records: Sequence[Record]) -> Figure:
    """A column per data set, a row per kind of minimality that was measured; a point an epoch, later is larger."""
    groups = scenarios(records)
    measures = [name for name in AXES if any(measured(run, name) for run in records)]
    size = (3.6 * max(1.5, len(groups)), 0.6 + 3.0 * len(measures))
    figure, axes = plt.subplots(len(measures), len(groups), figsize=size, squeeze=False, sharey=True)
    layers = list(layer_columns(records[0], "sufficiency_train"))
    for column, (key, runs) in enumerate(groups.items()):
        axes[0, column].set_title(title(key, runs[0]))
        for panel, measure in zip(axes[:, column], measures, strict=True):
            for run in runs:
                if measured(run, measure):
                    _paths(panel, run, measure)
            _frame(panel, runs[0], measure)
    for panel in axes[:, 0]:
        panel.set_ylabel("sufficiency (bits)")
    _legend(figure, layers)
    return figure


def _paths(axes: Axes, run: Record, measure: str) -> None:
    for split, marker in MARKERS.items():
        sufficiency, minimality = (layer_columns(run, f"{name}_{split}") for name in ("sufficiency", measure))
        for layer in minimality:
            _path(axes, minimality[layer], sufficiency[layer], LAYERS[layer]["color"], marker, hollow=split == "test")


def _path(
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    colour: str,
    marker: Mapping[str, Any],
    *,
    hollow: bool,
) -> None:
    keep = np.isfinite(x) & np.isfinite(y)
    x, y = x[keep], y[keep]
    age = np.linspace(0, 1, len(x)) if len(x) > 1 else np.ones(len(x))
    face = "none" if hollow else colour
    axes.plot(x, y, color=colour, linewidth=0.5, alpha=0.5)
    axes.scatter(x, y, s=4 + 24 * age, facecolors=face, edgecolors=colour, linewidths=0.7, alpha=0.8, **marker)


def _frame(axes: Axes, run: Record, measure: str) -> None:
    """The rectangle of what is possible, with its borders marked and named."""
    (right, across), (top, up) = maximum(run, measure), maximum(run, "sufficiency")
    low = min(0.0, axes.get_xlim()[0], axes.get_ylim()[0])
    axes.set_xlim(low, 1.1 * top)
    axes.set_ylim(low, 1.1 * top)
    axes.axhline(top, **style.THEORY)
    axes.axvline(right, **style.THEORY)
    look: Any = {"fontsize": 6, "color": style.THEORY["color"], "textcoords": "offset points"}
    axes.annotate(up, (low, top), xytext=(3, 3), **look)
    axes.annotate(across, (right, low), xytext=(2, 5), rotation=90, va="bottom", **look)
    axes.set_xlabel(AXES[measure])


def _legend(figure: Figure, layers: Sequence[int]) -> None:
    handles = [Line2D([], [], color=LAYERS[layer]["color"], linewidth=2, label=f"layer {layer}") for layer in layers]
    grey: style.Line = {**SMALL, "color": "#444444", "linestyle": ""}
    handles.append(Line2D([], [], label="train", **grey, **MARKERS["train"]))
    handles.append(Line2D([], [], label="test", markerfacecolor="none", **grey, **MARKERS["test"]))
    handles.append(Line2D([], [], label="the later, the larger", **{**grey, "markersize": 5}, marker="o"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), handlelength=1.4)
