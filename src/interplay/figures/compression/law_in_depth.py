"""compression25 Fig. 3.4: is compression geometric in depth? Correlation of its logarithm with the layer, and ratio."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from interplay.evidence.layers import THREE_FALLING, laws_over_epochs, layer_columns
from interplay.evidence.scenarios import scenarios
from interplay.figures import style
from interplay.figures.compression.panels import SMALL, SPLITS, column_of, draw_runs, grid, legend
from interplay.records import Record

CORRELATION: style.Line = {"color": style.BLUE}
RATIO: style.Line = {"color": style.RED}
SHADE = "#e9e9e9"
TICKS = (-1, -0.99, -0.95, -0.87, -0.5, 0, 1)


def draw(records: Sequence[Record]) -> Figure:
    """Above the correlation over epochs, on an axis stretched near -1; below the fitted ratio of neighbouring layers.

    Any three falling values give r below -0.866, so that part is shaded: to be there says that deeper layers compress
    more, and only a place near its bottom that they do so geometrically.
    """
    groups = scenarios(records)
    figure, axes = grid(groups, 2, 3.9)
    three = True
    for (above, below), runs in zip(axes.T, groups.values(), strict=True):
        for split, line in SPLITS.items():
            columns = [layer_columns(run, f"collapse_{split}") for run in runs]
            three &= all(len(column) == 3 for column in columns)
            laws = [laws_over_epochs(column) for column in columns]
            epochs = [column_of(run, "step") for run in runs]
            for panel, name, look in ((above, "correlation", CORRELATION), (below, "ratio", RATIO)):
                values = [np.array([getattr(law, name) for law in run]) for run in laws]
                draw_runs(panel, epochs, values, {**SMALL, **look, **line})
        below.axhline(1, color=style.THEORY["color"], linewidth=0.6)
    for panel in axes[0]:
        _stretch(panel)
        if three:
            panel.axhspan(-2, THREE_FALLING, color=SHADE, zorder=0)
    axes[0, 0].set_ylabel("Pearson's $r$ of\n$\\log\\,\\mathrm{tr}(\\Sigma_W\\Sigma_B^+)$ and layer")
    axes[1, 0].set_ylabel("fitted ratio, next layer\nto this one")
    axes[1, 0].set_ylim(0, max(1.1, axes[1, 0].get_ylim()[1]))
    shade = [Patch(color=SHADE, label="where any three falling values lie")] if three else []
    legend(figure, groups, more=shade)
    return figure


def _stretch(axes: Axes) -> None:
    """Square root of 1 + r: r within .01 of -1 gets a tenth of the axis."""
    axes.set_yscale("function", functions=(_root, _square))
    axes.set_ylim(-1.0008, 1.08)
    axes.set_yticks(TICKS, [f"{tick:g}".replace("-", "\N{MINUS SIGN}") for tick in TICKS], fontsize=6)
    axes.minorticks_off()


def _root(r: NDArray[np.float64]) -> NDArray[np.float64]:
    above = 1 + np.asarray(r, dtype=np.float64)
    return np.sign(above) * np.sqrt(np.abs(above))


def _square(root: NDArray[np.float64]) -> NDArray[np.float64]:
    signed = np.asarray(root, dtype=np.float64)
    return np.sign(signed) * signed**2 - 1
