"""Beside metrics24 Fig. 7 and 8: how high the barriers between two networks are, and what stale statistics add."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import isfinite
from statistics import fmean, stdev

from interplay.evidence.published import Published
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.records.values import metric, setting
from interplay.tables.table import Table, Value


def make(records: Sequence[Record], published: Published) -> Table:
    """One row per data set, learning rate and start; means over pairs. The documents print no number to compare with.

    Raises:
        InterplayError: a record lacks a metric.
    """
    groups: dict[tuple[str, bool, float], list[Record]] = defaultdict(list)
    for record in records:
        apart = record.settings.get("initialisation") == "different"
        groups[record.dataset or "", apart, -setting(record, "learning_rate")].append(record)
    rows: list[dict[str, Value]] = []
    for (_, apart, rate), runs in sorted(groups.items(), key=lambda item: (len(item[0][0]), item[0])):
        accuracy = [100 * value for value in _values(runs, "accuracy_barrier")]
        recomputed = [100 * value for value in _values(runs, "accuracy_barrier_recomputed")]
        explained = [100 * value for value in _values(runs, "barrier_explained") if isfinite(value)]
        rows.append(
            {
                "data read": dataset_label(runs[0]),
                "initialisation": "different" if apart else "same",
                "learning rate": f"{-rate:g}",
                "pairs": len(runs),
                "accuracy barrier": fmean(accuracy),
                "± (pairs)": stdev(accuracy) if len(runs) > 1 else None,
                "accuracy barrier, recomputed": fmean(recomputed),
                "± (pairs), recomputed": stdev(recomputed) if len(runs) > 1 else None,
                "loss barrier": fmean(_values(runs, "loss_barrier")),
                "loss barrier, recomputed": fmean(_values(runs, "loss_barrier_recomputed")),
                "explained (%)": fmean(explained) if explained else None,
                "distance": fmean(_values(runs, "distance")),
            }
        )
    caption = (
        "Barriers on the segment between two networks; means over pairs. Accuracy (points): mean "
        "of the two ends less the least between them; loss (nats): greatest height above the chord. Batch-norm "
        "statistics are interpolated, or recomputed on training images; explained: percent of the accuracy barrier "
        "that recomputing removes, over the pairs where it is a point or more. Distance: norm of the difference of the "
        "parameters over their mean norm. The documents print no numbers."
    )
    return Table(tuple(rows[0]), tuple(rows), caption)


def _values(runs: Sequence[Record], name: str) -> list[float]:
    return [metric(record, name) for record in runs]
