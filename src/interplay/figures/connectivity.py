"""Panels of linear mode connectivity: accuracy, loss, MIR and HDR along the segment between two networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.figures import style
from interplay.figures.axes import num_classes, shared_legend, theory_line
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.frames import table_frame
from interplay.figures.limits import COLOUR, Limit, draw_limits
from interplay.figures.responses import by_level
from interplay.figures.spread import mean_line
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
NAMES = {"accuracy": "test accuracy", "loss": "test loss (nats)", "mir": "MIR", "hdr": "HDR"}
BATCHED = {"mir": "mir_batch", "hdr": "hdr_batch"}


def path_frame(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each point on the path of each pair of networks.

    Columns: learning rate, initialisation (same or different), weight of the second network (0 to 1), batch-norm
    statistics (interpolated or recomputed), accuracy (a share), loss (nats), MIR and HDR, exact and by batches.

    Raises:
        InterplayError: a record has no such table or column.
    """
    columns = ("weight", "statistics", *NAMES, *BATCHED.values())
    parts = [
        table_frame(one, "path", columns).assign(
            learning_rate=setting(one, "learning_rate"), initialisation=one.settings.get("initialisation")
        )
        for one in records
    ]
    return pd.concat(parts, ignore_index=True)


def draw_paths(columns: Sequence[Sequence[Record]], among: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """One column of panels for each group of runs; columns of one data set share their scales.

    `among` are all records that the figure might show: a claim on the highest rate is about the highest of them.
    """
    width = style.PAGE * max(1.0, 0.4 * len(columns))
    figure, axes = plt.subplots(
        4, len(columns), figsize=(width, 7.2), squeeze=False, sharex="col", height_ratios=(1.2, 1, 1, 1)
    )
    for column, runs in enumerate(columns):
        frame = path_frame(runs)
        for panel, quantity in zip(axes[:, column], NAMES, strict=True):
            _path_panel(panel, frame, quantity, runs[0].protocol["batch_size"])
        _bounds(list(axes[:, column]), frame, runs, among, beside)
        axes[0, column].set_title(_title(runs))
        axes[-1, column].set_xlim(0, 1)
        axes[-1, column].set_xlabel("interpolation weight ω")
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


def _path_panel(axes: Axes, frame: pd.DataFrame, quantity: str, batch: int) -> None:
    axes.set_ylabel(NAMES[quantity])
    by_statistics = {name: frame[frame["statistics"] == name] for name in STATISTICS}
    if quantity in BATCHED:
        for name, rows in by_statistics.items():
            label = f"MIR, HDR: mean over batches of {batch}, {name}"
            mean_line(axes, rows, "weight", BATCHED[quantity], label, BY_BATCH[name])
    for name, rows in by_statistics.items():
        mean_line(axes, rows, "weight", quantity, f"{name} batch-norm statistics", EXACT[name])


def _bounds(
    axes: Sequence[Axes], frame: pd.DataFrame, runs: Sequence[Record], among: Sequence[Record], beside: Beside
) -> None:
    """What claims ask of the path, most of it against the mean of its ends: barriers, ranges, rises, first steps."""
    accuracy, _, mir, hdr = axes
    path = frame[frame["statistics"] == "interpolated"].groupby("weight").mean(numeric_only=True)
    ends = path.iloc[[0, -1]].mean()
    for suffix, words, color in (("", "", COLOUR), ("_recomputed", " recomputed", EXACT["recomputed"]["color"])):
        found = beside.limits(f"accuracy_barrier{suffix}", runs, among)
        draw_limits(accuracy, found, of=f", barrier{words}", offset=ends["accuracy"], scale=-1, color=color)
    least = beside.limits("accuracy_least_share", runs, among)
    draw_limits(accuracy, least, of=", least accuracy", unit=" chance", scale=1 / num_classes(runs[0]))
    for panel, quantity in ((mir, "mir"), (hdr, "hdr")):
        for column in (quantity, BATCHED[quantity]):
            middle = float(path[column].max() + path[column].min()) / 2
            draw_span(panel, beside.limits(f"{column}_span", runs, among), middle)
            rise = beside.limits(f"{column}_rise", runs, among)
            draw_limits(panel, rise, of=", rise in the middle", offset=ends[column], where=(0.4, 0.6))
            change = beside.limits(f"{column}_change_near_ends", runs, among)
            draw_limits(panel, change, of=", change near the ends", offset=ends[column], where=(0.05, 0.15))


def draw_span(axes: Axes, found: Sequence[Limit], middle: float) -> None:
    """Bounds on how far a path ranges, as a band around its middle."""
    allowed = [replace(limit, low=None, high=None, within=limit.high) for limit in found]
    draw_limits(axes, allowed, around=middle)


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
