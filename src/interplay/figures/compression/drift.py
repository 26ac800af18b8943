"""Beside compression25 Fig. 3.2: what gathering class sums while the weights move does to the training curve."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from interplay.evidence.layers import relative_bias
from interplay.figures import style
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.compression.collapse import MEASURE
from interplay.figures.compression.scenario_frames import layers_frame
from interplay.figures.compression.scenario_panels import GREY, LAYERS, draw_curve, grid, legend, panels_of, plain_ticks
from interplay.figures.limits import COLOUR
from interplay.records import Record

FROZEN: style.Line = {"linestyle": "-"}
DRIFTING: style.Line = {"linestyle": (0, (1, 1.2))}
LINEAR = 5.0  # percent, the bias that the questions about it tell from none: the axis is linear up to there
TICKS = (-100, -50, -20, -10, -5, 0, 5, 10, 20, 50, 100, 200, 500, 1000)


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """The measure on training data by run, layer and epoch: `frozen`, `drifting`, and their relative difference `bias`.

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


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Above both measures on the training data, below the relative difference; a column per scenario.

    Algorithm 1 needs the same weights in both passes. Sec. 2.1 runs the first pass inside the training loop, so class
    means are those of weights that still move. The axis of the bias is linear within 5 % and logarithmic beyond.
    """
    panels = panels_of(records, beside.reference)
    figure, axes = grid(panels, 2, 4.2)
    layers: set[int] = set()
    for (above, below), panel in zip(axes.T, panels, strict=True):
        frame = tidy(panel.runs)
        for layer in sorted(frame["layer"].unique()):
            own, look = frame[frame["layer"] == layer], LAYERS[layer]
            draw_curve(above, own, look | FROZEN, y="frozen")
            draw_curve(above, own, look | DRIFTING, y="drifting")
            draw_curve(below, own.assign(percent=100 * own["bias"]), look | FROZEN, y="percent")
            layers.add(layer)
    axes[0, 0].set(yscale="log", ylabel=f"train {MEASURE}")
    axes[1, 0].set_ylabel("drifting against frozen (%)")
    axes[1, 0].set_yscale("symlog", linthresh=LINEAR, linscale=0.6)
    plain_ticks(axes[1, 0], TICKS, -2 * LINEAR, 2 * LINEAR)
    for axis in axes[1]:
        axis.axhline(0, color=style.THEORY["color"], linewidth=0.6)
        axis.axhspan(-LINEAR, LINEAR, color=COLOUR, alpha=0.13, linewidth=0, zorder=0.5)
    grey = {"color": GREY, "linewidth": 1.1}
    others = {"frozen weights": grey | FROZEN, "weights in training, as printed": grey | DRIFTING}
    others |= {f"within {LINEAR:g} %: unharmed": {"color": COLOUR, "linewidth": 5, "alpha": 0.35}}
    legend(figure, panels, sorted(layers), splits=(), others=others)
    return figure
