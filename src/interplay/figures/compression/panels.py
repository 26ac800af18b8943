"""What the figures of compression25 share: a colour and a marker per layer, a line per split, panels per scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from interplay.errors import InterplayError
from interplay.evidence.scenarios import DATASETS, Scenario
from interplay.figures import style
from interplay.figures.spread import FAINT, NEUTRAL, band, spread_name
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

Scenarios = Mapping[Scenario, Sequence[Record]]

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

ALONE: style.Line = {"alpha": 0.45, "linewidth": 0.8}


def title(key: Scenario, record: Record) -> str:
    """Network and data read, on two lines where another data set takes the place of the published one.

    A run that read none, because shapes are known without, goes under the name of the published one.
    """
    read = record.dataset_used is not None
    label = dataset_label(record).replace(" (for ", "\n(for ") if read else DATASETS.get(key.dataset, key.dataset)
    return f"{MATHS[key.network]} on {label}"


def grid(groups: Scenarios, rows: int, height: float, *, sharey: Any = "row") -> tuple[Figure, NDArray[np.object_]]:
    """`rows` panels for each scenario, one column a scenario, titled and with epochs below."""
    figure, axes = plt.subplots(
        rows, len(groups), figsize=(style.PAGE, height), squeeze=False, sharex="col", sharey=sharey
    )
    for column, (key, runs) in enumerate(groups.items()):
        axes[0, column].set_title(title(key, runs[0]))
        epoch_axis(axes[-1, column], runs)
    return figure, axes


def epoch_axis(axes: Axes, runs: Sequence[Record]) -> None:
    """The axis of epochs, from 0 (before training) to the last that any run made."""
    axes.set_xlim(0, max(1.0, *(max(run.trajectory["step"]) for run in runs)))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set_xlabel("epoch")


def column_of(run: Record, name: str) -> NDArray[np.float64]:
    """A column of a run's trajectory.

    Raises:
        InterplayError: it is not there.
    """
    if name not in run.trajectory:
        raise InterplayError(f"{run.name}: no column {name!r} in its trajectory; delete the record and rerun")
    return np.asarray(run.trajectory[name], dtype=np.float64)


def draw_runs(
    axes: Axes,
    epochs: Sequence[NDArray[np.float64]],
    values: Sequence[NDArray[np.float64]],
    look: Mapping[str, Any],
) -> None:
    """Mean over runs with the band of their spread as long as all of them go on; then each faintly to its own end.

    Runs end when their training loss is low enough, each at an epoch of its own. Epochs without a reading (NaN) are
    left out.
    """
    seen = [_finite(x, y) for x, y in zip(epochs, values, strict=True)]
    seen = [(x, y) for x, y in seen if len(x)]
    if not seen:
        return
    common = np.array(sorted(set.intersection(*({*x.tolist()} for x, _ in seen))))
    drawn = {**SMALL, **look}
    if len(common):
        table = np.array([y[np.isin(x, common)] for x, y in seen])
        band(axes, common.tolist(), table, None, drawn | {"markevery": max(1, len(common) // 6)})
    last = common[-1] if len(common) else -np.inf
    for x, y in seen:
        if len(seen) > 1 and x[-1] > last:
            axes.plot(x[x >= last], y[x >= last], **{**drawn, "marker": "", **ALONE})


def _finite(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    keep = np.isfinite(y)
    return x[keep], y[keep]


def draw_columns(axes: Axes, runs: Sequence[Record], names: Sequence[str], look: Mapping[str, Any]) -> None:
    """A column of the trajectory of every run against its epochs; of `names` the first that the runs have."""
    name = next((name for name in names if name in runs[0].trajectory), names[0])
    draw_runs(axes, [column_of(run, "step") for run in runs], [column_of(run, name) for run in runs], look)


def legend(
    figure: Figure,
    groups: Scenarios,
    layers: Sequence[int] = (),
    splits: Sequence[str] = ("train", "test"),
    others: Mapping[str, Mapping[str, Any]] | None = None,
    more: Sequence[Patch] = (),
) -> None:
    """One legend above all panels: layers, splits, further lines and patches, and what the bands are, if any."""
    handles: list[Line2D | Patch] = [
        Line2D([], [], label=f"layer {layer}", **{**SMALL, **LAYERS[layer]}) for layer in layers
    ]
    handles += [Line2D([], [], label=split, color="#444444", linewidth=1.1, **SPLITS[split]) for split in splits]
    handles += [Line2D([], [], label=label, **look) for label, look in (others or {}).items()]
    handles += more
    seeds = max(len(runs) for runs in groups.values())
    if seeds > 1:
        handles.append(Patch(color=NEUTRAL, alpha=2 * FAINT, linewidth=0, label=f"bands: {spread_name(seeds)}"))
    if any(len({max(run.trajectory["step"]) for run in runs}) > 1 for runs in groups.values()):
        handles.append(Line2D([], [], color=NEUTRAL, label="pale: a run that went on alone", **ALONE))
    columns = len(handles) if len(handles) < 6 else (len(handles) + 1) // 2
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, handlelength=2.6)


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
