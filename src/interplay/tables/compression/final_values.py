"""Final accuracy and loss of runs, published and ours: the columns that two tables of compression25 share."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev

from interplay.errors import InterplayError
from interplay.evidence.published import Published
from interplay.evidence.scenarios import Scenario, why_not_compared
from interplay.records import Record
from interplay.tables.table import Value

PUBLISHED = "compression25/table3.1"
# column of the published table, name of the metric, factor to the table's unit
QUANTITIES = {"accuracy": ("Test accuracy", "test_accuracy", 100.0), "loss": ("Test loss", "test_loss", 1.0)}


def final_values(key: Scenario, runs: Sequence[Record], published: Published) -> dict[str, Value]:
    """Published and own accuracy (percent) and loss (nats) of one scenario, with a difference where it means something.

    Raises:
        InterplayError: a record lacks a metric.
    """
    compared = bool(runs) and not why_not_compared(runs[0])
    cells: dict[str, Value] = {}
    for quantity, (column, metric, factor) in QUANTITIES.items():
        known = key.row in published.table(PUBLISHED).rows
        printed = published.cell(PUBLISHED, key.row, column).value if known else None
        ours = [factor * _final(run, metric) for run in runs]
        mean = fmean(ours) if ours else None
        cells[f"published {quantity}"] = printed
        cells[f"our {quantity}"] = mean
        cells[f"± ({quantity})"] = stdev(ours) if len(ours) > 1 else None
        difference = mean - printed if mean is not None and printed is not None else None
        cells[f"difference ({quantity})"] = difference if compared else None
    return cells


def _final(run: Record, metric: str) -> float:
    if metric not in run.metrics:
        raise InterplayError(f"{run.name}: no metric {metric!r}; delete the record and rerun")
    return run.metrics[metric]
