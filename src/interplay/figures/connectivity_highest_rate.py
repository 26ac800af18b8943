"""metrics24 Fig. 7 = interplay24 Fig. 3: accuracy, loss, MIR and HDR between two networks, highest learning rate."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from interplay.figures.axes import by_dataset
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.connectivity import by_rate_and_start, draw_paths, path_frame
from interplay.records import Record


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each point on the path of each pair; columns and units as in `connectivity.path_frame`."""
    return path_frame([record for runs in _columns(records) for record in runs])


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Columns per data set, at the highest of its learning rates: one initialisation, then different ones."""
    return draw_paths(_columns(records), records, beside)


def _columns(records: Sequence[Record]) -> list[list[Record]]:
    by_rate = [by_rate_and_start(runs) for runs in by_dataset(records).values()]
    return [runs for rates in by_rate for runs in rates[max(rates)]]
