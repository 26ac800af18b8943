"""metrics24 Fig. 4: how well test features cluster by class, against the softmax temperature."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.axes import by_dataset, shared_legend, theory_line
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.responses import margins, response, response_frame
from interplay.figures.temperature_accuracy_entropy import SETTING, temperature_axis
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

# Metric, words of the legend, name of the axis, value at collapse, look.
ROWS: tuple[tuple[str, str, str, float, style.Line], ...] = (
    (
        "silhouette",
        "silhouette coefficient (high: clear clusters)",
        "silhouette coefficient",
        1.0,
        {"color": style.BLUE, "linestyle": "-"} | style.DOT,
    ),
    (
        "davies_bouldin",
        "Davies-Bouldin index (low: clear clusters)",
        "Davies-Bouldin index",
        0.0,
        {"color": style.RED, "linestyle": (0, (5, 1))} | style.SQUARE,
    ),
)


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each run: its temperature, silhouette coefficient and Davies-Bouldin index of test features."""
    return response_frame(list(by_dataset(records).values()), SETTING, [row[0] for row in ROWS])


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Silhouette coefficient above, Davies-Bouldin index below, a column per data set; both with a rule at collapse."""
    groups = by_dataset(records)
    figure, axes = plt.subplots(2, len(groups), figsize=(style.PAGE, 4.1), squeeze=False, sharex="col")
    for column, runs in enumerate(groups.values()):
        frame = tidy(runs)
        for panel, (metric, words, name, collapsed, look) in zip(axes[:, column], ROWS, strict=True):
            response(panel, frame, SETTING, metric, words, look)
            margins(panel, frame, SETTING, metric, beside.limits(metric, runs))
            panel.set_ylabel(name)
            low, high = panel.get_ylim()
            panel.set_ylim(min(-0.04 * high, 1.1 * low), 1.12 * max(high, collapsed))
            theory_line(panel, collapsed, f"{collapsed:g}, features at collapse")
        axes[0, column].set_title(dataset_label(runs[0]))
        temperature_axis(axes[-1, column], frame)
    shared_legend(figure)
    return figure
