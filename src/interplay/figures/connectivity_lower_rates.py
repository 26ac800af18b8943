"""metrics24 Fig. 8 = interplay24 Fig. 4: accuracy, loss, MIR and HDR between two networks, lower learning rates."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from interplay.errors import InterplayError
from interplay.figures.connectivity import draw_paths
from interplay.figures.levels import by_level
from interplay.figures.panels import by_dataset
from interplay.records import Record


def draw(records: Sequence[Record]) -> Figure:
    """One column per learning rate below the highest, in falling order.

    Raises:
        InterplayError: there is one rate only.
    """
    columns = [
        rates[rate]
        for rates in (by_level(runs, "learning_rate") for runs in by_dataset(records).values())
        for rate in sorted(rates, reverse=True)[1:]
    ]
    if not columns:
        raise InterplayError(f"{records[0].name}: the only learning rate; this figure shows those below the highest")
    return draw_paths(columns)
