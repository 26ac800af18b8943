"""metrics24 Fig. 3: accuracy and entropy of test features against the softmax temperature."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.axes import by_dataset, collapse_entropy, num_classes, shared_legend, theory_line
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.responses import level_ticks, margins, response, response_frame, zoom
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.records.values import setting

SETTING = "temperature"
LEAST = 0.06  # of the axis of accuracy: differences of a hundredth are what the claim is about


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each run: its temperature, accuracy on the test set (a share), entropies of test features (nats)."""
    metrics = ("test_accuracy", "feature_entropy", "feature_entropy_batch")
    return response_frame(list(by_dataset(records).values()), SETTING, metrics)


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """One column per data set: accuracy above, entropy of the features, exact and by batches, below."""
    groups = by_dataset(records)
    figure, axes = plt.subplots(2, len(groups), figsize=(style.PAGE, 4.1), squeeze=False, sharex="col")
    for column, runs in enumerate(groups.values()):
        above, below = axes[:, column]
        frame = tidy(runs)
        above.set_title(dataset_label(runs[0]))
        response(above, frame, SETTING, "test_accuracy", "test accuracy", style.ACCURACY | style.DOT)
        margins(above, frame, SETTING, "test_accuracy", beside.limits("test_accuracy", runs))
        above.set_ylabel("test accuracy")
        zoom(above, frame, ["test_accuracy"], LEAST)
        response(below, frame, SETTING, "feature_entropy", "features, exact", style.FEATURES | style.DOT)
        by_batches = f"features, batches of {setting(runs[0], 'batch_size'):g}"
        response(below, frame, SETTING, "feature_entropy_batch", by_batches, style.FEATURES_BATCH | style.SQUARE)
        below.set_ylabel("matrix entropy (nats)")
        classes = num_classes(runs[0])
        below.set_ylim(0, max(1.12 * collapse_entropy(classes), 1.05 * below.get_ylim()[1]))
        theory_line(below, collapse_entropy(classes), f"ln(C-1) = ln {classes - 1}, features at collapse", "right")
        temperature_axis(below, frame)
    shared_legend(figure)
    return figure


def temperature_axis(axes: Axes, frame: pd.DataFrame) -> None:
    """A logarithmic axis with a tick at each temperature that was trained."""
    levels = frame[SETTING].unique()
    axes.set_xscale("log")
    lowest, highest = min(levels), max(levels)
    margin = (highest / lowest) ** 0.07 if highest > lowest else 2.0
    axes.set_xlim(lowest / margin, highest * margin)
    axes.set_xlabel("softmax temperature T, at training and at test")
    level_ticks(axes, list(levels))
