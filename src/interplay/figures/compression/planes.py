"""compression25 Fig. 3.6 (f+) and Fig. 3.8 (f-): information planes, sufficiency against minimality by layer."""

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
from matplotlib.ticker import MaxNLocator, MultipleLocator

from interplay.evidence.layers import layer_columns
from interplay.figures import style
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.compression.claimed import claimed_handle, shade
from interplay.figures.compression.information import maximum, measured
from interplay.figures.compression.scenario_frames import column_of, join, run_labels
from interplay.figures.compression.scenario_panels import (
    GREY,
    LAYERS,
    SMALL,
    SPLITS,
    Panel,
    draw_curve,
    epoch_axis,
    panels_of,
    place_legend,
    run_handles,
)
from interplay.figures.limits import Limit
from interplay.figures.spread import LEAST_FOR_INTERVAL, SINGLE, shared_points
from interplay.records import Record

# As in the document: circles on train, squares on test. A test point is hollow, so that it does not hide the other.
MARKERS = {"train": "o", "test": "s"}
KINDS = {"minimality": "as coded", "minimality_given_label": "as defined"}
COLOURS = {layer: look["color"] for layer, look in LAYERS.items()}
CORNER = 0.62  # bits: what is closer than this to the largest values of both is shown once more, enlarged


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """`minimality`, `sufficiency` and `fall` in bits by run, layer, split, epoch and kind of minimality.

    `fall` is how far minimality lies below the highest that it had reached since the first epoch: a compression phase
    would show as one. A kind that a run does not have has no rows.

    Raises:
        InterplayError: a record has no columns of sufficiency.
    """
    parts = []
    for run in records:
        epochs = column_of(run, "step")
        for measure, kind in KINDS.items():
            if not measured(run, measure):
                continue
            for split in SPLITS:
                sufficiency, minimality = (layer_columns(run, f"{name}_{split}") for name in ("sufficiency", measure))
                for layer, values in minimality.items():
                    part = pd.DataFrame({"epoch": epochs, "minimality": values, "sufficiency": sufficiency[layer]})
                    part = part.dropna().assign(kind=kind, layer=layer, split=split, **run_labels(run))
                    parts.append(part.assign(fall=part["minimality"].cummax() - part["minimality"]))
    return join(parts)


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """A row per data set: the plane for each kind of minimality, its upper right corner enlarged; falls over epochs.

    Both axes of a plane have one scale, so that a path that is almost horizontal looks so. A point is an epoch, the
    later the larger; from three runs on it is their mean, and each run's path is drawn thin.
    """
    panels = panels_of(records)
    measures = [name for name in KINDS if any(measured(run, name) for run in records)]
    columns = len(measures)
    figure = plt.figure(figsize=(style.PAGE, 0.8 + 2.55 * len(panels)))
    cells = figure.add_gridspec(2 * len(panels), columns + 1, width_ratios=[*[1.25] * columns, 1])
    asked = False
    for row, panel in enumerate(panels):
        frame = tidy(panel.runs)
        for column, measure in enumerate(measures):
            own = frame[frame["kind"] == KINDS[measure]]
            plane = figure.add_subplot(cells[2 * row : 2 * row + 2, column])
            _plane(plane, own, panel, measure)
            below = figure.add_subplot(cells[2 * row + column if columns > 1 else 2 * row, columns])
            asked |= _falls(below, own, panel, beside, measure)
    _legend(figure, panels, sorted(frame["layer"].unique()), asked)
    return figure


def mean_path(frame: pd.DataFrame) -> pd.DataFrame:
    """The mean over runs of both coordinates at the epochs that all of them have; below three runs, every run."""
    if frame["seed"].nunique() < LEAST_FOR_INTERVAL:
        return frame
    shared = shared_points(frame, "epoch", "minimality")
    return shared.groupby("epoch", as_index=False)[["minimality", "sufficiency"]].mean().assign(seed=-1)


