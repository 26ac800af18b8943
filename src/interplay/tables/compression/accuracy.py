"""compression25, table of sec. 3.1: final test accuracy and loss of the four scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from interplay.evidence.published import Published
from interplay.evidence.scenarios import scenarios, why_not_compared
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.tables.compression.final_values import final_values
from interplay.tables.table import Table, Value


def make(records: Sequence[Record], published: Published) -> Table:
    """One row per scenario: published and own values, spread over seeds, and a difference or why there is none."""
    rows: list[dict[str, Value]] = []
    for key, runs in scenarios(records).items():
        rows.append(
            {
                "scenario": key.row,
                "data read": dataset_label(runs[0]),
                **final_values(key, runs, published),
                "seeds": len(runs),
                "epochs": fmean(max(run.trajectory["step"]) for run in runs),
                "no difference because of": why_not_compared(runs[0]) or None,
            }
        )
    caption = (
        "Final test accuracy (percent) and cross-entropy (nats), mean and standard deviation over seeds; the document "
        "prints one run each. A difference is given only where the published network was trained as published on the "
        "published data set."
    )
    return Table(tuple(rows[0]), tuple(rows), caption, decimals=3)
