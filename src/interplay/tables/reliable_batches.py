"""The note, next check 2: the smallest reliable batch for entropy, MIR and HDR, and what a batch of 64 misses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import inf, isfinite
from statistics import fmean

from interplay.evidence.published import Published
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.records.values import metric
from interplay.tables.table import Table, Value

NAMES = {"feature_entropy": "feature entropy (nats)", "mir": "MIR", "hdr": "HDR"}
OF_THE_DOCUMENTS = 64  # metrics24 V and VI approximate the data set by batches; V-A trains with batches of 64


def make(records: Sequence[Record], published: Published) -> Table:
    """One row per data set and quantity: exact value, error of a batch of 64, smallest reliable size over the seeds.

    Raises:
        InterplayError: a record lacks a metric.
    """
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.dataset or ""].append(record)
    rows: list[dict[str, Value]] = []
    for dataset in sorted(groups, key=lambda name: (len(name), name)):
        for quantity, name in NAMES.items():
            runs, size = groups[dataset], OF_THE_DOCUMENTS
            values = {
                what: fmean(metric(record, f"{quantity}_{what}") for record in runs)
                for what in ("exact", f"bias_{size}", f"std_{size}", f"rmse_{size}")
            }
            rows.append(
                {
                    "data read": dataset_label(runs[0]),
                    "quantity": name,
                    "seeds": len(runs),
                    "exact": values["exact"],
                    f"bias of a batch of {size}": values[f"bias_{size}"],
                    f"± of a batch of {size}": values[f"std_{size}"],
                    f"error of a batch of {size}": values[f"rmse_{size}"],
                    "smallest reliable batch": _smallest(runs, quantity),
                }
            )
    tolerance = records[0].protocol["tolerance"]
    caption = (
        "Batch estimates against the exact value over all images; means over the networks of all seeds. Error: root "
        "mean square of one batch around the exact value. A size is reliable if it and all larger ones have an error "
        f"of at most {tolerance:g} of what there is to tell: of MIR the distance between the exact value and that of "
        "permuted labels, of the others the exact value."
    )
    return Table(tuple(rows[0]), tuple(rows), caption, decimals=3)


def _smallest(runs: Sequence[Record], quantity: str) -> str:
    """Like `64`, or `64 to 128` where seeds differ, or `> 512` where the largest size is not reliable for some."""
    largest = max(runs[0].protocol["batch_sizes"])
    sizes = [metric(record, f"reliable_batch_{quantity}") for record in runs]
    ordered = sorted(size if isfinite(size) else inf for size in sizes)
    words = [f"{size:g}" if isfinite(size) else f"> {largest}" for size in ordered]
    return words[0] if words[0] == words[-1] else f"{words[0]} to {words[-1]}"
