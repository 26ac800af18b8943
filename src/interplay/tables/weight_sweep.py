"""The sweeps behind metrics24 Tables II and III: validation accuracy of every candidate weight of MAX MI and MIN HD."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, stdev

from interplay.evidence.published import Published
from interplay.protocols.datasets import dataset_label
from interplay.records import Record
from interplay.tables.table import Table, Value

NAMES = {"plain": "no term", "freematch": "no term (FreeMatch)", "max_mi": "MAX MI", "min_hd": "MIN HD"}


def make(records: Sequence[Record], published: Published) -> Table:
    """One row per data set, objective and candidate; the documents publish no weight, so that column is missing."""
    groups: dict[tuple[str, str, float], list[Record]] = defaultdict(list)
    for record in records:
        objective = str(record.settings.get("objective", record.settings.get("method")))
        key = (record.dataset or "", objective, float(record.settings["weight"]))
        groups[key].append(record)
    accuracy = {key: [100 * run.metrics["validation_accuracy"] for run in runs] for key, runs in groups.items()}
    order = sorted(groups, key=lambda key: (len(key[0]), key[0], list(NAMES).index(key[1]), key[2]))
    rows: list[dict[str, Value]] = []
    for dataset, objective, weight in order:
        values = accuracy[dataset, objective, weight]
        rivals = [key for key in order if key[:2] == (dataset, objective)]
        best = max(rivals, key=lambda key: (fmean(accuracy[key]), -key[2]))
        rows.append(
            {
                "data read": dataset_label(groups[dataset, objective, weight][0]),
                "objective": NAMES[objective],
                "weight": weight,
                "published weight": None,
                "validation accuracy": fmean(values),
                "± (seeds)": stdev(values) if len(values) > 1 else None,
                "chosen": "yes" if objective in ("max_mi", "min_hd") and best[2] == weight else "",
            }
        )
    caption = (
        "Validation accuracy in percent of every candidate weight, on a stratified split of the training data; "
        "the test set is not read. Of equals the smaller weight is taken. The documents publish no weights."
    )
    return Table(tuple(rows[0]), tuple(rows), caption)
