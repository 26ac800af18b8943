"""The note, question 3: accuracy lost against iterations saved, for three criteria of early stopping."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.evidence.prediction import final_runs
from interplay.evidence.stopping import PATIENCES, stop
from interplay.figures import style
from interplay.figures.axes import by_dataset, shared_legend
from interplay.protocols.claims import Criterion
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

CRITERIA: dict[Criterion, tuple[str, style.Line]] = {
    "stopping_loss": ("loss", {"color": style.BLACK, "linestyle": (0, (1, 1))} | style.TRIANGLE),
    "stopping_mir": ("MIR", {"color": style.BLUE, "linestyle": "-"} | style.DOT),
    "stopping_hdr": ("HDR", {"color": style.RED, "linestyle": (0, (5, 1))} | style.SQUARE),
}


def draw(records: Sequence[Record]) -> Figure:
    """One panel per data set: every run small and pale, means over runs large, joined across patiences.

    Raises:
        InterplayError: a record lacks a column, or a criterion is never finite.
    """
    groups = by_dataset(final_runs(records))
    figure, axes = plt.subplots(1, len(groups), figsize=(style.PAGE, 3.1), squeeze=False)
    for panel, runs in zip(axes[0], groups.values(), strict=True):
        for criterion, (label, look) in CRITERIA.items():
            _trade_off(panel, runs, criterion, f"{label} as the criterion", look)
        panel.axhline(0, color="#777777", linewidth=0.6)
        panel.set_title(f"{dataset_label(runs[0])}, {len(runs)} runs")
        panel.set_xlabel("iterations saved (%)")
        panel.set_ylabel("accuracy lost (points)")
        panel.set_xlim(-3, 103)
    patiences = ", ".join(f"{100 * patience:g} %" for patience in sorted(PATIENCES, reverse=True))
    note = f"large: means at a patience of {patiences} of training, from left to right; small: single runs"
    shared_legend(figure, title=note)
    return figure


def _trade_off(axes: Axes, runs: Sequence[Record], criterion: Criterion, label: str, look: style.Line) -> None:
    saved, lost = (np.empty((len(PATIENCES), len(runs))) for _ in range(2))
    for row, patience in enumerate(PATIENCES):
        stops = [stop(record, criterion, patience) for record in runs]
        saved[row] = [100 * one.iterations_saved for one in stops]
        lost[row] = [100 * one.accuracy_lost for one in stops]
    axes.plot(saved.ravel(), lost.ravel(), **look | {"linestyle": "none", "markersize": 2.5, "alpha": 0.25})
    axes.plot(saved.mean(1), lost.mean(1), label=label, **look | {"markersize": 6})
