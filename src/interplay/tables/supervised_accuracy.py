"""metrics24 Table III = interplay24 Table 2: supervised accuracy, plain and with MAX MI or MIN HD."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev

from interplay.evidence.published import Published
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.tables.table import Table, Value

PUBLISHED = "metrics24/table3"
ROWS = {"plain": "Fully supervised", "max_mi": "MAX MI", "min_hd": "MIN HD"}
COLUMNS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}


def make(records: Sequence[Record], published: Published) -> Table:
    """One row per data set and objective: published, ours with spread over seeds, difference.

    The difference is left out where another data set was read than the published one: it would mean nothing.
    """
    table = published.table(PUBLISHED)
    rows: list[dict[str, Value]] = []
    for dataset, column in COLUMNS.items():
        for objective, row in ROWS.items():
            runs = [r for r in records if r.dataset == dataset and r.settings["objective"] == objective]
            ours = [100 * run.metrics["best_test_accuracy"] for run in runs]
            printed = table.cell(row, column).value
            withheld = ("other data" if runs[0].dataset_used != dataset else None) if runs else "not run"
            mean = fmean(ours) if ours else None
            rows.append(
                {
                    "published data": column,
                    "data read": dataset_label(runs[0]) if runs else None,
                    "method": row,
                    "weight": float(runs[0].settings["weight"]) if runs else None,
                    "published": printed,
                    "ours": mean,
                    "± (seeds)": stdev(ours) if len(ours) > 1 else None,
                    "seeds": len(ours),
                    "difference": mean - printed if mean is not None and printed is not None and not withheld else None,
                    "no difference because of": withheld,
                }
            )
    caption = (
        "Supervised test accuracy in percent (best along the trajectory, as the reference code reports it). "
        "The weights of MAX MI and MIN HD are unpublished and were chosen on a validation split of the training data. "
        "A difference is withheld where another data set was read than the published one; the last column says so."
    )
    return Table(tuple(rows[0]), tuple(rows), caption)
