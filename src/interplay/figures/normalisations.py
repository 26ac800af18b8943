"""The note, next check 3: MIR and HDR over training when features are normalised otherwise than to unit length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.figures import style
from interplay.figures.axes import by_dataset, curve, shared_legend, training_axis
from interplay.figures.spread import name_bands, spread
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

# Name in the table of the exact values, suffix of the column over training, words, line, marker.
NORMALISATIONS: tuple[tuple[str, str, str, style.Line, style.Line], ...] = (
    ("l2", "_batch", "L2 (published)", {"color": style.BLUE, "linestyle": "-"}, style.DOT),
    ("batch", "_batch_batch_norm", "batch norm", {"color": style.RED, "linestyle": (0, (5, 1))}, style.SQUARE),
    ("layer", "_batch_layer_norm", "layer norm", {"color": style.BLACK, "linestyle": (0, (1, 1))}, style.TRIANGLE),
)
NAMES = {"mir": "MIR", "hdr": "HDR"}


def draw(records: Sequence[Record]) -> Figure:
    """MIR above, HDR below, a column per data set: lines over batches, markers exact at start and end.

    Raises:
        InterplayError: trajectories lack the columns, or there are no records of the estimators to mark exact values.
    """
    trained = by_dataset(record for record in records if record.experiment == "supervised")
    measured = by_dataset(record for record in records if record.experiment == "estimators")
    if not trained or trained.keys() - measured.keys():
        raise InterplayError(f"{records[0].name} and its siblings: both experiments are needed for each data set")
    figure, axes = plt.subplots(2, len(trained), figsize=(style.PAGE, 4.4), squeeze=False, sharex="col")
    for column, (dataset, runs) in enumerate(trained.items()):
        for panel, quantity in zip(axes[:, column], NAMES, strict=True):
            _panel(panel, runs, measured[dataset], quantity)
        axes[0, column].set_title(dataset_label(runs[0]))
        training_axis(axes[1, column], runs)
        name_bands(axes[1, column], len(runs))
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


def _panel(axes: Axes, runs: Sequence[Record], measured: Sequence[Record], quantity: str) -> None:
    batch, last = runs[0].protocol["trajectory"]["batch_size"], runs[0].trajectory["step"][-1]
    for size, (name, suffix, words, line, marker) in zip((7.5, 6.0, 4.0), NORMALISATIONS, strict=True):
        curve(axes, runs, f"{quantity}{suffix}", f"{words}, batches of {batch}", line)
        exact = [
            spread([exact_value(record, name, state, quantity) for record in measured]).centre
            for state in ("start", "end")
        ]
        look: dict[str, Any] = {
            "color": line["color"],
            "linestyle": "none",
            "markersize": size,
            "clip_on": False,
        } | marker
        axes.plot([0, last], exact, label=f"{words}, all images", **look)
    axes.set_ylim(0, 1.05 * max(axes.get_ylim()[1], 0.1))
    axes.set_ylabel(NAMES[quantity])
