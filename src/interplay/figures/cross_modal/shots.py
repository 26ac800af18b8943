"""metrics24 Fig. 11: accuracy of few-shot fine-tuning against the number of shots, eleven data sets and their mean."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.evidence.cross_modal import FEW_SHOT, SHOTS, by_dataset, by_seed, mean_over_datasets, of_kind
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
from interplay.figures.frames import identity
from interplay.figures.spread import mean_line
from interplay.records import Record
from interplay.records.values import metric, setting

HEIGHT = 7.0
NO_TRAINING = "zero_shot"


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each run and method: shots and accuracy; CLIP without training has 0 shots.

    The mean over data sets has rows of its own, whose data set is `mean`, for each seed that all eleven have.

    Raises:
        InterplayError: a record lacks a metric.
    """
    rows: list[dict[str, Any]] = []
    runs = of_kind(records, "few_shot")
    for run in runs:
        shots = int(setting(run, SHOTS))
        rows += [
            {**identity(run), "shots": shots, "method": name, "accuracy": metric(run, f"accuracy_{name}")}
            for name in FEW_SHOT
            if f"accuracy_{name}" in run.metrics
        ]
        rows.append({**identity(run), "shots": 0, "method": NO_TRAINING, "accuracy": metric(run, "zero_shot_accuracy")})
    frame = pd.DataFrame([*rows, *_mean_rows(runs)]).drop_duplicates()
    return frame.assign(place=[_place(shots) for shots in frame["shots"]])


def draw(records: Sequence[Record]) -> Figure:
    """A panel for the mean and for each data set; accuracy without training as a star at 0 shots."""
    frame = tidy(records)
    groups = by_dataset(of_kind(records, "few_shot"))
    figure, panels = grid(HEIGHT)
    for name, axes in panels.items():
        own = frame.loc[frame["dataset"] == name]
        if name == MEAN:
            axes.set_title(mean_title(not own.empty), fontsize=7, fontweight="bold")
        else:
            axes.set_title(title(name, groups.get(name, [])), fontsize=6.5)
        if own.empty:
            empty(axes, why_no_mean(list(groups)) if name == MEAN else "")
            continue
        _panel(axes, own)
    shots = sorted(set(frame["shots"]))
    for axes in panels.values():
        axes.set_xticks([_place(level) for level in shots], [str(level) for level in shots])
        axes.set_xlim(-0.3, _place(max(shots)) + 0.3)
    for axes in list(panels.values())[-3:]:
        axes.set_xlabel("images of each class (shots)")
    for axes in list(panels.values())[::3]:
        axes.set_ylabel("test accuracy")
    shared_legend(figure, columns=3)
    return figure


def _panel(axes: Axes, frame: pd.DataFrame) -> None:
    for name, label in FEW_SHOT.items():
        runs = frame.loc[frame["method"] == name]
        if not runs.empty:
            look = LOOKS[name] | {"linewidth": 1.0, "markersize": 3.0}
            mean_line(axes, runs, "place", "accuracy", label, look, shown_as="bars")
    level = frame.loc[frame["method"] == NO_TRAINING, "accuracy"].mean()
    axes.plot([0], [level], label="CLIP without training", markersize=7, **ZERO_SHOT)
    axes.axhline(level, color=ZERO_SHOT["color"], linewidth=0.6, linestyle=(0, (1, 2)))
    axes.set(xlabel="", ylabel="")
    widen(axes)
    axes.tick_params(labelsize=6)


def _mean_rows(runs: Sequence[Record]) -> list[dict[str, Any]]:
    if not runs:
        return []
    rows = []
    for shots in sorted({int(setting(run, SHOTS)) for run in runs}):
        groups = by_dataset(run for run in runs if setting(run, SHOTS) == shots)
        for name, column in [*((m, f"accuracy_{m}") for m in FEW_SHOT), (NO_TRAINING, "zero_shot_accuracy")]:
            if not all(column in run.metrics for own in groups.values() for run in own):
                continue
            values = mean_over_datasets({dataset: by_seed(own, column) for dataset, own in groups.items()})
            at = 0 if name == NO_TRAINING else shots
            rows += [
                {**identity(runs[0]), "dataset": MEAN, "data_read": "", "seed": seed}
                | {"shots": at, "method": name, "accuracy": value}
                for seed, value in values.items()
            ]
    return rows


def _place(shots: float) -> float:
    """Where a number of shots stands: doublings at equal distances, none one step before a single one."""
    return 0.0 if shots == 0 else float(np.round(log2(shots) + 1, 6))
