"""Beside compression25 Fig. 3.2: what gathering class sums while the weights move does to the training curve."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from interplay.evidence.layers import layer_columns, relative_bias
from interplay.evidence.scenarios import scenarios
from interplay.figures import style
from interplay.figures.compression.collapse import MEASURE
from interplay.figures.compression.panels import LAYERS, column_of, draw_columns, draw_runs, grid, legend
from interplay.records import Record

FROZEN: style.Line = {"linestyle": "-"}
DRIFTING: style.Line = {"linestyle": (0, (1, 1.2))}


def draw(records: Sequence[Record]) -> Figure:
    """Above both measures on the training data, below the relative difference; a column per scenario.

    Algorithm 1 needs the same weights in both passes. Sec. 2.1 runs the first pass inside the training loop, so class
    means are those of weights that still move.
    """
    groups = scenarios(records)
    figure, axes = grid(groups, 2, 3.8)
    for (above, below), runs in zip(axes.T, groups.values(), strict=True):
        below.axhline(0, color=style.THEORY["color"], linewidth=0.6)
        for layer in layer_columns(runs[0], "collapse_train"):
            names = [f"collapse_train_l{layer}", f"collapse_train_drifting_l{layer}"]
            for name, line in zip(names, (FROZEN, DRIFTING), strict=True):
                draw_columns(above, runs, [name], LAYERS[layer] | line)
            columns = [[column_of(run, name) for name in names] for run in runs]
            bias = [relative_bias(frozen, drifting) for frozen, drifting in columns]
            draw_runs(below, [column_of(run, "step") for run in runs], bias, LAYERS[layer] | FROZEN)
    axes[0, 0].set_yscale("log")
    axes[0, 0].set_ylabel(f"train {MEASURE}")
    axes[1, 0].set_ylabel("drifting against frozen")
    axes[1, 0].yaxis.set_major_formatter(PercentFormatter(1.0))
    low, high = axes[1, 0].get_ylim()
    axes[1, 0].set_ylim(min(low, -0.02), max(high, 0.02))
    grey = {"color": "#444444", "linewidth": 1.1}
    others = {"frozen weights": grey | FROZEN, "weights in training, as printed": grey | DRIFTING}
    legend(figure, groups, list(layer_columns(records[0], "collapse_train")), splits=(), others=others)
    return figure
