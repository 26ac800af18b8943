"""compression25 Fig. 3.3: compression gap against generalisation gap."""

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
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from interplay.evidence.comovement import CLEAR_CORRELATION
from interplay.evidence.layers import gaps, layer_columns, pearson
from interplay.evidence.statistics import rank_correlation
from interplay.figures import style
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.compression.claimed import SHADE, claimed_handle
from interplay.figures.compression.scenario_frames import column_of, join, run_labels
from interplay.figures.compression.scenario_panels import (
    GREY,
    LAYERS,
    NARROWEST_COLUMN,
    SMALL,
    Panel,
    note,
    panels_of,
    place_legend,
    run_handles,
)
from interplay.figures.limits import COLOUR, about
from interplay.figures.spread import mean_line
from interplay.protocols.claims import CorrelationTest
from interplay.records import Record

FEWEST = 3  # points of which a correlation means anything at all
# What is correlated: the gaps themselves, which rise together with any two courses that settle, and their changes.
OF = {
    "levels": ("of the gaps", {"marker": "o"}),
    "changes": ("of their changes from epoch to epoch", {"marker": "D", "markerfacecolor": "white"}),
}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """`generalisation_gap` (nats) and `compression_gap` by run, layer and epoch, where the former is positive.

    Raises:
        InterplayError: a record lacks a column.
    """
    parts = []
    for run in records:
        epochs = column_of(run, "step")
        for layer in layer_columns(run, "collapse_train"):
            names = ("train_loss", "test_loss", f"collapse_train_l{layer}", f"collapse_test_l{layer}")
            found = gaps(*(column_of(run, name) for name in names))
            part = pd.DataFrame({"generalisation_gap": found.generalisation, "compression_gap": found.compression})
            parts.append(part.assign(epoch=epochs[found.epochs], layer=layer, **run_labels(run)))
    return join(parts)


def correlations(frame: pd.DataFrame) -> pd.DataFrame:
    """`rho` (Spearman's) and `r` (Pearson's) by run, layer and what is correlated; NaN of fewer than three points."""
    rows = []
    for (seed, layer), points in frame.sort_values("epoch").groupby(["seed", "layer"]):
        columns = [points[name].to_numpy() for name in ("generalisation_gap", "compression_gap")]
        for kind, (one, other) in {"levels": columns, "changes": [np.diff(column) for column in columns]}.items():
            rows.append({"seed": seed, "layer": layer, "of": kind, "points": len(one), **_both(one, other)})
    return pd.DataFrame(rows, columns=["seed", "layer", "of", "points", "rho", "r"])


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """A row of points per layer and below them the correlations by layer; a column per scenario.

    A point is an epoch with a positive generalisation gap, the later the larger. Scales differ from panel to panel:
    what the claims are about is whether the two gaps go together, and the lowest row has that on one scale.
    """
    panels = panels_of(records, beside.reference)
    frames = [tidy(panel.runs) for panel in panels]
    layers = sorted({layer for panel in panels for layer in layer_columns(panel.runs[0], "collapse_train")})
    size = (max(style.PAGE, NARROWEST_COLUMN * len(panels)), 1.2 + 1.25 * (len(layers) + 1))
    figure, axes = plt.subplots(len(layers) + 1, len(panels), figsize=size, squeeze=False)
    asked = False
    for column, panel, frame in zip(axes.T, panels, frames, strict=True):
        column[0].set_title(panel.title)
        for axis, layer in zip(column, layers, strict=False):
            axis.sharex(column[0])
            axis.tick_params(labelbottom=layer == layers[-1])
            _points(axis, frame[frame["layer"] == layer] if len(frame) else frame, layer, panel.last_epoch)
        column[-2].set_xlabel("generalisation gap (nats)", fontsize=6.5)
        asked |= _correlations(column[-1], frame, panel, layers, beside)
    for axis, layer in zip(axes[:, 0], layers, strict=False):
        axis.set_ylabel(f"compression gap\nlayer {layer}")
    axes[-1, 0].set_ylabel("rank correlation $\\rho$")
    _legend(figure, panels, layers, asked)
    return figure


