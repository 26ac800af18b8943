"""Axes and lines that several figures share: accuracy, training steps, values of theory, one legend for all panels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import log
from typing import Any, Literal

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.figures.style import THEORY
from interplay.protocols.datasets import dataset_label
from interplay.records import Record


def by_dataset(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Records grouped by the published data set whose place they take."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.dataset is None:
            raise InterplayError(f"{record.name}: no data set in the record; it does not belong in this figure")
        groups[record.dataset].append(record)
    return dict(sorted(groups.items(), key=lambda item: (len(item[0]), item[0])))


def by_level_of_evidence(records: Iterable[Record]) -> list[list[Record]]:
    """Records grouped by tier and data mapping: those of two levels are never one sample."""
    levels: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        levels[record.tier, record.data_mapping].append(record)
    return [levels[level] for level in sorted(levels)]


def panels_of(records: Sequence[Record], reference: Sequence[Record] = ()) -> list[tuple[str, list[Record]]]:
    """The runs of each panel with its title: a data set each, and those of the reference after them, named so."""
    own = [(dataset_label(runs[0]), runs) for runs in by_dataset(records).values()]
    beside = [
        (f"{dataset_label(runs[0])}\nreference: {runs[0].tier} protocol", runs)
        for level in by_level_of_evidence(reference)
        for runs in by_dataset(level).values()
    ]
    return own + beside


def theory_line(axes: Axes, value: float, label: str, side: Literal["left", "right"] = "left") -> None:
    """A horizontal line at what theory predicts, named at one end; the limits of the axis must be set."""
    axes.axhline(value, **THEORY)
    below = value > 0.97 * axes.get_ylim()[1]
    axes.annotate(
        label,
        (0 if side == "left" else 1, value),
        xycoords=("axes fraction", "data"),
        xytext=(3 if side == "left" else -3, -8 if below else 3),
        ha=side,
        textcoords="offset points",
        fontsize=6,
        color=THEORY["color"],
    )


def shared_legend(figure: Figure, columns: int = 4, title: str | None = None) -> None:
    """One legend above all panels, each label once, so that no curve hides behind it; `title` is a line above it."""
    handles: dict[str, Artist] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    look: dict[str, Any] = {"loc": "outside upper center", "ncols": columns, "handlelength": 3}
    figure.legend(list(handles.values()), list(handles), title=title, title_fontsize=6.5, **look)


def accuracy_axis(axes: Axes, lowest: float = 0.0) -> None:
    """Scale and label of an axis of accuracies, from `lowest` up; an axis that does not begin at zero says so."""
    axes.set_ylim(lowest, 1 + 0.02 * (1 - lowest))
    axes.set_ylabel("accuracy" if lowest == 0 else f"accuracy, from {lowest:g}")


def training_axis(axes: Axes, last: float) -> None:
    """The axis of steps: logarithmic near the start, because the first epochs hold the fast changes."""
    axes.set_xscale("symlog", linthresh=max(1.0, last / 200))
    axes.set_xlim(0, last)
    axes.set_xlabel("training step")
    step_ticks(axes, last / 200, last)


def step_ticks(axes: Axes, first: float, last: float) -> None:
    """Ticks at 0, at powers of ten from `first` on, and at the last step."""
    ticks = [0, *(10**k for k in range(1, 8) if first <= 10**k < last * 0.3), int(last)]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()


def num_classes(record: Record) -> int:
    """Number of classes of the data set that the run read, from its record.

    Raises:
        InterplayError: the record does not say.
    """
    value = record.settings.get("num_classes")
    if not isinstance(value, int):
        raise InterplayError(f"{record.name}: its settings lack num_classes; delete the record and rerun")
    return value


def collapse_entropy(classes: int) -> float:
    """log(C-1): entropy at neural collapse (metrics24 Thm. IV.3), in nats."""
    return log(classes - 1)


def collapse_mir(classes: int) -> float:
    """MIR at neural collapse for C >= 3 (metrics24 Thm. IV.4)."""
    return 1 / (classes - 1) + (classes - 2) * log(classes - 2) / ((classes - 1) * log(classes - 1))
