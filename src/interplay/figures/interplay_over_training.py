"""metrics24 Fig. 6: accuracy with MIR and accuracy with HDR over training, both data sets."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.axes import (
    accuracy_axis,
    collapse_mir,
    num_classes,
    panels_of,
    shared_legend,
    theory_line,
    training_axis,
)
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.frames import trajectory_frame
from interplay.figures.limits import draw_limits
from interplay.figures.spread import mean_line
from interplay.records import Record

NAMES = {"mir": "MIR", "hdr": "HDR"}
LOOKS = {"mir": (style.MIR, style.MIR_BATCH), "hdr": (style.HDR, style.HDR_BATCH)}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each logged step of each run: accuracy on the test set (a share), MIR and HDR, exact and by batches."""
    return trajectory_frame(records, ("test_accuracy", *columns_of("mir"), *columns_of("hdr")))


def columns_of(quantity: str) -> tuple[str, str]:
    """The columns of MIR or HDR: exact, and mean over batches."""
    return quantity, f"{quantity}_batch"


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """MIR in the upper row, HDR in the lower one, a column per data set, those of the reference last."""
    return draw_rows(records, beside, ("mir", "hdr"), 4.4)


def draw_rows(records: Sequence[Record], beside: Beside, rows: Sequence[str], height: float) -> Figure:
    """A row of panels for each of MIR and HDR named, with the accuracy in each."""
    panels = panels_of(records, beside.reference)
    figure, axes = plt.subplots(len(rows), len(panels), figsize=(style.PAGE, height), squeeze=False, sharex="col")
    for column, (title, runs) in enumerate(panels):
        axes[0, column].set_title(title)
        for panel, quantity in zip(axes[:, column], rows, strict=True):
            _panel(panel, runs, quantity, beside)
        training_axis(axes[-1, column], max(run.trajectory["step"][-1] for run in runs))
    shared_legend(figure, columns=4)
    return figure


def _panel(axes: Axes, runs: Sequence[Record], quantity: str, beside: Beside) -> None:
    name, frame = NAMES[quantity], trajectory_frame(runs, ("test_accuracy", *columns_of(quantity)))
    batch = runs[0].protocol["trajectory"]["batch_size"]
    words = (f"{name}, exact", f"{name}, batches of {batch}")
    mean_line(axes, frame, "step", "test_accuracy", "test accuracy", style.ACCURACY)
    for column, label, look in zip(columns_of(quantity), words, LOOKS[quantity], strict=True):
        mean_line(axes, frame, "step", column, label, look)
        draw_limits(axes, beside.limits(column, runs))
    accuracy_axis(axes)
    axes.set_ylabel(f"accuracy, {name}")
    theory_line(axes, collapse_mir(num_classes(runs[0])) if quantity == "mir" else 0.0, f"{name} at collapse")
