"""compression25 Fig. 3.5 (f+) and Fig. 3.7 (f-): sufficiency and minimality of every layer over epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log2
from typing import NamedTuple

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from interplay.evidence.relabelling import class_size, most_minimality
from interplay.figures import style
from interplay.figures.axes import num_classes, theory_line
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.compression.claimed import EDGE, claimed_handle, shade
from interplay.figures.compression.scenario_frames import join, layers_frame
from interplay.figures.compression.scenario_panels import (
    GREY,
    SMALL,
    SPLITS,
    Panel,
    draw_curve,
    epoch_axis,
    note,
    panels_of,
    place_legend,
    run_handles,
)
from interplay.figures.limits import COLOUR, Limit
from interplay.figures.spread import mean_line
from interplay.records import Record

MEASURES = {
    "sufficiency": "sufficiency (bits)\n" r"$I_V(h^l \to y)$",
    "minimality": "minimality as coded (bits)\n" r"$I_V(h^l \to n_y)$, all classes",
    "minimality_given_label": "minimality as defined (bits)\n" r"$I_V(h^l\,|\,y \to n_y)$, mean over $y$",
}
# A colour and a marker for each data set.
DATASETS: tuple[style.Line, ...] = (
    {"color": style.BLUE, "marker": "o"},
    {"color": style.RED, "marker": "s"},
    {"color": style.ORANGE, "marker": "^"},
    {"color": style.PURPLE, "marker": "v"},
)


class Maximum(NamedTuple):
    """The largest possible value of a measure in bits, and its name."""

    bits: float
    words: str


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """`value` in bits by run, layer, split, measure and epoch; a measure that a run does not have has no rows.

    Raises:
        InterplayError: a record has no columns of sufficiency.
    """
    parts = []
    for run in records:
        for measure in MEASURES:
            if measure == "sufficiency" or measured(run, measure):
                labels = {f"{measure}_{split}": {"measure": measure, "split": split} for split in SPLITS}
                parts.append(layers_frame([run], labels))
    return join(parts)


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """A row per measure, a column per layer, so that layers of equal value do not hide each other; then the end.

    The thesis' decoders of minimality see samples of all classes and are not told which; its definition asks within
    each class. The last column has the last epoch against the layer: there a sharp drop in depth is seen.
    """
    panels = panels_of(records)
    frames = [tidy(panel.runs) for panel in panels]
    layers = sorted({layer for frame in frames for layer in frame["layer"].unique()})
    figure, axes = plt.subplots(
        len(MEASURES), len(layers) + 1, figsize=(style.PAGE, 5.9), squeeze=False, sharey="row", sharex="col"
    )
    asked = False
    for row, (measure, words) in zip(axes, MEASURES.items(), strict=True):
        row[0].set_ylabel(words, fontsize=7)
        for frame, look in zip(frames, DATASETS, strict=False):
            own = frame[frame["measure"] == measure]
            for axis, layer in zip(row, layers, strict=False):
                for split, line in SPLITS.items():
                    draw_curve(axis, own[(own["layer"] == layer) & (own["split"] == split)], look | line)
            _depth(row[-1], own, look)
        if not any(measured(run, measure) for run in records):
            note(row[0], "not measured in this tier")
        lowest = min((frame["value"].min() for frame in frames if len(frame)), default=0.0)
        most = [maximum(panel.runs[0], measure) for panel in panels]
        row[0].set_ylim(min(-0.12, 1.05 * lowest), 1.16 * log2(num_classes(records[0])))
        row[0].yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
        for axis in row:
            theory_line(axis, most[0].bits, most[0].words if axis is row[0] else "")
        for axis, layer in zip(row, layers, strict=False):
            asked |= _claims(axis, panels, beside, measure, layer)
    last = max(panel.last_epoch for panel in panels)
    for layer, axis in zip(layers, axes[-1], strict=False):
        epoch_axis(axis, last)
        axis.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
        axes[0, layer].set_title(f"layer {layer}")
    axes[0, -1].set_title("at the last epoch")
    axes[-1, -1].set(xlabel="layer", xticks=layers)
    _legend(figure, panels, asked)
    return figure


def maximum(run: Record, measure: str) -> Maximum:
    """The largest possible value of a measure.

    It is log2 C, as the document says, but for minimality only where the class size is a power of C.
    """
    classes, size = num_classes(run), class_size(run)
    most = most_minimality(size, classes)
    if measure == "sufficiency" or most > log2(classes) - 1e-9:
        return Maximum(log2(classes), f"most, $\\log_2 {classes}$")
    return Maximum(most, f"most, {size} a class")


def measured(run: Record, measure: str) -> bool:
    """Whether a run has this measure; the one within each class costs C times the decoders and may be left out."""
    return any(name.startswith(f"{measure}_train_l") for name in run.trajectory)


def _depth(axes: Axes, frame: pd.DataFrame, look: style.Line) -> None:
    """The last epoch of each run against the layer."""
    if frame.empty:
        return
    ends = frame[frame["epoch"] == frame.groupby("seed")["epoch"].transform("max")]
    for split, line in SPLITS.items():
        own = {**SMALL, "markeredgecolor": look["color"], **look, **line}
        mean_line(axes, ends[ends["split"] == split], "layer", "value", None, own, shown_as="bars")


def _claims(axes: Axes, panels: Sequence[Panel], beside: Beside, measure: str, layer: int) -> bool:
    """What claims ask of one layer: shares of the largest value, and distances of test from train."""
    found: dict[tuple[float | None, float | None, float], list[Panel]] = {}
    for panel in panels:
        quantities = [f"{measure}_{split}_l{layer} / label entropy" for split in SPLITS]
        for one in {one for name in quantities for one in beside.limits(name, panel.runs)}:
            concerned = found.setdefault((one.low, one.high, one.since), [])
            concerned += [panel] if panel not in concerned else []
    for (low, high, since), concerned in found.items():
        first, last = (pick(panel.last_epoch for panel in concerned) for pick in (min, max))
        most = maximum(concerned[0].runs[0], measure).bits
        limit = Limit(
            "", measure, None if low is None else low * most, most if high is None else high * most, since=since
        )
        read = sorted({panel.title.split(" on ")[-1].split("\n")[0] for panel in concerned})
        words = "" if len(concerned) == len(panels) else ", ".join(read)
        shade(axes, [limit], last, start=since * first, words=words)
    near = [_apart(axes, panel, beside, measure, layer) for panel in panels]
    return bool(found) or any(near)


def _apart(axes: Axes, panel: Panel, beside: Beside, measure: str, layer: int) -> bool:
    """Where claims want the curve on test, given that on train: near it, or well below."""
    train, test = (f"{measure}_{split}_l{layer}" for split in ("train", "test"))
    found = beside.limits(f"{test} - {train}", panel.runs)
    found += [_mirrored(one) for one in beside.limits(f"{train} - {test}", panel.runs)]
    frame = tidy(panel.runs)
    own = frame[(frame["measure"] == measure) & (frame["layer"] == layer) & (frame["split"] == "train")]
    mean = own.groupby("epoch")["value"].mean()
    for one in found:
        after = mean[mean.index >= one.since * panel.last_epoch]
        low = after + one.low if one.low is not None else axes.get_ylim()[0]
        high = after + one.high if one.high is not None else axes.get_ylim()[1]
        axes.fill_between(after.index, low, high, color=COLOUR, alpha=0.13, linewidth=0, zorder=0.5)
        for bound in (one.low, one.high):
            if bound is not None:
                axes.plot(after.index, after + bound, zorder=1.5, **EDGE)
    return bool(found)


def _mirrored(limit: Limit) -> Limit:
    """The bounds of a difference that is taken the other way round."""
    low, high = limit.low, limit.high
    return replace(limit, low=None if high is None else -high, high=None if low is None else -low)


def _legend(figure: Figure, panels: Sequence[Panel], asked: bool) -> None:
    handles: list[Line2D] = [
        Line2D([], [], label=panel.title.replace("\n", " "), **{**SMALL, **look})
        for panel, look in zip(panels, DATASETS, strict=False)
    ]
    handles += [Line2D([], [], label=split, color=GREY, linewidth=1.1, **line) for split, line in SPLITS.items()]
    shaded = [claimed_handle("shares of the most possible, test near or below train")] if asked else []
    place_legend(figure, [*handles, *shaded, *run_handles(panels)])
