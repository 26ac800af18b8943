"""compression25 Fig. 3.4: is compression geometric in depth? Correlation of its logarithm with the layer; ratios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from interplay.evidence.layers import THREE_FALLING, laws_over_epochs, layer_columns
from interplay.figures import style
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.compression.claimed import claimed_handle, shade
from interplay.figures.compression.scenario_frames import column_of, epochs_frame, join
from interplay.figures.compression.scenario_panels import (
    GREY,
    SPLITS,
    Panel,
    draw_curve,
    grid,
    legend,
    note,
    panels_of,
    plain_ticks,
)
from interplay.records import Record

FULL = 0.995  # training accuracy at which training error counts as zero, unless a claim says otherwise
SHADE = "#e9e9e9"
TICKS = (-1, -0.98, -0.87, -0.5, 0, 1)
RATIO_TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 1.5, 2, 3, 5, 10)
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
            ratios = {f"ratio {layer}/{before}": columns[layer] / columns[before] for before, layer in pairwise(layers)}
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


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Correlation over epochs on an axis stretched near -1, the ratio of each layer to the one before, their evenness.

    Any three falling values give r below -0.866, so that part is shaded: to be there says that deeper layers compress
    more, and only a place near its bottom that they do so geometrically.
    """
    panels = panels_of(records, beside.reference)
    figure, axes = grid(panels, 3, 5.4)
    pairs: dict[str, style.Line] = {}
    asked = False
    for (top, middle, bottom), panel in zip(axes.T, panels, strict=True):
        frame = tidy(panel.runs)
        names = [name for name in frame["quantity"].unique() if name.startswith("ratio")]
        pairs |= dict(zip(names, PAIRS, strict=False))
        for split, line in SPLITS.items():
            own = frame[frame["split"] == split].set_index("quantity")
            draw_curve(top, own.loc[["correlation"]], CORRELATION | line)
            for name in names:
                draw_curve(middle, own.loc[[name]], pairs[name] | line)
            draw_curve(bottom, own.loc[["unevenness"]], CORRELATION | line)
        middle.axhline(1, color=style.THEORY["color"], linewidth=0.6)
        if len(names) == 2:
            top.axhspan(-2, THREE_FALLING, color=SHADE, zorder=0)
    _stretch(axes[0, 0])
    for row, low, high in ((axes[1], 0.5, 2.0), (axes[2], 1.0, 2.0)):
        row[0].set_yscale("log")
        plain_ticks(row[0], RATIO_TICKS, low, high)
    axes[2, 0].set_ylim(bottom=1.0)
    for (top, _, bottom), panel in zip(axes.T, panels, strict=True):
        for axis, statistic in ((top, "correlation"), (bottom, "unevenness")):
            found = beside.limits(f"{statistic} of collapse_train in depth", panel.runs)
            asked |= shade(axis, [one for one in found if one.since], panel.last_epoch)
        _full_accuracy(top, panel)
    axes[0, 0].set_ylabel("Pearson's $r$ of\n$\\log\\,\\mathrm{tr}(\\Sigma_W\\Sigma_B^+)$ and layer")
    axes[1, 0].set_ylabel("ratio to the layer before")
    axes[2, 0].set_ylabel("larger ratio over\nsmaller")
    legend(figure, panels, more=_entries(pairs, asked))
    return figure


def _entries(pairs: Mapping[str, style.Line], asked: bool) -> list[Line2D | Patch]:
    entries: list[Line2D | Patch] = []
    for name, look in pairs.items():
        layer, before = name.removeprefix("ratio ").split("/")
        entries.append(Line2D([], [], markersize=2.8, linewidth=1.1, label=f"layer {layer} to {before}", **look))
    if len(pairs) == 2:
        entries.append(Patch(color=SHADE, label="where any three falling values lie"))
    entries.append(Line2D([], [], label=f"train accuracy {FULL:.1%}", color=GREY, marker="|", linestyle=""))
    return [*entries, claimed_handle("a geometric law")] if asked else entries


def _full_accuracy(axes: Axes, panel: Panel) -> None:
    """Marks at the epochs at which runs reach zero training error, beyond which collapse is said to begin."""
    reached = []
    for run in panel.runs:
        full = np.flatnonzero(column_of(run, "train_accuracy") >= FULL)
        reached += [float(run.trajectory["step"][full[0]])] if len(full) else []
    if reached:
        axes.plot(reached, [0.7] * len(reached), color=GREY, marker="|", markersize=9, linestyle="")
    else:
        note(axes, f"train accuracy stays\nbelow {FULL:.1%}")


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
