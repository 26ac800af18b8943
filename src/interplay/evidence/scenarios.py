"""The four scenarios of compression25: two networks on two data sets (sec. 2.3), under the names of its tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from interplay.errors import InterplayError
from interplay.records import Record

NETWORKS = {"f_plus": "f+", "f_minus": "f-"}
DATASETS = {"cifar10": "CIFAR-10", "fashion-mnist": "Fashion-MNIST"}
# Overrides that leave the training of a scenario as published: which runs there are, what is measured besides, and
# substitutes for data, which the record's own data set tells.
HARMLESS = {"seeds", "datasets", "data", "information", "random_labels", "toy", "variants"}


class Scenario(NamedTuple):
    """A network on a data set; the data set is the published one whose place the run takes."""

    network: str
    dataset: str

    @property
    def row(self) -> str:
        """Its row in the tables of chapter 3, such as `f+ on CIFAR-10`."""
        return f"{NETWORKS[self.network]} on {DATASETS.get(self.dataset, self.dataset)}"


def scenario(record: Record) -> Scenario:
    """The scenario of a run.

    Raises:
        InterplayError: the record names no data set or no network of the thesis.
    """
    network = setting(record, "network")
    if network not in NETWORKS or record.dataset is None:
        raise InterplayError(f"{record.name}: {network!r} on {record.dataset} is no scenario of compression25")
    return Scenario(str(network), record.dataset)


def scenarios(records: Iterable[Record]) -> dict[Scenario, list[Record]]:
    """Runs by scenario, in the order of the thesis' tables; the seeds of each in order."""
    groups: dict[Scenario, list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda record: record.seed):
        groups[scenario(record)].append(record)
    return {key: groups[key] for key in sorted(groups, key=_place)}


def _place(key: Scenario) -> tuple[int, str, int]:
    known = list(DATASETS)
    return (
        known.index(key.dataset) if key.dataset in known else len(known),
        key.dataset,
        list(NETWORKS).index(key.network),
    )


def setting(record: Record, name: str) -> Any:
    """One of the settings of a run.

    Raises:
        InterplayError: it is not there.
    """
    if name not in record.settings:
        raise InterplayError(f"{record.name}: its settings lack {name}; delete the record and rerun")
    return record.settings[name]


def why_not_compared(record: Record) -> str:
    """Why a run cannot stand beside the published numbers: other data, or a changed network, sample or training.

    Empty where it can. Fashion-MNIST is read in every tier, so having read the published data set alone does not do:
    with a smaller network on fewer images a difference would only say so. Runs of named variants are compared: to see
    which of them meets the published numbers is what they are for.
    """
    if record.dataset_used not in (None, record.dataset):  # shapes are known without reading data
        return "other data"
    others = [f"networks.{name}." for name in NETWORKS if name != record.settings.get("network")]
    mine = [line for line in record.overrides if not line.startswith(tuple(others))]
    changed = sorted({line.split(":")[0].split(".")[0].strip() for line in mine} - HARMLESS)
    return f"overridden: {', '.join(changed)}" if changed else ""
