"""metrics24 Fig. 6: accuracy with MIR and accuracy with HDR over training, both data sets."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.panels import (
    accuracy_axis,
    by_dataset,
    collapse_mir,
    curve,
    num_classes,
    shared_legend,
    theory_line,
    training_axis,
)
from interplay.protocols.datasets import dataset_label
from interplay.records import Record


def draw(records: Sequence[Record]) -> Figure:
    """MIR in the upper row, HDR in the lower one, a column per data set."""
    groups = by_dataset(records)
    figure, axes = plt.subplots(2, len(groups), figsize=(style.PAGE, 4.2), squeeze=False)
    for column, runs in enumerate(groups.values()):
        mir_panel(axes[0, column], runs)
        hdr_panel(axes[1, column], runs)
    shared_legend(figure, columns=5)
    return figure


def mir_panel(axes: Axes, runs: Sequence[Record]) -> None:
    """Accuracy and MIR of one data set, exact and by batches, with the value at collapse."""
    _ratio_panel(axes, runs, "mir", "MIR", style.MIR, style.MIR_BATCH)
    theory_line(axes, collapse_mir(num_classes(runs[0])), "MIR at collapse")


def hdr_panel(axes: Axes, runs: Sequence[Record]) -> None:
    """Accuracy and HDR of one data set, exact and by batches, with the value at collapse."""
    _ratio_panel(axes, runs, "hdr", "HDR", style.HDR, style.HDR_BATCH)
    theory_line(axes, 0.0, "HDR at collapse")


def _ratio_panel(
    axes: Axes, runs: Sequence[Record], series: str, name: str, exact: style.Line, by_batch: style.Line
) -> None:
    batch = runs[0].protocol["trajectory"]["batch_size"]
    axes.set_title(dataset_label(runs[0]))
    curve(axes, runs, "test_accuracy", "test accuracy", style.ACCURACY)
    curve(axes, runs, series, f"{name}, exact", exact)
    curve(axes, runs, f"{series}_batch", f"{name}, batches of {batch}", by_batch)
    accuracy_axis(axes)
    axes.set_ylabel(f"accuracy, {name}")
    training_axis(axes, runs)
