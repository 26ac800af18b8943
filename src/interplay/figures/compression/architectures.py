"""compression25 Fig. 2.3: the two CNNs, as boxes to scale, from the shapes that a run recorded of its own network."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.evidence.scenarios import DATASETS, scenario
from interplay.figures import style
from interplay.figures.compression.network_drawing import (
    SLANT,
    draw_row,
    half_height,
    operations_frame,
    operations_of,
    parameters,
)
from interplay.figures.compression.scenario_panels import MATHS, panels_of
from interplay.records import Record


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each operation of each network on each data set, in order.

    Raises:
        InterplayError: a record has no table operations.
    """
    return operations_frame(records)


def draw(records: Sequence[Record]) -> Figure:
    """A row per network, drawn for images of the first data set; the sizes that others give are written below.

    Edges are proportional to pixels, thickness to channels, alike in all rows.

    Raises:
        InterplayError: a record has no table operations, or a network has other operations on another data set.
    """
    networks: dict[str, list[Record]] = {}
    for panel in panels_of(records):
        networks.setdefault(panel.key.network, []).append(panel.runs[0])
    below = max(len(runs) for runs in networks.values()) * 4.5
    figure, axes = plt.subplots(len(networks), 1, squeeze=False)
    ends, heights = [], []
    for axis, (network, runs) in zip(axes[:, 0], networks.items(), strict=True):
        rows, *others = (operations_of(run) for run in runs)
        if any([row["operation"] for row in other] != [row["operation"] for row in rows] for other in others):
            raise InterplayError(f"{runs[0].name}: its network has other operations on other data sets; rerun them")
        half = half_height(rows)
        ends.append(draw_row(axis, rows, 0.0, 0.0, others=others))
        sizes = [f"{parameters(operations_of(run)):,} parameters on {_name(run)}" for run in runs]
        axis.set_title(f"{MATHS[network]}: " + ", ".join(sizes), loc="left")
        axis.set_ylim(-half - 8 - below, half * (1 + 2 * SLANT[1]) + 10)
        heights.append(axis.get_ylim()[1] - axis.get_ylim()[0])
        axis.set_aspect("equal", anchor="W")
        axis.set_axis_off()
    for axis in axes[:, 0]:
        axis.set_xlim(0, max(ends))
    figure.set_size_inches(style.PAGE, 0.6 + sum(0.3 + style.PAGE * height / max(ends) for height in heights))
    first, *rest = (_name(run) for run in next(iter(networks.values())))
    figure.suptitle(
        "Output of each operation, height × width × channels; edges to scale by pixels, thickness by channels\n"
        f"black and drawn: images of {first}" + (f"; grey: images of {', '.join(rest)}" if rest else ""),
        fontsize=6.5,
    )
    return figure


def _name(record: Record) -> str:
    dataset = scenario(record).dataset
    return DATASETS.get(dataset, dataset)
