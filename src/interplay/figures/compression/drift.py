"""Beside compression25 Fig. 3.2: what gathering class sums while the weights move does to the training curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from interplay.evidence.layers import relative_bias
from interplay.evidence.scenarios import scenarios
from interplay.figures import style
from interplay.figures.compression.claimed import claimed, claimed_handle
from interplay.figures.compression.collapse import MEASURE
from interplay.figures.compression.scenario_frames import layers_frame
from interplay.figures.compression.scenario_panels import GREY, LAYERS, draw_curve, grid, legend, of_scenario
from interplay.records import Record

FROZEN: style.Line = {"linestyle": "-"}
DRIFTING: style.Line = {"linestyle": (0, (1, 1.2))}
UNHARMED = 0.05  # the share of the measure below which the questions call a bias none
TICKS = (-100, -50, -20, -10, -5, 0, 5, 10, 20, 50, 100, 200, 500, 1000)


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """The measure on training data by run, layer and epoch: `frozen`, `drifting`, and `bias`, their relative difference.

    Epochs without one of the two are left out: before training no weights move.

    Raises:
        InterplayError: a record has no columns of the measure.
    """
    labels = {"collapse_train": {"weights": "frozen"}, "collapse_train_drifting": {"weights": "drifting"}}
    long = layers_frame(records, labels)
    others = [name for name in long.columns if name not in ("weights", "value")]
    wide = long.pivot(index=others, columns="weights", values="value").reset_index()
    wide.columns.name = None
    wide["bias"] = relative_bias(wide["frozen"].to_numpy(), wide["drifting"].to_numpy())
    return wide


def draw(records: Sequence[Record]) -> Figure:
    """Above both measures on the training data, below the relative difference; a column per scenario.

    Algorithm 1 needs the same weights in both passes. Sec. 2.1 runs the first pass inside the training loop, so class
    means are those of weights that still move. The axis of the bias is linear within 5 % and logarithmic beyond.
    """
    groups, frame = scenarios(records), tidy(records)
    figure, axes = grid(groups, 2, 4.2)
    layers = sorted(frame["layer"].unique())
    for (above, below), key in zip(axes.T, groups, strict=True):
        own = of_scenario(frame, key)
        for layer in layers:
            of_layer = own[own["layer"] == layer]
            for name, line in (("frozen", FROZEN), ("drifting", DRIFTING)):
                draw_curve(above, of_layer.assign(value=of_layer[name]).dropna(subset="value"), LAYERS[layer] | line)
            bias = of_layer.assign(value=100 * of_layer["bias"]).dropna(subset="value")
            draw_curve(below, bias, LAYERS[layer] | FROZEN)
        below.set_xlabel("epoch")
    axes[0, 0].set_yscale("log")
    axes[0, 0].set_ylabel(f"train {MEASURE}")
    axes[1, 0].set_ylabel("drifting against frozen\n(%)")
    axes[1, 0].set_yscale("symlog", linthresh=100 * UNHARMED, linscale=0.6)
    low, high = axes[1, 0].get_ylim()
    axes[1, 0].set_ylim(min(low, -10), max(high, 10))
    shown = [tick for tick in TICKS if axes[1, 0].get_ylim()[0] <= tick <= axes[1, 0].get_ylim()[1]]
    axes[1, 0].set_yticks(shown, [f"{tick:+d}" if tick else "0" for tick in shown])
    axes[1, 0].minorticks_off()
    for panel in axes[1]:
        panel.axhline(0, color=style.THEORY["color"], linewidth=0.6)
        claimed(panel, low=-100 * UNHARMED, high=100 * UNHARMED)
    grey = {"color": GREY, "linewidth": 1.1}
    others = {"frozen weights": grey | FROZEN, "weights in training, as printed": grey | DRIFTING}
    unharmed = claimed_handle(f"within {UNHARMED:.0%}: unharmed")
    legend(figure, groups, layers, splits=(), others=others, more=[unharmed])
    return figure


def largest_bias(frame: pd.DataFrame) -> float:
    """The largest share by which the measure is too large or too small in any layer at any epoch."""
    return float(np.nanmax(np.abs(frame["bias"])))
