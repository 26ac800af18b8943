"""metrics24 Fig. 2: accuracy, entropy of features and of head weights over training, with ln(C-1)."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.axes import (
    accuracy_axis,
    collapse_entropy,
    num_classes,
    panels_of,
    shared_legend,
    theory_line,
    training_axis,
)
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.frames import trajectory_frame
from interplay.figures.limits import draw_limits
from interplay.figures.printed import mark_accuracy
from interplay.figures.spread import mean_line
from interplay.records import Record

COLUMNS = ("test_accuracy", "feature_entropy", "feature_entropy_batch", "head_weights_entropy")


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each logged step of each run: accuracy on the test set (a share), matrix entropies (nats)."""
    return trajectory_frame(records, COLUMNS)


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """One column per data set, those of the reference last: accuracy above, entropies below."""
    panels = panels_of(records, beside.reference)
    figure, axes = plt.subplots(
        2, len(panels), figsize=(style.PAGE, 5.0), squeeze=False, sharex="col", height_ratios=(1, 1.7)
    )
    for column, (title, runs) in enumerate(panels):
        above, below = axes[:, column]
        frame = tidy(runs)
        above.set_title(title)
        mean_line(above, frame, "step", "test_accuracy", "test accuracy", style.ACCURACY)
        accuracy_axis(above)
        mark_accuracy(above, runs, beside)
        _entropies(below, frame, runs, beside)
        training_axis(below, frame["step"].max())
    shared_legend(figure, columns=2)
    return figure


def _entropies(axes: Axes, frame: pd.DataFrame, runs: Sequence[Record], beside: Beside) -> None:
    most, batch = collapse_entropy(num_classes(runs[0])), runs[0].protocol["trajectory"]["batch_size"]
    mean_line(axes, frame, "step", "feature_entropy", "features, exact", style.FEATURES)
    by_batches = f"features, batches of {batch}"
    mean_line(axes, frame, "step", "feature_entropy_batch", by_batches, style.FEATURES_BATCH)
    mean_line(axes, frame, "step", "head_weights_entropy", "head weights", style.HEAD)
    axes.set_ylabel("matrix entropy (nats)")
    axes.set_ylim(0, 1.12 * most)
    theory_line(axes, most, f"ln(C-1) = ln {num_classes(runs[0]) - 1}, at collapse")
    if log(batch) < most:
        theory_line(axes, log(batch), f"ln {batch}, cap of a batch")
    for quantity, words, look in (
        ("feature_entropy", "features", style.FEATURES),
        ("head_weights_entropy", "head", style.HEAD),
    ):
        for suffix, when, where in (("_at_start", "start", (0.0, 0.12)), ("", "end", (0.88, 1.0))):
            of, found = f" at {when}, {words}", beside.limits(f"{quantity}_share{suffix}", runs)
            draw_limits(axes, found, of=of, scale=most, unit=" ln(C-1)", where=where, color=look["color"])
