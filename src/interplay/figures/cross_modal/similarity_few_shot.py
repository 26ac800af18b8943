"""What VNE and CMA do to CoOp's images and texts: the two drawbacks of which metrics24 VII-C accuses VNE."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from interplay.evidence.cross_modal import FEW_SHOT
from interplay.figures.cross_modal.similarity import QUANTITIES, drawn, similarities
from interplay.records import Record

KIND = "few_shot"
ALL = {**QUANTITIES, "text_similarity": "texts of two classes"}


def tidy(records: Sequence[Record]) -> pd.DataFrame:
    """A row for each data set, seed, method and quantity, means over shots; the mean over data sets has its own.

    Raises:
        InterplayError: a record lacks a metric.
    """
    return similarities(records, KIND, FEW_SHOT, ALL)


def draw(records: Sequence[Record]) -> Figure:
    """As Fig. 13, with the texts of different classes in a third panel."""
    return drawn(records, tidy(records), KIND, FEW_SHOT, ALL)
