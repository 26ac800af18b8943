"""interplay24 Fig. 1: accuracy and MIR on the test set during training."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from interplay.figures.beside import NOTHING, Beside
from interplay.figures.frames import trajectory_frame
from interplay.figures.interplay_over_training import columns_of, draw_rows
from interplay.records import Record


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each logged step of each run: accuracy on the test set (a share), MIR, exact and by batches."""
    return trajectory_frame(records, ("test_accuracy", *columns_of("mir")))


def draw(records: Sequence[Record], beside: Beside = NOTHING) -> Figure:
    """One panel per data set, those of the reference last."""
    return draw_rows(records, beside, ("mir",), 2.7)
