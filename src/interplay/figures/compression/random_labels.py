"""compression25 Fig. 1.1: a CNN that fits labels which were permuted at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.evidence.scenarios import setting
from interplay.figures import style
from interplay.figures.axes import num_classes
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.compression.claimed import claimed_handle, shade
from interplay.figures.compression.learning_curves import mark_printed, printed_handles, stretch_accuracy
from interplay.figures.compression.learning_curves import tidy as curve_frame
from interplay.figures.compression.scenario_frames import join
from interplay.figures.compression.scenario_panels import SPLITS, Panel, draw_curve, epoch_axis, legend, panels_of
from interplay.records import Record

LABELS: dict[str, style.Line] = {"random": {"color": style.BLUE}, "true": {"color": style.ORANGE}}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """`value` by run, `labels` (random or true), epoch, split and quantity: accuracy from 0 to 1, and loss in nats.

    Runs on true labels count where their scenario was also trained on random ones.

    Raises:
        InterplayError: a record lacks a column.
    """
    parts = []
    for random, true in _pairs(records):
        parts += [curve_frame(panel.runs).assign(labels=name) for name, panel in _named(random, true)]
    return join(parts)


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Accuracy and loss side by side, a row per scenario that was trained on random labels; chance is marked.

    Beside them the same network on true labels, and what the caption gives for it.
    """
    pairs = _pairs(records)
    size = (style.PAGE, 0.8 + 2.2 * len(pairs))
    figure, axes = plt.subplots(len(pairs), 2, figsize=size, squeeze=False, sharex="col")
    marks: set[str] = set()
    asked = False
    for (accuracy, loss), (random, true) in zip(axes, pairs, strict=True):
        _curves(accuracy, loss, random, true)
        stretch_accuracy(accuracy)
        accuracy.axhline(1 / num_classes(random.runs[0]), **style.THEORY)
        loss.set(yscale="log", ylabel="cross-entropy (nats)")
        for _, panel in _named(random, true):
            for quantity in ("train_accuracy", "test_accuracy"):
                asked |= shade(accuracy, beside.limits(quantity, panel.runs), panel.last_epoch)
        if true is not None:
            marks.add(mark_printed(accuracy, "accuracy", true, beside))
    others: dict[str, Any] = {f"{name} labels": {**look, "linewidth": 1.3} for name, look in LABELS.items()}
    others[f"chance, 1/{num_classes(pairs[0][0].runs[0])}"] = style.THEORY
    more: list[Any] = [*printed_handles(marks), *([claimed_handle("accuracy at the end")] if asked else [])]
    legend(figure, [random for random, _ in pairs], others=others, more=more)
    return figure


def _pairs(records: Sequence[Record]) -> list[tuple[Panel, Panel | None]]:
    """Runs on random labels by scenario, each with those of the same scenario on true ones, if there are any."""
    on_random = panels_of([run for run in records if setting(run, "part") == "random_labels"])
    on_true = {panel.key: panel for panel in panels_of([run for run in records if setting(run, "part") == "geometry"])}
    return [(panel, on_true.get(panel.key)) for panel in on_random]


def _named(random: Panel, true: Panel | None) -> list[tuple[str, Panel]]:
    return [("random", random)] if true is None else [("random", random), ("true", true)]


def _curves(accuracy: Axes, loss: Axes, random: Panel, true: Panel | None) -> None:
    named = _named(random, true)
    for axes, quantity in ((accuracy, "accuracy"), (loss, "loss")):
        for name, panel in named:
            frame = curve_frame(panel.runs)
            for split, line in SPLITS.items():
                own = frame[(frame["quantity"] == quantity) & (frame["split"] == split)]
                draw_curve(axes, own, LABELS[name] | line)
        axes.set_title(random.title.replace("\n", " "))
        epoch_axis(axes, max(panel.last_epoch for _, panel in named))
