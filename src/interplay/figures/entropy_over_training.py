"""metrics24 Fig. 2: accuracy, entropy of features and of head weights over training, with ln(C-1)."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.panels import (
    accuracy_axis,
    by_dataset,
    collapse_entropy,
    curve,
    num_classes,
    shared_legend,
    theory_line,
    training_axis,
)
from interplay.protocols.datasets import dataset_label
from interplay.records import Record


def draw(records: Sequence[Record]) -> Figure:
    """One column per data set: accuracy above, entropies below."""
    groups = by_dataset(records)
    figure, axes = plt.subplots(
        2, len(groups), figsize=(style.PAGE, 4.0), squeeze=False, sharex="col", height_ratios=(1, 1.7)
    )
    for column, runs in enumerate(groups.values()):
        above, below = axes[:, column]
        above.set_title(dataset_label(runs[0]))
        curve(above, runs, "test_accuracy", "test accuracy", style.ACCURACY)
        accuracy_axis(above)
        classes, batch = num_classes(runs[0]), runs[0].protocol["trajectory"]["batch_size"]
        curve(below, runs, "feature_entropy", "features, exact", style.FEATURES)
        curve(below, runs, "feature_entropy_batch", f"features, batches of {batch}", style.FEATURES_BATCH)
        curve(below, runs, "head_weights_entropy", "head weights", style.HEAD)
        below.set_ylabel("matrix entropy (nats)")
        below.set_ylim(0, 1.12 * collapse_entropy(classes))
        theory_line(below, collapse_entropy(classes), f"ln(C-1) = ln {classes - 1}, features and head at collapse")
        if log(batch) < collapse_entropy(classes):
            theory_line(below, log(batch), f"ln {batch}, cap of a batch")
        training_axis(below, runs)
    shared_legend(figure)
    return figure
