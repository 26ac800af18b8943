"""The note, next check 3: MIR and HDR over training when features are normalised otherwise than to unit length."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.figures import style
from interplay.figures.axes import by_dataset, shared_legend, training_axis
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.frames import identity, trajectory_frame
from interplay.figures.limits import draw_limits
from interplay.figures.spread import mean_line
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

# Name in the table of the exact values, suffix of the column over training, words, line, marker.
NORMALISATIONS: tuple[tuple[str, str, str, style.Line, style.Line], ...] = (
    ("l2", "_batch", "L2 (published)", {"color": style.BLUE, "linestyle": "-"}, style.DOT),
    ("batch", "_batch_batch_norm", "batch norm", {"color": style.RED, "linestyle": (0, (5, 1))}, style.SQUARE),
    ("layer", "_batch_layer_norm", "layer norm", {"color": style.BLACK, "linestyle": (0, (1, 1))}, style.TRIANGLE),
)
NAMES = {"mir": "MIR", "hdr": "HDR"}


BATCHES, ALL = "batches", "all images"


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each run, normalisation and logged step: MIR and HDR, `from` batches; `from` all images at both ends.

    Raises:
        InterplayError: trajectories lack the columns, or there are no records of the estimators to mark exact values.
    """
    trained = by_dataset(record for record in records if record.experiment == "supervised")
    measured = by_dataset(record for record in records if record.experiment == "estimators")
    if not trained or trained.keys() - measured.keys():
        raise InterplayError(f"{records[0].name} and its siblings: both experiments are needed for each data set")
    parts = []
    for name, suffix, *_ in NORMALISATIONS:
        columns = {f"{quantity}{suffix}": quantity for quantity in NAMES}
        for dataset, runs in trained.items():
            frame = trajectory_frame(runs, list(columns)).rename(columns=columns)
            ends = {"start": frame["step"].min(), "end": frame["step"].max()}
            exact = [
                {**identity(one), "step": step} | {q: exact_value(one, name, state, q) for q in NAMES}
                for one in measured[dataset]
                for state, step in ends.items()
            ]
            parts += [frame.assign(normalisation=name, **{"from": BATCHES})]
            parts += [pd.DataFrame(exact).assign(normalisation=name, **{"from": ALL})]
    return pd.concat(parts, ignore_index=True)


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """MIR above, HDR below, a column per data set: lines over batches, markers exact at start and end.

    Raises:
        InterplayError: trajectories lack the columns, or there are no records of the estimators to mark exact values.
    """
    frame = tidy(records)
    trained = by_dataset(record for record in records if record.experiment == "supervised")
    figure, axes = plt.subplots(2, len(trained), figsize=(style.PAGE, 4.6), squeeze=False, sharex="col")
    for column, (dataset, runs) in enumerate(trained.items()):
        for panel, quantity in zip(axes[:, column], NAMES, strict=True):
            _panel(panel, frame[frame["dataset"] == dataset], runs, quantity)
            draw_limits(panel, beside.limits(quantity, runs))
        axes[0, column].set_title(dataset_label(runs[0]))
        training_axis(axes[1, column], float(frame[frame["dataset"] == dataset]["step"].max()))
    shared_legend(figure)
    return figure


def exact_value(record: Record, normalisation: str, state: str, quantity: str) -> float:
    """A cell of the table `normalisations`.

    Raises:
        InterplayError: it is not there.
    """
    for row in record.tables.get("normalisations", ()):
        if (row.get("normalisation"), row.get("state")) == (normalisation, state) and quantity in row:
            return float(row[quantity])
    raise InterplayError(f"{record.name}: no {quantity} under {normalisation} at the {state}; delete it and rerun")


def _panel(axes: Axes, frame: pd.DataFrame, runs: Sequence[Record], quantity: str) -> None:
    batch = runs[0].protocol["trajectory"]["batch_size"]
    for size, (name, _, words, line, marker) in zip((50, 32, 16), NORMALISATIONS, strict=True):
        mine = frame[frame["normalisation"] == name]
        by_batches, exact = (mine[mine["from"] == source] for source in (BATCHES, ALL))
        mean_line(axes, by_batches, "step", quantity, f"{words}, batches of {batch}", line)
        look: style.Line = {"color": line["color"], "marker": marker["marker"], "s": size, "clip_on": False}
        face = {"facecolor": marker.get("markerfacecolor", line["color"]), "edgecolor": line["color"]}
        ends = exact.groupby("step", as_index=False)[quantity].mean()
        sns.scatterplot(
            data=ends, x="step", y=quantity, ax=axes, label=f"{words}, all images", legend=False, **look, **face
        )
    axes.set(xlabel="", ylim=(0, 1.05 * max(axes.get_ylim()[1], 0.1)), ylabel=NAMES[quantity])
