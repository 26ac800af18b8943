"""compression25 Fig. 3.2: tr(Sigma_W Sigma_B^+) of every layer over epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.figures.beside import NOTHING, Beside
from interplay.figures.compression.claimed import EDGE, claimed_handle, shade
from interplay.figures.compression.scenario_frames import layers_frame
from interplay.figures.compression.scenario_panels import (
    LAYERS,
    SPLITS,
    Panel,
    draw_curve,
    grid,
    legend,
    panels_of,
    plain_ticks,
)
from interplay.figures.limits import COLOUR
from interplay.records import Record

MEASURE = r"$\mathrm{tr}(\Sigma_W \Sigma_B^+)$"
TICKS = (0.25, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50)


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """`value` by run, layer, split and epoch.

    Raises:
        InterplayError: a record has no columns of the measure.
    """
    return layers_frame(records, {f"collapse_{split}": {"split": split} for split in SPLITS})


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Above the measure, below its value on test over that on train; a column per scenario.

    Both passes of the algorithm see weights that stand still. Marked is what claims ask: how far layers may lie apart
    at first, from when on they are to be in order of depth, and a ratio above 1.
    """
    panels = panels_of(records, beside.reference)
    figure, axes = grid(panels, 2, 4.2)
    layers: set[int] = set()
    asked = False
    for (above, below), panel in zip(axes.T, panels, strict=True):
        frame = tidy(panel.runs)
        for layer in sorted(frame["layer"].unique()):
            own, look = frame[frame["layer"] == layer], LAYERS[layer]
            for split, line in SPLITS.items():
                draw_curve(above, own[own["split"] == split], look | line)
            draw_curve(below, test_over_train(own), look | {"linestyle": "-"})
            layers.add(layer)
        asked |= _at_first(above, frame, panel, beside)
        asked |= _in_order(above, panel, beside)
    axes[0, 0].set(yscale="log", ylabel=MEASURE)
    axes[1, 0].set(yscale="log", ylabel=f"{MEASURE}\non test over that on train")
    plain_ticks(axes[1, 0], TICKS, 0.8, 1.5)
    for axis, panel in zip(axes[1], panels, strict=True):
        # A difference above zero is a ratio above one.
        differences = beside.limits("collapse_test_l1 - collapse_train_l1", panel.runs)
        asked |= shade(axis, [replace(one, low=1.0) for one in differences if one.low == 0], panel.last_epoch)
    words = "layers alike at first (bar), in order from the line on, test above train"
    legend(figure, panels, sorted(layers), more=[claimed_handle(words)] if asked else [])
    return figure


def test_over_train(frame: pd.DataFrame) -> pd.DataFrame:
    """The ratio of both splits at each epoch of each run of one layer."""
    wide = frame.pivot(index=["seed", "epoch"], columns="split", values="value")
    return (wide["test"] / wide["train"]).rename("value").dropna().reset_index()


def _at_first(axes: Axes, frame: pd.DataFrame, panel: Panel, beside: Beside) -> bool:
    """A bar as long as claims let the layers differ after the first epoch on train, around their middle there."""
    factors = {one.high for one in beside.limits("spread of collapse_train in depth", panel.runs) if one.high}
    first = frame[(frame["split"] == "train") & (frame["epoch"] > 0)]
    if first.empty or not factors:
        return False
    at = first["epoch"].min()
    means = first[first["epoch"] == at].groupby("layer")["value"].mean()
    middle, reach = float(np.sqrt(means.min() * means.max())), sqrt(max(factors))
    ends = [[middle - middle / reach], [middle * reach - middle]]
    axes.errorbar([at], [middle], yerr=ends, fmt="none", ecolor=COLOUR, elinewidth=2.2, capsize=3, alpha=0.8)
    return True


def _in_order(axes: Axes, panel: Panel, beside: Beside) -> bool:
    """A line at the epoch from which on claims want each layer below the one before."""
    starts = {one.since for one in beside.limits("collapse_train_l1 - collapse_train_l2", panel.runs)}
    for since in starts:
        axes.axvline(since * panel.last_epoch, **EDGE)
    return bool(starts)
