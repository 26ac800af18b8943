"""Runs of cross-modal fine-tuning by data set and seed, and means over the eleven data sets, which are never fewer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from interplay.errors import InterplayError
from interplay.protocols.datasets import DATASETS, dataset_label
from interplay.records import Record
from interplay.records.values import metric

TABLE = "metrics24/table1"
# By number of classes, few first; the row of TABLE I of each.
ROWS = {
    "eurosat": "EuroSAT",
    "oxford-pets": "OxfordPets",
    "dtd": "DTD",
    "caltech101": "Caltech101",
    "fgvc-aircraft": "FGVCAircraft",
    "food101": "Food101",
    "ucf101": "UCF101",
    "flowers102": "OxfordFlowers",
    "stanford-cars": "StanfordCars",
    "sun397": "SUN397",
    "imagenet": "ImageNet",
}
VARIANTS = {"released": "CMA, released code", "published": "CMA, Algorithm 1"}
FEW_SHOT = {"coop": "CoOp", "vne": "VNE"} | {f"cma_{name}": title for name, title in VARIANTS.items()}
BASE_TO_NEW = {"cocoop": "CoCoOp", "vne": "VNE"} | {f"cma_{name}": title for name, title in VARIANTS.items()}
SHOTS = "shots"
SWEEP = ("variant", "weight", "new_accuracy")

BySeed = dict[int, float]


def of_kind(records: Iterable[Record], kind: str) -> list[Record]:
    """The runs of a kind (`few_shot`, `base_to_new`, `zero_shot`), by data set in the order of `ROWS`, then by name."""
    own = [record for record in records if record.settings.get("kind") == kind]
    order = list(ROWS)
    return sorted(own, key=lambda record: (order.index(record.dataset or ""), record.name))


def by_dataset(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Runs by the published data set whose place they take, in the order of `ROWS`."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.dataset or ""].append(record)
    return {name: found[name] for name in ROWS if name in found}


def by_seed(runs: Iterable[Record], name: str) -> BySeed:
    """A metric by seed; the mean where a seed has several runs, such as one for each number of shots.

    Raises:
        InterplayError: a run lacks the metric.
    """
    found: dict[int, list[float]] = defaultdict(list)
    for run in runs:
        found[run.seed].append(metric(run, name))
    return {seed: fmean(values) for seed, values in sorted(found.items())}


def mean_over_datasets(values: Mapping[str, BySeed]) -> BySeed:
    """The mean over all eleven data sets by seed, with equal weight, of the seeds that all have; empty without one."""
    if lacking(values):
        return {}
    seeds = set.intersection(*(set(values[name]) for name in ROWS))
    return {seed: fmean(values[name][seed] for name in ROWS) for seed in sorted(seeds)}


def lacking(values: Iterable[str]) -> list[str]:
    """The data sets that are not among those given, by their published titles."""
    given = set(values)
    return [title_of(name) for name in ROWS if name not in given]


def title_of(name: str) -> str:
    """Title of a data set of the document."""
    return DATASETS[name].title if name in DATASETS else name


def data_read(records: Sequence[Record]) -> str:
    """What was read, data set by data set, for captions."""
    return ", ".join(dict.fromkeys(dataset_label(run) for run in records)) or "none"


def why_no_mean(values: Iterable[str]) -> str:
    """Why there is no mean over eleven data sets: which were not run, or that no seed has them all; for captions."""
    missing = lacking(values)
    named = f"not run: {', '.join(missing)}" if missing else "no seed has all"
    return f"No mean over {len(ROWS)} data sets ({named})."


def sweep_of(run: Record) -> list[dict[str, Any]]:
    """The rows of a run's sweep.

    Raises:
        InterplayError: it has none, or a row lacks a column.
    """
    rows = run.tables.get("sweep", [])
    if not rows or any(name not in row for row in rows for name in SWEEP):
        raise InterplayError(f"{run.name}: no table sweep with {', '.join(SWEEP)}; delete the record and rerun")
    return rows
