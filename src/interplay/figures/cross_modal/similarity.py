"""metrics24 Fig. 13: how alike images and texts are after fine-tuning, within a class and overall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.evidence.cross_modal import (
    BASE_TO_NEW,
    ROWS,
    by_dataset,
    by_seed,
    mean_over_datasets,
    of_kind,
    title_of,
)
from interplay.figures import style
from interplay.figures.axes import shared_legend
from interplay.figures.cross_modal.panels import LOOKS, MEAN, why_no_mean
from interplay.figures.cross_modal.points import points
from interplay.figures.frames import identity
from interplay.protocols.datasets import DATASETS
from interplay.records import Record

KIND = "base_to_new"
QUANTITIES = {"class_similarity": "image and text of its class", "overall_similarity": "all images and texts"}
HEIGHT = 5.2


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each data set, seed, method and quantity; the mean over data sets has rows of its own.

    Raises:
        InterplayError: a record lacks a metric.
    """
    return similarities(records, KIND, BASE_TO_NEW, QUANTITIES)


def draw(records: Sequence[Record]) -> Figure:
    """A panel for each quantity; a line for the mean and for each data set, methods beside each other."""
    return drawn(records, tidy(records), KIND, BASE_TO_NEW, QUANTITIES)


def similarities(
    records: Sequence[Record], kind: str, methods: Mapping[str, str], quantities: Mapping[str, str]
) -> pd.DataFrame:
    """The frame of one kind of runs: means over the runs of a seed, such as those of each number of shots."""
    rows: list[dict[str, Any]] = []
    groups = by_dataset(of_kind(records, kind))
    for method in methods:
        if not all(f"class_similarity_{method}" in run.metrics for own in groups.values() for run in own):
            continue
        for quantity in quantities:
            values = {name: by_seed(own, f"{quantity}_{method}") for name, own in groups.items()}
            for name, of_seeds in [*values.items(), (MEAN, mean_over_datasets(values))]:
                runs = groups.get(name) or next(iter(groups.values()))
                rows += [
                    {**identity(runs[0]), "dataset": name, "seed": seed}
                    | ({"data_read": ""} if name == MEAN else {})
                    | {"method": method, "quantity": quantity, "similarity": value}
                    for seed, value in of_seeds.items()
                ]
    return pd.DataFrame(rows)


def drawn(
    records: Sequence[Record],
    frame: pd.DataFrame,
    kind: str,
    methods: Mapping[str, str],
    quantities: Mapping[str, str],
) -> Figure:
    """The figure of a frame of `similarities`."""
    groups = by_dataset(of_kind(records, kind))
    names = [MEAN, *ROWS]
    figure, axes = plt.subplots(1, len(quantities), figsize=(style.PAGE, HEIGHT), sharey=True, squeeze=False)
    for panel, (quantity, what) in zip(axes[0], quantities.items(), strict=True):
        for place, name in enumerate(names):
            own = frame.loc[(frame["quantity"] == quantity) & (frame["dataset"] == name)]
            _line(panel, place, own, methods)
        panel.set_title(what)
        panel.set_xlabel("mean cosine")
        panel.axhline(0.5, color="#999999", linewidth=0.6)
    axes[0][0].set_yticks(range(len(names)), [_name(name, groups, frame) for name in names])
    axes[0][0].tick_params(labelsize=6, axis="y")
    axes[0][0].set_ylim(len(names) - 0.5, -0.6)
    shared_legend(figure, columns=3)
    return figure


def _line(axes: Axes, place: int, frame: pd.DataFrame, methods: Mapping[str, str]) -> None:
    shown = [(name, label) for name, label in methods.items() if (frame["method"] == name).any()]
    for index, (name, label) in enumerate(shown):
        at = place + 0.18 * (index - (len(shown) - 1) / 2)
        points(axes, at, frame.loc[frame["method"] == name, "similarity"].tolist(), label, LOOKS[name], across=True)


def _name(name: str, groups: Mapping[str, Sequence[Record]], frame: pd.DataFrame) -> str:
    if name == MEAN:
        there = (frame["dataset"] == MEAN).any()
        return f"mean over {len(ROWS)}" if there else "no mean:\n" + _short(why_no_mean(list(groups)))
    if name not in groups:
        return f"{title_of(name)}\n(not run)"
    used = groups[name][0].dataset_used or name
    return title_of(name) if used == name else f"{title_of(name)}\n({DATASETS[used].title})"


def _short(text: str) -> str:
    return text if len(text) < 30 else "some not run"
