"""compression25 Fig. 3.2: tr(Sigma_W Sigma_B^+) of every layer over epochs."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.evidence.scenarios import scenarios
from interplay.figures.compression.claimed import COLOUR, claimed, claimed_handle
from interplay.figures.compression.scenario_frames import layers_frame
from interplay.figures.compression.scenario_panels import (
    LAYERS,
    SPLITS,
    draw_curve,
    grid,
    last_epoch,
    legend,
    of_scenario,
)
from interplay.records import Record

MEASURE = r"$\mathrm{tr}(\Sigma_W \Sigma_B^+)$"
FACTOR_AT_FIRST = 2.0  # within which the claims want all layers after the first epoch
QUICKLY = 0.2  # the share of training after which the claims want deeper layers to compress more


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """`value` by run, layer, split and epoch.

    Raises:
        InterplayError: a record has no columns of the measure.
    """
    return layers_frame(records, {f"collapse_{split}": {"split": split} for split in SPLITS})


def draw(records: Sequence[Record]) -> Figure:
    """Above the measure, below its value on test over that on train; a column per scenario.

    Both passes of the algorithm see weights that stand still. The claims want the ratio above 1, all layers alike after
    the first epoch, and each below the one before from a fifth of training on.
    """
    groups, frame = scenarios(records), tidy(records)
    figure, axes = grid(groups, 2, 4.2)
    layers = sorted(frame["layer"].unique())
    for (above, below), (key, runs) in zip(axes.T, groups.items(), strict=True):
        own = of_scenario(frame, key)
        for layer in layers:
            of_layer = own[own["layer"] == layer]
            for split, line in SPLITS.items():
                draw_curve(above, of_layer[of_layer["split"] == split], LAYERS[layer] | line)
            draw_curve(below, test_over_train(of_layer), LAYERS[layer] | {"linestyle": "-"})
        above.set_yscale("log")
        _same_at_first(above, own)
        above.axvline(QUICKLY * last_epoch(runs), color=COLOUR, linewidth=0.9, linestyle=(0, (2, 1)))
        below.set_xlabel("epoch")
    axes[0, 0].set_ylabel(MEASURE)
    axes[1, 0].set_ylabel(f"{MEASURE}\non test over that on train")
    axes[1, 0].set_yscale("log")
    low, high = axes[1, 0].get_ylim()
    axes[1, 0].set_ylim(min(low, 0.7), max(high, 1.4))
    ticks = [tick for tick in (0.25, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20) if axes[1, 0].get_ylim()[0] <= tick <= high]
    axes[1, 0].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes[1, 0].minorticks_off()
    for panel in axes[1]:
        claimed(panel, low=1.0)
    words = f"where claims want it: within a factor {FACTOR_AT_FIRST:g} at first, in order after the line, test above"
    legend(figure, groups, layers, more=[claimed_handle(words)])
    return figure


def test_over_train(frame: pd.DataFrame) -> pd.DataFrame:
    """The ratio of both splits at each epoch of each run of one layer."""
    wide = frame.pivot(index=["seed", "epoch"], columns="split", values="value")
    return (wide["test"] / wide["train"]).rename("value").dropna().reset_index()


def _same_at_first(axes: Axes, frame: pd.DataFrame) -> None:
    """A bar as long as all layers may differ after the first epoch on train, around their middle there."""
    first = frame[(frame["split"] == "train") & (frame["epoch"] > 0)]
    if first.empty:
        return
    at = first["epoch"].min()
    middle = float(np.exp(np.log(first[first["epoch"] == at].groupby("layer")["value"].mean()).agg(["min", "max"]).mean()))
    reach = sqrt(FACTOR_AT_FIRST)
    ends = [[middle - middle / reach], [middle * reach - middle]]
    axes.errorbar([at], [middle], yerr=ends, fmt="none", ecolor=COLOUR, elinewidth=2.2, capsize=3, alpha=0.8)
