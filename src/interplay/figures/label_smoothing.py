"""interplay24 Fig. 5: accuracy, MIR and HDR against the level of label smoothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.axes import (
    accuracy_axis,
    by_dataset,
    collapse_mir,
    num_classes,
    shared_legend,
    theory_line,
)
from interplay.figures.responses import Levels, against, by_level, level_ticks, seeds_of
from interplay.figures.spread import name_bars
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.records.values import metric


def draw(records: Sequence[Record]) -> Figure:
    """Accuracy, MIR and HDR one above the other, a column per data set; the span over all levels in each title."""
    groups = by_dataset(records)
    figure, axes = plt.subplots(3, len(groups), figsize=(style.PAGE, 5.2), squeeze=False, sharex="col")
    for column, runs in enumerate(groups.values()):
        accuracy, mir, hdr = axes[:, column]
        levels = by_level(runs, "label_smoothing")
        batch = runs[0].protocol["trajectory"]["batch_size"]
        against(accuracy, levels, "test_accuracy", "test accuracy", style.ACCURACY | style.DOT)
        against(mir, levels, "mir", "MIR, exact", style.MIR | style.DOT)
        against(mir, levels, "mir_batch", f"MIR, batches of {batch}", style.MIR_BATCH | style.SQUARE)
        against(hdr, levels, "hdr", "HDR, exact", style.HDR | style.DOT)
        against(hdr, levels, "hdr_batch", f"HDR, batches of {batch}", style.HDR_BATCH | style.SQUARE)
        accuracy_axis(accuracy)
        mir.set_ylim(0, 1.1)
        mir.set_ylabel("MIR")
        theory_line(mir, collapse_mir(num_classes(runs[0])), "MIR at collapse")
        hdr.set_ylabel("HDR")
        top = max(0.1, 1.15 * hdr.get_ylim()[1])
        hdr.set_ylim(-0.05 * top, top)
        theory_line(hdr, 0.0, "HDR at collapse")
        hdr.set_xlabel("label smoothing ε")
        level_ticks(hdr, levels)
        for panel, name in ((accuracy, "test_accuracy"), (mir, "mir"), (hdr, "hdr")):
            _name_span(panel, levels, name)
        accuracy.set_title(dataset_label(runs[0]), loc="left")
        name_bars(hdr, seeds_of(levels))
    shared_legend(figure, columns=3)
    return figure


def span(levels: Levels, name: str) -> float:
    """Greatest less smallest mean of a metric over the levels."""
    return float(np.ptp([np.mean([metric(record, name) for record in runs]) for runs in levels.values()]))


def _name_span(axes: Axes, levels: Levels, name: str) -> None:
    axes.set_title(f"span over ε {span(levels, name):.3f}", loc="right", fontsize=6.5, color="#555555")
