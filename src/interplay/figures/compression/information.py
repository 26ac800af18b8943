"""compression25 Fig. 3.5 (f+) and Fig. 3.7 (f-): sufficiency and minimality of every layer over epochs."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.evidence.layers import layer_columns
from interplay.evidence.relabelling import class_size, most_minimality
from interplay.evidence.scenarios import scenarios
from interplay.figures.axes import num_classes, theory_line
from interplay.figures.compression.panels import LAYERS, SPLITS, draw_columns, grid, legend, note
from interplay.records import Record

MEASURES = {
    "sufficiency": "sufficiency (bits)\n" r"$I_V(h^l \to y)$",
    "minimality": "minimality as coded (bits)\n" r"$I_V(h^l \to n_y)$, all classes",
    "minimality_given_label": "minimality as defined (bits)\n" r"$I_V(h^l\,|\,y \to n_y)$, mean over $y$",
}


def draw(records: Sequence[Record]) -> Figure:
    """Rows: sufficiency, minimality as the thesis codes it and as it defines it; a column per data set.

    The thesis' decoders of minimality see samples of all classes and are not told which; its definition asks within
    each class.
    """
    groups = scenarios(records)
    figure, axes = grid(groups, len(MEASURES), 5.8)
    for panels, runs in zip(axes.T, groups.values(), strict=True):
        for panel, measure in zip(panels, MEASURES, strict=True):
            _curves(panel, runs, measure)
    for row, (measure, label) in zip(axes, MEASURES.items(), strict=True):
        row[0].set_ylabel(label, fontsize=7)
        most, words = maximum(records[0], measure)
        for panel in row:
            panel.set_ylim(min(0.0, panel.get_ylim()[0]), 1.1 * log2(num_classes(records[0])))
            theory_line(panel, most, words)
    legend(figure, groups, list(layer_columns(records[0], "sufficiency_train")))
    return figure


def maximum(run: Record, measure: str) -> tuple[float, str]:
    """The largest possible value of a measure in bits, and its name.

    It is log2 C, as the document says, but for minimality only where the class size is a power of C.
    """
    classes, size = num_classes(run), class_size(run)
    most = most_minimality(size, classes)
    if measure == "sufficiency" or most > log2(classes) - 1e-9:
        return log2(classes), f"maximum, $\\log_2 {classes}$"
    return most, f"maximum with {size} samples a class, {most:.2f}"


def measured(run: Record, measure: str) -> bool:
    """Whether a run has this measure; the one within each class costs C times the decoders and may be left out."""
    return any(name.startswith(f"{measure}_train_l") for name in run.trajectory)


def _curves(axes: Axes, runs: Sequence[Record], measure: str) -> None:
    runs = [run for run in runs if measured(run, measure)]
    if not runs:
        note(axes, "not measured in this tier")
        return
    for split, line in SPLITS.items():
        for layer in layer_columns(runs[0], f"{measure}_{split}"):
            draw_columns(axes, runs, [f"{measure}_{split}_l{layer}"], LAYERS[layer] | line)
