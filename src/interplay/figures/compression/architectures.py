"""compression25 Fig. 2.3: the two CNNs, as boxes to scale, from the shapes that a run recorded of its own network."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from interplay.evidence.scenarios import scenarios
from interplay.figures import style
from interplay.figures.compression.boxes import SLANT, draw_row, half_height, operations_of, parameters
from interplay.figures.compression.panels import title
from interplay.records import Record


def draw(records: Sequence[Record]) -> Figure:
    """A row per scenario. Edges are proportional to pixels, thickness to channels, alike in all rows.

    Raises:
        InterplayError: a record has no table operations.
    """
    groups = scenarios(records)
    figure, axes = plt.subplots(len(groups), 1, figsize=(style.PAGE, 0.5 + 1.5 * len(groups)), squeeze=False)
    ends = []
    for panel, (key, runs) in zip(axes[:, 0], groups.items(), strict=True):
        rows = operations_of(runs[0])
        half = half_height(rows)
        ends.append(draw_row(panel, rows, 0.0, 0.0))
        panel.set_title(f"{title(key, runs[0])}: {parameters(rows):,} parameters".replace("\n", " "), loc="left")
        panel.set_ylim(-half - 10, half * (1 + 2 * SLANT[1]) + 9)
        panel.set_aspect("equal", anchor="W")
        panel.set_axis_off()
    for panel in axes[:, 0]:
        panel.set_xlim(0, max(ends))
    figure.suptitle(
        "Output of each operation, height × width × channels; edges to scale by pixels, thickness by channels",
        fontsize=6.5,
    )
    return figure
