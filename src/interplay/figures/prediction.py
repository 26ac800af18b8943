"""The note, question 1: does MIR or HDR in mid-training foretell how a run ends?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.evidence.prediction import FRACTIONS, configuration, final_runs, predictive_correlations
from interplay.figures import style
from interplay.figures.axes import by_dataset, shared_legend
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.limits import COLOUR
from interplay.protocols.claims import PredictionTest
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

SERIES: dict[str, tuple[str, style.Line]] = {
    "mir": ("MIR at that time, exact", style.MIR | style.DOT),
    "hdr": ("HDR at that time, exact", {"color": style.RED, "linestyle": (0, (5, 1))} | style.SQUARE),
    "test_accuracy": ("accuracy at that time", {"color": style.BLACK, "linestyle": (0, (1, 1))} | style.TRIANGLE),
}
SHIFTS = dict(zip(SERIES, (-0.22, 0.0, 0.22), strict=True))  # of a step between two times
ENDS = {"test_accuracy": "final accuracy", "nc1": "final NC1"}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each data set, final metric, series and time (% of training): Spearman's rho over runs, its interval.

    `low` and `high` are the ends of a 95 % bootstrap over configurations, `runs` how many runs there are; there is no
    column for seeds, over which it correlates.

    Raises:
        InterplayError: a record lacks a column or a metric, or there are too few runs for any correlation.
    """
    rows = [
        {
            "tier": runs[0].tier,
            "dataset": dataset,
            "data_read": runs[0].dataset_used,
            "final": metric,
            "series": series,
            "time": 100 * point.fraction,
            "rho": point.rho,
            "low": point.low,
            "high": point.high,
            "runs": point.runs,
        }
        for dataset, runs in by_dataset(final_runs(records)).items()
        for metric in ENDS
        for series in SERIES
        for point in predictive_correlations(runs, series, metric, FRACTIONS)
    ]
    frame = pd.DataFrame(rows)
    if not np.isfinite(frame["rho"]).any():
        raise InterplayError(
            f"{records[0].name} and its siblings: too few runs of different settings for a correlation"
        )
    return frame


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Rank correlation over runs with the final accuracy above and with the final NC1 below, a column per data set.

    Raises:
        InterplayError: a record lacks a column or a metric, or there are too few runs for any correlation.
    """
    groups = by_dataset(final_runs(records))
    frame = tidy(records)
    times = {claim.test.at for claim in beside.claims if isinstance(claim.test, PredictionTest)}
    figure, axes = plt.subplots(2, len(groups), figsize=(style.PAGE, 4.6), squeeze=False, sharex="col", sharey=True)
    for column, (dataset, runs) in enumerate(groups.items()):
        for panel, (metric, words) in zip(axes[:, column], ENDS.items(), strict=True):
            _panel(panel, frame[(frame["dataset"] == dataset) & (frame["final"] == metric)])
            panel.set_ylabel(f"rank correlation\nwith {words}")
            for at in sorted(times):
                place = float(np.interp(at, FRACTIONS, range(len(FRACTIONS))))
                label = f"claimed of {100 * at:g} % of training"
                panel.axvline(place, color=COLOUR, linewidth=0.8, linestyle=(0, (4, 2)), label=label)
        configurations = len({configuration(record) for record in runs})
        axes[0, column].set_title(f"{dataset_label(runs[0])}\n{len(runs)} runs of {configurations} configurations")
        axes[-1, column].set_xlabel("time, % of training (uneven steps)")
        axes[-1, column].set_xticks(range(len(FRACTIONS)), [f"{100 * fraction:g}" for fraction in FRACTIONS])
    shared_legend(figure, title="bars: 95 % bootstrap interval over configurations")
    return figure


def _panel(axes: Axes, frame: pd.DataFrame) -> None:
    """Bars stand side by side: as bands the intervals would hide each other."""
    for series, (label, look) in SERIES.items():
        mine = frame[frame["series"] == series].assign(place=np.arange(len(FRACTIONS)) + SHIFTS[series])
        edge = {"markeredgecolor": look["color"]}
        sns.lineplot(data=mine, x="place", y="rho", estimator=None, ax=axes, label=label, legend=False, **look, **edge)
        axes.vlines(mine["place"], mine["low"], mine["high"], color=look["color"], linewidth=0.8)
    axes.axhline(0, color="#777777", linewidth=0.6)
    axes.set(xlabel="", ylim=(-1.05, 1.05))
