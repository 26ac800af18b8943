"""compression25 Fig. 3.1: accuracy and loss of both networks on both data sets over epochs."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.evidence.scenarios import scenarios
from interplay.figures import style
from interplay.figures.axes import theory_line
from interplay.figures.compression.panels import SPLITS, draw_columns, grid, legend
from interplay.records import Record

ACCURACY: style.Line = {"color": style.BLUE}
LOSS: style.Line = {"color": style.RED}


def draw(records: Sequence[Record]) -> Figure:
    """Accuracy above, loss below; a column per scenario. Solid on train, dashed on test."""
    groups = scenarios(records)
    figure, axes = grid(groups, 2, 3.6)
    for (above, below), runs in zip(axes.T, groups.values(), strict=True):
        curves(above, below, runs)
    axes[0, 0].set_ylabel("accuracy")
    axes[1, 0].set_ylabel("cross-entropy (nats)")
    axes[0, 0].set_ylim(0, 1.02)
    axes[1, 0].set_yscale("log")
    for panel, runs in zip(axes[1], groups.values(), strict=True):
        threshold = runs[0].protocol.get("stop_at_loss")
        if threshold:
            theory_line(panel, threshold, f"end of training, {threshold:g}")
    legend(figure, groups)
    return figure


def curves(accuracy: Axes, loss: Axes, runs: Sequence[Record]) -> None:
    """Accuracy and loss on both splits."""
    for split, line in SPLITS.items():
        draw_columns(accuracy, runs, [f"{split}_accuracy"], ACCURACY | line)
        draw_columns(loss, runs, [f"{split}_loss"], LOSS | line)
