"""compression25 Fig. 3.3: compression gap against generalisation gap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from interplay.evidence.layers import Gaps, gaps, layer_columns
from interplay.evidence.scenarios import scenarios
from interplay.figures import style
from interplay.figures.compression.panels import LAYERS, SMALL, column_of, note, title
from interplay.records import Record


def draw(records: Sequence[Record]) -> Figure:
    """A row per layer, a column per scenario; a point for each epoch with a positive generalisation gap."""
    groups = scenarios(records)
    layers = list(layer_columns(records[0], "collapse_train"))
    figure, axes = plt.subplots(len(layers), len(groups), figsize=(style.PAGE, 4.6), squeeze=False, sharex="col")
    for column, (key, runs) in enumerate(groups.items()):
        axes[0, column].set_title(title(key, runs[0]))
        axes[-1, column].set_xlabel("generalisation gap (nats)")
        for panel, layer in zip(axes[:, column], layers, strict=True):
            _scatter(panel, runs, layer)
    for panel, layer in zip(axes[:, 0], layers, strict=True):
        panel.set_ylabel(f"compression gap\nlayer {layer}")
    grey = {"color": "#444444", "linestyle": "", "marker": "o"}
    handles = [
        Line2D([], [], label=f"layer {layer}", **{**SMALL, **LAYERS[layer], "linestyle": ""}) for layer in layers
    ]
    handles.append(Line2D([], [], label="an epoch; the later, the larger", **{**SMALL, **grey}))
    seeds = max(len(runs) for runs in groups.values())
    words = "$r$: Pearson, $\\rho$: Spearman" + (f", least and largest of {seeds} seeds" if seeds > 1 else "")
    handles.append(Line2D([], [], linestyle="", label=words))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def gaps_of(run: Record, layer: int) -> Gaps:
    """The points of one run and layer."""
    names = ("train_loss", "test_loss", f"collapse_train_l{layer}", f"collapse_test_l{layer}")
    return gaps(*(column_of(run, name) for name in names))


def _scatter(axes: Axes, runs: Sequence[Record], layer: int) -> None:
    found = [gaps_of(run, layer) for run in runs]
    for run, one in zip(runs, found, strict=True):
        last = max(1, len(run.trajectory["step"]) - 1)
        sizes = 3 + 22 * (one.epochs / last)
        look = LAYERS[layer]
        axes.plot(one.generalisation, one.compression, color=look["color"], linewidth=0.5, alpha=0.4)
        axes.scatter(
            one.generalisation,
            one.compression,
            s=sizes,
            color=look["color"],
            marker=look["marker"],
            alpha=0.75,
            linewidths=0,
        )
    axes.margins(0.08, 0.1)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.45 * (high - low))  # room for the words
    if low < 0 < high:
        axes.axhline(0, color=style.THEORY["color"], linewidth=0.6)
    points = [len(one.epochs) for one in found]
    if not any(points):
        note(axes, "no epoch with a\npositive gap")
        return
    note(axes, f"$r$ = {_range([one.pearson for one in found])}\n$\\rho$ = {_range([one.spearman for one in found])}")


def _range(values: Sequence[float]) -> str:
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return "–"
    if len(known) == 1 or f"{min(known):.2f}" == f"{max(known):.2f}":
        return f"{known[0]:.2f}"
    return f"{min(known):.2f} to {max(known):.2f}"
