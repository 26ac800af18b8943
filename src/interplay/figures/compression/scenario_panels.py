"""What the figures of compression25 share: panels per scenario, a colour and a marker per layer, a line per split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from interplay.evidence.scenarios import DATASETS, Scenario, scenarios
from interplay.figures import style
from interplay.figures.spread import (
    FAINT,
    LEAST_FOR_INTERVAL,
    NEUTRAL,
    SINGLE,
    mean_line,
    shared_points,
    spread_name,
)
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

# A marker with each colour, so that layers can be told apart in print without colour.
LAYERS: dict[int, style.Line] = {
    0: {"color": style.BLACK, "marker": "v"},
    1: {"color": style.BLUE, "marker": "o"},
    2: {"color": style.ORANGE, "marker": "s"},
    3: {"color": style.RED, "marker": "^"},
}
SPLITS: dict[str, style.Line] = {"train": {"linestyle": "-"}, "test": {"linestyle": (0, (4, 1.5))}}
MATHS = {"f_plus": "$f_+$", "f_minus": "$f_-$"}
SMALL: style.Line = {"markersize": 2.8, "markeredgewidth": 0.6, "linewidth": 1.1}
GREY = "#444444"
NARROWEST_COLUMN = 1.55  # inches
LETTER, SAMPLE = 0.052, 0.5  # inches: the mean width of a letter of a legend, and of what stands in front of the words
WIDEST = 0.97  # of a legend, in widths of its figure


@dataclass(frozen=True)
class Panel:
    """The runs of one scenario that are drawn in one panel, or one column of panels, and its title."""

    key: Scenario
    runs: Sequence[Record]
    title: str

    @property
    def last_epoch(self) -> float:
        """The last epoch that any of the runs made; at least 1."""
        return max(1.0, *(max(run.trajectory["step"]) for run in self.runs))


def panels_of(records: Sequence[Record], reference: Sequence[Record] = ()) -> list[Panel]:
    """A panel for each scenario of the records, and after them one for each of the reference, by tier.

    Raises:
        InterplayError: a record is of no scenario of the thesis.
    """
    own = [Panel(key, runs, title(key, runs[0])) for key, runs in scenarios(records).items()]
    tiers = sorted({record.tier for record in reference})
    beside = [
        Panel(key, runs, f"{title(key, runs[0])}\n(reference, {tier})")
        for tier in tiers
        for key, runs in scenarios(record for record in reference if record.tier == tier).items()
    ]
    return own + beside


def title(key: Scenario, record: Record) -> str:
    """Network and data read, on two lines where another data set takes the place of the published one.

    A run that read none, because shapes are known without, goes under the name of the published one.
    """
    read = record.dataset_used is not None
    label = dataset_label(record).replace(" (for ", "\n(for ") if read else DATASETS.get(key.dataset, key.dataset)
    return f"{MATHS[key.network]} on {label}"


def grid(
    panels: Sequence[Panel], rows: int, height: float, *, sharey: Any = "row"
) -> tuple[Figure, NDArray[np.object_]]:
    """`rows` panels for each scenario, one column a scenario, titled and with epochs below."""
    size = (max(style.PAGE, NARROWEST_COLUMN * len(panels)), height)
    figure, axes = plt.subplots(rows, len(panels), figsize=size, squeeze=False, sharex="col", sharey=sharey)
    for column, panel in enumerate(panels):
        axes[0, column].set_title(panel.title)
        epoch_axis(axes[-1, column], panel.last_epoch)
    return figure, axes


def epoch_axis(axes: Axes, last: float) -> None:
    """The axis of epochs, from 0 (before training) to `last`."""
    axes.set_xlim(0, last)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set_xlabel("epoch")


def plain_ticks(axes: Axes, ticks: Sequence[float], low: float, high: float) -> None:
    """Those of `ticks` that lie on the y axis, as plain numbers, after it was made to hold `low` to `high`."""
    bottom, top = axes.get_ylim()
    axes.set_ylim(min(low, bottom), max(high, top))
    bottom, top = axes.get_ylim()
    shown = [tick for tick in ticks if bottom <= tick <= top]
    axes.set_yticks(shown, [f"{tick:g}" for tick in shown])
    axes.minorticks_off()


def draw_curve(axes: Axes, frame: pd.DataFrame, look: Mapping[str, Any], y: str = "value") -> None:
    """Column `y` against `epoch`: the mean over runs as long as all of them go on, then each by itself to its own end.

    Runs end when their training loss is low enough, each at an epoch of its own. Epochs without a reading are left out.
    """
    frame = frame.dropna(subset=y) if y in frame else frame
    if frame.empty:
        return
    drawn = {**SMALL, "markeredgecolor": look["color"], **look}
    shared = shared_points(frame, "epoch", y)
    every = max(1, shared["epoch"].nunique() // 6)
    mean_line(axes, frame, "epoch", y, None, {**drawn, "markevery": every})
    last = shared["epoch"].max() if len(shared) else -np.inf
    beyond = frame[frame["epoch"] >= last]
    beyond = beyond[beyond.groupby("seed")["epoch"].transform("max") > last]
    if frame["seed"].nunique() >= LEAST_FOR_INTERVAL and len(beyond):
        labels = axes.get_xlabel(), axes.get_ylabel()
        single = {**drawn, "marker": "", **SINGLE}
        sns.lineplot(beyond, x="epoch", y=y, units="seed", estimator=None, ax=axes, legend=False, **single)
        axes.set(xlabel=labels[0], ylabel=labels[1])


def legend(
    figure: Figure,
    panels: Sequence[Panel],
    layers: Sequence[int] = (),
    splits: Sequence[str] = ("train", "test"),
    others: Mapping[str, Mapping[str, Any]] | None = None,
    more: Sequence[Line2D | Patch] = (),
) -> None:
    """One legend above all panels: layers, splits, further lines and patches, and what the bands are, if any."""
    handles: list[Line2D | Patch] = [
        Line2D([], [], label=f"layer {layer}", **{**SMALL, **LAYERS[layer]}) for layer in layers
    ]
    handles += [Line2D([], [], label=split, color=GREY, linewidth=1.1, **SPLITS[split]) for split in splits]
    handles += [Line2D([], [], label=label, **look) for label, look in (others or {}).items()]
    handles += more
    handles += run_handles(panels)
    place_legend(figure, handles)


def place_legend(figure: Figure, handles: Sequence[Line2D | Patch]) -> None:
    """A legend above all panels, of as few rows as fit in the width of the figure."""
    widths = [LETTER * len(str(handle.get_label())) + SAMPLE for handle in handles]

    def width(rows: int) -> float:
        return sum(max(widths[at : at + rows]) for at in range(0, len(widths), rows))

    room = WIDEST * figure.get_figwidth()
    rows = next((rows for rows in range(1, len(handles)) if width(rows) <= room), max(1, len(handles)))
    columns = -(-len(handles) // rows)
    figure.legend(handles=[*handles], loc="outside upper center", ncols=columns, handlelength=2.6)


def run_handles(panels: Sequence[Panel], shown_as: Literal["band", "bars"] = "band") -> list[Line2D | Patch]:
    """Entries of a legend that say how many runs there are, and what is drawn of their spread."""
    handles: list[Line2D | Patch] = []
    for seeds in sorted({len(panel.runs) for panel in panels}):
        if seeds >= LEAST_FOR_INTERVAL:
            label = spread_name(seeds, shown_as)
            handles.append(Patch(color=NEUTRAL, alpha=2 * FAINT, linewidth=0, label=label))
        else:
            look = SINGLE | {"linestyle": "-" if seeds > 1 else "none"}
            handles.append(Line2D([], [], color=NEUTRAL, label=spread_name(seeds), **look))
    several = [panel.runs for panel in panels if len(panel.runs) >= LEAST_FOR_INTERVAL]
    if shown_as == "band" and any(len({max(run.trajectory["step"]) for run in runs}) > 1 for runs in several):
        handles.append(Line2D([], [], color=NEUTRAL, label="thin: a run that went on alone", **SINGLE))
    return handles


def note(axes: Axes, text: str, corner: str = "upper right", **look: Any) -> None:
    """Small words in a corner of a panel, on a white ground."""
    vertical, horizontal = corner.split()
    axes.annotate(
        text,
        (0.97 if horizontal == "right" else 0.03, 0.96 if vertical == "upper" else 0.04),
        xycoords="axes fraction",
        ha="right" if horizontal == "right" else "left",
        va="top" if vertical == "upper" else "bottom",
        fontsize=6,
        **{"bbox": {"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1.0}, **look},
    )
