"""The note, question 1: does MIR or HDR in mid-training foretell how a run ends?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.evidence.prediction import FRACTIONS, configuration, final_runs, predictive_correlations
from interplay.figures import style
from interplay.figures.axes import by_dataset, shared_legend
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

SERIES: dict[str, tuple[str, style.Line]] = {
    "mir": ("MIR at that time, exact", style.MIR | style.DOT),
    "hdr": ("HDR at that time, exact", {"color": style.RED, "linestyle": (0, (5, 1))} | style.SQUARE),
    "test_accuracy": ("accuracy at that time", {"color": style.BLACK, "linestyle": (0, (1, 1))} | style.TRIANGLE),
}
SHIFTS = (-0.22, 0.0, 0.22)  # of a step between two times
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
        axes[-1, column].set_xlabel("time, % of training (uneven steps)")
        axes[-1, column].set_xticks(range(len(FRACTIONS)), [f"{100 * fraction:g}" for fraction in FRACTIONS])
    if not drawn:
        raise InterplayError(
            f"{records[0].name} and its siblings: too few runs of different settings for a correlation"
        )
    shared_legend(figure, title="bars: 95 % bootstrap interval over configurations")
    return figure


def _panel(axes: Axes, runs: Sequence[Record], metric: str) -> bool:
    """Whether there was anything to draw. Bars stand side by side: as bands the intervals would hide each other."""
    shown = False
    for shift, (series, (label, look)) in zip(SHIFTS, SERIES.items(), strict=True):
        points = predictive_correlations(runs, series, metric, FRACTIONS)
        rho, low, high = (np.array([getattr(point, name) for point in points]) for name in ("rho", "low", "high"))
        shown |= bool(np.isfinite(rho).any())
        # A bootstrap interval of a rank correlation need not hold the correlation itself.
        reach = np.vstack([rho - low, high - rho]).clip(min=0)
        place = np.arange(len(points)) + shift
        axes.errorbar(place, rho, yerr=reach, label=label, markersize=3.5, capsize=0, elinewidth=0.8, **look)
    axes.axhline(0, color="#777777", linewidth=0.6)
    axes.set_ylim(-1.05, 1.05)
    return shown
