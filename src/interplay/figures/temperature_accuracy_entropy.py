"""metrics24 Fig. 3: accuracy and entropy of test features against the softmax temperature."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.axes import (
    accuracy_axis,
    by_dataset,
    collapse_entropy,
    num_classes,
    shared_legend,
    theory_line,
)
from interplay.figures.responses import Levels, against, by_level, level_ticks, seeds_of
from interplay.figures.spread import name_bars
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.records.values import setting


def draw(records: Sequence[Record]) -> Figure:
    """One column per data set: accuracy above, entropy of the features, exact and by batches, below."""
    groups = by_dataset(records)
    figure, axes = plt.subplots(2, len(groups), figsize=(style.PAGE, 3.9), squeeze=False, sharex="col")
    for column, runs in enumerate(groups.values()):
        above, below = axes[:, column]
        levels = by_level(runs, "temperature")
        above.set_title(dataset_label(runs[0]))
        against(above, levels, "test_accuracy", "test accuracy", style.ACCURACY | style.DOT)
        accuracy_axis(above)
        against(below, levels, "feature_entropy", "features, exact", style.FEATURES | style.DOT)
        by_batches = f"features, batches of {setting(runs[0], 'batch_size'):g}"
        against(below, levels, "feature_entropy_batch", by_batches, style.FEATURES_BATCH | style.SQUARE)
        below.set_ylabel("matrix entropy (nats)")
        classes = num_classes(runs[0])
        below.set_ylim(0, max(1.12 * collapse_entropy(classes), 1.05 * below.get_ylim()[1]))
        theory_line(below, collapse_entropy(classes), f"ln(C-1) = ln {classes - 1}, features at collapse", "right")
        temperature_axis(below, levels)
        name_bars(below, seeds_of(levels))
    shared_legend(figure)
    return figure


def temperature_axis(axes: Axes, levels: Levels) -> None:
    """A logarithmic axis with a tick at each temperature that was trained."""
    axes.set_xscale("log")
    lowest, highest = min(levels), max(levels)
    margin = (highest / lowest) ** 0.07 if highest > lowest else 2.0
    axes.set_xlim(lowest / margin, highest * margin)
    axes.set_xlabel("softmax temperature T, at training and at test")
    level_ticks(axes, levels)
