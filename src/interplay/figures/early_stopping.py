"""The note, question 3: accuracy lost against iterations saved, for three criteria of early stopping."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.evidence.prediction import final_runs
from interplay.evidence.stopping import PATIENCES, stop
from interplay.figures import style
from interplay.figures.axes import by_dataset, shared_legend
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.frames import identity
from interplay.figures.limits import LOST, draw_limits
from interplay.figures.spread import mean_line
from interplay.protocols.claims import Criterion
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

CRITERIA: dict[Criterion, tuple[str, style.Line]] = {
    "stopping_loss": ("loss", {"color": style.BLACK, "linestyle": (0, (1, 1))} | style.TRIANGLE),
    "stopping_mir": ("MIR", {"color": style.BLUE, "linestyle": "-"} | style.DOT),
    "stopping_hdr": ("HDR", {"color": style.RED, "linestyle": (0, (5, 1))} | style.SQUARE),
}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each run, criterion and patience (a share of training): iterations saved (%), accuracy lost (points).

    Raises:
        InterplayError: a record lacks a column, or a criterion is never finite.
    """
    rows = []
    for record in final_runs(records):
        for criterion in CRITERIA:
            for patience in PATIENCES:
                found = stop(record, criterion, patience)
                one = {"iterations_saved": 100 * found.iterations_saved, LOST: 100 * found.accuracy_lost}
                named = {"run": record.run, "criterion": criterion, "patience": patience}
                rows.append({**identity(record), **named, **one})
    return pd.DataFrame(rows)


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """One panel per data set: every run small and pale, means over runs large, joined across patiences.

    Raises:
        InterplayError: a record lacks a column, or a criterion is never finite.
    """
    groups = by_dataset(final_runs(records))
    figure, axes = plt.subplots(1, len(groups), figsize=(style.PAGE, 3.3), squeeze=False)
    for panel, runs in zip(axes[0], groups.values(), strict=True):
        frame = tidy(runs)
        for criterion, (label, look) in CRITERIA.items():
            _trade_off(panel, frame[frame["criterion"] == criterion], f"{label} as the criterion", look)
        panel.axhline(0, color="#777777", linewidth=0.6)
        draw_limits(panel, beside.limits(LOST, runs), of=", share of accuracy lost", scale=100)
        panel.set_title(f"{dataset_label(runs[0])}, {len(runs)} runs")
        panel.set_xlabel("iterations saved (%)")
        panel.set_ylabel("accuracy lost (points)")
        panel.set_xlim(-3, 103)
    patiences = ", ".join(f"{100 * patience:g} %" for patience in sorted(PATIENCES, reverse=True))
    note = f"large: means at a patience of {patiences} of training, from left to right; small: single runs"
    shared_legend(figure, columns=3, title=note)
    return figure


def _trade_off(axes: Axes, frame: pd.DataFrame, label: str, look: style.Line) -> None:
    dots: style.Line = {"color": look["color"], "marker": look["marker"], "s": 8, "alpha": 0.25, "linewidth": 0}
    sns.scatterplot(data=frame, x="iterations_saved", y=LOST, ax=axes, legend=False, **dots)
    means = frame.assign(mean_saved=frame.groupby("patience")["iterations_saved"].transform("mean"))
    means = means.drop_duplicates(["run", "mean_saved"])  # patiences that stop alike are one point
    mean_line(axes, means, "mean_saved", LOST, label, look | {"markersize": 6}, unit="run", shown_as="bars")
