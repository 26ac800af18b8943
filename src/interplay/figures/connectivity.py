"""Panels of linear mode connectivity: accuracy, loss, MIR and HDR along the segment between two networks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from interplay.errors import InterplayError
from interplay.figures import style
from interplay.figures.axes import num_classes, shared_legend, theory_line
from interplay.figures.responses import by_level
from interplay.figures.spread import band, name_bands
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.records.values import metric, setting

STATISTICS = ("interpolated", "recomputed")
EXACT: dict[str, style.Line] = {
    "interpolated": {"color": style.BLUE, "linestyle": "-", "linewidth": 1.5},
    "recomputed": {"color": style.RED, "linestyle": (0, (5, 1.5)), "linewidth": 1.5},
}
BY_BATCH: dict[str, style.Line] = {
    "interpolated": {"color": style.SKY, "linestyle": "-", "linewidth": 0.8},
    "recomputed": {"color": style.ORANGE, "linestyle": (0, (5, 1.5)), "linewidth": 0.8},
}
ROWS = ("accuracy", "loss", "mir", "hdr")
NAMES = {"accuracy": "test accuracy", "loss": "test loss (nats)", "mir": "MIR", "hdr": "HDR"}


def draw_paths(columns: Sequence[Sequence[Record]]) -> Figure:
    """One column of panels for each group of runs; columns of one data set share their scales."""
    width = style.PAGE * max(1.0, 0.4 * len(columns))
    figure, axes = plt.subplots(
        4, len(columns), figsize=(width, 6.9), squeeze=False, sharex="col", height_ratios=(1.2, 1, 1, 1)
    )
    for column, runs in enumerate(columns):
        for panel, quantity in zip(axes[:, column], ROWS, strict=True):
            _path_panel(panel, runs, quantity)
        axes[0, column].set_title(_title(runs))
        axes[-1, column].set_xlim(0, 1)
        axes[-1, column].set_xlabel("interpolation weight ω")
        name_bands(axes[-1, column], len(runs))
    for row in axes:
        for runs in columns:  # from zero, so that what hardly changes looks so
            kin = [panel for panel, others in zip(row, columns, strict=True) if others[0].dataset == runs[0].dataset]
            top = max(panel.get_ylim()[1] for panel in kin)
            for panel in kin:
                panel.set_ylim(0, top)
    for panel, runs in zip(axes[0], columns, strict=True):
        panel.set_ylim(0, 1.02)
        theory_line(panel, 1 / num_classes(runs[0]), "chance")
    shared_legend(figure, columns=3)
    return figure


def by_rate_and_start(records: Sequence[Record]) -> dict[float, list[list[Record]]]:
    """Runs of one data set by falling learning rate: pairs of one initialisation, then pairs that started apart.

    The second are a control: the caption of metrics24 Fig. 7 speaks of different initialisations, its text of one. Not
    every tier has them.

    Raises:
        InterplayError: a record lacks its learning rate, or no seed has all rates.
    """
    starts = ([one for one in records if _apart(one) == apart] for apart in (False, True))
    levels = [by_level(runs, "learning_rate") for runs in starts if runs]
    rates = sorted({rate for level in levels for rate in level}, reverse=True)
    return {rate: [level[rate] for level in levels if rate in level] for rate in rates}


def path_column(record: Record, statistics: str, name: str) -> tuple[list[float], list[float]]:
    """Weights of the interpolation, and a column of the table `path` at them.

    Raises:
        InterplayError: the record has no such table, statistics or column.
    """
    rows = [row for row in record.tables.get("path", ()) if row.get("statistics") == statistics]
    if not rows or any(name not in row for row in rows):
        raise InterplayError(f"{record.name}: no column {name!r} with {statistics} statistics; delete it and rerun")
    return [row["weight"] for row in rows], [row[name] for row in rows]


def _path_panel(axes: Axes, runs: Sequence[Record], quantity: str) -> None:
    axes.set_ylabel(NAMES[quantity])
    if quantity in ("mir", "hdr"):
        for statistics in STATISTICS:
            weights, values = _over_runs(runs, statistics, f"{quantity}_batch")
            size = runs[0].protocol["batch_size"]
            label = f"MIR, HDR: mean over batches of {size}, {statistics}"
            axes.plot(weights, values.mean(0), label=label, **BY_BATCH[statistics])  # a band of its own would clutter
    for statistics in STATISTICS:
        weights, values = _over_runs(runs, statistics, quantity)
        band(axes, weights, values, f"{statistics} batch-norm statistics", EXACT[statistics])


def _over_runs(runs: Sequence[Record], statistics: str, name: str) -> tuple[list[float], NDArray[np.float64]]:
    columns = [path_column(record, statistics, name) for record in runs]
    weights = columns[0][0]
    if any(other != weights for other, _ in columns):
        raise InterplayError(f"{runs[0].name} and its siblings were read at different weights; rerun them together")
    return weights, np.array([values for _, values in columns], dtype=np.float64)


def _apart(record: Record) -> bool:
    return record.settings.get("initialisation") == "different"


def _title(runs: Sequence[Record]) -> str:
    start = "different initialisations" if _apart(runs[0]) else "one initialisation"
    interpolated, recomputed = (
        np.mean([metric(record, f"accuracy_barrier{suffix}") for record in runs]) for suffix in ("", "_recomputed")
    )
    return (
        f"{dataset_label(runs[0])}\nlearning rate {setting(runs[0], 'learning_rate'):g}, {start}\n"
        f"accuracy barrier {interpolated:.3f}, recomputed {recomputed:.3f}"
    )
