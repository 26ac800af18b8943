"""The note, question 3: what MIR, HDR and the loss as criteria of early stopping would have cost and saved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

from interplay.evidence.prediction import final_runs
from interplay.evidence.published import Published
from interplay.evidence.stopping import PATIENCES, stop
from interplay.protocols.claims import Criterion
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.tables.table import Table, Value

CRITERIA: dict[Criterion, str] = {"stopping_loss": "loss", "stopping_mir": "MIR", "stopping_hdr": "HDR"}


def make(records: Sequence[Record], published: Published) -> Table:
    """One row per data set, criterion and patience: mean and range over the runs of all variants.

    Raises:
        InterplayError: a record lacks a column, or a criterion is never finite.
    """
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in final_runs(records):
        groups[record.dataset or ""].append(record)
    rows: list[dict[str, Value]] = []
    for dataset in sorted(groups, key=lambda name: (len(name), name)):
        runs = groups[dataset]
        for criterion, name in CRITERIA.items():
            for patience in PATIENCES:
                stops = [stop(record, criterion, patience) for record in runs]
                lost = [100 * one.accuracy_lost for one in stops]
                saved = [100 * one.iterations_saved for one in stops]
                rows.append(
                    {
                        "data read": dataset_label(runs[0]),
                        "criterion": name,
                        "patience (%)": 100 * patience,
                        "runs": len(runs),
                        "stopped": sum(value > 0 for value in saved),
                        "accuracy lost": fmean(lost),
                        "least lost": min(lost),
                        "most lost": max(lost),
                        "iterations saved (%)": fmean(saved),
                        "least saved": min(saved),
                        "most saved": max(saved),
                    }
                )
    caption = (
        "Early stopping replayed on complete runs of all variants: mean and range over runs. A run stops once the best "
        "value so far is as old as the patience, a share of training, and keeps the network of that best value. The "
        "criteria are read on one half of the logged test images, accuracy on the other. Accuracy lost in points "
        "against the end of training; a negative loss is a gain."
    )
    return Table(tuple(rows[0]), tuple(rows), caption, decimals=1)
