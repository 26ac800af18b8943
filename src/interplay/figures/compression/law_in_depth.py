"""compression25 Fig. 3.4: is compression geometric in depth? Correlation of its logarithm with the layer, and ratios."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from interplay.evidence.layers import THREE_FALLING, laws_over_epochs, layer_columns
from interplay.evidence.scenarios import scenarios
from interplay.figures import style
from interplay.figures.compression.claimed import COLOUR, claimed, claimed_handle
from interplay.figures.compression.scenario_frames import column_of, epochs_frame, join
from interplay.figures.compression.scenario_panels import (
    GREY,
    SPLITS,
    draw_curve,
    grid,
    last_epoch,
    legend,
    note,
    of_scenario,
)
from interplay.records import Record

STRAIGHT = -0.98  # the correlation that the claims call perfectly linear
EVEN = 1.5  # the factor by which they let neighbouring ratios differ
QUICKLY = 0.2  # the share of training from which on they want both
FULL = 0.995  # training accuracy at which they say that neural collapse may begin
SHADE = "#e9e9e9"
TICKS = (-1, -0.98, -0.87, -0.5, 0, 1)
CORRELATION: style.Line = {"color": style.BLUE}
PAIRS: tuple[style.Line, ...] = (
    {"color": style.SKY, "marker": "o"},
    {"color": style.RED, "marker": "s"},
    {"color": style.ORANGE, "marker": "^"},
)


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """`value` by run, split, epoch and `quantity`.

    Quantities are `correlation`, Pearson's r of the logarithm with the layer's number; `fitted ratio`; `ratio 2/1` and
    so on, of each layer to the one before; and `unevenness`, the largest of those ratios over the smallest.

    Raises:
        InterplayError: a record has no columns of the measure.
    """
    return join([epochs_frame(run, _quantities(run)) for run in records])


def _quantities(run: Record) -> list[tuple[dict[str, object], NDArray[np.float64]]]:
    found: list[tuple[dict[str, object], NDArray[np.float64]]] = []
    for split in SPLITS:
        columns = layer_columns(run, f"collapse_{split}")
        laws = laws_over_epochs(columns)
        layers = list(columns)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = {
                f"ratio {layer}/{before}": columns[layer] / columns[before]
                for before, layer in zip(layers[:-1], layers[1:], strict=True)
            }
            table = np.array(list(ratios.values()))
            unevenness = table.max(axis=0) / table.min(axis=0)
        values = {
            "correlation": np.array([law.correlation for law in laws]),
            "fitted ratio": np.array([law.ratio for law in laws]),
            **ratios,
            "unevenness": unevenness,
        }
        found += [({"split": split, "quantity": name}, column) for name, column in values.items()]
    return found


def draw(records: Sequence[Record]) -> Figure:
    """Correlation over epochs on an axis stretched near -1, the ratio of each layer to the one before, their evenness.

    Any three falling values give r below -0.866, so that part is shaded: to be there says that deeper layers compress
    more, and only a place near its bottom that they do so geometrically.
    """
    groups, frame = scenarios(records), tidy(records)
    figure, axes = grid(groups, 3, 5.4)
    pairs = [name for name in frame["quantity"].unique() if str(name).startswith("ratio")]
    for (top, middle, bottom), (key, runs) in zip(axes.T, groups.items(), strict=True):
        own = of_scenario(frame, key)
        for split, line in SPLITS.items():
            part = own[own["split"] == split]
            draw_curve(top, part[part["quantity"] == "correlation"], CORRELATION | line)
            for name, look in zip(pairs, PAIRS, strict=False):
                draw_curve(middle, part[part["quantity"] == name], look | line)
            draw_curve(bottom, part[part["quantity"] == "unevenness"], CORRELATION | line)
        _stretch(top)
        if len(pairs) == 2:
            top.axhspan(-2, THREE_FALLING, color=SHADE, zorder=0)
        claimed(top, high=STRAIGHT, start=QUICKLY * last_epoch(runs))
        _full_accuracy(top, runs)
        bottom.set_xlabel("epoch")
    axes[0, 0].set_ylabel("Pearson's $r$ of\n$\\log\\,\\mathrm{tr}(\\Sigma_W\\Sigma_B^+)$ and layer")
    axes[1, 0].set_ylabel("ratio to the layer before")
    axes[2, 0].set_ylabel("larger ratio over\nsmaller")
    for row in axes[1:]:
        row[0].set_yscale("log")
        low, high = row[0].get_ylim()
        row[0].set_ylim(low, max(high, 2.0))
        shown = [tick for tick in (0.05, 0.1, 0.2, 0.5, 1, 1.5, 2, 3, 5, 10) if low <= tick <= max(high, 2.0)]
        row[0].set_yticks(shown, [f"{tick:g}" for tick in shown])
        row[0].minorticks_off()
    axes[2, 0].set_ylim(bottom=1.0)
    for panel in axes[1]:
        panel.axhline(1, color=style.THEORY["color"], linewidth=0.6)
    for panel, runs in zip(axes[2], groups.values(), strict=True):
        claimed(panel, high=EVEN, start=QUICKLY * last_epoch(runs))
    legend(figure, groups, more=_entries(pairs))
    return figure


def _entries(pairs: Sequence[str]) -> list[Line2D | Patch]:
    layers = [name.removeprefix("ratio ").split("/") for name in pairs]
    entries: list[Line2D | Patch] = [
        Line2D([], [], linestyle="-", markersize=2.8, linewidth=1.1, label=f"layer {layer} to {before}", **look)
        for (layer, before), look in zip(layers, PAIRS, strict=False)
    ]
    if len(pairs) == 2:
        entries.append(Patch(color=SHADE, label="where any three falling values lie"))
    entries.append(claimed_handle(f"where claims want it: r ≤ {STRAIGHT:g}, ratios within a factor {EVEN:g}"))
    entries.append(Line2D([], [], label=f"train accuracy {FULL:.1%}", color=GREY, marker="|", linestyle=""))
    return entries


def _full_accuracy(axes: Axes, runs: Sequence[Record]) -> None:
    """Marks on the axis of epochs at which runs reach zero training error, after which collapse is said to begin."""
    reached = []
    for run in runs:
        full = np.flatnonzero(column_of(run, "train_accuracy") >= FULL)
        if len(full):
            reached.append(float(run.trajectory["step"][full[0]]))
    axes.plot(reached, [1.0] * len(reached), color=GREY, marker="|", markersize=7, linestyle="", clip_on=False)
    if not reached:
        note(axes, f"train accuracy stays\nbelow {FULL:.1%}", color=COLOUR)


def _stretch(axes: Axes) -> None:
    """Square root of 1 + r: r within .01 of -1 gets a tenth of the axis."""
    axes.set_yscale("function", functions=(_root, _square))
    axes.set_ylim(-1.0008, 1.08)
    axes.set_yticks(TICKS, [f"{tick:g}".replace("-", "\N{MINUS SIGN}") for tick in TICKS], fontsize=6)
    axes.minorticks_off()


def _root(r: NDArray[np.float64]) -> NDArray[np.float64]:
    above = 1 + np.asarray(r, dtype=np.float64)
    return np.sign(above) * np.sqrt(np.abs(above))


def _square(root: NDArray[np.float64]) -> NDArray[np.float64]:
    signed = np.asarray(root, dtype=np.float64)
    return np.sign(signed) * signed**2 - 1
