"""The note, question 1: does MIR or HDR in mid-training foretell how a run ends?"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.evidence.prediction import configuration, final_runs, predictive_correlations
from interplay.figures import style
from interplay.figures.panels import by_dataset, shared_legend
from interplay.figures.spread import FAINT
from interplay.records import Record, dataset_label

SERIES: dict[str, tuple[str, style.Line]] = {
    "mir": ("MIR at that time, exact", style.MIR | style.DOT),
    "hdr": ("HDR at that time, exact", {"color": style.RED, "linestyle": (0, (5, 1))} | style.SQUARE),
    "test_accuracy": ("accuracy at that time", {"color": style.BLACK, "linestyle": (0, (1, 1))} | style.TRIANGLE),
}
ENDS = {"test_accuracy": "final accuracy", "nc1": "final NC1"}


def draw(records: Sequence[Record]) -> Figure:
    """Rank correlation over runs with the final accuracy above and with the final NC1 below, a column per data set.

    Raises:
        InterplayError: a record lacks a column or a metric, or there are too few runs for any correlation.
    """
    groups = by_dataset(final_runs(records))
    figure, axes = plt.subplots(2, len(groups), figsize=(style.PAGE, 4.4), squeeze=False, sharex="col", sharey=True)
    drawn = False
    for column, runs in enumerate(groups.values()):
        for panel, (metric, words) in zip(axes[:, column], ENDS.items(), strict=True):
            drawn |= _panel(panel, runs, metric)
            panel.set_ylabel(f"rank correlation\nwith {words}")
        configurations = len({configuration(record) for record in runs})
        axes[0, column].set_title(f"{dataset_label(runs[0])}\n{len(runs)} runs of {configurations} configurations")
        axes[-1, column].set_xlabel("time, % of training")
    if not drawn:
        raise InterplayError(
            f"{records[0].name} and its siblings: too few runs of different settings for a correlation"
        )
    axes[-1, 0].fill_between(
        [], [], color="#777777", alpha=2 * FAINT, linewidth=0, label="bands: 95 % bootstrap interval"
    )
    shared_legend(figure)
    return figure


def _panel(axes: Axes, runs: Sequence[Record], metric: str) -> bool:
    shown = False
    for series, (label, look) in SERIES.items():
        points = [point for point in predictive_correlations(runs, series, metric) if point.rho == point.rho]
        shown |= bool(points)
        time = [100 * point.fraction for point in points]
        axes.plot(time, [point.rho for point in points], label=label, markersize=3.5, **look)
        low, high = [point.low for point in points], [point.high for point in points]
        axes.fill_between(time, low, high, color=look["color"], alpha=0.4 * FAINT, linewidth=0)
        for edge in (low, high):  # bands overlap, so that each needs an outline in its own dashes
            axes.plot(time, edge, color=look["color"], linestyle=look["linestyle"], linewidth=0.5)
    axes.axhline(0, color="#777777", linewidth=0.6)
    axes.set_ylim(-1.05, 1.05)
    axes.set_xlim(0, 100)
    return shown
