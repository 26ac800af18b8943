"""metrics24 Fig. 4: how well test features cluster by class, against the softmax temperature."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.axes import by_dataset, shared_legend, theory_line
from interplay.figures.responses import against, by_level, seeds_of
from interplay.figures.spread import name_bars
from interplay.figures.temperature_accuracy_entropy import temperature_axis
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

SILHOUETTE = {"color": style.BLUE, "linestyle": "-"} | style.DOT
DAVIES_BOULDIN = {"color": style.RED, "linestyle": (0, (5, 1))} | style.SQUARE


def draw(records: Sequence[Record]) -> Figure:
    """Silhouette coefficient above, Davies-Bouldin index below, a column per data set; both with a rule at collapse."""
    groups = by_dataset(records)
    figure, axes = plt.subplots(2, len(groups), figsize=(style.PAGE, 3.9), squeeze=False, sharex="col")
    for column, runs in enumerate(groups.values()):
        above, below = axes[:, column]
        levels = by_level(runs, "temperature")
        above.set_title(dataset_label(runs[0]))
        against(above, levels, "silhouette", "silhouette coefficient (high: clear clusters)", SILHOUETTE)
        above.set_ylabel("silhouette coefficient")
        above.set_ylim(min(0.0, 1.1 * above.get_ylim()[0]), 1.12)
        theory_line(above, 1.0, "1, features at collapse")
        against(below, levels, "davies_bouldin", "Davies-Bouldin index (low: clear clusters)", DAVIES_BOULDIN)
        below.set_ylabel("Davies-Bouldin index")
        below.set_ylim(-0.04 * below.get_ylim()[1], 1.05 * below.get_ylim()[1])
        theory_line(below, 0.0, "0, features at collapse")
        temperature_axis(below, levels)
        name_bars(below, seeds_of(levels))
    shared_legend(figure)
    return figure
