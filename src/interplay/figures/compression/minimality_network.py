"""compression25 Fig. 2.2: the network for minimality, with the real shapes of its encoder and decoders."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from interplay.evidence.relabelling import digits_needed, published_class_size
from interplay.evidence.scenarios import DATASETS, scenario
from interplay.figures import style
from interplay.figures.axes import num_classes
from interplay.figures.compression.network_drawing import (
    DARK,
    FROZEN,
    SLANT,
    Row,
    draw_row,
    half_height,
    operations_frame,
    operations_of,
    parameters,
)
from interplay.figures.compression.scenario_panels import MATHS
from interplay.protocols.datasets import dataset_label
from interplay.records import Record

LAYER = 2  # the layer that is drawn; the others are listed below
SPACE = 6.0


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each operation of the network, which part of the drawing it is in, and how many copies there are of it.

    Raises:
        InterplayError: the record has no table operations.
    """
    record = records[0]
    frame = operations_frame([record])
    count = digits_needed(published_class_size(record), num_classes(record))
    decoder = frame["layer"] > LAYER
    return frame.assign(
        part=decoder.map({True: "decoder", False: "encoder"}), copies=decoder.map({True: count, False: 1})
    )


def draw(records: Sequence[Record]) -> Figure:
    """One frozen encoder, and a decoder for each new label of Algorithm 2, with nothing in common but what they read.

    Raises:
        InterplayError: the record has no table operations.
    """
    record = records[0]
    rows, name = operations_of(record), MATHS[scenario(record).network]
    size = published_class_size(record)
    count = digits_needed(size, num_classes(record))
    encoder, decoder = split_at(rows, LAYER)
    figure, axes = plt.subplots()
    room, pitch = _room(decoder), 2 * half_height(decoder) + 18
    middle = -pitch * (count - 1) / 2
    fork = draw_row(axes, encoder, 0.0, middle, frozen=True) + SPACE
    end = _decoders(axes, decoder, fork, pitch, count)
    upper = max(room, middle + _room(encoder)) + 2
    lower = min(-pitch * (count - 1) - half_height(decoder), middle - half_height(encoder)) - 12
    axes.text(
        0, upper, f"encoder $f^{{{LAYER}:1}}$, frozen\n{parameters(encoder):,} parameters", fontsize=7, va="bottom"
    )
    trained = f"{count} decoders $f^{{4:{LAYER + 1}}}$, trained, {parameters(decoder):,} parameters each:"
    axes.text(fork + SPACE, upper, f"{trained}\none per digit of the index within the class", fontsize=7, va="bottom")
    axes.text(0, lower, _listed(rows, count), fontsize=6, va="top", color=DARK)
    axes.set(xlim=(0, end), ylim=(lower - 6, upper + 14))
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(f"{name} on {_data(record)}, {size:,} samples a class")
    figure.set_size_inches(style.PAGE, style.PAGE * (upper - lower + 20) / end + 0.5)
    return figure


def _data(record: Record) -> str:
    """The data set whose images give the shapes: the published one where none was read."""
    dataset = scenario(record).dataset
    return DATASETS.get(dataset, dataset) if record.dataset_used is None else dataset_label(record)


def _room(rows: Sequence[Row]) -> float:
    """How far boxes and the words above them reach up from the middle."""
    return half_height(rows) * (1 + 2 * SLANT[1]) + 10


def split_at(rows: Sequence[Row], layer: int) -> tuple[list[Row], list[Row]]:
    """Operations up to h^layer and those above it: the encoder, the image with it, and the decoder."""
    return [row for row in rows if row["layer"] <= layer], [row for row in rows if row["layer"] > layer]


def _decoders(axes: Axes, decoder: Sequence[Row], fork: float, pitch: float, count: int) -> float:
    """The decoders one below the other, joined to the encoder by a fork; returns the right end of the drawing."""
    middle = -pitch * (count - 1) / 2
    line: style.Line = {"color": FROZEN, "linewidth": 0.9}
    axes.plot([fork - SPACE, fork], [middle, middle], **line)
    axes.plot([fork, fork], [0, -pitch * (count - 1)], **line)
    for digit in range(count):
        y = -pitch * digit
        start = fork + SPACE
        axes.annotate("", (start, y), (fork, y), arrowprops={"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, **line})
        right = draw_row(axes, decoder, start, y, named=digit == 0, outer=False)
        axes.text(right, y, f"softmax $\\to\\; y_{digit}$", fontsize=7, va="center")
    return right + 32


def _listed(rows: Sequence[Row], count: int) -> str:
    """Parameters of a decoder by layer."""
    listed = (f"$l$ = {layer}: {parameters(split_at(rows, layer)[1]):,}" for layer in range(4))
    return f"Parameters of each of the {count} decoders that read $h^l$:   " + ",   ".join(listed)
