"""metrics24 Fig. 12: accuracy on base and on new classes and their harmonic mean, eleven data sets and their mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.evidence.cross_modal import BASE_TO_NEW, by_dataset, mean_over_datasets, of_kind
from interplay.figures.axes import shared_legend
from interplay.figures.cross_modal.panels import (
    LOOKS,
    MEAN,
    ZERO_SHOT,
    empty,
    grid,
    mean_title,
    title,
    why_no_mean,
    widen,
)
from interplay.figures.cross_modal.points import points
from interplay.figures.frames import identity
from interplay.records import Record
from interplay.records.values import metric

HEIGHT = 7.0
QUANTITIES = {"base_accuracy": "base", "new_accuracy": "new", "harmonic_mean": "harmonic\nmean"}
NO_TRAINING = "zero_shot"


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each run, method and quantity; the mean over data sets has rows of its own, data set `mean`.

    Raises:
        InterplayError: a record lacks a metric.
    """
    runs = of_kind(records, "base_to_new")
    groups = by_dataset(runs)
    rows: list[dict[str, Any]] = []
    for method in (*BASE_TO_NEW, NO_TRAINING):
        for quantity in QUANTITIES:
            values = {run.name: _value(run, method, quantity) for run in runs}
            rows += [
                {**identity(run), "method": method, "quantity": quantity, "value": values[run.name]}
                for run in runs
                if values[run.name] is not None
            ]
            if any(value is None for value in values.values()):
                continue
            per_dataset = {
                name: {run.seed: value for run in own if (value := values[run.name]) is not None}
                for name, own in groups.items()
            }
            rows += [
                {**identity(runs[0]), "dataset": MEAN, "data_read": "", "seed": seed}
                | {"method": method, "quantity": quantity, "value": value}
                for seed, value in mean_over_datasets(per_dataset).items()
            ]
    return pd.DataFrame(rows)


def draw(records: Sequence[Record]) -> Figure:
    """A panel for the mean and for each data set: methods side by side within base, new and harmonic mean."""
    frame = tidy(records)
    groups = by_dataset(of_kind(records, "base_to_new"))
    figure, panels = grid(HEIGHT)
    for name, axes in panels.items():
        own = frame.loc[frame["dataset"] == name]
        if name == MEAN:
            axes.set_title(mean_title(not own.empty), fontsize=7, fontweight="bold")
        else:
            axes.set_title(title(name, groups.get(name, [])), fontsize=6.5)
        if own.empty:
            empty(axes, why_no_mean(list(groups)) if name == MEAN else "")
        else:
            _panel(axes, own)
            widen(axes)
        axes.set_xticks(range(len(QUANTITIES)), list(QUANTITIES.values()))
        axes.set_xlim(-0.6, len(QUANTITIES) - 0.4)
        axes.tick_params(labelsize=6)
    for axes in list(panels.values())[::3]:
        axes.set_ylabel("accuracy")
    shared_legend(figure, columns=3)
    return figure


def _panel(axes: Axes, frame: pd.DataFrame) -> None:
    for place, quantity in enumerate(QUANTITIES):
        own = frame.loc[frame["quantity"] == quantity]
        level = own.loc[own["method"] == NO_TRAINING, "value"].mean()
        ends = [place - 0.42, place + 0.42]
        axes.plot(ends, [level] * 2, color=ZERO_SHOT["color"], linewidth=1.0, label="CLIP without training")
        shown = [(name, label) for name, label in BASE_TO_NEW.items() if (own["method"] == name).any()]
        for index, (name, label) in enumerate(shown):
            at = place + 0.2 * (index - (len(shown) - 1) / 2)
            points(axes, at, own.loc[own["method"] == name, "value"].tolist(), label, LOOKS[name])


def _value(run: Record, method: str, quantity: str) -> float | None:
    """A method's metric; of CLIP without training the harmonic mean is made here; None for a method not trained."""
    if method != NO_TRAINING:
        return metric(run, f"{quantity}_{method}") if f"new_accuracy_{method}" in run.metrics else None
    base, new = metric(run, "zero_shot_base_accuracy"), metric(run, "zero_shot_new_accuracy")
    harmonic = 2 * base * new / (base + new) if base + new else 0.0
    return {"base_accuracy": base, "new_accuracy": new}.get(quantity, harmonic)
