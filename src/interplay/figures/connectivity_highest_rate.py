"""metrics24 Fig. 7 = interplay24 Fig. 3: accuracy, loss, MIR and HDR between two networks, highest learning rate."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from interplay.figures.connectivity import draw_paths
from interplay.figures.levels import by_level
from interplay.figures.panels import by_dataset
from interplay.records import Record


def draw(records: Sequence[Record]) -> Figure:
    """One column per data set, at the highest of its learning rates."""
    by_rate = [by_level(runs, "learning_rate") for runs in by_dataset(records).values()]
    return draw_paths([rates[max(rates)] for rates in by_rate])
