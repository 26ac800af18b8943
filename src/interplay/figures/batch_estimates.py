"""The note, next check 2: batch estimates of entropy, MIR and HDR against the size of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from interplay.errors import InterplayError
from interplay.figures import style
from interplay.figures.axes import by_dataset, shared_legend
from interplay.figures.style import THEORY
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.records.values import metric

NAMES = {"feature_entropy": "feature entropy (nats)", "mir": "MIR", "hdr": "HDR"}
BARS: style.Line = {"markersize": 3.5, "capsize": 2.2, "elinewidth": 0.8, "capthick": 0.8}
ESTIMATE: style.Line = {"color": style.BLUE, "linestyle": "-"} | style.DOT | BARS
CHANCE: style.Line = {"color": style.ORANGE, "linestyle": (0, (5, 1))} | style.SQUARE | BARS
EXACT: style.Line = {"color": style.BLACK, "linestyle": "-", "linewidth": 1.0}
EXACT_CHANCE: style.Line = {"color": style.BLACK, "linestyle": (0, (5, 3)), "linewidth": 0.8}
RELIABLE: style.Line = {"color": style.PURPLE, "linestyle": (0, (4, 1, 1, 1)), "linewidth": 1.3}


def draw(records: Sequence[Record]) -> Figure:
    """Entropy, MIR and HDR one above the other, a column per data set; means over the seeds' networks.

    Raises:
        InterplayError: a record lacks the table `batches`, or the seeds' tables have different sizes.
    """
    groups = by_dataset(records)
    figure, axes = plt.subplots(3, len(groups), figsize=(style.PAGE, 6.0), squeeze=False, sharex="col")
    for column, runs in enumerate(groups.values()):
        for panel, quantity in zip(axes[:, column], NAMES, strict=True):
            _panel(panel, runs, quantity)
        axes[0, column].set_title(dataset_label(runs[0]), loc="left")
        axes[-1, column].set_xlabel("images in a batch")
    shared_legend(figure, columns=3)
    return figure


def batch_column(runs: Sequence[Record], quantity: str, name: str) -> tuple[list[int], NDArray[np.float64]]:
    """Batch sizes, and a column of the table `batches` at them, the mean over runs.

    Raises:
        InterplayError: a record lacks it, or the runs' sizes differ.
    """
    columns: list[dict[int, float]] = []
    for record in runs:
        rows = [row for row in record.tables.get("batches", ()) if row.get("quantity") == quantity]
        if not rows or any(name not in row for row in rows):
            raise InterplayError(f"{record.name}: no {name} of {quantity} in its table batches; delete it and rerun")
        columns.append({int(row["batch_size"]): float(row[name]) for row in rows})
    if any(column.keys() != columns[0].keys() for column in columns):
        raise InterplayError(f"{runs[0].name} and its siblings have different batch sizes; rerun them together")
    sizes = sorted(columns[0])
    return sizes, np.array([[column[size] for size in sizes] for column in columns]).mean(0)


def reliable_on_all(runs: Sequence[Record], quantity: str) -> float:
    """The smallest batch size that is reliable on the network of every seed; NaN where there is none."""
    sizes = [metric(record, f"reliable_batch_{quantity}") for record in runs]
    return max(sizes) if all(isfinite(size) for size in sizes) else float("nan")


def _panel(axes: Axes, runs: Sequence[Record], quantity: str) -> None:
    sizes, mean = batch_column(runs, quantity, "mean")
    _, spread = batch_column(runs, quantity, "std")
    axes.errorbar(sizes, mean, yerr=spread, label="mean ± standard deviation of one batch", **ESTIMATE)
    exact = batch_column(runs, quantity, "exact")[1][0]
    axes.axhline(exact, label="exact, all images", **EXACT)
    top = max(exact, float(np.nanmax(mean + np.nan_to_num(spread))))
    if quantity == "feature_entropy":
        axes.plot(sizes, np.log(sizes), label="ln n, the cap of n images", **THEORY)
    if quantity == "mir":  # HDR compares two entropies: to permute labels changes nothing
        _, chance = batch_column(runs, quantity, "chance")
        _, chance_spread = batch_column(runs, quantity, "chance_std")
        axes.errorbar(sizes, chance, yerr=chance_spread, label="the same with labels permuted: chance", **CHANCE)
        axes.axhline(batch_column(runs, quantity, "exact_chance")[1][0], label="chance, all images", **EXACT_CHANCE)
    axes.set_ylim(0, 1.12 * top)
    axes.set_ylabel(NAMES[quantity])
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    _mark_reliable(axes, reliable_on_all(runs, quantity))


def _mark_reliable(axes: Axes, size: float) -> None:
    if isfinite(size):
        axes.axvline(size, label="smallest reliable batch", **RELIABLE)
    text = f"reliable for every seed from {size:g}" if isfinite(size) else "no size is reliable for every seed"
    axes.set_title(text, loc="right", fontsize=6.5, color="#555555")
