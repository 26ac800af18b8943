"""compression25 Fig. 1.1: a CNN that fits labels which were permuted at random."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from interplay.evidence.scenarios import scenarios
from interplay.figures import style
from interplay.figures.axes import num_classes
from interplay.figures.compression.learning_curves import curves
from interplay.figures.compression.panels import epoch_axis, legend, title
from interplay.records import Record


def draw(records: Sequence[Record]) -> Figure:
    """Accuracy and loss side by side, a row per scenario that was run; chance is marked."""
    groups = scenarios(records)
    size = (style.PAGE, 0.6 + 2.0 * len(groups))
    figure, axes = plt.subplots(len(groups), 2, figsize=size, squeeze=False, sharex="col")
    for (accuracy, loss), (key, runs) in zip(axes, groups.items(), strict=True):
        curves(accuracy, loss, runs)
        for panel in (accuracy, loss):
            panel.set_title(f"{title(key, runs[0])}, random labels".replace("\n", " "))
            epoch_axis(panel, runs)
        accuracy.set_ylim(0, 1.02)
        accuracy.set_ylabel("accuracy")
        accuracy.axhline(1 / num_classes(runs[0]), **style.THEORY)
        loss.set_yscale("log")
        loss.set_ylabel("cross-entropy (nats)")
    legend(figure, groups, others={f"chance, 1/{num_classes(records[0])}": style.THEORY})
    return figure
