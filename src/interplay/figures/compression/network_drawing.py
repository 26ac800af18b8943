"""Networks drawn as rows of boxes to scale: what compression25 Fig. 2.2 and 2.3 share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from interplay.errors import InterplayError
from interplay.evidence.scenarios import scenario
from interplay.figures import style
from interplay.figures.compression.scenario_frames import join
from interplay.records import Record

Row = Mapping[str, Any]  # of the table `operations` of a record

CHANNEL = 0.14  # the thickness of a channel, in edges of a pixel
THINNEST = 0.35  # of a box with few channels, so that it can be seen
GAP = 7.5
NARROWEST = 25.5  # room for the words of a box
SLANT = (0.38, 0.24)  # by how much a pixel of width runs to the right and up
DARK = "#333333"
FROZEN = "#9a9a9a"
COLUMNS = ("operation", "layer", "kernel", "height", "width", "channels", "parameters")

COLOURS = {
    "input": FROZEN,
    "residual": style.SKY,
    "convolution": style.BLUE,
    "pooling": style.ORANGE,
    "linear": style.RED,
}


def operations_of(record: Record) -> list[dict[str, Any]]:
    """The operations of a run's network, the image first.

    Raises:
        InterplayError: they are not there.
    """
    rows = record.tables.get("operations")
    if not rows:
        raise InterplayError(f"{record.name}: the record has no table operations; delete it and rerun")
    return rows


def operations_frame(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each operation of each network, in order: its `place`, kernel, size of the output, parameters.

    Neither tier nor seed is among the columns: shapes as published rest on no run.

    Raises:
        InterplayError: a record has no table operations.
    """
    parts = []
    for record in records:
        key = scenario(record)
        rows = [
            {"network": key.network, "dataset": key.dataset, "place": place, **{name: row[name] for name in COLUMNS}}
            for place, row in enumerate(operations_of(record))
        ]
        parts.append(pd.DataFrame(rows))
    return join(parts)


def parameters(rows: Sequence[Row]) -> int:
    """How many parameters some operations have."""
    return sum(int(row["parameters"]) for row in rows)


def is_representation(row: Row) -> bool:
    """Whether a row ends with h^l, l = 0 .. 3."""
    return row["operation"] == "input" or (row["operation"] == "pooling" and int(row["layer"]) < 4)


def operation_words(row: Row) -> str:
    """What an operation is called in the drawing."""
    kernel = f"{row['kernel']}×{row['kernel']}"
    words = {
        "input": "image",
        "residual": f"conv {kernel}\n+ bn, skip",
        "convolution": f"conv {kernel}\n+ bn",
        "pooling": f"pool {kernel}" + ("" if row["layer"] == 4 else "\n+ ReLU"),
        "linear": "fc",
    }
    return words[row["operation"]]


def size_words(row: Row) -> str:
    """Height, width and channels, or channels alone where the map is a point."""
    height, width, channels = (int(row[name]) for name in ("height", "width", "channels"))
    return f"{height}×{width}×{channels}" if height > 1 or width > 1 else f"{channels}"


def draw_row(
    axes: Axes,
    rows: Sequence[Row],
    x: float,
    y: float,
    *,
    others: Sequence[Sequence[Row]] = (),
    frozen: bool = False,
    named: bool = True,
    outer: bool = True,
) -> float:
    """Operations from left to right around the height `y`, measured below; returns the right end.

    `named` names them above, `outer` marks the representations of the network, `frozen` draws in grey; `others` are the
    same operations on images of other sizes, whose outputs are written below in grey.
    """
    half = half_height(rows)
    over, under = y + half * (1 + 2 * SLANT[1]) + 1, y - half
    for place, row in enumerate(rows):
        width = _extent(row)[0] + SLANT[0] * int(row["width"])
        slot = max(NARROWEST, width + GAP)
        centre = x + slot / 2
        _cuboid(axes, centre - width / 2, y, row, FROZEN if frozen else COLOURS[row["operation"]])
        if named:
            axes.text(centre, over, operation_words(row), ha="center", va="bottom", fontsize=5.2, color=DARK)
        axes.text(centre, under - 1.5, size_words(row), ha="center", va="top", fontsize=5.2)
        for line, other in enumerate(others, start=1):
            words = size_words(other[place])
            axes.text(centre, under - 1.5 - 4.5 * line, words, ha="center", va="top", fontsize=5.2, color="#7a7a7a")
        if outer and is_representation(row):
            name, below = f"$h^{row['layer']}$", under - 6 - 4.5 * len(others)
            axes.text(centre, below, name, ha="center", va="top", fontsize=7)
        x += slot
    return x


def half_height(rows: Sequence[Row]) -> float:
    """Half the height of the tallest box."""
    return max(int(row["height"]) for row in rows) / 2


def _extent(row: Row) -> tuple[float, float]:
    """Thickness and height of a box."""
    return max(THINNEST, CHANNEL * int(row["channels"])), float(row["height"])


def _cuboid(axes: Axes, x: float, y: float, row: Row, colour: str) -> None:
    """A box whose front left edge stands at `x`, its front around `y`."""
    thick, high = _extent(row)
    right, up = SLANT[0] * int(row["width"]), SLANT[1] * int(row["width"])
    low, end = y - high / 2, x + thick
    front = [(x, low), (end, low), (end, low + high), (x, low + high)]
    top = [(x, low + high), (end, low + high), (end + right, low + high + up), (x + right, low + high + up)]
    side = [(end, low), (end + right, low + up), (end + right, low + high + up), (end, low + high)]
    for corners, alpha in ((front, 0.85), (top, 0.35), (side, 0.55)):
        axes.add_patch(Polygon(corners, facecolor=colour, alpha=alpha, edgecolor="none"))
        axes.add_patch(Polygon(corners, facecolor="none", edgecolor=DARK, linewidth=0.4))
