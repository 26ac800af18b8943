"""interplay24 Fig. 5: accuracy, MIR and HDR against the level of label smoothing."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.axes import by_dataset, collapse_mir, num_classes, shared_legend
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.responses import level_ticks, margins, response, response_frame, span, zoom
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

SETTING = "label_smoothing"
# Metric with its words and look, the exact one first, by row from top to bottom.
ROWS: dict[str, tuple[tuple[str, str, style.Line], ...]] = {
    "test accuracy": (("test_accuracy", "test accuracy", style.ACCURACY | style.DOT),),
    "MIR": (
        ("mir", "MIR, exact", style.MIR | style.DOT),
        ("mir_batch", "MIR, batches of {batch}", style.MIR_BATCH | style.SQUARE),
    ),
    "HDR": (
        ("hdr", "HDR, exact", style.HDR | style.DOT),
        ("hdr_batch", "HDR, batches of {batch}", style.HDR_BATCH | style.SQUARE),
    ),
}
# Least height of the axes: a few times the difference that the claims allow, so that it can be seen.
LEAST = {"test accuracy": 0.06, "MIR": 0.2, "HDR": 0.2}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each run: its level of smoothing, accuracy on the test set (a share), final MIR and HDR."""
    metrics = [metric for curves in ROWS.values() for metric, _, _ in curves]
    return response_frame(list(by_dataset(records).values()), SETTING, metrics)


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Accuracy, MIR and HDR one above the other, a column per data set; the span over all levels in each title."""
    groups = by_dataset(records)
    figure, axes = plt.subplots(3, len(groups), figsize=(style.PAGE, 5.4), squeeze=False, sharex="col")
    for column, runs in enumerate(groups.values()):
        frame, batch = tidy(runs), runs[0].protocol["trajectory"]["batch_size"]
        for panel, (name, curves) in zip(axes[:, column], ROWS.items(), strict=True):
            for metric, words, look in curves:
                response(panel, frame, SETTING, metric, words.format(batch=batch), look)
                margins(panel, frame, SETTING, metric, beside.limits(metric, runs))
            panel.set_ylabel(name)
            zoom(panel, frame, [metric for metric, _, _ in curves], LEAST[name])
            _name_span(panel, frame, curves[0][0])
        axes[1, column].set_title(f"at collapse {collapse_mir(num_classes(runs[0])):.3f}", loc="left", **SMALL)
        axes[2, column].set_title("at collapse 0", loc="left", **SMALL)
        axes[0, column].set_title(dataset_label(runs[0]), loc="left")
        axes[2, column].set_xlabel("label smoothing ε")
        level_ticks(axes[2, column], list(frame[SETTING].unique()))
    shared_legend(figure, columns=3)
    return figure


SMALL: style.Line = {"fontsize": 6.5, "color": "#555555"}


def _name_span(axes: Axes, frame: pd.DataFrame, metric: str) -> None:
    axes.set_title(f"span over ε {span(frame, SETTING, metric):.3f}", loc="right", **SMALL)
