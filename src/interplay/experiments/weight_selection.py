"""The choice of the unpublished weight of MAX MI and MIN HD, on validation data only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean
from typing import Any

from interplay.errors import InterplayError
from interplay.records import Record

CRITERION = "validation_accuracy"


def select_weight(sweep: Iterable[Record]) -> tuple[float, list[dict[str, Any]]]:
    """The candidate weight of the highest mean validation accuracy, the smaller one in a tie, and the whole sweep.

    Args:
        sweep: records of runs on the training data less a validation split.

    Returns:
        the weight, and one row `{weight, validation_accuracy, seeds}` per candidate.

    Raises:
        InterplayError: no records, or one that was not validated on the training data's own split.
    """
    accuracies: dict[float, list[float]] = defaultdict(list)
    for record in sweep:
        if record.settings.get("split") != "validation" or CRITERION not in record.metrics:
            raise InterplayError(f"{record.name}: a weight is chosen on validation data only, and this run has none")
        accuracies[float(record.settings["weight"])].append(record.metrics[CRITERION])
    if not accuracies:
        raise InterplayError("the weight of an objective is to be chosen, but there are no records of a sweep")
    rows = [
        {"weight": weight, CRITERION: fmean(values), "seeds": len(values)}
        for weight, values in sorted(accuracies.items())
    ]
    best = max(rows, key=lambda row: (row[CRITERION], -row["weight"]))
    return float(best["weight"]), rows
