"""metrics24 Fig. 7 = interplay24 Fig. 3: accuracy, loss, MIR and HDR between two networks, highest learning rate."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from interplay.figures.axes import by_dataset
from interplay.figures.connectivity import by_rate_and_start, draw_paths
from interplay.records import Record


def draw(records: Sequence[Record]) -> Figure:
    """Columns per data set, at the highest of its learning rates: one initialisation, then different ones."""
    by_rate = [by_rate_and_start(runs) for runs in by_dataset(records).values()]
    return draw_paths([runs for rates in by_rate for runs in rates[max(rates)]])
