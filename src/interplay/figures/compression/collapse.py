"""compression25 Fig. 3.2: tr(Sigma_W Sigma_B^+) of every layer over epochs."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.evidence.layers import layer_columns
from interplay.evidence.scenarios import scenarios
from interplay.figures.compression.panels import LAYERS, SPLITS, draw_columns, grid, legend
from interplay.records import Record

MEASURE = r"$\mathrm{tr}(\Sigma_W \Sigma_B^+)$"


def draw(records: Sequence[Record]) -> Figure:
    """A panel per scenario; solid on train, dashed on test, with weights that stand still in both passes."""
    groups = scenarios(records)
    figure, axes = grid(groups, 1, 2.7)
    for panel, runs in zip(axes[0], groups.values(), strict=True):
        for split in SPLITS:
            collapse_curves(panel, runs, f"collapse_{split}", split)
    axes[0, 0].set_yscale("log")
    axes[0, 0].set_ylabel(MEASURE)
    legend(figure, groups, list(layer_columns(records[0], "collapse_train")))
    return figure


def collapse_curves(axes: Axes, runs: Sequence[Record], prefix: str, split: str) -> None:
    """One curve a layer, in the line of a split."""
    for layer in layer_columns(runs[0], prefix):
        draw_columns(axes, runs, [f"{prefix}_l{layer}"], LAYERS[layer] | SPLITS[split])