def _both(one: NDArray[np.float64], other: NDArray[np.float64]) -> dict[str, float]:
    if len(one) < FEWEST:
        return {"rho": float("nan"), "r": float("nan")}
    return {"rho": rank_correlation(one, other)[0], "r": pearson(one, other)}


def _points(axes: Axes, frame: pd.DataFrame, layer: int, last: float) -> None:
    if frame.empty:
        note(axes, "no epoch with a\npositive gap")
        return
    look = LAYERS[layer]
    names: dict[str, Any] = {"x": "generalisation_gap", "y": "compression_gap", "ax": axes, "legend": False}
    ordered = frame.sort_values(["seed", "epoch"])
    sns.lineplot(
        ordered, **names, units="seed", estimator=None, sort=False, color=look["color"], linewidth=0.5, alpha=0.4
    )
    sns.scatterplot(ordered, **names, size="epoch", sizes=(3, 25), size_norm=(0, last), alpha=0.75, linewidth=0, **look)
    axes.set(xlabel="", ylabel="")
    axes.margins(0.08, 0.12)
    if axes.get_ylim()[0] < 0 < axes.get_ylim()[1]:
        axes.axhline(0, color=style.THEORY["color"], linewidth=0.6)


def _correlations(axes: Axes, frame: pd.DataFrame, panel: Panel, layers: Sequence[int], beside: Beside) -> bool:
    """Spearman's rho of each layer, of both kinds, and where the claims want the one that they are about."""
    found = correlations(frame) if len(frame) else pd.DataFrame(columns=["seed", "layer", "of", "rho"])
    for shift, (kind, (_, look)) in zip((-0.12, 0.12), OF.items(), strict=True):
        own = found[found["of"] == kind].dropna(subset="rho")
        place = own.assign(place=own["layer"] + shift)
        drawn = {"color": GREY, "linestyle": "", "markersize": 3.5, "markeredgecolor": GREY, **look}
        mean_line(axes, place, "place", "rho", None, drawn, shown_as="bars")
    axes.set(ylim=(-1.05, 1.05), xlim=(layers[0] - 0.5, layers[-1] + 0.5), xticks=layers, xlabel="layer", ylabel="")
    axes.axhline(0, color=style.THEORY["color"], linewidth=0.6)
    if found.empty:
        note(axes, "no epoch with a\npositive gap")
    asked = False
    for claim in beside.claims:
        if isinstance(claim.test, CorrelationTest) and about(claim, panel.runs, panel.runs):
            low, high = _wanted(claim.test.sign)
            for layer in layers:
                if str(claim.test.second) == f"collapse_test_l{layer} - collapse_train_l{layer}":
                    box = Rectangle((layer - 0.4, low), 0.8, high - low, color=COLOUR, alpha=SHADE, linewidth=0)
                    axes.add_patch(box)
                    asked = True
    return asked


def _wanted(sign: str) -> tuple[float, float]:
    """Where a claim of that sign wants rho."""
    if sign == "mild":
        return -CLEAR_CORRELATION, CLEAR_CORRELATION
    return (CLEAR_CORRELATION, 1.0) if sign == "positive" else (-1.0, -CLEAR_CORRELATION)


def _legend(figure: Figure, panels: Sequence[Panel], layers: Sequence[int], asked: bool) -> None:
    grey: style.Line = {**SMALL, "color": GREY, "linestyle": ""}
    handles: list[Any] = [
        Line2D([], [], label=f"layer {layer}", **{**SMALL, **LAYERS[layer], "linestyle": ""}) for layer in layers
    ]
    handles.append(Line2D([], [], label="an epoch; the later, the larger", **{**grey, "marker": "o"}))
    handles += [Line2D([], [], label=f"$\\rho$ {words}", **{**grey, **look}) for words, look in OF.values()]
    handles += [claimed_handle("mild, or positive, of the gaps")] if asked else []
    place_legend(figure, [*handles, *run_handles(panels, "bars")])
