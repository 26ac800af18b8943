"""The note, next check 2: batch estimates of entropy, MIR and HDR against the size of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.figures import style
from interplay.figures.axes import by_dataset, shared_legend
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.frames import identity
from interplay.figures.limits import COLOUR
from interplay.figures.responses import level_ticks
from interplay.figures.spread import FAINT, mean_line
from interplay.figures.style import THEORY
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.records.values import metric

NAMES = {"feature_entropy": "feature entropy (nats)", "mir": "MIR", "hdr": "HDR"}
COLUMNS = ("mean", "std", "rmse", "chance", "chance_std", "exact", "exact_chance")
ESTIMATE: style.Line = {"color": style.BLUE, "linestyle": "-"} | style.DOT
CHANCE: style.Line = {"color": style.ORANGE, "linestyle": (0, (5, 1))} | style.SQUARE
EXACT: style.Line = {"color": style.BLACK, "linestyle": "-", "linewidth": 1.0}
EXACT_CHANCE: style.Line = {"color": style.BLACK, "linestyle": (0, (5, 3)), "linewidth": 0.8}
RELIABLE: style.Line = {"color": style.PURPLE, "linestyle": (0, (4, 1, 1, 1)), "linewidth": 1.3}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each run, quantity and size of batch (images): mean and standard deviation of one batch's estimate.

    Further columns are the root mean squared error, the same with labels permuted (`chance`, NaN where permuting
    changes nothing), and both from all images (`exact`). Entropies in nats.

    Raises:
        InterplayError: a record lacks the table `batches` or a column, or the runs' sizes differ.
    """
    rows = []
    for record in records:
        for quantity in NAMES:
            mine = [row for row in record.tables.get("batches", ()) if row.get("quantity") == quantity]
            lacking = [name for name in COLUMNS if any(name not in row for row in mine)]
            if not mine or lacking:
                name = (lacking or COLUMNS)[0]
                raise InterplayError(
                    f"{record.name}: no {name} of {quantity} in its table batches; delete it and rerun"
                )
            for row in mine:
                values = {name: float(row[name]) for name in COLUMNS}
                rows.append({**identity(record), "quantity": quantity, "batch_size": int(row["batch_size"]), **values})
    return pd.DataFrame(rows)


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Entropy, MIR and HDR one above the other, a column per data set; means over the seeds' networks.

    Raises:
        InterplayError: a record lacks the table `batches`.
    """
    groups = by_dataset(records)
    figure, axes = plt.subplots(3, len(groups), figsize=(style.PAGE, 6.2), squeeze=False, sharex="col")
    for column, runs in enumerate(groups.values()):
        frame = tidy(runs)
        for panel, quantity in zip(axes[:, column], NAMES, strict=True):
            _panel(panel, frame[frame["quantity"] == quantity], quantity)
            _mark_reliable(panel, reliable_on_all(runs, quantity))
            for high in {one.high for one in beside.limits(f"reliable_batch_{quantity}", runs) if one.high}:
                panel.axvline(high, color=COLOUR, linewidth=0.8, linestyle=(0, (4, 2)), label=f"claimed: by {high:g}")
        axes[0, column].set_title(dataset_label(runs[0]), loc="left")
        axes[-1, column].set_xlabel("images in a batch")
    shared_legend(figure, columns=3)
    return figure


def reliable_on_all(runs: Sequence[Record], quantity: str) -> float:
    """The smallest batch size that is reliable on the network of every seed; NaN where there is none."""
    sizes = [metric(record, f"reliable_batch_{quantity}") for record in runs]
    return max(sizes) if all(isfinite(size) for size in sizes) else float("nan")


def _panel(axes: Axes, frame: pd.DataFrame, quantity: str) -> None:
    mean = frame.groupby("batch_size")[list(COLUMNS)].mean()
    sizes = mean.index.to_numpy()
    mean_line(axes, frame, "batch_size", "mean", "mean of one batch's estimate", ESTIMATE, shown_as="bars")
    _one_batch(axes, mean, "mean", "std", "± standard deviation of one batch", ESTIMATE)
    exact = float(mean["exact"].iloc[0])
    axes.axhline(exact, label="exact, all images", **EXACT)
    top = max(exact, float((mean["mean"] + mean["std"].fillna(0)).max()))
    if quantity == "feature_entropy":
        axes.plot(sizes, np.log(sizes), label="ln n, the cap of n images", **THEORY)
    if quantity == "mir":  # HDR compares two entropies: to permute labels changes nothing
        label = "the same with labels permuted: chance"
        mean_line(axes, frame, "batch_size", "chance", label, CHANCE, shown_as="bars")
        _one_batch(axes, mean, "chance", "chance_std", None, CHANCE)
        axes.axhline(float(mean["exact_chance"].iloc[0]), label="chance, all images", **EXACT_CHANCE)
    axes.set_ylim(0, 1.12 * top)
    axes.set_ylabel(NAMES[quantity])
    axes.set_xscale("log", base=2)
    level_ticks(axes, list(sizes), "{:,g}")


def _one_batch(axes: Axes, mean: pd.DataFrame, name: str, spread: str, label: str | None, look: style.Line) -> None:
    """How far the estimate of one batch lies from the mean over batches: not a spread over runs."""
    low, high = mean[name] - mean[spread], mean[name] + mean[spread]
    axes.fill_between(mean.index, low, high, color=look["color"], alpha=FAINT, linewidth=0, label=label)


def _mark_reliable(axes: Axes, size: float) -> None:
    if isfinite(size):
        axes.axvline(size, label="smallest reliable batch", **RELIABLE)
    text = f"reliable for every seed from {size:g}" if isfinite(size) else "no size is reliable for every seed"
    axes.set_title(text, loc="right", fontsize=6.5, color="#555555")
