"""metrics24 Fig. 8 = interplay24 Fig. 4: accuracy, loss, MIR and HDR between two networks, lower learning rates."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.figures.axes import by_dataset
from interplay.figures.connectivity import by_rate_and_start, draw_paths
from interplay.records import Record


def draw(records: Sequence[Record]) -> Figure:
    """Columns per learning rate below the highest, in falling order: one initialisation, then different ones.

    Raises:
        InterplayError: there is one rate only.
    """
    columns = [
        runs
        for of_one in by_dataset(records).values()
        for group in list(by_rate_and_start(of_one).values())[1:]
        for runs in group
    ]
    if not columns:
        raise InterplayError(f"{records[0].name}: the only learning rate; this figure shows those below the highest")
    return draw_paths(columns)