def _plane(axes: Axes, frame: pd.DataFrame, panel: Panel, measure: str) -> None:
    right, top = maximum(panel.runs[0], measure), maximum(panel.runs[0], "sufficiency")
    low = min(-0.12, float(frame["minimality"].min()), float(frame["sufficiency"].min()))
    end = 1.1 * top.bits
    corner = axes.inset_axes((0.3, 0.12, 0.42, 0.42))
    for axis in (axes, corner):
        _paths(axis, frame, panel.last_epoch)
        axis.axhline(top.bits, **style.THEORY)
        axis.axvline(right.bits, **style.THEORY)
    axes.set(xlim=(low, end), ylim=(low, end), aspect="equal", anchor="C", box_aspect=1)
    axes.set(xlabel=f"minimality {KINDS[measure]} (bits)", ylabel="sufficiency (bits)")
    axes.set_title(panel.title)
    look: Any = {"fontsize": 5.5, "color": style.THEORY["color"], "textcoords": "offset points"}
    axes.annotate(top.words, (low, top.bits), xytext=(3, 2), **look)
    axes.annotate(right.words, (right.bits, low), xytext=(2, 4), rotation=90, va="bottom", **look)
    corner.set(xlim=(right.bits - CORNER, right.bits + 0.04), ylim=(top.bits - CORNER, top.bits + 0.04))
    corner.set(box_aspect=1, xlabel="", ylabel="")
    corner.tick_params(labelsize=5, pad=1)
    for side in (corner.xaxis, corner.yaxis):
        side.set_major_locator(MultipleLocator(0.2))
    corner.patch.set_alpha(0.85)
    axes.indicate_inset_zoom(corner, edgecolor=GREY, linewidth=0.5)


def _paths(axes: Axes, frame: pd.DataFrame, last: float) -> None:
    several = frame["seed"].nunique() >= LEAST_FOR_INTERVAL
    coordinates: dict[str, Any] = {"x": "minimality", "y": "sufficiency", "ax": axes, "legend": False}
    for split, marker in MARKERS.items():
        for layer, own in frame[frame["split"] == split].groupby("layer"):
            colour = COLOURS[int(str(layer))]
            along: dict[str, Any] = {"units": "seed", "estimator": None, "sort": False, "color": colour}
            if several:
                sns.lineplot(own, **coordinates, **along, **SINGLE | {"alpha": 0.3})
            path = mean_path(own).sort_values(["seed", "epoch"])
            sns.lineplot(path, **coordinates, **along, linewidth=0.6, alpha=0.7)
            sns.scatterplot(
                path, **coordinates, size="epoch", sizes=(4, 26), size_norm=(0, last), marker=marker, color=colour
            )
            points = axes.collections[-1]
            points.set(edgecolor=colour, linewidth=0.7, alpha=0.85)
            points.set_facecolor("none" if split == "test" else colour)


def _falls(axes: Axes, frame: pd.DataFrame, panel: Panel, beside: Beside, measure: str) -> bool:
    """How far minimality is below the highest before, with the fall up to which claims see no compression phase."""
    for layer, look in LAYERS.items():
        for split, line in SPLITS.items():
            draw_curve(axes, frame[(frame["layer"] == layer) & (frame["split"] == split)], look | line, y="fall")
    epoch_axis(axes, panel.last_epoch)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.set_ylabel(f"fall of minimality\n{KINDS[measure]} (bits)")
    quantities = [f"{measure}_{split}_l{layer}" for split in SPLITS for layer in LAYERS]
    found = [one for name in quantities for one in beside.limits(name, panel.runs) if one.within is not None]
    axes.set_ylim(-0.01, max(0.2, 1.1 * float(np.nanmax(frame["fall"]))))
    return shade(axes, [Limit(one.claim, "fall", high=one.within, since=one.since) for one in found], panel.last_epoch)


def _legend(figure: Figure, panels: Sequence[Panel], layers: Sequence[int], asked: bool) -> None:
    handles: list[Any] = [Line2D([], [], label=f"layer {layer}", **{**SMALL, **LAYERS[layer]}) for layer in layers]
    grey: style.Line = {**SMALL, "color": GREY}
    handles.append(Line2D([], [], label="train", **{**grey, "marker": "o"}))
    test = {**grey, "marker": "s", "markerfacecolor": "none", **SPLITS["test"]}
    handles.append(Line2D([], [], label="test", **test))
    handles.append(
        Line2D([], [], label="the later, the larger", **{**grey, "linestyle": "", "markersize": 5}, marker="o")
    )
    handles += [claimed_handle("no compression phase")] if asked else []
    place_legend(figure, [*handles, *run_handles(panels)])
