"""How like the published conditions those were under which runs were made: data, protocol, scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import Field

from interplay.errors import InterplayError
from interplay.evidence.words import Basis
from interplay.protocols.plan import plan_jobs
from interplay.protocols.setup import load_setup
from interplay.protocols.sourced import Strict
from interplay.records import Record
from interplay.records.stamp import data_read


class Conditions(Strict):
    """What was read and done, beside what was published.

    `data` maps each published data set to what was read in its place (several: in a list with commas). `data_share` is
    the share of the runs that read the published data, `protocol_share` the share of the values of their own protocols
    that were as published, `scale` the operations of the runs over those of the same runs at the published protocol;
    None where that is not known.
    """

    data: dict[str, str] = Field(default_factory=dict)
    data_share: float
    protocol_share: float
    scale: float | None = None
    overridden: tuple[str, ...] = ()


def conditions_of(records: Sequence[Record], published_operations: Mapping[str, float]) -> Conditions | None:
    """The conditions of some runs, which are the mean of each run's own; None without runs."""
    if not records:
        return None
    read: dict[str, set[str]] = {}
    for record in records:
        for name, used in data_read(record).items():
            read.setdefault(name, set()).add(used)
    scales = [
        record.operations / published_operations[record.name]
        for record in records
        if record.operations and published_operations.get(record.name)
    ]
    return Conditions(
        data={name: ", ".join(sorted(used)) for name, used in sorted(read.items())},
        data_share=fmean(not _substituted(record) for record in records),
        protocol_share=fmean(_share_in_force(record) for record in records),
        scale=fmean(scales) if len(scales) == len(records) else None,
        overridden=tuple(sorted({line for record in records for line in departures(record)})),
    )


def basis_of(records: Iterable[Record]) -> Basis:
    """The class of the evidence that some runs are: that of the weakest among them; a printed table without any."""
    bases = {_basis(record) for record in records}
    if not bases:
        return "printed table"
    for weakest in ("substitute data", "reduced protocol", "published protocol"):
        if weakest in bases:
            return weakest
    return "theory"


def departures(record: Record) -> list[str]:
    """How a run departs from what was published: fewer seeds are fewer runs, not another protocol."""
    return [line for line in record.overrides if line.partition(":")[0].rpartition(".")[2] != "seeds"]


def why_apart(record: Record) -> str:
    """Why a run's number cannot stand beside the printed one: other data or another protocol; empty where it can."""
    if record.dataset_used != record.dataset:
        return "other data"
    return "other protocol" if departures(record) else ""


def _basis(record: Record) -> Basis:
    if record.findings:
        return "theory"
    if _substituted(record):
        return "substitute data"
    return "reduced protocol" if departures(record) else "published protocol"


def _substituted(record: Record) -> bool:
    return any(name != used for name, used in data_read(record).items())


def _share_in_force(record: Record) -> float:
    """Share of the values of the run's own protocol that are as published."""
    own = [line for line in departures(record) if line.partition(":")[0].partition(".")[0] in record.protocol]
    return max(0.0, 1 - len(own) / max(1, _leaves(record.protocol)))


def _leaves(node: Any) -> int:
    return sum(_leaves(value) for value in node.values()) if isinstance(node, dict) else 1


@cache
def published_operations(config: Path) -> Mapping[str, float]:
    """Operations of every run at the published protocol on the published data, by its name; empty without a plan."""
    try:
        jobs = plan_jobs(load_setup(config, "paper", "published"))
    except InterplayError:  # a configuration without that tier
        return {}
    return {f"{job.experiment}/{run.name}": run.cost.operations for job in jobs for run in job.runs}
