"""metrics24 Fig. 8 = interplay24 Fig. 4: accuracy, loss, MIR and HDR between two networks, lower learning rates."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.figures.axes import by_dataset
from interplay.figures.beside import NOTHING, Beside
from interplay.figures.connectivity import by_rate_and_start, draw_paths, path_frame
from interplay.records import Record


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each point on the path of each pair; columns and units as in `connectivity.path_frame`.

    Raises:
        InterplayError: there is one rate only.
    """
    return path_frame([record for runs in _columns(records) for record in runs])


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """Columns per learning rate below the highest, in falling order: one initialisation, then different ones.

    Raises:
        InterplayError: there is one rate only.
    """
    return draw_paths(_columns(records), records, beside)


def _columns(records: Sequence[Record]) -> list[list[Record]]:
    columns = [
        runs
        for of_one in by_dataset(records).values()
        for group in list(by_rate_and_start(of_one).values())[1:]
        for runs in group
    ]
    if not columns:
        raise InterplayError(f"{records[0].name}: the only learning rate; this figure shows those below the highest")
    return columns
