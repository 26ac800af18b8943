"""interplay24 Fig. 1: accuracy and MIR on the test set during training."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.interplay_over_training import mir_panel
from interplay.figures.panels import by_dataset, shared_legend
from interplay.records import Record


def draw(records: Sequence[Record]) -> Figure:
    """One panel per data set."""
    groups = by_dataset(records)
    figure, axes = plt.subplots(1, len(groups), figsize=(style.PAGE, 2.5), squeeze=False)
    for panel, runs in zip(axes[0], groups.values(), strict=True):
        mir_panel(panel, runs)
    shared_legend(figure)
    return figure
