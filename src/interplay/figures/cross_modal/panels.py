"""What the figures of eleven data sets share: a panel each in one order, the mean first, looks of methods."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.evidence.cross_modal import ROWS, lacking, title_of
from interplay.figures import style
from interplay.protocols.datasets import DATASETS
from interplay.records import Record
from interplay.records.values import metric

GREEN = "#009E73"  # Okabe and Ito's; these figures have no bounds of claims, whose colour it is elsewhere
LOOKS: dict[str, style.Line] = {
    "coop": {"color": style.BLACK, "linestyle": "-", "marker": "o"},
    "cocoop": {"color": style.BLACK, "linestyle": "-", "marker": "o"},
    "vne": {"color": style.ORANGE, "linestyle": (0, (5, 1)), "marker": "^"},
    "cma_released": {"color": style.BLUE, "linestyle": (0, (3, 1, 1, 1)), "marker": "s"},
    "cma_published": {"color": style.RED, "linestyle": (0, (1, 1)), "marker": "D"},
}
ZERO_SHOT: dict[str, Any] = {"color": GREEN, "marker": "*", "linestyle": ""}
MEAN = "mean"
COLUMNS = 3
LEAST_SPAN = 0.05  # of an axis of accuracies: two test images apart should look it


def grid(height: float, *, sharex: bool = True) -> tuple[Figure, dict[str, Axes]]:
    """A page of panels by name: the mean over data sets, then each of the eleven in the order of their classes."""
    names = [MEAN, *ROWS]
    rows = -(-len(names) // COLUMNS)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(style.PAGE, height), sharex=sharex)
    return figure, dict(zip(names, np.ravel(axes).tolist(), strict=True))


def title(name: str, runs: Sequence[Record]) -> str:
    """The data set with its number of classes, and what was read in its place where it was another one."""
    if not runs:
        return f"{title_of(name)}: not run"
    first = runs[0]
    used = first.dataset_used or name
    classes = f"{int(metric(first, 'num_classes'))} classes"
    if used == name:
        return f"{title_of(name)}, {classes}"
    read = DATASETS[used].title if used in DATASETS else used
    return f"{title_of(name)}\nread: {read}, {classes}"


def mean_title(shown: bool) -> str:
    """Of the panel of the mean."""
    return f"mean over {len(ROWS)} data sets" if shown else f"no mean over {len(ROWS)} data sets"


def widen(axes: Axes) -> None:
    """At least `LEAST_SPAN` of accuracy on the vertical axis."""
    low, high = axes.get_ylim()
    margin = max(0.0, LEAST_SPAN - (high - low)) / 2
    axes.set_ylim(low - margin, high + margin)


def empty(axes: Axes, text: str) -> None:
    """A panel that has nothing to show, and says why."""
    axes.set_yticks([])
    axes.grid(visible=False)
    lines = "\n".join(textwrap.wrap(text, 34))
    axes.text(0.5, 0.5, lines, transform=axes.transAxes, ha="center", va="center", fontsize=6, color="#555555")


def why_no_mean(given: Sequence[str]) -> str:
    """What is missing for a mean over all data sets."""
    missing = lacking(given)
    return f"not run: {', '.join(missing)}" if missing else "no seed has all data sets"
